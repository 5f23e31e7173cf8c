package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.HandMadePeer.ACK;
import static org.mptcp4j.mptcp.HandMadePeer.HMAC_SHA256;
import static org.mptcp4j.mptcp.HandMadePeer.KEY;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.TcpFlags;
import org.mptcp4j.wire.TcpOptionWriter;

/** RFC 8684 §3: signals on ACKs of their own, and what of signals that come from nowhere. */
class SignalStoriesTest {
  private static final IpAddress ANOTHER = IpAddress.parse("10.0.2.2");

  /** How many segments go out again within half a timeout after five ACKs of nothing new. */
  private static long retransmissionsAfter(Consumer<TcpOptionWriter> options) {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256);
    long start = peer.dataAck;
    peer.socket.write(ByteBuffer.allocate(10_000));
    IncomingSegment first = flow.await(segment -> segment.payloadLength() > 0);
    for (int i = 0; i < 5; i++) {
      flow.sendAt(
          flow.next(),
          first.sequenceNumber(),
          ACK,
          new byte[0],
          o -> {
            o.dssAck(start);
            options.accept(o);
          });
    }
    return flow.during(15 * MILLI).stream()
        .filter(segment -> segment.sequenceNumber() == first.sequenceNumber())
        .count();
  }

  @Test
  void duplicateAcksThatCarryASignalAreNoSignOfLoss() {
    // Without SACK, three duplicates mean a loss, with a DSS, too.
    assertThat(retransmissionsAfter(o -> {})).isEqualTo(1);
    assertThat(retransmissionsAfter(o -> o.mpPrio(false))).isZero();
    assertThat(retransmissionsAfter(o -> o.addAddr(true, 3, ANOTHER, 0, 0))).isZero();
    assertThat(retransmissionsAfter(o -> o.removeAddr(new int[] {9}, 1))).isZero();
  }

  @Test
  void signalsGoOutOnNoMoreThanTwoAcksInARow() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow flow = peer.confirmed(HMAC_SHA256);
    flow.during(100 * MILLI);
    for (int id = 1; id <= 7; id++) {
      IpAddress address = IpAddress.parse("192.0.2." + id);
      int number = id;
      long hmac = Hmac.addAddr(KEY, peer.engineKey, id, address, 0);
      flow.send(ACK, o -> o.addAddr(false, number, address, 0, hmac));
    }
    int echoes = 0;
    for (int round = 0; round < 20 && echoes < 7; round++) {
      // The pause is at least ten milliseconds long.
      List<IncomingSegment> answers = flow.during(round == 0 ? 9 * MILLI : 10 * MILLI);
      assertThat(answers).hasSizeLessThanOrEqualTo(2);
      echoes += answers.size();
      assertThat(answers).allMatch(segment -> segment.mptcp().has(MptcpOption.ADD_ADDR));
    }
    assertThat(echoes).isEqualTo(7);
  }

  /** What a stranger could want: that the connection ends, or goes another way. */
  private static List<Consumer<TcpOptionWriter>> signals(HandMadePeer peer) {
    long hmac = Hmac.addAddr(KEY, peer.engineKey, 3, ANOTHER, 0);
    return List.of(
        o -> o.mpPrio(true),
        o -> o.removeAddr(new int[] {7}, 1),
        o -> o.addAddr(false, 3, ANOTHER, 0, hmac),
        o -> o.mpFail(peer.dsn(0)),
        o -> o.mpFastclose(peer.engineKey));
  }

  private static void assertNothingHappened(HandMadePeer peer) {
    // Long enough for a path to be probed in vain and reset.
    peer.network().runFor(5 * SECOND);
    MptcpConnection connection = peer.connection();
    assertThat(connection.failure()).isEmpty();
    assertThat(connection.isFallback()).isFalse();
    assertThat(connection.subflows()).hasSize(2);
    assertThat(connection.subflows()).noneMatch(Subflow::isBackup);
    assertThat(connection.addresses().remotes()).hasSize(1);
    assertThat(peer.all()).noneMatch(segment -> segment.has(TcpFlags.RST));
    assertThat(peer.all()).noneMatch(s -> s.mptcp().has(MptcpOption.MP_FAIL));
  }

  private static HandMadePeer twoSubflows() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256);
    peer.joined(40_000);
    flow.data(peer.dsn(0), new byte[100]);
    peer.network().runFor(50 * MILLI);
    return peer;
  }

  @ParameterizedTest(name = "{0} bytes beside")
  @ValueSource(ints = {-1_000_000, -50, -1, 7_000_000, 1_000_000_000})
  void signalsOutsideOfTheWindowAreNotLookedAt(int beside) {
    HandMadePeer peer = twoSubflows();
    HandMadePeer.Flow second = peer.joinedFlow();
    for (Consumer<TcpOptionWriter> signal : signals(peer)) {
      second.sendAt(second.next() + beside, second.received(), ACK, new byte[0], signal);
    }
    assertNothingHappened(peer);
  }

  @ParameterizedTest(name = "{0} bytes beside")
  @ValueSource(ints = {1, 1_000_000, -1_000_000})
  void signalsOnAnAckOfWhatWasNeverSentAreNotLookedAt(int beside) {
    HandMadePeer peer = twoSubflows();
    HandMadePeer.Flow second = peer.joinedFlow();
    for (Consumer<TcpOptionWriter> signal : signals(peer)) {
      second.sendAt(second.next(), second.received() + beside, ACK, new byte[0], signal);
    }
    assertNothingHappened(peer);
  }

  @Test
  void theSameSignalsInTheirPlaceAreObeyed() {
    HandMadePeer peer = twoSubflows();
    HandMadePeer.Flow second = peer.joinedFlow();
    second.send(ACK, o -> o.mpPrio(true));
    peer.network().runFor(50 * MILLI);
    assertThat(peer.connection().subflows().get(1).isBackup()).isTrue();
    second.send(ACK, o -> o.mpFastclose(peer.engineKey));
    peer.network().runFor(50 * MILLI);
    assertThat(peer.connection().failure()).contains(MptcpConnection.Failure.RESET);
  }
}
