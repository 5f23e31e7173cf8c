package org.mptcp4j.sim;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RedQueueTest {
  private final RedQueue queue = new RedQueue(10_000, 30_000, 0.05);
  private final SimRandom random = new SimRandom(7);

  private int dropsOf(int packets, double queuedBytes) {
    int drops = 0;
    for (int i = 0; i < packets; i++) {
      drops += queue.drops(random, queuedBytes, 0) ? 1 : 0;
    }
    return drops;
  }

  @Test
  void aShortQueueDropsNothing() {
    assertThat(dropsOf(100_000, 9_999)).isZero();
  }

  @Test
  void aBurstPassesSinceTheAverageCounts() {
    assertThat(dropsOf(50, 60_000)).isZero();
  }

  @Test
  void dropsAreSpreadEvenlyBetweenTheThresholds() {
    dropsOf(10_000, 20_000);

    // The base is 0.025 there: a drop comes after 1 to 40 packets, all equally likely.
    assertThat(dropsOf(100_000, 20_000)).isBetween(4_600, 5_200);
  }

  @Test
  void everythingIsDroppedAtTwiceTheUpperThreshold() {
    dropsOf(10_000, 60_000);

    assertThat(dropsOf(1_000, 60_000)).isEqualTo(1_000);
  }

  @Test
  void anIdleLinkForgetsItsQueue() {
    dropsOf(10_000, 60_000);

    queue.drops(random, 0, 5_000);

    assertThat(dropsOf(50, 60_000)).isZero();
  }
}
