package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.tcp.TcpPair.MILLI;
import static org.mptcp4j.tcp.TcpPair.SECOND;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.mptcp4j.TcpInfo;

class TcpInfoTest {
  private static final int SEGMENT = 1448;

  private final TcpPair.Setup setup = new TcpPair.Setup();

  private static TcpInfo client(TcpPair pair) {
    return pair.client.info(pair.now);
  }

  @Test
  void beforeTheHandshakeNextToNothingIsKnown() {
    TcpPair pair = new TcpPair(setup).connect();
    TcpInfo info = client(pair);
    assertThat(info.state()).isEqualTo(TcpInfo.State.SYN_SENT);
    assertThat(info.retransmissionTimeout()).isEqualTo(Duration.ofSeconds(1));
    assertThat(info.smoothedRtt()).isEmpty();
    assertThat(info.minRtt()).isEmpty();
    assertThat(info.slowStartThresholdBytes()).isEmpty();
    assertThat(info.sinceDataSent()).isEmpty();
    assertThat(info.sinceDataReceived()).isEmpty();
    assertThat(info.sinceHeard()).isEmpty();
    assertThat(info.sentBytes()).isZero();
  }

  @Test
  void theHandshakeTellsRoundTripOptionsAndSizes() {
    TcpPair pair = new TcpPair(setup).established();
    TcpInfo info = client(pair);
    assertThat(info.state()).isEqualTo(TcpInfo.State.ESTABLISHED);
    assertThat(info.smoothedRtt()).contains(Duration.ofMillis(20));
    assertThat(info.minRtt()).contains(Duration.ofMillis(20));
    assertThat(info.rttVariance()).isEqualTo(Duration.ofMillis(10));
    assertThat(info.retransmissionTimeout()).isEqualTo(Duration.ofMillis(220));
    assertThat(info.congestionWindowBytes()).isEqualTo(10 * SEGMENT);
    assertThat(info.sendSegmentBytes()).isEqualTo(SEGMENT);
    assertThat(info.receiveSegmentBytes()).isEqualTo(1460);
    assertThat(info.pathMtuBytes()).isEqualTo(1500);
    assertThat(info.timestamps()).isTrue();
    assertThat(info.sack()).isTrue();
    assertThat(info.ecn()).isFalse();
    assertThat(info.sendWindowScale()).isEqualTo(7);
    assertThat(info.receiveWindowScale()).isEqualTo(7);
  }

  @Test
  void optionsThatThePeerLeavesOutAreNotAgreedOn() {
    setup.serverSack = false;
    setup.serverTimestamps = false;
    TcpInfo info = client(new TcpPair(setup).established());
    assertThat(info.sack()).isFalse();
    assertThat(info.timestamps()).isFalse();
    assertThat(info.sendSegmentBytes()).isEqualTo(1460);
  }

  @Test
  void whatIsOnTheWayIsUnacknowledgedAndInFlight() {
    TcpPair pair = new TcpPair(setup).established();
    pair.clientUser.write(new byte[5 * SEGMENT]);
    pair.run(10 * MILLI);
    TcpInfo info = client(pair);
    assertThat(info.sentBytes()).isEqualTo(5 * SEGMENT);
    assertThat(info.unacknowledgedBytes()).isEqualTo(5 * SEGMENT);
    assertThat(info.inFlightBytes()).isEqualTo(5 * SEGMENT);
    assertThat(info.acknowledgedBytes()).isZero();
    assertThat(info.sinceDataSent()).contains(Duration.ofMillis(10));

    pair.run(100 * MILLI);
    TcpInfo later = client(pair);
    assertThat(later.acknowledgedBytes()).isEqualTo(5 * SEGMENT);
    assertThat(later.unacknowledgedBytes()).isZero();
    assertThat(later.inFlightBytes()).isZero();
    TcpInfo server = pair.server.info(pair.now);
    assertThat(server.receivedBytes()).isEqualTo(5 * SEGMENT);
    assertThat(server.sinceDataReceived()).contains(Duration.ofMillis(100));
    assertThat(server.sentBytes()).isZero();
  }

  @Test
  void aLossShowsInSackedAndLostBytesAndThenInWhatWasSentAgain() {
    TcpPair pair = new TcpPair(setup).established();
    int[] count = {0};
    pair.filter = packet -> !packet.fromClient() || packet.payload() == 0 || count[0]++ != 0;
    pair.clientUser.write(new byte[10 * SEGMENT]);
    // The first is lost; the SACKs of three others have come back, and nothing was flushed since.
    pair.run(19 * MILLI);
    assertThat(client(pair).sackedBytes()).isZero();
    assertThat(pair.run(SECOND, () -> client(pair).retransmittedSegments() == 1)).isTrue();
    TcpInfo info = client(pair);
    assertThat(info.sackedBytes()).isPositive();
    assertThat(info.unacknowledgedBytes()).isEqualTo(10 * SEGMENT);
    assertThat(info.inFlightBytes() + info.sackedBytes() + info.lostBytes())
        .isEqualTo(10 * SEGMENT);
    assertThat(info.recovering()).isTrue();
    assertThat(info.lossEpisodes()).isEqualTo(1);
    assertThat(info.retransmittedBytes()).isEqualTo(SEGMENT);
    assertThat(info.slowStartThresholdBytes()).isPresent();

    pair.run(SECOND);
    assertThat(client(pair).acknowledgedBytes()).isEqualTo(10 * SEGMENT);
    assertThat(client(pair).sentBytes()).isEqualTo(10 * SEGMENT);
    assertThat(client(pair).recovering()).isFalse();
  }

  @Test
  void silenceShowsInTheTimeoutThatBacksOff() {
    TcpPair pair = new TcpPair(setup).established();
    pair.filter = packet -> false;
    pair.clientUser.write(new byte[SEGMENT]);
    pair.run(SECOND);
    TcpInfo info = client(pair);
    assertThat(info.consecutiveTimeouts()).isEqualTo(2);
    assertThat(info.retransmissionTimeout()).isEqualTo(Duration.ofMillis(4 * 220));
    assertThat(info.sinceHeard().orElseThrow()).isGreaterThanOrEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void bytesAreCountedBeyondTheWrapOfSequenceNumbers() {
    setup.clientIsn = -5_000;
    TcpPair pair = new TcpPair(setup).established();
    pair.clientUser.write(new byte[100_000]);
    pair.run(5 * SECOND);
    assertThat(client(pair).acknowledgedBytes()).isEqualTo(100_000);
    assertThat(pair.server.info(pair.now).receivedBytes()).isEqualTo(100_000);
  }

  @Test
  void theEndShowsInTheStates() {
    TcpPair pair = new TcpPair(setup).established();
    pair.clientUser.closeWhenSent();
    pair.run(100 * MILLI);
    assertThat(client(pair).state()).isEqualTo(TcpInfo.State.FIN_WAIT_2);
    assertThat(pair.server.info(pair.now).state()).isEqualTo(TcpInfo.State.CLOSE_WAIT);
    pair.serverUser.closeWhenSent();
    pair.run(100 * MILLI);
    assertThat(client(pair).state()).isEqualTo(TcpInfo.State.TIME_WAIT);
    assertThat(pair.server.info(pair.now).state()).isEqualTo(TcpInfo.State.CLOSED);
  }
}
