package org.mptcp4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class DeadlineQueueTest {
  private static final class Timer extends DeadlineQueue.Entry {}

  private final DeadlineQueue queue = new DeadlineQueue();

  @Test
  void nothingComesOutBeforeItsTime() {
    Timer timer = new Timer();
    assertThat(queue.arm(timer, 100)).isTrue();
    assertThat(queue.earliest()).isEqualTo(100);
    assertThat(queue.pollDue(99)).isNull();
    assertThat(queue.pollDue(100)).isSameAs(timer);
    assertThat(queue.pollDue(1000)).isNull();
    assertThat(queue.earliest()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void aDeadlineThatMovesLaterIsStillWokenAtTheEarlierTime() {
    Timer timer = new Timer();
    queue.arm(timer, 100);
    assertThat(queue.arm(timer, 200)).isFalse();
    assertThat(queue.pollDue(100)).isSameAs(timer);
  }

  @Test
  void aDeadlineThatMovesEarlierIsWokenAtTheEarlierTime() {
    Timer first = new Timer();
    Timer second = new Timer();
    queue.arm(first, 100);
    queue.arm(second, 200);
    assertThat(queue.arm(second, 50)).isTrue();
    assertThat(queue.pollDue(60)).isSameAs(second);
    assertThat(queue.pollDue(60)).isNull();
  }

  @Test
  void whatIsRemovedNeverComesOut() {
    Timer timer = new Timer();
    queue.arm(timer, 100);
    queue.remove(timer);
    queue.remove(timer);
    assertThat(queue.pollDue(1000)).isNull();
  }

  @Property(tries = 200)
  void entriesComeOutInTheOrderOfTheirDeadlines(
      @ForAll @Size(max = 200) List<@IntRange(min = 0, max = 1000) Integer> deadlines,
      @ForAll @IntRange(min = 1, max = 7) int removeEvery) {
    List<Timer> timers = new ArrayList<>();
    for (int deadline : deadlines) {
      Timer timer = new Timer();
      timers.add(timer);
      queue.arm(timer, deadline);
    }
    List<Integer> expected = new ArrayList<>();
    for (int i = 0; i < timers.size(); i++) {
      if (i % removeEvery == 1) {
        queue.remove(timers.get(i));
      } else {
        expected.add(deadlines.get(i));
      }
    }
    List<Integer> seen = new ArrayList<>();
    for (int now = 0; now <= 1000; now++) {
      DeadlineQueue.Entry due;
      while ((due = queue.pollDue(now)) != null) {
        seen.add(deadlines.get(timers.indexOf(due)));
        assertThat(seen.get(seen.size() - 1)).isEqualTo(now);
      }
    }
    expected.sort(null);
    assertThat(seen).isEqualTo(expected);
  }
}
