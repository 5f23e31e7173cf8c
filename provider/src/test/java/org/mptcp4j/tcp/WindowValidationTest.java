package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.tcp.TcpPair.MILLI;
import static org.mptcp4j.tcp.TcpPair.SECOND;

import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.mptcp4j.spi.CongestionControl;

/** RFC 7661, rule by rule, for both algorithms that follow it. */
class WindowValidationTest {
  private static final int MSS = 1000;
  private static final long RTT = 100 * MILLI;
  private static final long MINUTE = 60 * SECOND;

  private long now = SECOND;

  @SuppressWarnings("ImmutableEnumChecker") // suppliers keep no state
  enum Algorithm {
    RENO(NewReno::new),
    CUBIC(Cubic::new);

    private final Supplier<CongestionControl> make;

    Algorithm(Supplier<CongestionControl> make) {
      this.make = make;
    }
  }

  /** One round trip with so many bytes in flight, two segments an ACK. */
  private void round(CongestionControl control, long bytes) {
    for (long left = bytes; left > 0; left -= 2 * MSS) {
      now += RTT * 2 * MSS / bytes;
      control.onAck(now, Math.min(left, 2 * MSS), RTT, bytes);
    }
  }

  /** A hundred segments, of which all are used. */
  private CongestionControl withHundredSegments(Algorithm algorithm) {
    CongestionControl control = algorithm.make.get();
    control.init(now, MSS, 10 * MSS);
    while (control.congestionWindow() < 100 * MSS) {
      round(control, control.congestionWindow());
    }
    round(control, control.congestionWindow());
    return control;
  }

  /** The same, ten of which are used for two seconds. */
  private CongestionControl rateLimited(Algorithm algorithm) {
    CongestionControl control = withHundredSegments(algorithm);
    for (int i = 0; i < 20; i++) {
      round(control, 10 * MSS);
    }
    return control;
  }

  private static boolean isPaced(CongestionControl control) {
    return control.pacingRateBytesPerSecond() > 0;
  }

  @Test
  void thePipeIsTheMostThatARoundTripAcknowledgedInTheSamplingPeriod() {
    WindowValidation validation = new WindowValidation(MSS);
    validation.onAck(now, MSS, RTT, 50 * MSS, 100 * MSS);
    // §4.1: undefined until a round trip is over, and then the window counts as borne out.
    assertThat(validation.pipeAck()).isZero();
    assertThat(validation.isNonValidated()).isFalse();

    validation.onAck(now, 20 * MSS, RTT, 50 * MSS, 100 * MSS);
    validation.onAck(now + RTT, 30 * MSS, RTT, 50 * MSS, 100 * MSS);
    assertThat(validation.pipeAck()).isEqualTo(50 * MSS);
    validation.onAck(now + 2 * RTT, 10 * MSS, RTT, 10 * MSS, 100 * MSS);
    assertThat(validation.pipeAck()).isEqualTo(50 * MSS);
    assertThat(validation.isNonValidated()).isFalse();

    // §4.2: a second later only what came since counts.
    validation.onAck(now + SECOND + 2 * RTT, 10 * MSS, RTT, 10 * MSS, 100 * MSS);
    assertThat(validation.pipeAck()).isEqualTo(10 * MSS);
    assertThat(validation.isNonValidated()).isTrue();
  }

  @Test
  void onALongPathTheSamplingPeriodIsThreeRoundTrips() {
    WindowValidation validation = new WindowValidation(MSS);
    validation.onAck(now, MSS, SECOND, 50 * MSS, 100 * MSS);
    validation.onAck(now, 50 * MSS, SECOND, 50 * MSS, 100 * MSS);
    validation.onAck(now + 2 * SECOND, 10 * MSS, SECOND, 10 * MSS, 100 * MSS);
    assertThat(validation.pipeAck()).isEqualTo(50 * MSS);
    validation.onAck(now + 3 * SECOND, 10 * MSS, SECOND, 10 * MSS, 100 * MSS);
    assertThat(validation.pipeAck()).isEqualTo(10 * MSS);
  }

  @ParameterizedTest
  @EnumSource
  void aWindowThatIsNotUsedIsKeptAndPacedAndOneThatIsUsedIsNot(Algorithm algorithm) {
    CongestionControl control = withHundredSegments(algorithm);
    assertThat(isPaced(control)).isFalse();
    long window = control.congestionWindow();
    for (int i = 0; i < 20; i++) {
      round(control, 10 * MSS);
    }
    assertThat(control.congestionWindow()).isEqualTo(window);
    // §4.4.2: twice the window in a round trip.
    assertThat(control.pacingRateBytesPerSecond()).isEqualTo(2 * window * SECOND / RTT);

    // §4.3: half of it bears it out.
    round(control, window * 6 / 10);
    round(control, window * 6 / 10);
    assertThat(isPaced(control)).isFalse();
  }

  @ParameterizedTest
  @EnumSource
  void inTheNonValidatedPhaseOnlyAFullWindowGrows(Algorithm algorithm) {
    CongestionControl control = rateLimited(algorithm);
    long window = control.congestionWindow();
    // Three quarters would be enough at other times; ACKs of less than a round leave the phase.
    for (int i = 0; i < 10; i++) {
      control.onAck(now, MSS, RTT, window * 9 / 10);
    }
    assertThat(control.congestionWindow()).isEqualTo(window);
    for (int i = 0; i < 10; i++) {
      control.onAck(now, 2 * MSS, RTT, window);
    }
    assertThat(control.congestionWindow()).isGreaterThan(window);
  }

  @ParameterizedTest
  @EnumSource
  void aLossThenHalvesWhatWasUsedAndTakesOffWhatWasLost(Algorithm algorithm) {
    CongestionControl control = rateLimited(algorithm);
    // §4.4.1: LossFlightSize is more than pipeACK here.
    control.onLoss(now, 40 * MSS);
    assertThat(control.congestionWindow()).isEqualTo(20 * MSS);
    control.onRecovered(now, 30 * MSS);
    assertThat(control.congestionWindow()).isEqualTo(5 * MSS);
    assertThat(control.slowStartThreshold()).isEqualTo(5 * MSS);
    assertThat(isPaced(control)).isFalse();

    control = rateLimited(algorithm);
    // And pipeACK is more than LossFlightSize here.
    control.onLoss(now, 2 * MSS);
    assertThat(control.congestionWindow()).isEqualTo(5 * MSS);
    control.onRecovered(now, 10 * MSS);
    assertThat(control.congestionWindow()).isEqualTo(MSS);
  }

  @ParameterizedTest
  @EnumSource
  void aLossInTheValidatedPhaseIsAnsweredAsEver(Algorithm algorithm) {
    CongestionControl control = withHundredSegments(algorithm);
    long window = control.congestionWindow();
    control.onLoss(now, window);
    control.onRecovered(now, 50 * MSS);
    assertThat(control.congestionWindow())
        .isEqualTo(algorithm == Algorithm.RENO ? window / 2 : (long) (window * 0.7));
  }

  @ParameterizedTest
  @EnumSource
  void afterARecoveryTheWindowCountsAsBorneOutUntilARoundTripTells(Algorithm algorithm) {
    CongestionControl control = withHundredSegments(algorithm);
    control.onLoss(now, 100 * MSS);
    control.onRecovered(now, 0);
    control.onAck(now, 2 * MSS, RTT, 10 * MSS);
    assertThat(isPaced(control)).isFalse();
    round(control, 10 * MSS);
    assertThat(isPaced(control)).isTrue();
  }

  @ParameterizedTest
  @EnumSource
  void aTimeoutEndsThePhase(Algorithm algorithm) {
    CongestionControl control = rateLimited(algorithm);
    control.onRetransmissionTimeout(now, 10 * MSS);
    assertThat(control.congestionWindow()).isEqualTo(MSS);
    assertThat(isPaced(control)).isFalse();
  }

  @ParameterizedTest
  @EnumSource
  void everyFiveMinutesOfThePhaseHalveTheWindowDownToTheInitialOne(Algorithm algorithm) {
    CongestionControl control = rateLimited(algorithm);
    control.onLoss(now, control.congestionWindow());
    control.onRecovered(now, 0);
    long end = now + 2 * SECOND;
    while (now < end) {
      round(control, 10 * MSS);
    }
    long window = control.congestionWindow();
    assertThat(isPaced(control)).isTrue();
    end = now + 4 * MINUTE;
    while (now < end) {
      round(control, 10 * MSS);
    }
    assertThat(control.congestionWindow()).isEqualTo(window);
    end = now + MINUTE;
    while (now < end) {
      round(control, 10 * MSS);
    }
    assertThat(control.congestionWindow()).isEqualTo(window / 2);
    assertThat(control.slowStartThreshold()).isGreaterThanOrEqualTo(window * 3 / 4);

    control.onIdle(now + 60 * MINUTE, 60 * MINUTE);
    assertThat(control.congestionWindow()).isEqualTo(10 * MSS);
  }

  @ParameterizedTest
  @EnumSource
  void idlenessKeepsTheWindowForFiveMinutes(Algorithm algorithm) {
    CongestionControl control = withHundredSegments(algorithm);
    long window = control.congestionWindow();
    now += 4 * MINUTE;
    control.onIdle(now, 4 * MINUTE);
    assertThat(control.congestionWindow()).isEqualTo(window);
    assertThat(isPaced(control)).isTrue();

    control = withHundredSegments(algorithm);
    window = control.congestionWindow();
    now += 11 * MINUTE;
    control.onIdle(now, 11 * MINUTE);
    assertThat(control.congestionWindow()).isEqualTo(window / 4);
  }

  @ParameterizedTest
  @EnumSource
  void aShortRestIsFollowedByAPacedRoundTrip(Algorithm algorithm) {
    CongestionControl control = withHundredSegments(algorithm);
    long window = control.congestionWindow();
    control.onIdle(now + 300 * MILLI, 300 * MILLI);
    assertThat(isPaced(control)).isTrue();
    now += 300 * MILLI;
    round(control, window);
    round(control, window);
    assertThat(isPaced(control)).isFalse();
  }

  @ParameterizedTest
  @EnumSource
  void aTransferThatUsesItsWindowNeverEntersThePhase(Algorithm algorithm) {
    boolean[] paced = {false};
    TcpPair.Setup setup = new TcpPair.Setup();
    setup.loss = 0.003;
    setup.bytesPerSecond = 2_500_000;
    setup.congestion =
        () -> {
          CongestionControl control = algorithm.make.get();
          return new ForwardingControl(control) {
            @Override
            public void onAck(long at, long bytesAcked, long rttNanos, long bytesInFlight) {
              super.onAck(at, bytesAcked, rttNanos, bytesInFlight);
              paced[0] |= isPaced(control);
            }

            @Override
            public void onRecovered(long at, long bytesSentAgain) {
              control.onRecovered(at, bytesSentAgain);
            }
          };
        };
    TcpPair pair = new TcpPair(setup);
    pair.record = false;
    pair.established();
    pair.clientUser.write(TcpPair.bytes(10_000_000, 1));
    assertThat(pair.run(20 * SECOND, () -> pair.serverUser.receivedBytes() > 9_000_000)).isTrue();
    assertThat(paced[0]).isFalse();
  }
}
