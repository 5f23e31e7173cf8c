package org.mptcp4j.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Packets that the Linux kernel wrote, read by us and by tshark, and written again by us. */
class KernelCaptureTest {
  private final IncomingSegment segment = new IncomingSegment();

  @ParameterizedTest
  @ValueSource(strings = {"two-subflows-checksum", "add-addr-signal", "fastclose"})
  void everyPacketIsWellFormedAndItsChecksumIsRight(String capture) {
    for (ByteBuffer packet : KernelCapture.packets(capture)) {
      assertThat(segment.parse(packet, 0, packet.capacity())).isEqualTo(IncomingSegment.Verdict.OK);
      assertThat(segment.malformedOptions()).isZero();
      assertThat(segment.verifyChecksum()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"two-subflows-checksum", "add-addr-signal", "fastclose"})
  void everyFieldReadsAsTsharkReadsIt(String capture) {
    List<ByteBuffer> packets = KernelCapture.packets(capture);
    List<Map<String, String>> expected = KernelCapture.fields(capture);
    assertThat(packets).hasSameSizeAs(expected);
    for (int i = 0; i < packets.size(); i++) {
      segment.parse(packets.get(i), 0, packets.get(i).capacity());
      Map<String, String> fields = expected.get(i);
      for (Map.Entry<String, String> field : fields.entrySet()) {
        assertThat(read(field.getKey()))
            .as("%s of packet %d of %s", field.getKey(), i + 1, capture)
            .isEqualTo(field.getValue());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"two-subflows-checksum", "add-addr-signal", "fastclose"})
  void everySegmentAfterTheSynsIsWrittenAgainByteForByte(String capture) {
    OutgoingSegment out = new OutgoingSegment();
    int rewritten = 0;
    for (ByteBuffer packet : KernelCapture.packets(capture)) {
      segment.parse(packet, 0, packet.capacity());
      if (segment.has(TcpFlags.SYN)) {
        // Linux packs the options of a SYN in an order of its own, without the NOPs that we put.
        continue;
      }
      rewrite(packet, out);
      ByteBuffer again = ByteBuffer.allocate(OutgoingSegment.MAX_HEADER_LENGTH);
      int length = out.encodeHeaders(again, 0, OutgoingSegment.ChecksumMode.FULL);
      assertThat(length).isEqualTo(segment.payloadOffset());
      assertThat(slice(again, 20, length)).isEqualTo(slice(packet, 20, length));
      rewritten++;
    }
    assertThat(rewritten).isGreaterThan(100);
  }

  private static ByteBuffer slice(ByteBuffer buffer, int from, int to) {
    return buffer.slice(from, to - from);
  }

  private void rewrite(ByteBuffer packet, OutgoingSegment out) {
    out.begin(
            segment.source(),
            segment.sourcePort(),
            segment.destination(),
            segment.destinationPort())
        .sequenceNumber(segment.sequenceNumber())
        .acknowledgmentNumber(segment.acknowledgmentNumber())
        .flags(segment.flags())
        .window(segment.window())
        .payload(packet, segment.payloadOffset(), segment.payloadLength());
    TcpOptionWriter options = out.options();
    if (segment.hasTimestamps()) {
      options.timestamps(segment.timestampValue(), segment.timestampEchoReply());
    }
    if (segment.sackBlockCount() > 0) {
      int[] left = new int[4];
      int[] right = new int[4];
      for (int i = 0; i < segment.sackBlockCount(); i++) {
        left[i] = segment.sackLeft(i);
        right[i] = segment.sackRight(i);
      }
      options.sack(left, right, segment.sackBlockCount());
    }
    rewriteMptcp(segment.mptcp(), options);
  }

  private static void rewriteMptcp(MptcpOptionSet m, TcpOptionWriter options) {
    if (m.has(MptcpOption.MP_CAPABLE)) {
      if (m.capableLength() == 20) {
        options.mpCapableAck(m.capableVersion(), m.capableFlags(), m.senderKey(), m.receiverKey());
      } else {
        options.mpCapableData(
            m.capableVersion(),
            m.capableFlags(),
            m.senderKey(),
            m.receiverKey(),
            m.capableDataLength(),
            m.capableHasChecksum() ? m.capableChecksum() : -1);
      }
    }
    if (m.has(MptcpOption.MP_JOIN)) {
      options.mpJoinAck(m.joinHmac());
    }
    if (m.has(MptcpOption.MP_FASTCLOSE)) {
      options.mpFastclose(m.fastcloseKey());
    }
    if (m.has(MptcpOption.DSS)) {
      if (m.hasMapping()) {
        options.dss(
            m.dataAck(),
            m.dataSequenceNumber(),
            m.subflowSequenceNumber(),
            m.dataLevelLength(),
            m.hasDssChecksum() ? m.dssChecksum() : -1,
            m.hasDataFin());
      } else if (m.dataAckIs64Bit()) {
        options.dssAck(m.dataAck());
      } else {
        options.dssAck32((int) m.dataAck());
      }
    }
    if (m.has(MptcpOption.ADD_ADDR)) {
      options.addAddr(
          m.addAddrEcho(), m.addAddrId(), m.addAddrAddress(), m.addAddrPort(), m.addAddrHmac());
    }
    if (m.has(MptcpOption.MP_TCPRST)) {
      options.mpTcpReset((m.resetFlags() & 1) != 0, m.resetReason());
    }
  }

  private String read(String field) {
    MptcpOptionSet m = segment.mptcp();
    boolean capable = m.has(MptcpOption.MP_CAPABLE);
    boolean join = m.has(MptcpOption.MP_JOIN);
    boolean syn = segment.has(TcpFlags.SYN);
    boolean ack = segment.has(TcpFlags.ACK);
    boolean addAddr = m.has(MptcpOption.ADD_ADDR);
    return switch (field) {
      case "tcp.srcport" -> number(segment.sourcePort());
      case "tcp.dstport" -> number(segment.destinationPort());
      case "tcp.seq_raw" -> number(segment.sequenceNumber());
      case "tcp.ack_raw" -> number(segment.acknowledgmentNumber());
      case "tcp.flags" -> hex(segment.flags());
      case "tcp.window_size_value" -> number(segment.window());
      case "tcp.len" -> number(segment.payloadLength());
      case "tcp.checksum" -> hex(segment.buffer().getShort(20 + 16) & 0xffff);
      case "tcp.options.mss_val" -> number(segment.mss() >= 0, segment.mss());
      case "tcp.options.wscale.shift" -> number(segment.windowScale() >= 0, segment.windowScale());
      case "tcp.options.timestamp.tsval" ->
          number(segment.hasTimestamps(), segment.timestampValue());
      case "tcp.options.timestamp.tsecr" ->
          number(segment.hasTimestamps(), segment.timestampEchoReply());
      case "tcp.options.sack_le" -> blocks(true);
      case "tcp.options.sack_re" -> blocks(false);
      case "tcp.options.mptcp.subtype" -> subtypes();
      case "tcp.options.mptcp.sendkey" -> number(capable && m.capableLength() > 4, m.senderKey());
      case "tcp.options.mptcp.recvkey" ->
          capable && m.capableLength() > 12
              ? number(m.receiverKey())
              : number(m.has(MptcpOption.MP_FASTCLOSE), m.fastcloseKey());
      case "tcp.options.mptcp.recvtok" -> number(join && syn && !ack, m.joinToken());
      case "tcp.options.mptcp.sendrand" -> number(join && syn, m.joinRandom());
      case "tcp.options.mptcp.sendtrunchmac" -> number(join && syn && ack, m.joinTruncatedHmac());
      case "tcp.options.mptcp.sendhmac" -> join && !syn ? bytes(m.joinHmac()) : "";
      case "tcp.options.mptcp.addrid" ->
          addAddr ? number(m.addAddrId()) : number(join && syn, m.joinAddressId());
      case "tcp.options.mptcp.rawdataack" -> number(m.hasDataAck(), m.dataAck());
      case "tcp.options.mptcp.rawdataseqno" -> number(m.hasMapping(), m.dataSequenceNumber());
      case "tcp.options.mptcp.subflowseqno" -> number(m.hasMapping(), m.subflowSequenceNumber());
      case "tcp.options.mptcp.datalvllen" ->
          m.hasMapping()
              ? number(m.dataLevelLength())
              : number(capable && m.capableLength() >= 22, m.capableDataLength());
      // tshark gives the checksum of a DSS option no field of its own.
      case "tcp.options.mptcp.checksum" ->
          capable && m.capableHasChecksum() ? hex(m.capableChecksum()) : "";
      case "tcp.options.mptcp.datafin.flag" ->
          m.has(MptcpOption.DSS) ? (m.hasDataFin() ? "1" : "0") : "";
      case "tcp.options.mptcp.ipv4" -> addAddr ? m.addAddrAddress().toString() : "";
      case "tcp.options.mptcp.addaddrtrunchmac" ->
          number(addAddr && !m.addAddrEcho(), m.addAddrHmac());
      default -> throw new AssertionError("no such field: " + field);
    };
  }

  private static String number(boolean present, long value) {
    return present ? number(value) : "";
  }

  private static String number(boolean present, int value) {
    return present ? number(value) : "";
  }

  private static String number(int value) {
    return Integer.toUnsignedString(value);
  }

  private static String number(long value) {
    return Long.toUnsignedString(value);
  }

  private static String hex(int value) {
    return String.format("0x%04x", value);
  }

  private static String bytes(byte[] value) {
    StringBuilder text = new StringBuilder();
    for (byte b : value) {
      text.append(String.format("%02x", b));
    }
    return text.toString();
  }

  private String blocks(boolean left) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < segment.sackBlockCount(); i++) {
      text.append(i == 0 ? "" : ",")
          .append(number(left ? segment.sackLeft(i) : segment.sackRight(i)));
    }
    return text.toString();
  }

  private String subtypes() {
    StringBuilder text = new StringBuilder();
    for (int subtype = 0; subtype < 16; subtype++) {
      if (segment.mptcp().has(subtype)) {
        text.append(text.isEmpty() ? "" : ",").append(subtype);
      }
    }
    return text.toString();
  }
}
