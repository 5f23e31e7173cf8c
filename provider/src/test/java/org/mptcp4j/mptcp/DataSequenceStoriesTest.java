package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.HandMadePeer.ACK;
import static org.mptcp4j.mptcp.HandMadePeer.HMAC_SHA256;
import static org.mptcp4j.mptcp.HandMadePeer.bytes;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;
import static org.mptcp4j.mptcp.TwoHosts.multipathWithChecksum;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.Settings;
import org.mptcp4j.sim.Loss;
import org.mptcp4j.sim.Middleboxes;
import org.mptcp4j.sim.SimPath;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.InternetChecksum;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.MptcpOptionSet;
import org.mptcp4j.wire.TcpFlags;

/** RFC 8684 §3.3: how data and its acknowledgments go over subflows. */
class DataSequenceStoriesTest {
  private static final int CHECKSUM = MptcpOption.CAPABLE_CHECKSUM_REQUIRED;
  private static final int URGENT = 0x20;
  private static final int MEGABYTE = 1_000_000;

  private static int checksum(long dsn, int relative, byte[] data) {
    return DssChecksum.compute(
        InternetChecksum.sum(ByteBuffer.wrap(data), 0, data.length), dsn, relative, data.length);
  }

  private static void assertResetForMptcpError(HandMadePeer.Flow flow) {
    IncomingSegment reset = flow.await(segment -> segment.has(TcpFlags.RST));
    assertThat(reset.mptcp().has(MptcpOption.MP_TCPRST)).isTrue();
    assertThat(reset.mptcp().resetReason()).isEqualTo(MptcpOption.RESET_MPTCP_ERROR);
  }

  /** A transfer both ways over two lossy paths, to its end, packet by packet. */
  private static PacketLog lossyTransfer(boolean checksum) {
    TwoHosts hosts = TwoHosts.twoPaths(5);
    hosts.client.offload(30_000);
    hosts.server.offload(30_000);
    for (SimPath path : List.of(hosts.first, hosts.second)) {
      path.both(link -> link.loss(Loss.random(0.02)).reorder(0.02, 4 * MILLI));
    }
    PacketLog log = new PacketLog(hosts);
    hosts.connect(checksum ? multipathWithChecksum() : multipath(), multipath());
    hosts.transfer(MEGABYTE, MEGABYTE);
    hosts.runToEnd(60 * SECOND);
    hosts.runUntilForgotten();
    return log;
  }

  private static byte[] payload(IncomingSegment segment) {
    byte[] payload = new byte[segment.payloadLength()];
    segment.buffer().get(segment.payloadOffset(), payload);
    return payload;
  }

  private static boolean isData(IncomingSegment segment) {
    return segment.payloadLength() > 0;
  }

  /** The initial sequence numbers of each direction of each flow. */
  private static Map<String, Integer> initialNumbers(PacketLog log) {
    Map<String, Integer> numbers = new HashMap<>();
    for (PacketLog.Packet packet : log.packets()) {
      if (packet.segment().has(TcpFlags.SYN)) {
        numbers.put(direction(packet.segment()), packet.segment().sequenceNumber());
      }
    }
    return numbers;
  }

  private static String direction(IncomingSegment segment) {
    return segment.source()
        + ":"
        + segment.sourcePort()
        + ">"
        + segment.destination()
        + ":"
        + segment.destinationPort();
  }

  @Test
  void aChecksumThatWasNotAgreedOnResetsTheSubflow() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow first = peer.connected(HMAC_SHA256);
    HandMadePeer.Flow second = peer.joined(40_000);
    byte[] data = bytes(0, 10);
    second.data(peer.dsn(0), data, checksum(peer.dsn(0), second.relative(), data));
    assertResetForMptcpError(second);
    first.data(peer.dsn(0), bytes(50, 10));
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read()).as("what the first subflow brought").isEqualTo(bytes(50, 10));
  }

  @Test
  void aMissingChecksumResetsTheSubflow() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow first = peer.connected(HMAC_SHA256 | CHECKSUM);
    HandMadePeer.Flow second = peer.joined(40_000);
    second.data(peer.dsn(0), bytes(0, 10));
    assertResetForMptcpError(second);
    first.data(peer.dsn(0), bytes(50, 10), checksum(peer.dsn(0), first.relative(), bytes(50, 10)));
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read()).as("what the first subflow brought").isEqualTo(bytes(50, 10));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatIsSentAgainHasTheSameMapping(boolean checksum) {
    Map<String, TreeMap<Integer, Long>> offsets = new HashMap<>();
    Map<String, TreeMap<Integer, Integer>> ends = new HashMap<>();
    int repeated = 0;
    for (PacketLog.Packet packet : lossyTransfer(checksum).packets()) {
      MptcpOptionSet options = packet.segment().mptcp();
      if (!isData(packet.segment()) || !options.hasMapping()) {
        continue;
      }
      String flow = direction(packet.segment());
      int start = options.subflowSequenceNumber();
      long offset = options.dataSequenceNumber() - start;
      TreeMap<Integer, Long> known = offsets.computeIfAbsent(flow, f -> new TreeMap<>());
      TreeMap<Integer, Integer> end = ends.computeIfAbsent(flow, f -> new TreeMap<>());
      Integer before = known.floorKey(start + options.dataLevelLength() - 1);
      if (before != null && end.get(before) > start) {
        assertThat(offset).as("byte %d of %s", start, flow).isEqualTo(known.get(before));
        assertThat(start).as("begin of mapping").isEqualTo(before);
        assertThat(end.get(before))
            .as("end of mapping")
            .isEqualTo(start + options.dataLevelLength());
        repeated++;
      }
      known.put(start, offset);
      end.put(start, start + options.dataLevelLength());
    }
    assertThat(repeated).isGreaterThan(20);
  }

  @Test
  void whatComesFirstForADataSequenceNumberCounts() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow first = peer.connected(HMAC_SHA256);
    HandMadePeer.Flow second = peer.joined(40_000);
    first.data(peer.dsn(10), bytes(10, 10));
    peer.network().runFor(50 * MILLI);
    second.data(peer.dsn(5), bytes(100, 20));
    peer.network().runFor(50 * MILLI);
    second.data(peer.dsn(0), bytes(0, 5));
    peer.network().runFor(50 * MILLI);
    // Everything again and otherwise: it was acknowledged already.
    first.data(peer.dsn(0), bytes(200, 25));
    peer.network().runFor(50 * MILLI);
    ByteBuffer expected = ByteBuffer.allocate(25);
    expected.put(bytes(0, 5)).put(bytes(100, 5)).put(bytes(10, 10)).put(bytes(115, 5));
    assertThat(peer.read()).isEqualTo(expected.array());
  }

  @Test
  void noSegmentIsUrgent() {
    assertThat(lossyTransfer(false).packets())
        .noneMatch(packet -> packet.segment().has(URGENT))
        .noneMatch(packet -> packet.segment().urgentPointer() != 0);
  }

  @Test
  void urgentDataIsDeliveredInLine() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256);
    flow.data(peer.dsn(0), bytes(0, 10));
    int relative = flow.relative();
    flow.urgentPointer(5);
    flow.send(
        ACK | URGENT,
        bytes(10, 10),
        o -> o.dss(peer.dataAck, peer.dsn(10), relative, 10, -1, false));
    flow.urgentPointer(0);
    flow.data(peer.dsn(20), bytes(20, 10));
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read()).isEqualTo(bytes(0, 30));
  }

  @Test
  void dataWithoutAMappingIsTakenWhenItComesAgainWithOne() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256);
    flow.data(peer.dsn(0), bytes(0, 10));
    peer.network().runFor(50 * MILLI);
    flow.during(0);
    int sequence = flow.next();
    int relative = flow.relative();
    flow.sendAt(sequence, flow.received(), ACK, bytes(10, 10), o -> o.dssAck(peer.dataAck));
    assertThat(flow.during(50 * MILLI))
        .allMatch(segment -> segment.acknowledgmentNumber() == sequence);
    flow.sendAt(
        sequence,
        flow.received(),
        ACK,
        bytes(10, 10),
        o -> o.dss(peer.dataAck, peer.dsn(10), relative, 10, -1, false));
    List<IncomingSegment> answers = flow.during(50 * MILLI);
    assertThat(answers).anyMatch(segment -> segment.acknowledgmentNumber() == sequence + 10);
    assertThat(answers).anyMatch(segment -> segment.mptcp().dataAck() == peer.dsn(20));
    assertThat(peer.read()).isEqualTo(bytes(0, 20));
  }

  @Test
  void numbersAreSentWithSixtyFourBits() {
    int mappings = 0;
    int acknowledgments = 0;
    for (PacketLog.Packet packet : lossyTransfer(true).packets()) {
      MptcpOptionSet options = packet.segment().mptcp();
      if (options.hasMapping()) {
        assertThat(options.dataSequenceNumberIs64Bit()).isTrue();
        mappings++;
      }
      if (options.hasDataAck()) {
        assertThat(options.dataAckIs64Bit()).isTrue();
        acknowledgments++;
      }
    }
    assertThat(mappings).isGreaterThan(1_000);
    assertThat(acknowledgments).isGreaterThan(1_000);
  }

  /** Halves the numbers of every DSS, as a peer may send them that saves room. */
  private static ByteBuffer withThirtyTwoBits(long now, ByteBuffer packet) {
    int at = 40;
    int end = packet.limit() - Middleboxes.payloadLength(packet);
    while (at < end && packet.get(at) != 0) {
      int length = packet.get(at) == 1 ? 1 : packet.get(at + 1);
      if (packet.get(at) == MptcpOption.KIND && packet.get(at + 2) >>> 4 == MptcpOption.DSS) {
        shorten(packet, at, length);
      }
      at += length;
    }
    return Middleboxes.seal(packet);
  }

  private static void shorten(ByteBuffer packet, int at, int length) {
    int flags = packet.get(at + 3);
    ByteBuffer shorter = ByteBuffer.allocate(length).put((byte) MptcpOption.KIND).put((byte) 0);
    shorter.put(packet.get(at + 2)).put((byte) (flags & ~0x0a));
    int from = at + 4;
    if ((flags & 1) != 0) {
      shorter.putInt(packet.getInt(from + 4));
      from += 8;
    }
    if ((flags & 4) != 0) {
      shorter.putInt(packet.getInt(from + 4));
      from += 8;
    }
    while (from < at + length) {
      shorter.put(packet.get(from++));
    }
    shorter.put(1, (byte) shorter.position());
    while (shorter.hasRemaining()) {
      shorter.put((byte) 1);
    }
    packet.put(at, shorter.array());
  }

  /** A key whose IDSN has less than half a megabyte to go until its low half wraps. */
  private static byte[] keyBeforeTheWrap(long from) {
    for (long key = from; ; key++) {
      long low = KeyMaterial.of(key).initialDataSequenceNumber() & 0xffff_ffffL;
      if (0xffff_ffffL - low < MEGABYTE / 2) {
        return ByteBuffer.allocate(8).putLong(key).array();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void numbersOfThirtyTwoBitsAreWidenedAlsoAcrossTheWrap(int seed) {
    TwoHosts hosts = TwoHosts.twoPaths(seed);
    for (SimPath path : List.of(hosts.first, hosts.second)) {
      path.both(
          link ->
              link.loss(Loss.random(0.01))
                  .reorder(0.05, 20 * MILLI)
                  .middlebox(DataSequenceStoriesTest::withThirtyTwoBits));
    }
    hosts.client.planRandom(keyBeforeTheWrap(1_000L * seed));
    hosts.server.planRandom(keyBeforeTheWrap(1_000_000L * seed));
    hosts.connect(multipathWithChecksum(), multipath());
    hosts.transfer(2L * MEGABYTE, 2L * MEGABYTE);
    hosts.runToEnd(60 * SECOND);
    assertThat(hosts.clientConnection().isFallback()).isFalse();
    assertThat(hosts.second.forward().carriedBytes()).isGreaterThan(MEGABYTE / 10);
    assertThat(hosts.server.counters().checksumFailures.sum()).isZero();
  }

  @Test
  void everyMappingSentIsAboutItsSegment() {
    PacketLog log = lossyTransfer(true);
    Map<String, Integer> initial = initialNumbers(log);
    int seen = 0;
    for (PacketLog.Packet packet : log.packets()) {
      IncomingSegment segment = packet.segment();
      MptcpOptionSet options = segment.mptcp();
      if (options.hasMapping() && options.subflowSequenceNumber() != 0) {
        int begin = segment.sequenceNumber() - initial.get(direction(segment));
        int start = options.subflowSequenceNumber();
        assertThat(start).isLessThan(begin + segment.payloadLength());
        assertThat(start + options.dataLevelLength()).isGreaterThan(begin);
        seen++;
      }
    }
    assertThat(seen).isGreaterThan(1_000);
  }

  @Test
  void aMappingOfAnotherSegmentIsPassedOver() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256);
    flow.data(peer.dsn(0), bytes(0, 10));
    int relative = flow.relative();
    flow.send(ACK, o -> o.dss(peer.dataAck, peer.dsn(1_000), relative, 10, -1, false));
    int sequence = flow.next();
    flow.sendAt(sequence, flow.received(), ACK, bytes(10, 10), o -> o.dssAck(peer.dataAck));
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read()).isEqualTo(bytes(0, 10));
    flow.data(peer.dsn(10), bytes(10, 10));
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read()).isEqualTo(bytes(10, 10));
  }

  @Test
  void aWindowWithoutADataAckMovesNothing() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.flow(1, 40_000).window(20_000);
    flow.open(o -> o.mpCapableSyn(1, HMAC_SHA256));
    peer.engineKey(flow.await().mptcp().senderKey());
    flow.send(ACK, o -> o.mpCapableAck(1, HMAC_SHA256, HandMadePeer.KEY, peer.engineKey));
    peer.network().runFor(50 * MILLI);
    peer.socket.write(ByteBuffer.allocate(200_000));
    for (int i = 0; i < 5; i++) {
      flow.during(50 * MILLI);
      flow.send(ACK, o -> o.dssAck(peer.engineDsn(14_600)));
    }
    flow.during(50 * MILLI);
    // Less than a segment of room is left alone.
    assertThat(peer.dataAck - peer.engineDsn(14_600)).isBetween(20_000L - 1_460, 20_000L);
    flow.window(60_000);
    for (int i = 0; i < 5; i++) {
      flow.send(ACK, o -> {});
      assertThat(flow.during(50 * MILLI)).allMatch(segment -> segment.payloadLength() <= 1);
    }
    flow.send(ACK, o -> o.dssAck(peer.engineDsn(14_600)));
    assertThat(flow.during(50 * MILLI)).anyMatch(segment -> segment.payloadLength() > 1_000);
    assertThat(peer.connection().isFallback()).isFalse();
  }

  @Test
  void dataAcknowledgedElsewhereIsStillSentAgainOnItsSubflow() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow first = peer.connected(HMAC_SHA256);
    HandMadePeer.Flow second = peer.joined(40_000);
    peer.socket.write(ByteBuffer.wrap(bytes(0, 1_000)));
    IncomingSegment original = first.await(segment -> segment.payloadLength() > 0);
    IncomingSegment elsewhere = second.await(segment -> segment.payloadLength() > 0);
    assertThat(elsewhere.mptcp().dataSequenceNumber()).isEqualTo(peer.engineDsn(0));
    second.acknowledge();
    peer.network().runFor(50 * MILLI);
    assertThat(peer.connection().unacknowledgedBytes()).isZero();
    // What is written now takes no place that the first subflow still needs.
    peer.socket.write(ByteBuffer.wrap(bytes(100, 1_000)));
    second.await(segment -> segment.payloadLength() > 0);
    second.acknowledge();
    peer.network().runFor(50 * MILLI);
    first.during(0);

    IncomingSegment again =
        first.await(segment -> segment.sequenceNumber() == original.sequenceNumber());
    assertThat(again.payloadLength()).isEqualTo(1_000);
    assertThat(again.mptcp().dataSequenceNumber()).isEqualTo(peer.engineDsn(0));
    assertThat(payload(again)).isEqualTo(bytes(0, 1_000));
    first.acknowledge();
    peer.network().runFor(50 * MILLI);
    first.during(0);
    assertThat(first.during(5 * SECOND)).allMatch(segment -> segment.payloadLength() == 0);
  }

  @Test
  void dataAcknowledgedOnTheSubflowOnlyGoesOutAgain() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256);
    long start = peer.dataAck;
    peer.socket.write(ByteBuffer.wrap(bytes(0, 1_000)));
    IncomingSegment original = flow.await(segment -> segment.payloadLength() > 0);
    flow.send(ACK, o -> o.dssAck(start));
    peer.network().runFor(50 * MILLI);
    assertThat(peer.connection().unacknowledgedBytes()).isEqualTo(1_000);
    assertThat(flow.during(900 * MILLI)).noneMatch(segment -> segment.payloadLength() > 0);
    IncomingSegment again = flow.await(segment -> segment.payloadLength() > 0);
    assertThat(again.sequenceNumber()).isEqualTo(original.sequenceNumber() + 1_000);
    assertThat(again.mptcp().dataSequenceNumber()).isEqualTo(start);
    assertThat(payload(again)).isEqualTo(bytes(0, 1_000));
    flow.acknowledge();
    peer.network().runFor(50 * MILLI);
    assertThat(peer.connection().unacknowledgedBytes()).isZero();
  }

  @Test
  void everySegmentCarriesTheDataAck() {
    Predicate<IncomingSegment> handshake =
        segment ->
            segment.has(TcpFlags.SYN)
                || segment.mptcp().has(MptcpOption.MP_CAPABLE)
                || segment.mptcp().has(MptcpOption.MP_JOIN);
    List<IncomingSegment> others =
        lossyTransfer(false).packets().stream()
            .map(PacketLog.Packet::segment)
            .filter(handshake.negate())
            .filter(segment -> !segment.has(TcpFlags.RST))
            .toList();
    assertThat(others).hasSizeGreaterThan(1_000);
    assertThat(others).allMatch(segment -> segment.mptcp().hasDataAck());
    assertThat(others).anyMatch(segment -> segment.mptcp().has(MptcpOption.ADD_ADDR));
  }

  @Test
  void aPeerMayAcknowledgeOnlyWhatIsNew() {
    TwoHosts hosts = TwoHosts.twoPaths(3);
    int[] stripped = new int[1];
    for (SimPath path : List.of(hosts.first, hosts.second)) {
      path.both(
          link -> {
            long[] last = new long[1];
            link.middlebox(
                (now, packet) -> {
                  IncomingSegment segment = new IncomingSegment();
                  segment.parse(packet, 0, packet.limit());
                  MptcpOptionSet options = segment.mptcp();
                  boolean old = options.hasDataAck() && options.dataAck() == last[0];
                  last[0] = options.hasDataAck() ? options.dataAck() : last[0];
                  if (!old || options.hasMapping()) {
                    return packet;
                  }
                  stripped[0]++;
                  return Middleboxes.stripMptcp(p -> true, subtype -> subtype == MptcpOption.DSS)
                      .process(now, packet);
                });
          });
    }
    hosts.connect(multipath(), multipath());
    hosts.transfer(MEGABYTE, MEGABYTE);
    hosts.runToEnd(30 * SECOND);
    assertThat(stripped[0]).isGreaterThan(50);
    assertThat(hosts.clientConnection().isFallback()).isFalse();
    assertThat(hosts.clientConnection().subflows()).hasSize(2);
  }

  @Test
  void aDataAckOfWhatWasNeverSentIsPassedOver() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256);
    peer.socket.write(ByteBuffer.wrap(bytes(0, 100)));
    flow.await(segment -> segment.payloadLength() > 0);
    flow.send(ACK, o -> o.dssAck(peer.engineDsn(1_000)));
    assertThat(flow.await(DataSequenceStoriesTest::isData).mptcp().dataSequenceNumber())
        .as("it goes out again")
        .isEqualTo(peer.engineDsn(0));
    flow.acknowledge();
    peer.network().runFor(50 * MILLI);
    peer.socket.write(ByteBuffer.wrap(bytes(100, 100)));
    assertThat(flow.await(DataSequenceStoriesTest::isData).mptcp().dataSequenceNumber())
        .isEqualTo(peer.engineDsn(100));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aDataFinWithoutDataHasNoSubflowSequenceNumber(boolean checksum) {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256 | (checksum ? CHECKSUM : 0));
    peer.socket.write(ByteBuffer.wrap(bytes(0, 100)));
    flow.await(segment -> segment.payloadLength() > 0);
    flow.acknowledge();
    peer.network().runFor(50 * MILLI);
    peer.socket.shutdownOutput();
    IncomingSegment fin = flow.await(segment -> segment.mptcp().hasDataFin());
    assertThat(fin.payloadLength()).isZero();
    assertThat(fin.has(TcpFlags.FIN)).isFalse();
    assertThat(fin.mptcp().subflowSequenceNumber()).isZero();
    assertThat(fin.mptcp().dataLevelLength()).isEqualTo(1);
    assertThat(fin.mptcp().dataSequenceNumber()).isEqualTo(peer.engineDsn(100));
    assertThat(fin.mptcp().hasDssChecksum()).isEqualTo(checksum);
    if (checksum) {
      assertThat(DssChecksum.verify(0, peer.engineDsn(100), 0, 1, fin.mptcp().dssChecksum()))
          .isTrue();
    }
  }

  /** Ten bytes and the DATA_FIN have length 11; it is in the checksum and not on the subflow. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aDataFinThatComesWithDataCountsAtDataLevelOnly(boolean checksum) {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256 | (checksum ? CHECKSUM : 0));
    byte[] data = bytes(0, 10);
    int relative = flow.relative();
    long sum = InternetChecksum.sum(ByteBuffer.wrap(data), 0, data.length);
    flow.send(
        ACK,
        data,
        o ->
            o.dss(
                peer.dataAck,
                peer.dsn(0),
                relative,
                11,
                checksum ? DssChecksum.compute(sum, peer.dsn(0), relative, 11) : -1,
                true));
    assertThat(flow.during(50 * MILLI))
        .last()
        .satisfies(
            answer -> {
              assertThat(answer.mptcp().dataAck()).isEqualTo(peer.dsn(11));
              assertThat(answer.acknowledgmentNumber()).isEqualTo(flow.next());
            });
    assertThat(peer.read()).isEqualTo(data);
    assertThat(peer.socket.read(ByteBuffer.allocate(1))).as("end of stream").isEqualTo(-1);
    assertThat(peer.connection().isFallback()).isFalse();
  }

  @Test
  void noByteLiesBehindTheDataFin() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256);
    HandMadePeer.Flow second = peer.joined(40_000);
    second.send(ACK, o -> o.dss(peer.dataAck, peer.dsn(10), 0, 1, -1, true));
    second.data(peer.dsn(0), bytes(50, 15));
    peer.network().runFor(50 * MILLI);
    assertThat(second.during(0)).allMatch(segment -> segment.mptcp().dataAck() == peer.dsn(0));
    flow.data(peer.dsn(0), bytes(0, 10));
    assertThat(flow.during(50 * MILLI)).last().matches(s -> s.mptcp().dataAck() == peer.dsn(11));
    assertThat(peer.read()).isEqualTo(bytes(0, 10));
    assertThat(peer.socket.read(ByteBuffer.allocate(1))).as("end of stream").isEqualTo(-1);
  }

  @Test
  void noFinGoesOutBeforeTheDataFinIsAcknowledged() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256);
    long start = peer.dataAck;
    peer.socket.write(ByteBuffer.wrap(bytes(0, 100)));
    peer.socket.close();
    flow.await(segment -> segment.mptcp().hasDataFin());
    // The peer has ended its stream; its subflow has everything, its connection has not.
    flow.send(ACK, o -> o.dss(start, peer.dsn(0), 0, 1, -1, true));
    for (int i = 0; i < 20; i++) {
      assertThat(flow.during(500 * MILLI)).noneMatch(segment -> segment.has(TcpFlags.FIN));
      // All but the DATA_FIN, from half-way on.
      long acknowledged = i < 10 ? start : peer.engineDsn(100);
      flow.send(ACK, o -> o.dssAck(acknowledged));
    }
    flow.send(ACK, o -> o.dssAck(peer.engineDsn(101)));
    flow.await(segment -> segment.has(TcpFlags.FIN));
  }

  @Test
  void theLastSubflowStaysOpenThoughThePeerHasFinishedIt() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256);
    long start = peer.dataAck;
    peer.socket.write(ByteBuffer.wrap(bytes(0, 100)));
    flow.await(segment -> segment.payloadLength() > 0);
    flow.send(ACK | TcpFlags.FIN, o -> o.dssAck(start));
    boolean again = false;
    for (int i = 0; i < 10; i++) {
      List<IncomingSegment> segments = flow.during(500 * MILLI);
      assertThat(segments).noneMatch(s -> s.has(TcpFlags.FIN) || s.has(TcpFlags.RST));
      again |= hasData(segments);
      flow.send(ACK, o -> o.dssAck(start));
    }
    assertThat(again).as("what was not acknowledged goes out again").isTrue();
  }

  @Test
  void everySubflowEndsWithAFinAfterTheDataFins() {
    TwoHosts hosts = TwoHosts.twoPaths(4);
    PacketLog log = new PacketLog(hosts);
    hosts.connect(multipath(), multipath());
    hosts.transfer(MEGABYTE, MEGABYTE);
    hosts.runToEnd(10 * SECOND);
    hosts.runUntilForgotten();
    long ended = 0;
    for (boolean client : new boolean[] {true, false}) {
      long dataFin =
          log.packets().stream()
              .filter(p -> p.fromClient() == client && p.segment().mptcp().hasDataFin())
              .mapToLong(PacketLog.Packet::time)
              .min()
              .orElseThrow();
      for (int path = 1; path <= 2; path++) {
        int number = path;
        long fin =
            log.packets().stream()
                .filter(p -> p.path() == number && p.fromClient() == client)
                .filter(p -> p.segment().has(TcpFlags.FIN))
                .mapToLong(PacketLog.Packet::time)
                .min()
                .orElseThrow();
        assertThat(fin).isGreaterThan(dataFin);
        ended++;
      }
    }
    assertThat(ended).isEqualTo(4);
    assertThat(log.packets()).noneMatch(packet -> packet.segment().has(TcpFlags.RST));
  }

  /** It leaves the first FIN to the peer for a second, and no longer. */
  @Test
  void whoClosedSecondSendsItsFinsWhereThePeerSendsNone() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow first = peer.connected(HMAC_SHA256);
    HandMadePeer.Flow second = peer.joined(40_000);
    first.send(ACK, o -> o.dss(peer.dataAck, peer.dsn(0), 0, 1, -1, true));
    peer.network().runFor(50 * MILLI);
    peer.socket.close();
    first.await(segment -> segment.mptcp().hasDataFin());
    first.send(ACK, o -> o.dssAck(peer.engineDsn(1)));
    assertThat(first.during(900 * MILLI)).noneMatch(segment -> segment.has(TcpFlags.FIN));
    assertThat(second.during(0)).noneMatch(segment -> segment.has(TcpFlags.FIN));
    assertThat(first.during(200 * MILLI)).anyMatch(segment -> segment.has(TcpFlags.FIN));
    assertThat(second.during(0)).anyMatch(segment -> segment.has(TcpFlags.FIN));
  }

  @Test
  void theRightEdgeOfTheSharedWindowNeverMovesBack() {
    TwoHosts hosts = TwoHosts.twoPaths(8);
    PacketLog log = new PacketLog(hosts);
    hosts.connect(multipath(), multipath());
    hosts.transfer(20L * MEGABYTE, 0);
    long own = 0;
    for (int i = 1; i < 2_000; i++) {
      // Stands still for half a second, and reads slowly afterwards.
      hosts.serverTransfer.readUpTo(Math.max(MEGABYTE, (i - 500) * 10_000L));
      hosts.network.runFor(MILLI);
      DataReceiver receiver = hosts.serverConnection().receiver();
      long edge = receiver.receiveNext() + receiver.window();
      assertThat(i == 1 ? 0 : edge - own).as("what is taken").isNotNegative();
      own = edge;
    }
    hosts.serverTransfer.readUpTo(Long.MAX_VALUE);
    hosts.runToEnd(60 * SECOND);

    long told = 0;
    boolean known = false;
    int closed = 0;
    int scale = 0;
    for (PacketLog.Packet packet : log.packets()) {
      IncomingSegment segment = packet.segment();
      if (packet.fromClient() || segment.has(TcpFlags.RST)) {
        continue;
      }
      if (segment.has(TcpFlags.SYN)) {
        scale = segment.windowScale();
      } else if (segment.mptcp().hasDataAck()) {
        long edge = segment.mptcp().dataAck() + ((long) segment.window() << scale);
        // RFC 7323 §2.4: rounded down to units of the scale.
        assertThat(known ? edge - told : 0L).isGreaterThan(-(1L << scale));
        told = !known || edge - told > 0 ? edge : told;
        known = true;
        closed += segment.window() == 0 ? 1 : 0;
      }
    }
    assertThat(closed).as("windows that were shut").isPositive();
  }

  @Test
  void dataBeyondTheWindowIsDroppedAndNotAcknowledged() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow first = peer.connected(HMAC_SHA256);
    HandMadePeer.Flow second = peer.joined(40_000);
    int sequence = second.next();
    second.data(peer.dsn(64L * MEGABYTE), bytes(0, 10));
    assertThat(second.during(50 * MILLI))
        .allMatch(segment -> segment.acknowledgmentNumber() == sequence)
        .allMatch(segment -> segment.mptcp().dataAck() == peer.dsn(0));
    first.data(peer.dsn(0), bytes(0, 10));
    assertThat(first.during(50 * MILLI))
        .anyMatch(segment -> segment.mptcp().dataAck() == peer.dsn(10));
    assertThat(peer.read()).isEqualTo(bytes(0, 10));
  }

  /** What was sent of data that fills two subflows with windows of 5 000 and 50 000 bytes. */
  private static HandMadePeer twoWindows() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow first = peer.flow(1, 40_000).window(5_000);
    first.open(o -> o.mpCapableSyn(1, HMAC_SHA256));
    peer.engineKey(first.await().mptcp().senderKey());
    first.send(ACK, o -> o.mpCapableAck(1, HMAC_SHA256, HandMadePeer.KEY, peer.engineKey));
    peer.network().runFor(50 * MILLI);
    HandMadePeer.Flow second = peer.flow(2, 40_000).window(50_000);
    second.join(7, false);
    second.send(ACK, o -> o.mpJoinAck(second.proof()));
    second.await();
    second.acknowledge();
    peer.network().runFor(50 * MILLI);
    first.acknowledge();
    peer.network().runFor(50 * MILLI);
    peer.socket.write(ByteBuffer.allocate(200_000));
    peer.network().runFor(25 * MILLI);
    return peer;
  }

  /** The second subflow acknowledges, so that congestion control lets more go. */
  private static void fillTheWindows(HandMadePeer peer) {
    for (int i = 0; i < 8; i++) {
      peer.joinedFlow().send(ACK, o -> o.dssAck(peer.engineDsn(0)));
      peer.network().runFor(25 * MILLI);
    }
  }

  @Test
  void theLargestOfTheWindowsCounts() {
    HandMadePeer peer = twoWindows();
    assertThat(peer.dataAck - peer.engineDsn(0))
        .as("sent after the smaller one was told")
        .isGreaterThan(10_000);
    fillTheWindows(peer);
    assertThat(peer.dataAck - peer.engineDsn(0)).isBetween(50_000L - 1_460, 50_000L);
  }

  @Test
  void theWindowOfEachSubflowIsMindedToo() {
    HandMadePeer peer = twoWindows();
    fillTheWindows(peer);
    long onFirst =
        peer.all().stream()
            .filter(segment -> segment.source().toString().equals("10.0.1.2"))
            .filter(segment -> segment.payloadLength() > 0)
            .mapToLong(segment -> (long) segment.sequenceNumber() + segment.payloadLength())
            .max()
            .orElse(0);
    int begin =
        peer.all().stream()
            .filter(segment -> segment.has(TcpFlags.SYN))
            .findFirst()
            .orElseThrow()
            .sequenceNumber();
    assertThat(onFirst - begin - 1).isBetween(1_000L, 5_000L);
  }

  @Test
  void theSendBufferIsAsLargeAsTheReceiveBuffer() {
    Settings defaults = Settings.of(Map.of());
    assertThat(defaults.get(Settings.SEND_BUFFER))
        .isGreaterThanOrEqualTo(defaults.get(Settings.RECEIVE_BUFFER));
  }

  private static boolean hasData(List<IncomingSegment> segments) {
    return segments.stream().anyMatch(segment -> segment.payloadLength() > 0);
  }

  /**
   * A subflow's TCP has acknowledged what the data level has not, and ends, as with Linux when an
   * address is deleted: only the sender can tell that the data is gone.
   */
  @Test
  void whatASubflowThatEndedHadAcknowledgedGoesOutAgainAtOnce() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow first = peer.connected(HMAC_SHA256);
    HandMadePeer.Flow second = peer.joined(40_000);
    peer.socket.write(ByteBuffer.wrap(bytes(0, 100)));
    boolean onFirst = hasData(first.during(20 * MILLI));
    assertThat(hasData(second.during(0))).isEqualTo(!onFirst);
    HandMadePeer.Flow ended = onFirst ? first : second;
    HandMadePeer.Flow left = onFirst ? second : first;
    ended.send(ACK, o -> o.dssAck(peer.engineDsn(0)));
    ended.send(TcpFlags.RST | ACK, o -> {});
    List<IncomingSegment> again = left.during(100 * MILLI);
    assertThat(again)
        .filteredOn(segment -> segment.payloadLength() > 0)
        .singleElement()
        .satisfies(
            segment -> {
              assertThat(segment.mptcp().dataSequenceNumber()).isEqualTo(peer.engineDsn(0));
              assertThat(payload(segment)).isEqualTo(bytes(0, 100));
            });
    left.acknowledge();
    assertThat(hasData(left.during(10 * SECOND))).isFalse();
  }
}
