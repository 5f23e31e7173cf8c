package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class UrgentBytesTest {
  private final UrgentBytes urgent = new UrgentBytes();

  @Test
  void theFirstEndsWhatCanBeRead() {
    urgent.add(10);
    urgent.add(20);
    assertThat(urgent.firstBefore(30)).isEqualTo(10);
    assertThat(urgent.firstBefore(10)).isEqualTo(10);
    assertThat(urgent.firstBefore(5)).isEqualTo(5);
    assertThat(urgent.takeAt(9)).isFalse();
    assertThat(urgent.takeAt(10)).isTrue();
    assertThat(urgent.takeAt(10)).isFalse();
    assertThat(urgent.firstBefore(30)).isEqualTo(20);
  }

  @Test
  void numbersMayWrapAround() {
    urgent.add(Long.MAX_VALUE);
    urgent.add(Long.MIN_VALUE);
    assertThat(urgent.takeAt(Long.MAX_VALUE)).isTrue();
    assertThat(urgent.firstBefore(Long.MIN_VALUE + 5)).isEqualTo(Long.MIN_VALUE);
  }

  @Test
  void aPeerCannotMakeThemMany() {
    for (int i = 0; i < 1_000; i++) {
      urgent.add(2L * i);
    }
    int kept = 0;
    for (int i = 0; i < 1_000; i++) {
      kept += urgent.takeAt(2L * i) ? 1 : 0;
    }
    assertThat(kept).isEqualTo(16);
  }
}
