package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.HandMadePeer.ACK;
import static org.mptcp4j.mptcp.HandMadePeer.HMAC_SHA256;
import static org.mptcp4j.mptcp.HandMadePeer.KEY;
import static org.mptcp4j.mptcp.HandMadePeer.bytes;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.multipath;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.InternetChecksum;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.MptcpOptionSet;
import org.mptcp4j.wire.TcpFlags;

/** RFC 8684 §3.7: where the stream goes on without mappings, and where it cannot. */
class InfiniteMappingStoriesTest {
  private static final int WITH_CHECKSUM = HMAC_SHA256 | MptcpOption.CAPABLE_CHECKSUM_REQUIRED;

  private final HandMadePeer peer = HandMadePeer.client(multipath());

  /** Data from {@code index} on, with the mapping that says that no other follows. */
  private void sendInfinite(HandMadePeer.Flow flow, int index, byte[] data, int checksum) {
    int relative = flow.relative();
    flow.send(ACK, data, o -> o.dss(peer.dataAck, peer.dsn(index), relative, 0, checksum, false));
  }

  private void assertGoneOnWith(byte[] stream) {
    peer.network().runFor(50 * MILLI);
    assertThat(peer.connection().isFallback()).isTrue();
    assertThat(peer.engine().counters().fallbacks.sum()).isEqualTo(1);
    assertThat(peer.read()).isEqualTo(stream);
    assertThat(peer.all()).noneMatch(segment -> segment.has(TcpFlags.RST));
  }

  private void assertRefused(HandMadePeer.Flow flow, int reason) {
    IncomingSegment reset = flow.await(segment -> segment.has(TcpFlags.RST));
    assertThat(reset.mptcp().has(MptcpOption.MP_TCPRST)).isTrue();
    assertThat(reset.mptcp().resetReason()).isEqualTo(reason);
    assertThat(peer.connection().isFallback()).isFalse();
  }

  @Test
  void whatCameOfAMappingThatIsNotWholeIsPartOfTheStream() {
    HandMadePeer.Flow flow = peer.connected(WITH_CHECKSUM);
    int relative = flow.relative();
    long sum = InternetChecksum.sum(ByteBuffer.wrap(bytes(0, 20)), 0, 20);
    int checksum = DssChecksum.compute(sum, peer.dsn(0), relative, 20);
    flow.send(
        ACK, bytes(0, 10), o -> o.dss(peer.dataAck, peer.dsn(0), relative, 20, checksum, false));
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read()).as("not verified").isEmpty();
    sendInfinite(flow, 10, new byte[0], 0);
    assertGoneOnWith(bytes(0, 10));
  }

  @Test
  void itsPlaceIsTheOneThatItNamesAlsoAfterDataThatCameTwice() {
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256);
    flow.data(peer.dsn(0), bytes(0, 10));
    flow.data(peer.dsn(0), bytes(0, 10));
    sendInfinite(flow, 10, bytes(10, 10), -1);
    flow.send(ACK, bytes(20, 10), o -> {});
    assertGoneOnWith(bytes(0, 30));
  }

  @Test
  void oneThatLeavesAHoleIsRefused() {
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256);
    flow.data(peer.dsn(0), bytes(0, 10));
    sendInfinite(flow, 15, bytes(15, 10), -1);
    assertRefused(flow, MptcpOption.RESET_MPTCP_ERROR);
    assertThat(peer.read()).isEqualTo(bytes(0, 10));
  }

  @Test
  void oneOnASubflowThatIsNotTheOnlyOneInUseIsRefused() {
    HandMadePeer.Flow first = peer.connected(HMAC_SHA256);
    HandMadePeer.Flow second = peer.joined(40_000);
    first.data(peer.dsn(0), bytes(0, 10));
    second.data(peer.dsn(10), bytes(10, 10));
    peer.network().runFor(50 * MILLI);
    sendInfinite(second, 20, bytes(20, 10), -1);
    assertRefused(second, MptcpOption.RESET_MPTCP_ERROR);
    first.data(peer.dsn(20), bytes(20, 10));
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read()).isEqualTo(bytes(0, 30));
  }

  @Test
  void mpFailBesideItIsAnsweredAsWell() {
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256);
    peer.socket.write(ByteBuffer.wrap(bytes(0, 10)));
    flow.await(segment -> segment.payloadLength() > 0);
    int relative = flow.relative();
    flow.send(
        ACK,
        o -> {
          o.dss(peer.dataAck, peer.dsn(0), relative, 0, -1, false);
          o.mpFail(peer.engineDsn(0));
        });
    IncomingSegment answer = flow.await();
    assertThat(answer.mptcp().has(MptcpOption.MP_FAIL)).isTrue();
    assertThat(answer.mptcp().failDataSequenceNumber()).isEqualTo(peer.dsn(0));
    peer.socket.write(ByteBuffer.wrap(bytes(10, 10)));
    IncomingSegment data = flow.await(segment -> segment.payloadLength() > 0);
    assertThat(data.mptcp().hasMapping()).isTrue();
    assertThat(data.mptcp().dataLevelLength()).isZero();
    flow.send(ACK, bytes(0, 10), o -> {});
    assertGoneOnWith(bytes(0, 10));
  }

  @Test
  void mpFailWhileDataOfAnotherSubflowIsOwedEndsTheSubflow() {
    HandMadePeer.Flow first = peer.flow(1, 40_000).window(1_000);
    first.open(o -> o.mpCapableSyn(1, HMAC_SHA256));
    peer.engineKey(first.await().mptcp().senderKey());
    first.send(ACK, o -> o.mpCapableAck(1, HMAC_SHA256, KEY, peer.engineKey));
    HandMadePeer.Flow second = peer.joined(40_000);
    second.acknowledge();
    peer.network().runFor(50 * MILLI);
    peer.socket.write(ByteBuffer.allocate(30_000));
    second.await(segment -> segment.payloadLength() > 0);
    // What it carried has no room in the window of the other.
    second.send(TcpFlags.RST | ACK, o -> {});
    peer.network().runFor(50 * MILLI);
    first.send(ACK, o -> o.mpFail(peer.engineDsn(0)));
    assertRefused(first, MptcpOption.RESET_MIDDLEBOX_INTERFERENCE);
  }

  @Test
  void aWrongChecksumBeforeDataThatBelongsElsewhereEndsTheSubflow() {
    HandMadePeer.Flow flow = peer.connected(WITH_CHECKSUM);
    int relative = flow.relative();
    byte[] later = bytes(40, 10);
    long sum = InternetChecksum.sum(ByteBuffer.wrap(later), 0, later.length);
    int checksum = DssChecksum.compute(sum, peer.dsn(40), relative + 10, later.length);
    flow.sendAt(
        flow.next() + 10,
        flow.received(),
        ACK,
        later,
        o -> o.dss(peer.dataAck, peer.dsn(40), relative + 10, later.length, checksum, false));
    flow.data(peer.dsn(0), bytes(100, 10), 1);
    IncomingSegment reset = flow.await(segment -> segment.has(TcpFlags.RST));
    assertThat(reset.mptcp().has(MptcpOption.MP_FAIL)).isTrue();
    assertThat(reset.mptcp().failDataSequenceNumber()).isEqualTo(peer.dsn(0));
    assertThat(peer.connection().isFallback()).isFalse();
    assertThat(peer.read()).isEmpty();
  }

  /** The engine's data, which the peer acknowledges without DATA_ACK. */
  private HandMadePeer.Flow written() {
    return written(HMAC_SHA256);
  }

  private HandMadePeer.Flow written(int flags) {
    HandMadePeer.Flow flow = peer.connected(flags);
    peer.socket.write(ByteBuffer.wrap(bytes(0, 100)));
    flow.await(segment -> segment.payloadLength() > 0);
    return flow;
  }

  @Test
  void aJoinThatIsUnderWayIsResetWhenTheConnectionFallsBack() {
    HandMadePeer.Flow flow = written();
    HandMadePeer.Flow joining = peer.flow(2, 40_001);
    assertThat(joining.join(7, false).has(TcpFlags.SYN)).isTrue();
    flow.send(ACK, o -> {});
    assertThat(joining.await().has(TcpFlags.RST)).isTrue();
    assertThat(peer.connection().isFallback()).isTrue();
    assertThat(peer.connection().subflows()).hasSize(1);
  }

  @Test
  void theFinOfASubflowIsTheEndOfTheStreamOnceTheConnectionHasFallenBack() {
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256);
    flow.data(peer.dsn(0), bytes(0, 10));
    flow.send(ACK | TcpFlags.FIN, o -> o.dssAck(peer.engineDsn(0)));
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read()).isEqualTo(bytes(0, 10));
    assertThat(peer.socket.read(ByteBuffer.allocate(10))).as("there may be more").isZero();
    peer.socket.write(ByteBuffer.wrap(bytes(0, 100)));
    flow.await(segment -> segment.payloadLength() > 0);
    flow.send(ACK, o -> {});
    peer.network().runFor(50 * MILLI);
    assertThat(peer.connection().isFallback()).isTrue();
    assertThat(peer.socket.read(ByteBuffer.allocate(10))).isEqualTo(-1);
  }

  @Test
  void afterTheFallbackAMappingThatContradictsTheStreamEndsTheConnection() {
    HandMadePeer.Flow flow = written();
    flow.send(ACK, o -> {});
    peer.network().runFor(50 * MILLI);
    assertThat(peer.connection().isFallback()).isTrue();
    flow.data(peer.dsn(0), bytes(0, 10));
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read()).isEqualTo(bytes(0, 10));
    flow.data(peer.dsn(5), bytes(5, 10));
    IncomingSegment reset = flow.await(segment -> segment.has(TcpFlags.RST));
    assertThat(reset.mptcp().isEmpty()).as("plain TCP").isTrue();
    assertThat(peer.read()).isEmpty();
  }

  @Test
  void afterTheFallbackADataFinOfOneThatHasNotHeardOfItIsBorne() {
    HandMadePeer.Flow flow = written();
    flow.send(ACK, o -> {});
    peer.network().runFor(50 * MILLI);
    flow.send(ACK, bytes(0, 10), o -> o.dss(peer.dataAck, peer.dsn(10), 0, 1, -1, true));
    assertGoneOnWith(bytes(0, 10));
    assertThat(peer.socket.read(ByteBuffer.allocate(10))).as("FIN is the end").isZero();
  }

  @ParameterizedTest(name = "the engine found a wrong checksum: {0}")
  @ValueSource(booleans = {true, false})
  void aFinThatTellsOfTheFallbackNamesItsPlaceInTheStream(boolean found) {
    HandMadePeer.Flow flow = written(WITH_CHECKSUM);
    long start = peer.engineDsn(0);
    // The data level asks for the data again, which takes as many numbers of the subflow anew.
    flow.send(ACK, o -> o.dssAck(start));
    IncomingSegment again = flow.await(segment -> segment.payloadLength() > 0);
    assertThat(again.mptcp().dataSequenceNumber()).isEqualTo(start);
    flow.acknowledge();
    if (found) {
      flow.data(peer.dsn(0), bytes(100, 10), 1);
    } else {
      flow.send(ACK, o -> o.mpFail(peer.engineDsn(100)));
    }
    flow.await(segment -> segment.mptcp().has(MptcpOption.MP_FAIL));
    peer.socket.shutdownOutput();
    MptcpOptionSet fin = flow.await(segment -> segment.has(TcpFlags.FIN)).mptcp();
    assertThat(fin.hasMapping()).isTrue();
    assertThat(fin.dataLevelLength()).isZero();
    assertThat(fin.dataSequenceNumber()).isEqualTo(peer.engineDsn(100));
    assertThat(fin.subflowSequenceNumber()).isEqualTo(201);
  }

  @Test
  void wherePartOfTheStreamIsMissingThereIsNoFallback() {
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256);
    int before = flow.received();
    long start = peer.dataAck;
    int relative = flow.relative();
    peer.socket.write(ByteBuffer.wrap(bytes(0, 100)));
    flow.await(segment -> segment.payloadLength() > 0);
    flow.sendAt(
        flow.next(),
        before,
        ACK,
        bytes(10, 10),
        o -> o.dss(start, peer.dsn(10), relative, 10, -1, false));
    flow.sendAt(flow.next() + 10, flow.received(), ACK, new byte[0], o -> {});
    assertRefused(flow, MptcpOption.RESET_MPTCP_ERROR);
    assertThat(peer.read()).isEmpty();
  }
}
