package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class ReceivedRangesTest {
  private final ReceivedRanges ranges = new ReceivedRanges();
  private final int[] left = new int[4];
  private final int[] right = new int[4];

  @Test
  void touchingRangesBecomeOne() {
    ranges.add(100, 200);
    ranges.add(300, 400);
    ranges.add(200, 300);

    assertThat(ranges.count()).isEqualTo(1);
    assertThat(ranges.endOfRangeAt(100)).isEqualTo(400);
  }

  @Test
  void gapsAreFoundAcrossTheWrap() {
    ranges.add(-10, 10);

    assertThat(ranges.nextStart(-100, 50)).isEqualTo(-10);
    assertThat(ranges.endOfRangeAt(-1)).isEqualTo(10);
    assertThat(ranges.endOfRangeAt(10)).isEqualTo(10);
    assertThat(ranges.nextStart(10, 50)).isEqualTo(50);
  }

  @Test
  void whatFollowsInOrderIsAbsorbed() {
    ranges.add(100, 200);
    ranges.add(300, 400);

    assertThat(ranges.absorb(100)).isEqualTo(200);
    assertThat(ranges.absorb(200)).isEqualTo(200);
    assertThat(ranges.absorb(350)).isEqualTo(400);
    assertThat(ranges.isEmpty()).isTrue();
  }

  @Test
  void theRangeTouchedLastIsReportedFirst() {
    ranges.add(500, 600);
    ranges.add(100, 200);
    ranges.add(300, 400);
    ranges.touch(550);

    assertThat(ranges.sackBlocks(left, right, 0, 4)).isEqualTo(3);
    assertThat(left).startsWith(500, 300, 100);
    assertThat(right).startsWith(600, 400, 200);
  }

  @Test
  void theSetIsBounded() {
    for (int i = 1; i <= ReceivedRanges.CAPACITY; i++) {
      assertThat(ranges.hasRoomFor(i * 10, i * 10 + 5)).isTrue();
      ranges.add(i * 10, i * 10 + 5);
    }
    assertThat(ranges.hasRoomFor(100_000, 100_001)).isFalse();
    assertThat(ranges.hasRoomFor(15, 20)).isTrue();
    assertThat(ranges.count()).isEqualTo(ReceivedRanges.CAPACITY);
  }

  @Test
  void itAgreesWithASetOfNumbers() {
    Random random = new Random(7);
    TreeSet<Integer> model = new TreeSet<>();
    int base = Integer.MAX_VALUE - 500;
    for (int i = 0; i < 2000; i++) {
      int from = random.nextInt(1000);
      int to = from + 1 + random.nextInt(20);
      int at = from;
      while (at < to) {
        int end = ranges.endOfRangeAt(base + at) - base;
        if (end != at) {
          at = Math.min(end, to);
          continue;
        }
        int gap = ranges.nextStart(base + at, base + to) - base;
        ranges.add(base + at, base + gap);
        for (int n = at; n < gap; n++) {
          assertThat(model.add(n)).isTrue();
        }
        at = gap;
      }
    }
    for (int n = 0; n < 1020; n++) {
      assertThat(ranges.endOfRangeAt(base + n) != base + n).isEqualTo(model.contains(n));
    }
  }
}
