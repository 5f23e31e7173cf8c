package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.tcp.TcpPair.MILLI;
import static org.mptcp4j.tcp.TcpPair.SECOND;

import org.junit.jupiter.api.Test;
import org.mptcp4j.wire.TcpFlags;

/** TCP_QUICKACK: when in-order data is acknowledged. The client writes, the server acknowledges. */
class AckModeTest {
  private final TcpPair pair = new TcpPair(new TcpPair.Setup()).established();

  private void serverAcknowledges(AckMode mode) {
    pair.server.setOptions(pair.now, EndpointOptions.DEFAULT.withAckMode(mode));
  }

  private void writeAndWait(long nanos) {
    pair.clientUser.write(TcpPair.bytes(100, 1));
    pair.run(nanos);
  }

  @Test
  void quickMeansThatEachSegmentIsAcknowledgedAtOnceAlsoLater() {
    serverAcknowledges(AckMode.QUICK);
    for (int i = 0; i < 40; i++) {
      writeAndWait(21 * MILLI);
      assertThat(pair.client.hasUnacknowledged()).as("segment %d", i).isFalse();
    }
  }

  @Test
  void quickMeansOneAcknowledgmentForEachSegmentOfABulkTransfer() {
    serverAcknowledges(AckMode.QUICK);
    pair.clientUser.write(TcpPair.bytes(1_448_000, 1));
    pair.run(2 * SECOND);
    long acks = pair.from(false).stream().filter(p -> p.segment().flags() == TcpFlags.ACK).count();
    assertThat(acks).isBetween(1_000L, 1_002L);
  }

  @Test
  void delayedMeansThatTheFirstSegmentWaitsFortyMilliseconds() {
    serverAcknowledges(AckMode.DELAYED);
    writeAndWait(49 * MILLI);
    assertThat(pair.client.hasUnacknowledged()).isTrue();
    pair.run(12 * MILLI);
    assertThat(pair.client.hasUnacknowledged()).isFalse();
    assertThat(pair.client.retransmissions()).isZero();
  }

  @Test
  void anAcknowledgmentThatWaitsGoesOutWhenItIsWantedAtOnce() {
    serverAcknowledges(AckMode.DELAYED);
    writeAndWait(15 * MILLI);
    serverAcknowledges(AckMode.QUICK);
    pair.run(11 * MILLI);
    assertThat(pair.client.hasUnacknowledged()).isFalse();
  }
}
