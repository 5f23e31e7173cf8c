package org.mptcp4j.wire;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class SequenceNumberTest {
  @Property
  void whatFollowsWithinHalfTheSpaceIsLaterAlsoAcrossTheWrap(
      @ForAll int from, @ForAll @IntRange(min = 1) int distance) {
    assertThat(SequenceNumber.lt(from, from + distance)).isTrue();
    assertThat(SequenceNumber.leq(from, from + distance)).isTrue();
    assertThat(SequenceNumber.gt(from + distance, from)).isTrue();
    assertThat(SequenceNumber.geq(from + distance, from)).isTrue();
    assertThat(SequenceNumber.lt(from + distance, from)).isFalse();
    assertThat(SequenceNumber.max(from, from + distance)).isEqualTo(from + distance);
    assertThat(SequenceNumber.min(from, from + distance)).isEqualTo(from);
  }

  @Test
  void equalNumbersAreNeitherEarlierNorLater() {
    assertThat(SequenceNumber.lt(7, 7)).isFalse();
    assertThat(SequenceNumber.gt(7, 7)).isFalse();
    assertThat(SequenceNumber.leq(7, 7)).isTrue();
    assertThat(SequenceNumber.geq(7, 7)).isTrue();
  }

  @Test
  void aWindowMayLieAcrossTheWrap() {
    assertThat(SequenceNumber.within(-1, -5, 5)).isTrue();
    assertThat(SequenceNumber.within(4, -5, 5)).isTrue();
    assertThat(SequenceNumber.within(5, -5, 5)).isFalse();
    assertThat(SequenceNumber.within(-6, -5, 5)).isFalse();
    assertThat(SequenceNumber.within(3, 3, 3)).isFalse();
  }

  @Property
  void theLowHalfIsWidenedToTheNumberNearest(@ForAll long reference, @ForAll int distance) {
    long meant = reference + distance;
    assertThat(SequenceNumber.expand((int) meant, reference)).isEqualTo(meant);
  }
}
