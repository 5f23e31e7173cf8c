package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.mptcp4j.tcp.TcpPair.MILLI;
import static org.mptcp4j.tcp.TcpPair.SECOND;

import org.junit.jupiter.api.Test;
import org.mptcp4j.spi.CongestionControl;

class CongestionControlTest {
  private static final int MSS = 1000;
  private static final long RTT = 100 * MILLI;

  private long now = SECOND;

  private <T extends CongestionControl> T started(T control) {
    control.init(now, MSS, 10 * MSS);
    return control;
  }

  /** One round trip in which the whole window is sent and acknowledged, two segments an ACK. */
  private void round(CongestionControl control) {
    long window = control.congestionWindow();
    long acks = Math.max(1, window / (2 * MSS));
    for (int i = 0; i < acks; i++) {
      now += RTT / acks;
      control.onAck(now, 2 * MSS, RTT, control.congestionWindow());
    }
  }

  @Test
  void renoDoublesInSlowStartAndAddsASegmentARoundAfterwards() {
    NewReno reno = started(new NewReno());
    round(reno);
    assertThat(reno.congestionWindow()).isEqualTo(20 * MSS);

    reno.onLoss(now, 20 * MSS);
    assertThat(reno.congestionWindow()).isEqualTo(10 * MSS);
    assertThat(reno.slowStartThreshold()).isEqualTo(10 * MSS);
    round(reno);
    assertThat(reno.congestionWindow()).isEqualTo(11 * MSS);
    round(reno);
    assertThat(reno.congestionWindow()).isBetween(11L * MSS, 12L * MSS);
  }

  @Test
  void aTimeoutStartsAgainFromOneSegment() {
    for (CongestionControl control :
        new CongestionControl[] {started(new NewReno()), started(new Cubic())}) {
      control.onRetransmissionTimeout(now, 10 * MSS);
      assertThat(control.congestionWindow()).isEqualTo(MSS);
      assertThat(control.slowStartThreshold()).isBetween(5L * MSS, 7L * MSS);
    }
  }

  @Test
  void theWindowNeverFallsBelowTwoSegmentsAfterALoss() {
    for (CongestionControl control :
        new CongestionControl[] {started(new NewReno()), started(new Cubic())}) {
      for (int i = 0; i < 10; i++) {
        control.onLoss(now, control.congestionWindow());
      }
      assertThat(control.congestionWindow()).isEqualTo(2 * MSS);
    }
  }

  @Test
  void aWindowThatIsNotUsedDoesNotGrow() {
    for (CongestionControl control :
        new CongestionControl[] {started(new NewReno()), started(new Cubic())}) {
      for (int i = 0; i < 100; i++) {
        control.onAck(now, MSS, RTT, MSS);
      }
      assertThat(control.congestionWindow()).isEqualTo(10 * MSS);
    }
  }

  @Test
  void aSpuriousLossIsUndone() {
    for (CongestionControl control :
        new CongestionControl[] {started(new NewReno()), started(new Cubic())}) {
      control.onRetransmissionTimeout(now, 10 * MSS);
      control.onSpuriousLoss(now);
      assertThat(control.congestionWindow()).isEqualTo(10 * MSS);
      assertThat(control.slowStartThreshold()).isEqualTo(Long.MAX_VALUE);
    }
  }

  @Test
  void cubicKeepsSeventyPercentAndReturnsToItsOldWindowAfterK() {
    Cubic cubic = started(new Cubic());
    while (cubic.congestionWindow() < 500 * MSS) {
      cubic.onAck(now, 2 * MSS, 0, cubic.congestionWindow());
    }
    long before = cubic.congestionWindow();
    cubic.onLoss(now, before);
    assertThat(cubic.congestionWindow()).isCloseTo(before * 7 / 10, within((long) MSS));

    // RFC 9438 §4.2: K is the cube root of (W_max - cwnd) / C.
    double k = Math.cbrt(before * 0.3 / MSS / 0.4);
    long start = now;
    while (now - start < k * SECOND) {
      round(cubic);
    }
    assertThat(cubic.congestionWindow()).isCloseTo(before, within(before / 20));
  }

  @Test
  void cubicIsNoSlowerThanRenoOnAShortPath() {
    Cubic cubic = started(new Cubic());
    cubic.onLoss(now, 10 * MSS);
    long start = cubic.congestionWindow();
    for (int round = 0; round < 20; round++) {
      long window = cubic.congestionWindow();
      for (int i = 0; i < window / MSS; i++) {
        now += MILLI / (window / MSS);
        cubic.onAck(now, MSS, MILLI, cubic.congestionWindow());
      }
    }
    assertThat(cubic.congestionWindow()).isGreaterThan(start + 8 * MSS);
  }

  @Test
  void hyStartLeavesSlowStartWhenRoundTripsGrow() {
    Cubic cubic = started(new Cubic());
    long rtt = 20 * MILLI;
    for (int round = 0; round < 30 && cubic.slowStartThreshold() == Long.MAX_VALUE; round++) {
      long acks = cubic.congestionWindow() / (2 * MSS);
      for (int i = 0; i < acks; i++) {
        now += 3 * MILLI;
        cubic.onAck(now, 2 * MSS, rtt, cubic.congestionWindow());
      }
      rtt += 5 * MILLI;
    }
    assertThat(cubic.slowStartThreshold()).isLessThan(300 * MSS);
  }

  @Test
  void aWindowThatNoRoundTripBoreOutFallsToTheInitialOneWhenIdle() {
    for (CongestionControl control :
        new CongestionControl[] {started(new NewReno()), started(new Cubic())}) {
      round(control);
      control.onIdle(now, SECOND);
      assertThat(control.congestionWindow()).isEqualTo(10 * MSS);
    }
  }

  @Test
  void aLearnedThresholdEndsSlowStartAndLeavesTheWindowAlone() {
    for (CongestionControl control :
        new CongestionControl[] {started(new NewReno()), started(new Cubic())}) {
      control.onLearnedThreshold(20 * MSS);
      assertThat(control.congestionWindow()).isEqualTo(10 * MSS);
      round(control);
      assertThat(control.congestionWindow()).isEqualTo(20 * MSS);
      round(control);
      assertThat(control.congestionWindow()).isLessThan(25 * MSS);

      control.onLearnedThreshold(MSS);
      assertThat(control.slowStartThreshold()).isEqualTo(10 * MSS);
    }
  }
}
