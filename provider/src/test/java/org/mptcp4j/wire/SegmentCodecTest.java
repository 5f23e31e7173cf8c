package org.mptcp4j.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.mptcp4j.wire.IncomingSegment.Verdict;
import org.mptcp4j.wire.OutgoingSegment.ChecksumMode;

/** IP and TCP headers, written and read. */
class SegmentCodecTest {
  private static final IpAddress A4 = IpAddress.parse("10.0.1.1");
  private static final IpAddress B4 = IpAddress.parse("10.0.1.2");
  private static final IpAddress A6 = IpAddress.parse("fd00:1::1");
  private static final IpAddress B6 = IpAddress.parse("fd00:1::2");

  private final OutgoingSegment out = new OutgoingSegment();
  private final IncomingSegment in = new IncomingSegment();
  private final ByteBuffer packet = ByteBuffer.allocate(70_000);

  private static ByteBuffer pattern(int length) {
    ByteBuffer data = ByteBuffer.allocate(length);
    for (int i = 0; i < length; i++) {
      data.put(i, (byte) (i * 31 + 7));
    }
    return data;
  }

  private int write(int at, ByteBuffer payload) {
    int headers = out.encodeHeaders(packet, at, ChecksumMode.FULL);
    packet.put(at + headers, payload, 0, payload.capacity());
    return headers + payload.capacity();
  }

  private OutgoingSegment full(IpAddress from, IpAddress to, ByteBuffer payload) {
    out.begin(from, 40_000, to, 65_535)
        .sequenceNumber(0xffff_fff0)
        .acknowledgmentNumber(0x8000_0001)
        .flags(TcpFlags.ACK | TcpFlags.PSH | TcpFlags.ECE)
        .window(65_535)
        .ecn(2)
        .payload(payload, 0, payload.capacity());
    out.options().timestamps(7, 8);
    return out;
  }

  private void assertFull(int length, int payloadLength) {
    assertThat(in.sourcePort()).isEqualTo(40_000);
    assertThat(in.destinationPort()).isEqualTo(65_535);
    assertThat(in.sequenceNumber()).isEqualTo(0xffff_fff0);
    assertThat(in.acknowledgmentNumber()).isEqualTo(0x8000_0001);
    assertThat(in.flags()).isEqualTo(TcpFlags.ACK | TcpFlags.PSH | TcpFlags.ECE);
    assertThat(in.window()).isEqualTo(65_535);
    assertThat(in.ecn()).isEqualTo(2);
    assertThat(in.payloadLength()).isEqualTo(payloadLength);
    assertThat(in.segmentLength()).isEqualTo(payloadLength);
    assertThat(in.verifyChecksum()).isTrue();
    assertThat(in.payloadOffset() + in.payloadLength()).isEqualTo(length);
  }

  @Test
  void anIpv4SegmentIsReadAsItWasWritten() {
    ByteBuffer payload = pattern(1_001);
    full(A4, B4, payload);
    int length = write(0, payload);
    assertThat(in.parse(packet, 0, length)).isEqualTo(Verdict.OK);
    assertThat(in.isIpv4()).isTrue();
    assertThat(in.source()).isEqualTo(A4);
    assertThat(in.destination()).isEqualTo(B4);
    assertFull(length, 1_001);
    assertThat(InternetChecksum.finish(InternetChecksum.sum(packet, 0, 20))).isZero();
  }

  @Test
  void theTrafficClassStandsBesideTheBitsOfCongestionNotification() {
    ByteBuffer payload = pattern(1);
    full(A4, B4, payload).trafficClass(0xbb);
    write(0, payload);
    assertThat(packet.get(1) & 0xff).isEqualTo(0xba);
    full(A6, B6, payload).trafficClass(0xbb);
    write(0, payload);
    assertThat(packet.getInt(0)).isEqualTo(0x6ba0_0000);
  }

  @Test
  void anIpv6SegmentIsReadAsItWasWrittenAlsoAtAnOddPlace() {
    ByteBuffer payload = pattern(999);
    full(A6, B6, payload);
    int length = write(13, payload);
    assertThat(in.parse(packet, 13, length)).isEqualTo(Verdict.OK);
    assertThat(in.isIpv4()).isFalse();
    assertThat(in.source()).isEqualTo(A6);
    assertThat(in.destination()).isEqualTo(B6);
    assertFull(13 + length, 999);
  }

  @Test
  void oneChangedBitBreaksTheChecksum() {
    ByteBuffer payload = pattern(100);
    full(A6, B6, payload);
    int length = write(0, payload);
    for (int i = 8; i < length; i++) {
      packet.put(i, (byte) (packet.get(i) ^ 4));
      if (in.parse(packet, 0, length) == Verdict.OK) {
        assertThat(in.verifyChecksum()).as("byte %d", i).isFalse();
      }
      packet.put(i, (byte) (packet.get(i) ^ 4));
    }
  }

  @Test
  void synAndFinCountInTheLengthOfASegment() {
    int length =
        out.begin(A4, 1, B4, 2)
            .flags(TcpFlags.SYN | TcpFlags.FIN)
            .encodeHeaders(packet, 0, ChecksumMode.FULL);
    in.parse(packet, 0, length);
    assertThat(in.segmentLength()).isEqualTo(2);
    assertThat(in.has(TcpFlags.SYN | TcpFlags.FIN)).isTrue();
    assertThat(in.has(TcpFlags.SYN | TcpFlags.ACK)).isFalse();
  }

  @Test
  void aPartialChecksumIsThePseudoHeaderOnlyAndOffloadMakesItRight() {
    ByteBuffer payload = pattern(333);
    full(A4, B4, payload);
    int headers = out.encodeHeaders(packet, 0, ChecksumMode.PARTIAL);
    packet.put(headers, payload, 0, 333);
    // What a device does: sum from the TCP header on, with the partial sum where the checksum is.
    int finished = InternetChecksum.finish(InternetChecksum.sum(packet, 20, headers - 20 + 333));
    packet.putShort(36, (short) finished);
    in.parse(packet, 0, headers + 333);
    assertThat(in.verifyChecksum()).isTrue();
  }

  @Test
  void piecesOfALargeSegmentFollowOneAnother() {
    ByteBuffer payload = pattern(3_000);
    full(A4, B4, payload)
        .segmentSize(1_400)
        .flags(TcpFlags.ACK | TcpFlags.PSH | TcpFlags.FIN | TcpFlags.CWR);
    assertThat(out.needsSegmentation()).isTrue();
    int[] offsets = {0, 1_400, 2_800};
    int[] flags = {
      TcpFlags.ACK | TcpFlags.CWR, TcpFlags.ACK, TcpFlags.ACK | TcpFlags.PSH | TcpFlags.FIN
    };
    for (int i = 0; i < 3; i++) {
      int length = Math.min(1_400, 3_000 - offsets[i]);
      int headers = out.encodePieceHeaders(packet, 0, ChecksumMode.FULL, offsets[i], length);
      packet.put(headers, payload, offsets[i], length);
      assertThat(in.parse(packet, 0, headers + length)).isEqualTo(Verdict.OK);
      assertThat(in.sequenceNumber()).isEqualTo(0xffff_fff0 + offsets[i]);
      assertThat(in.flags()).isEqualTo(flags[i]);
      assertThat(in.payloadLength()).isEqualTo(length);
      assertThat(in.verifyChecksum()).isTrue();
      assertThat(in.timestampValue()).isEqualTo(7);
    }
  }

  @Test
  void bytesBehindThePacketAreNotPartOfIt() {
    ByteBuffer payload = pattern(10);
    full(A4, B4, payload);
    int length = write(0, payload);
    // Ethernet pads short frames.
    assertThat(in.parse(packet, 0, length + 6)).isEqualTo(Verdict.OK);
    assertThat(in.payloadLength()).isEqualTo(10);
    full(A6, B6, payload);
    length = write(0, payload);
    assertThat(in.parse(packet, 0, length + 6)).isEqualTo(Verdict.OK);
    assertThat(in.payloadLength()).isEqualTo(10);
  }

  @Test
  void ipv4OptionsArePassedOver() {
    ByteBuffer payload = pattern(50);
    full(A4, B4, payload);
    int length = write(8, payload);
    for (int i = 0; i < 20; i++) {
      packet.put(i, packet.get(i + 8));
    }
    packet.putLong(20, 0x0101010101010101L);
    packet.put(0, (byte) 0x47);
    packet.putShort(2, (short) (length + 8));
    assertThat(in.parse(packet, 0, length + 8)).isEqualTo(Verdict.OK);
    assertFull(length + 8, 50);
    assertThat(in.source()).isEqualTo(A4);
  }

  /** Puts {@code extension} between the IPv6 header and TCP; returns the packet's length. */
  private int withExtension(int type, int... extension) {
    ByteBuffer payload = pattern(50);
    full(A6, B6, payload);
    int length = write(extension.length, payload);
    for (int i = 0; i < 40; i++) {
      packet.put(i, packet.get(i + extension.length));
    }
    packet.put(6, (byte) type);
    packet.putShort(4, (short) (length - 40 + extension.length));
    for (int i = 0; i < extension.length; i++) {
      packet.put(40 + i, (byte) extension[i]);
    }
    return length + extension.length;
  }

  @Test
  void ipv6ExtensionHeadersArePassedOver() {
    int length = withExtension(0, 6, 0, 1, 4, 0, 0, 0, 0);
    assertThat(in.parse(packet, 0, length)).isEqualTo(Verdict.OK);
    assertFull(length, 50);
    length =
        withExtension(
            0, 60, 0, 1, 4, 0, 0, 0, 0, 43, 0, 1, 4, 0, 0, 0, 0, 6, 1, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0);
    assertThat(in.parse(packet, 0, length)).isEqualTo(Verdict.OK);
    assertFull(length, 50);
  }

  @Test
  void aHeaderWithoutLengthFieldOfBigTcpEndsWithTheFrame() {
    int length = withExtension(0, 6, 0, 194, 4, 0, 0, 0, 110);
    packet.putShort(4, (short) 0);
    assertThat(in.parse(packet, 0, length)).isEqualTo(Verdict.OK);
    assertFull(length, 50);
  }

  @Test
  void extensionHeadersThatRunOverTheEndAreMalformed() {
    int length = withExtension(0, 6, 200, 1, 4, 0, 0, 0, 0);
    assertThat(in.parse(packet, 0, length)).isEqualTo(Verdict.MALFORMED);
    length = withExtension(0, 0, 0, 1, 4, 0, 0, 0, 0);
    assertThat(in.parse(packet, 0, 40)).isEqualTo(Verdict.MALFORMED);
    assertThat(in.parse(packet, 0, length)).isNotEqualTo(Verdict.OK);
  }

  @Test
  void fragmentsAreTold() {
    ByteBuffer payload = pattern(50);
    full(A4, B4, payload);
    int length = write(0, payload);
    packet.putShort(6, (short) 0x2000);
    assertThat(in.parse(packet, 0, length)).isEqualTo(Verdict.FRAGMENT);
    packet.putShort(6, (short) 0x0010);
    assertThat(in.parse(packet, 0, length)).isEqualTo(Verdict.FRAGMENT);
    packet.putShort(6, (short) 0x4000);
    assertThat(in.parse(packet, 0, length)).isEqualTo(Verdict.OK);
    length = withExtension(44, 6, 0, 0, 1, 0, 0, 0, 0);
    assertThat(in.parse(packet, 0, length)).isEqualTo(Verdict.FRAGMENT);
  }

  @Test
  void otherProtocolsAreTold() {
    ByteBuffer payload = pattern(50);
    full(A4, B4, payload);
    int length = write(0, payload);
    packet.put(9, (byte) 17);
    assertThat(in.parse(packet, 0, length)).isEqualTo(Verdict.NOT_TCP);
    length = withExtension(17, 6, 0, 1, 4, 0, 0, 0, 0);
    assertThat(in.parse(packet, 0, length)).isEqualTo(Verdict.NOT_TCP);
  }

  @Test
  void lengthsThatContradictEachOtherAreMalformed() {
    ByteBuffer payload = pattern(50);
    full(A4, B4, payload);
    int length = write(0, payload);
    assertThat(in.parse(packet, 0, length - 1)).isEqualTo(Verdict.MALFORMED);
    assertThat(in.parse(packet, 0, 19)).isEqualTo(Verdict.MALFORMED);
    assertThat(in.parse(packet, 0, 0)).isEqualTo(Verdict.MALFORMED);
    byte first = packet.get(0);
    packet.put(0, (byte) 0x44);
    assertThat(in.parse(packet, 0, length)).isEqualTo(Verdict.MALFORMED);
    packet.put(0, (byte) 0x55);
    assertThat(in.parse(packet, 0, length)).isEqualTo(Verdict.MALFORMED);
    packet.put(0, first);
    byte offset = packet.get(32);
    packet.put(32, (byte) 0x40);
    assertThat(in.parse(packet, 0, length)).isEqualTo(Verdict.MALFORMED);
    packet.putShort(2, (short) 50);
    packet.put(32, (byte) 0xf0);
    assertThat(in.parse(packet, 0, length)).isEqualTo(Verdict.MALFORMED);
    packet.put(32, offset);
    packet.putShort(2, (short) 39);
    assertThat(in.parse(packet, 0, length)).isEqualTo(Verdict.MALFORMED);
  }

  @Test
  void aSegmentIsTextForPeople() {
    full(A4, B4, pattern(5));
    assertThat(out.toString())
        .contains("10.0.1.1:40000 -> 10.0.1.2:65535", "PSH|ACK|ECE", "seq=4294967280", "len=5");
  }
}
