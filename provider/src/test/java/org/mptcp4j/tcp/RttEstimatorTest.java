package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.tcp.TcpPair.MILLI;
import static org.mptcp4j.tcp.TcpPair.SECOND;

import org.junit.jupiter.api.Test;

class RttEstimatorTest {
  private final RttEstimator rtt = new RttEstimator(200 * MILLI);

  @Test
  void beforeTheFirstSampleTheTimeoutIsOneSecond() {
    assertThat(rtt.rtoNanos()).isEqualTo(SECOND);
    assertThat(rtt.smoothedNanos()).isZero();
  }

  @Test
  void theFirstSampleIsTakenAsItIs() {
    rtt.sample(0, 100 * MILLI);

    assertThat(rtt.smoothedNanos()).isEqualTo(100 * MILLI);
    assertThat(rtt.varianceNanos()).isEqualTo(50 * MILLI);
    assertThat(rtt.rtoNanos()).isEqualTo(300 * MILLI);
  }

  @Test
  void aSteadyShortPathKeepsTheLeastTimeout() {
    for (int i = 0; i < 100; i++) {
      rtt.sample(i, MILLI);
    }
    assertThat(rtt.rtoNanos()).isEqualTo(201 * MILLI);
  }

  @Test
  void backingOffDoublesUntilASampleComes() {
    rtt.sample(0, 100 * MILLI);
    rtt.backOff();
    rtt.backOff();
    assertThat(rtt.rtoNanos()).isEqualTo(1200 * MILLI);

    rtt.sample(0, 100 * MILLI);
    assertThat(rtt.rtoNanos()).isLessThan(301 * MILLI);
  }

  @Test
  void theTimeoutIsBounded() {
    rtt.sample(0, 100 * MILLI);
    for (int i = 0; i < 100; i++) {
      rtt.backOff();
    }
    assertThat(rtt.rtoNanos()).isEqualTo(60 * SECOND);
  }

  @Test
  void theLeastSampleIsForgottenAfterMinutes() {
    rtt.sample(0, 10 * MILLI);
    rtt.sample(SECOND, 30 * MILLI);
    assertThat(rtt.minNanos()).isEqualTo(10 * MILLI);

    rtt.sample(400 * SECOND, 30 * MILLI);
    assertThat(rtt.minNanos()).isEqualTo(30 * MILLI);
  }

  @Test
  void whatEarlierConnectionsLearnedCountsFromTheFirstSampleThatAgrees() {
    rtt.learned(100 * MILLI, 5 * MILLI);
    assertThat(rtt.rtoNanos()).isEqualTo(SECOND);
    assertThat(rtt.smoothedNanos()).isZero();

    rtt.sample(0, 108 * MILLI);
    assertThat(rtt.smoothedNanos()).isEqualTo(101 * MILLI);
    assertThat(rtt.varianceNanos()).isEqualTo(5 * MILLI + 3 * MILLI / 4);
  }

  @Test
  void whatEarlierConnectionsLearnedIsForgottenWhereTheFirstSampleDisagrees() {
    rtt.learned(100 * MILLI, 5 * MILLI);
    rtt.sample(0, 20 * MILLI);
    assertThat(rtt.smoothedNanos()).isEqualTo(20 * MILLI);
    assertThat(rtt.varianceNanos()).isEqualTo(10 * MILLI);
  }
}
