package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.HandMadePeer.ACK;
import static org.mptcp4j.mptcp.HandMadePeer.HMAC_SHA256;
import static org.mptcp4j.mptcp.HandMadePeer.KEY;
import static org.mptcp4j.mptcp.HandMadePeer.bytes;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;
import static org.mptcp4j.mptcp.TwoHosts.multipathWithChecksum;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.InternetChecksum;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.TcpFlags;

/** RFC 8684 §3.7: when MPTCP does not get through, or data is changed on its way. */
class FallbackStoriesTest {
  private static final int CHECKSUM = MptcpOption.CAPABLE_CHECKSUM_REQUIRED;

  /** Data with a right checksum. */
  private static void send(HandMadePeer peer, HandMadePeer.Flow flow, int index, byte[] data) {
    flow.data(peer.dsn(index), data, checksum(peer, flow, index, data));
  }

  /** Data that a box has changed. */
  private static void sendChanged(
      HandMadePeer peer, HandMadePeer.Flow flow, int index, byte[] data) {
    flow.data(peer.dsn(index), data, checksum(peer, flow, index, data) ^ 0x0101);
  }

  private static int checksum(HandMadePeer peer, HandMadePeer.Flow flow, int index, byte[] data) {
    long sum = InternetChecksum.sum(ByteBuffer.wrap(data), 0, data.length);
    return DssChecksum.compute(sum, peer.dsn(index), flow.relative(), data.length);
  }

  private static IncomingSegment awaitReset(HandMadePeer.Flow flow, int reason) {
    IncomingSegment reset = flow.await(segment -> segment.has(TcpFlags.RST));
    assertThat(reset.mptcp().has(MptcpOption.MP_TCPRST)).isTrue();
    assertThat(reset.mptcp().resetReason()).isEqualTo(reason);
    return reset;
  }

  @Test
  void everySegmentHasItsMappingUntilTheFirstDataAckAndAfter() {
    TwoHosts hosts = TwoHosts.twoPaths(1);
    PacketLog log = new PacketLog(hosts);
    hosts.connect(multipathWithChecksum(), multipath());
    hosts.transfer(1_000_000, 1_000_000);
    hosts.runToEnd(10 * SECOND);
    List<IncomingSegment> data =
        log.packets().stream()
            .map(PacketLog.Packet::segment)
            .filter(segment -> segment.payloadLength() > 0)
            .toList();
    assertThat(data).hasSizeGreaterThan(1_000);
    assertThat(data).allMatch(s -> s.mptcp().hasMapping() || s.mptcp().capableDataLength() > 0);
  }

  @Test
  void anAckOfDataWithoutDataAckEndsAJoinedSubflow() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow first = peer.flow(1, 40_000).window(1_000);
    first.open(o -> o.mpCapableSyn(1, HMAC_SHA256));
    peer.engineKey(first.await().mptcp().senderKey());
    first.send(ACK, o -> o.mpCapableAck(1, HMAC_SHA256, KEY, peer.engineKey));
    HandMadePeer.Flow second = peer.joined(40_000);
    second.acknowledge();
    peer.network().runFor(50 * MILLI);
    peer.socket.write(ByteBuffer.allocate(30_000));
    second.await(segment -> segment.payloadLength() > 0);
    second.send(ACK, o -> {});
    awaitReset(second, MptcpOption.RESET_MIDDLEBOX_INTERFERENCE);
    assertThat(peer.connection().isFallback()).isFalse();
    assertThat(peer.connection().subflows()).hasSize(1);
  }

  /** An engine that has fallen back, as its first data was acknowledged without DATA_ACK. */
  private static HandMadePeer.Flow fallenBack(HandMadePeer peer) {
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256);
    peer.socket.write(ByteBuffer.wrap(bytes(0, 100)));
    IncomingSegment data = flow.await(segment -> segment.payloadLength() > 0);
    assertThat(data.mptcp().hasMapping()).isTrue();
    flow.send(ACK, o -> {});
    peer.network().runFor(50 * MILLI);
    assertThat(peer.connection().isFallback()).isTrue();
    return flow;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anAckOfDataWithoutDataAckOnTheFirstSubflowMeansPlainTcpAndOneInfiniteMapping(
      boolean checksum) {
    HandMadePeer peer = HandMadePeer.client(checksum ? multipathWithChecksum() : multipath());
    HandMadePeer.Flow flow = fallenBack(peer);
    peer.connection().setNoDelay(peer.network().now(), true, peer.engine());
    peer.socket.write(ByteBuffer.wrap(bytes(100, 100)));
    peer.socket.write(ByteBuffer.wrap(bytes(200, 100)));
    peer.socket.write(ByteBuffer.wrap(bytes(300, 100)));
    IncomingSegment last = flow.await(segment -> segment.payloadLength() > 0);
    assertThat(last.mptcp().hasMapping()).isTrue();
    assertThat(last.mptcp().dataLevelLength()).isZero();
    assertThat(last.mptcp().dataSequenceNumber()).isEqualTo(peer.engineDsn(100));
    assertThat(last.mptcp().subflowSequenceNumber()).isEqualTo(101);
    assertThat(last.mptcp().hasDssChecksum()).isEqualTo(checksum);
    assertThat(last.mptcp().dssChecksum()).isZero();
    List<IncomingSegment> after = flow.during(50 * MILLI);
    assertThat(after).hasSize(2);
    assertThat(after).allMatch(segment -> segment.mptcp().isEmpty());
  }

  @Test
  void onTheFirstSubflowBesideAnotherItMeansThatDataGoesTheOtherWay() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow first = peer.connected(HMAC_SHA256);
    HandMadePeer.Flow second = peer.joined(40_000);
    second.data(peer.dsn(0), bytes(0, 10));
    peer.network().runFor(50 * MILLI);
    long start = peer.engineDsn(0);
    peer.socket.write(ByteBuffer.wrap(bytes(0, 100)));
    first.await(segment -> segment.payloadLength() > 0);
    first.send(ACK, o -> {});
    IncomingSegment again = second.await(segment -> segment.payloadLength() > 0);
    assertThat(again.mptcp().dataSequenceNumber()).isEqualTo(start);
    assertThat(peer.connection().isFallback()).isFalse();
    assertThat(peer.all()).noneMatch(segment -> segment.has(TcpFlags.RST));
  }

  /**
   * A box has split a segment of ours, and one of the peer's, whose second part has no options: the
   * peer's TCP has acknowledged the first part of a mapping, which its data level has not.
   */
  @Test
  void anAckWithADataAckThatHasNotMovedYetShowsThatOptionsPass() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256);
    peer.socket.write(ByteBuffer.wrap(bytes(0, 100)));
    IncomingSegment data = flow.await(segment -> segment.payloadLength() > 0);
    int half = data.sequenceNumber() + 50;
    flow.sendAt(flow.next(), half, ACK, new byte[0], o -> o.dssAck(peer.engineDsn(0)));
    flow.sendAt(flow.next(), half, ACK, new byte[0], o -> {});
    flow.acknowledge();
    peer.network().runFor(50 * MILLI);
    assertThat(peer.connection().isFallback()).isFalse();
    peer.socket.write(ByteBuffer.wrap(bytes(100, 100)));
    IncomingSegment more = flow.await(segment -> segment.payloadLength() > 0);
    assertThat(more.mptcp().dataLevelLength()).isEqualTo(100);
  }

  /** The peer acknowledges data with DATA_ACK, and then more of it without any option. */
  private static HandMadePeer.Flow fallenSilent(HandMadePeer peer) {
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256);
    peer.socket.write(ByteBuffer.wrap(bytes(0, 100)));
    flow.await(segment -> segment.payloadLength() > 0);
    flow.acknowledge();
    peer.network().runFor(50 * MILLI);
    peer.socket.write(ByteBuffer.wrap(bytes(100, 100)));
    flow.await(segment -> segment.payloadLength() > 0);
    flow.send(ACK, o -> {});
    // A question, whose answer may say that options pass still; announcements come and go.
    IncomingSegment question = flow.await(s -> !s.mptcp().has(MptcpOption.ADD_ADDR));
    assertThat(question.flags()).isEqualTo(ACK);
    assertThat(question.payloadLength()).isZero();
    assertThat(question.sequenceNumber()).isEqualTo(flow.received() - 1);
    return flow;
  }

  @Test
  void dataIsNotSentAgainToAPeerThatMayHaveFallenBackWithoutAWord() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = fallenSilent(peer);
    flow.send(ACK, o -> {});
    int seen = peer.all().size();
    awaitReset(flow, MptcpOption.RESET_MIDDLEBOX_INTERFERENCE);
    peer.network().runFor(10 * SECOND);
    assertThat(peer.all().subList(seen, peer.all().size()))
        .noneMatch(segment -> segment.payloadLength() > 0);
  }

  @Test
  void dataIsSentAgainWhereTheAnswerHasOptionsStill() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = fallenSilent(peer);
    long before = peer.engineDsn(100);
    flow.send(ACK, o -> o.dssAck(before));
    IncomingSegment again = flow.await(segment -> segment.payloadLength() > 0);
    assertThat(again.mptcp().dataSequenceNumber()).isEqualTo(before);
    assertThat(flow.during(10 * SECOND)).noneMatch(segment -> segment.has(TcpFlags.RST));
  }

  @Test
  void optionsThatPassNoMoreEndTheSubflowWithTheReason() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow first = peer.connected(HMAC_SHA256);
    HandMadePeer.Flow second = peer.joined(40_000);
    second.data(peer.dsn(0), bytes(0, 10));
    peer.network().runFor(50 * MILLI);
    for (int i = 0; i < 7; i++) {
      assertThat(second.during(SECOND)).noneMatch(segment -> segment.has(TcpFlags.RST));
      second.sendAt(second.next(), second.received(), ACK, bytes(10, 10), o -> {});
      if (i == 5) {
        break;
      }
    }
    awaitReset(second, MptcpOption.RESET_MIDDLEBOX_INTERFERENCE);
    first.data(peer.dsn(10), bytes(10, 10));
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read()).isEqualTo(bytes(0, 20));
  }

  @Test
  void dataWithoutMappingThatCameSeldomIsNoSignYet() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256);
    flow.data(peer.dsn(0), bytes(0, 10));
    for (int i = 0; i < 3; i++) {
      flow.sendAt(flow.next(), flow.received(), ACK, bytes(10, 10), o -> {});
      assertThat(flow.during(4 * SECOND)).noneMatch(segment -> segment.has(TcpFlags.RST));
    }
    flow.data(peer.dsn(10), bytes(10, 10));
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read()).isEqualTo(bytes(0, 20));
  }

  @Test
  void whatAnotherSubflowBroughtSoonerIsNotSummedAgain() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow first = peer.connected(HMAC_SHA256 | CHECKSUM);
    HandMadePeer.Flow second = peer.joined(40_000);
    byte[] data = bytes(0, 20);
    int relative = first.relative();
    int checksum = checksum(peer, first, 0, data);
    first.send(
        ACK, bytes(0, 10), o -> o.dss(peer.dataAck, peer.dsn(0), relative, 20, checksum, false));
    send(peer, second, 0, data);
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read()).isEqualTo(data);
    // The buffer has other bytes in that place by then.
    for (int i = 0; i < 200; i++) {
      send(peer, second, 20 + 1_000 * i, bytes(i, 1_000));
      peer.network().runFor(MILLI);
      peer.read();
    }
    peer.network().runFor(50 * MILLI);
    peer.read();
    first.send(ACK, bytes(10, 10), o -> {});
    send(peer, first, 200_020, bytes(20, 10));
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read()).isEqualTo(bytes(20, 10));
    assertThat(peer.all()).noneMatch(segment -> segment.has(TcpFlags.RST));
    assertThat(peer.engine().counters().checksumFailures.sum()).isZero();
  }

  @Test
  void aWrongChecksumOnOneOfTwoSubflowsEndsItWithMpFailAndTheDataComesByTheOther() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow first = peer.connected(HMAC_SHA256 | CHECKSUM);
    HandMadePeer.Flow second = peer.joined(40_000);
    send(peer, first, 0, bytes(0, 10));
    send(peer, second, 10, bytes(10, 10));
    peer.network().runFor(50 * MILLI);
    sendChanged(peer, second, 20, bytes(100, 10));
    send(peer, second, 30, bytes(30, 10));
    IncomingSegment reset = awaitReset(second, MptcpOption.RESET_MIDDLEBOX_INTERFERENCE);
    assertThat(reset.mptcp().has(MptcpOption.MP_FAIL)).isTrue();
    assertThat(reset.mptcp().failDataSequenceNumber()).isEqualTo(peer.dsn(20));
    peer.network().runFor(50 * MILLI);
    assertThat(peer.all())
        .noneMatch(s -> s.mptcp().hasDataAck() && s.mptcp().dataAck() - peer.dsn(20) > 0);
    assertThat(peer.read()).isEqualTo(bytes(0, 20));
    send(peer, first, 20, bytes(20, 20));
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read()).isEqualTo(bytes(20, 20));
    assertThat(peer.connection().isFallback()).isFalse();
  }

  @Test
  void whatFollowsAWrongChecksumIsDroppedThoughItCameBeforeAndIsRight() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow first = peer.connected(HMAC_SHA256 | CHECKSUM);
    HandMadePeer.Flow second = peer.joined(40_000);
    send(peer, first, 0, bytes(0, 10));
    send(peer, second, 10, bytes(10, 10));
    peer.network().runFor(50 * MILLI);
    int hole = second.next();
    int relative = second.relative();
    byte[] right = bytes(30, 10);
    long sum = InternetChecksum.sum(ByteBuffer.wrap(right), 0, right.length);
    int checksum = DssChecksum.compute(sum, peer.dsn(30), relative + 10, right.length);
    second.sendAt(
        hole + 10,
        second.received(),
        ACK,
        right,
        o -> o.dss(peer.dataAck, peer.dsn(30), relative + 10, right.length, checksum, false));
    sendChanged(peer, second, 20, bytes(100, 10));
    awaitReset(second, MptcpOption.RESET_MIDDLEBOX_INTERFERENCE);
    send(peer, first, 20, bytes(20, 10));
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read()).isEqualTo(bytes(0, 30));
    assertThat(peer.all())
        .noneMatch(s -> s.mptcp().hasDataAck() && s.mptcp().dataAck() - peer.dsn(30) > 0);
  }

  @Test
  void aWrongChecksumOnTheOnlySubflowIsToldWithMpFailAndTheConnectionGoesOn() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256 | CHECKSUM);
    send(peer, flow, 0, bytes(0, 10));
    peer.network().runFor(50 * MILLI);
    sendChanged(peer, flow, 10, bytes(10, 10));
    IncomingSegment fail = flow.await(segment -> segment.mptcp().has(MptcpOption.MP_FAIL));
    assertThat(fail.has(TcpFlags.RST)).isFalse();
    assertThat(fail.mptcp().failDataSequenceNumber()).isEqualTo(peer.dsn(10));
    assertThat(peer.connection().isFallback()).isTrue();
    int relative = flow.relative();
    flow.send(ACK, bytes(20, 10), o -> o.dss(peer.dataAck, peer.dsn(20), relative, 0, 0, false));
    flow.send(ACK, bytes(30, 10), o -> {});
    peer.network().runFor(50 * MILLI);
    // From there on the stream is what the box makes of it.
    assertThat(peer.read()).isEqualTo(bytes(0, 40));
  }

  @Test
  void aWrongChecksumWhileDataIsMissingElsewhereEndsTheSubflowWithMpFail() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256 | CHECKSUM);
    send(peer, flow, 0, bytes(0, 10));
    // Bytes 10 to 19 were on a subflow that is gone.
    sendChanged(peer, flow, 20, bytes(100, 10));
    IncomingSegment reset = awaitReset(flow, MptcpOption.RESET_MIDDLEBOX_INTERFERENCE);
    assertThat(reset.mptcp().has(MptcpOption.MP_FAIL)).isTrue();
    assertThat(reset.mptcp().failDataSequenceNumber()).isEqualTo(peer.dsn(20));
    HandMadePeer.Flow another = peer.joined(40_000);
    send(peer, another, 10, bytes(10, 20));
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read()).isEqualTo(bytes(0, 30));
    assertThat(peer.connection().isFallback()).isFalse();
  }

  @Test
  void mpFailIsAnsweredWithMpFailAndPlainTcp() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256 | CHECKSUM);
    peer.socket.write(ByteBuffer.wrap(bytes(0, 100)));
    flow.await(segment -> segment.payloadLength() > 0);
    flow.acknowledge();
    peer.socket.write(ByteBuffer.wrap(bytes(100, 100)));
    flow.await(segment -> segment.payloadLength() > 0);
    flow.send(ACK, o -> o.mpFail(peer.engineDsn(100)));
    IncomingSegment answer = flow.await();
    assertThat(answer.mptcp().has(MptcpOption.MP_FAIL)).isTrue();
    assertThat(answer.mptcp().failDataSequenceNumber())
        .as("of this direction: all so far was right")
        .isEqualTo(peer.dsn(0));
    assertThat(answer.has(TcpFlags.RST)).isFalse();
    assertThat(peer.connection().isFallback()).isTrue();
    peer.socket.write(ByteBuffer.wrap(bytes(200, 100)));
    IncomingSegment data = flow.await(segment -> segment.payloadLength() > 0);
    assertThat(data.mptcp().hasMapping()).isTrue();
    assertThat(data.mptcp().dataLevelLength()).isZero();
    flow.send(ACK, bytes(0, 10), o -> {});
    assertThat(flow.during(50 * MILLI)).allMatch(segment -> segment.mptcp().isEmpty());
    assertThat(peer.read()).isEqualTo(bytes(0, 10));
  }

  @Test
  void afterAnInfiniteMappingOnlyTheAcksOfTheSubflowCount() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = fallenBack(peer);
    int before = flow.received();
    peer.socket.write(ByteBuffer.wrap(bytes(100, 100)));
    flow.await(segment -> segment.payloadLength() > 0);
    flow.sendAt(flow.next(), before, ACK, new byte[0], o -> o.dssAck(peer.engineDsn(200)));
    peer.network().runFor(20 * MILLI);
    assertThat(peer.connection().unacknowledgedBytes()).isEqualTo(100);
    flow.send(ACK, o -> o.dssAck(peer.engineDsn(100)));
    peer.network().runFor(20 * MILLI);
    assertThat(peer.connection().unacknowledgedBytes()).isZero();
  }

  @Test
  void whoReceivedAnInfiniteMappingSendsNoOptionsAnyMore() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256);
    flow.data(peer.dsn(0), bytes(0, 10));
    peer.network().runFor(50 * MILLI);
    assertThat(flow.during(0)).anyMatch(segment -> segment.mptcp().hasDataAck());
    int relative = flow.relative();
    flow.send(ACK, bytes(10, 10), o -> o.dss(peer.dataAck, peer.dsn(10), relative, 0, -1, false));
    flow.send(ACK, bytes(20, 10), o -> {});
    List<IncomingSegment> answers = flow.during(100 * MILLI);
    assertThat(answers).isNotEmpty();
    assertThat(answers).allMatch(segment -> segment.mptcp().isEmpty());
    assertThat(peer.read()).isEqualTo(bytes(0, 30));
    assertThat(peer.connection().isFallback()).isTrue();
  }

  @Test
  void thereIsNoWayBackFromPlainTcp() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = fallenBack(peer);
    // All the signs of MPTCP, from a peer that has not heard of it.
    flow.send(ACK, o -> o.mpCapableAck(1, HMAC_SHA256, KEY, peer.engineKey));
    flow.data(peer.dsn(0), bytes(0, 10));
    flow.acknowledge();
    peer.socket.write(ByteBuffer.wrap(bytes(100, 100)));
    peer.socket.write(ByteBuffer.allocate(10_000));
    List<IncomingSegment> segments = flow.during(100 * MILLI);
    assertThat(segments.stream().filter(s -> !s.mptcp().isEmpty()))
        .as("the infinite mapping")
        .hasSize(1);
    assertThat(peer.read()).isEqualTo(bytes(0, 10));
    assertThat(peer.connection().isFallback()).isTrue();
    assertThat(peer.engine().tokenCount()).isZero();
    assertThat(peer.flow(2, 40_000).join(7, false).has(TcpFlags.RST)).isTrue();
    assertThat(peer.connection().subflows()).hasSize(1);
  }
}
