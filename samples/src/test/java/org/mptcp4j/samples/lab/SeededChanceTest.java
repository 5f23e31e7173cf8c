package org.mptcp4j.samples.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class SeededChanceTest {
  @Test
  void theSameSeedHitsTheSameFrames() {
    assertThat(hits(0.1, 7, 0)).isEqualTo(hits(0.1, 7, 0));
  }

  @Test
  void anotherSeedOrStreamHitsOtherFrames() {
    assertThat(hits(0.1, 7, 0)).isNotEqualTo(hits(0.1, 8, 0)).isNotEqualTo(hits(0.1, 7, 1));
  }

  @Test
  void theShareOfHitsIsTheChance() {
    assertThat(hits(0.1, 7, 0).size() / 10_000.0).isCloseTo(0.1, within(0.012));
    assertThat(hits(0, 7, 0)).isEmpty();
    assertThat(hits(1, 7, 0)).hasSize(10_000);
  }

  private static List<Long> hits(double chance, long seed, long stream) {
    return LongStream.range(0, 10_000)
        .filter(index -> SeededChance.hits(chance, seed, stream, index))
        .boxed()
        .toList();
  }
}
