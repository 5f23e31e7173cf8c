package org.mptcp4j.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The Fast Open option (RFC 7413 §4.1.1): written, compared by bytes, and read again. */
class FastOpenOptionTest {
  private final OutgoingSegment out = new OutgoingSegment();
  private final IncomingSegment in = new IncomingSegment();

  private TcpOptionWriter segment(int flags) {
    out.begin(IpAddress.parse("10.0.1.1"), 1, IpAddress.parse("10.0.1.2"), 2).flags(flags);
    return out.options();
  }

  private void read() {
    ByteBuffer packet = ByteBuffer.allocate(OutgoingSegment.MAX_HEADER_LENGTH);
    int length = out.encodeHeaders(packet, 0, OutgoingSegment.ChecksumMode.FULL);
    assertThat(in.parse(packet, 0, length)).isEqualTo(IncomingSegment.Verdict.OK);
  }

  private String hex() {
    ByteBuffer space = ByteBuffer.allocate(TcpOptionWriter.CAPACITY);
    int length = out.options().copyTo(space, 0);
    return HexFormat.of().formatHex(space.array(), 0, length);
  }

  /** A segment whose option space is made of these bytes. */
  private void read(int flags, String hex) {
    byte[] options = HexFormat.of().parseHex(hex.replace(" ", ""));
    segment(flags);
    ByteBuffer packet = ByteBuffer.allocate(OutgoingSegment.MAX_HEADER_LENGTH);
    int length = out.encodeHeaders(packet, 0, OutgoingSegment.ChecksumMode.FULL);
    packet.put(length, options);
    packet.put(32, (byte) (20 + options.length << 2));
    packet.putShort(2, (short) (length + options.length));
    assertThat(in.parse(packet, 0, length + options.length)).isEqualTo(IncomingSegment.Verdict.OK);
  }

  @Test
  void aRequestIsTheOptionWithoutACookie() {
    assertThat(segment(TcpFlags.SYN).fastOpen(FastOpenCookie.REQUEST, false)).isTrue();
    assertThat(hex()).isEqualTo("22020101");
    read();
    assertThat(in.hasFastOpen()).isTrue();
    assertThat(in.fastOpenCookie().isRequest()).isTrue();
    assertThat(in.isFastOpenExperimental()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 6, 8, 10, 12, 14, 16})
  void aCookieOfAnyEvenLengthComesBackAsItWas(int length) {
    FastOpenCookie cookie =
        FastOpenCookie.read(
            ByteBuffer.wrap(HexFormat.of().parseHex("00102030405060708090a0b0c0d0e0f0")),
            0,
            length);
    assertThat(segment(TcpFlags.SYN | TcpFlags.ACK).fastOpen(cookie, false)).isTrue();
    assertThat(hex())
        .startsWith(
            "22%02x".formatted(length + 2)
                + "00102030405060708090a0b0c0d0e0f0".substring(0, 2 * length));
    read();
    assertThat(in.fastOpenCookie()).isEqualTo(cookie);
    assertThat(in.malformedOptions()).isZero();
  }

  @Test
  void theFormOfBeforeTheRfcIsReadAndWritten() {
    FastOpenCookie cookie = FastOpenCookie.of(0x0102030405060708L);
    assertThat(segment(TcpFlags.SYN).fastOpen(cookie, true)).isTrue();
    assertThat(hex()).isEqualTo("fe0cf9890102030405060708");
    read();
    assertThat(in.fastOpenCookie()).isEqualTo(cookie);
    assertThat(in.isFastOpenExperimental()).isTrue();
    read(TcpFlags.SYN, "fe04f989");
    assertThat(in.fastOpenCookie().isRequest()).isTrue();
    read(TcpFlags.SYN, "fe041234");
    assertThat(in.hasFastOpen()).isFalse();
    assertThat(in.malformedOptions()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "2203aa01",
    "2204aabb",
    "2205aabbcc010101",
    "2207aabbccddee01",
    "2213aabbccddeeff00112233445566778899aa01",
    "2214aabbccddeeff00112233445566778899aabb",
    "fe06f989aabb0101",
    "fe16f989aabbccddeeff00112233445566778899aabb0101",
  })
  void anInvalidLengthIsIgnored(String option) {
    read(TcpFlags.SYN, option);
    assertThat(in.hasFastOpen()).isFalse();
    assertThat(in.malformedOptions()).isEqualTo(1);
  }

  @Test
  void withoutSynItIsIgnored() {
    read(TcpFlags.ACK, "220601020304 0101");
    assertThat(in.hasFastOpen()).isFalse();
  }

  @Test
  void ofTheSegmentBeforeNothingIsLeft() {
    read(TcpFlags.SYN, "220601020304 0101");
    assertThat(in.hasFastOpen()).isTrue();
    read(TcpFlags.SYN, "");
    assertThat(in.hasFastOpen()).isFalse();
  }

  @Test
  void noCookieHasAnOddLengthOrAnUnusualOne() {
    for (int length : new int[] {-2, 2, 5, 17, 18}) {
      assertThatThrownBy(() -> new FastOpenCookie(0, 0, length))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void whatDoesNotFitWritesNothing() {
    TcpOptionWriter options = segment(TcpFlags.SYN);
    options.timestamps(1, 2);
    options.timestamps(1, 2);
    options.maximumSegmentSize(1460);
    options.windowScale(7);
    assertThat(options.fastOpen(FastOpenCookie.of(1), false)).isFalse();
    assertThat(options.length()).isEqualTo(32);
    assertThat(options.fastOpen(new FastOpenCookie(1L << 20, 0, 6), false)).isTrue();
    assertThat(options.length()).isEqualTo(40);
  }

  @Test
  void sackPermittedMayStandInThePlaceOfTheNopsBeforeTheTimestamps() {
    assertThat(segment(TcpFlags.SYN).sackPermittedAndTimestamps(0x01020304, 5)).isTrue();
    assertThat(hex()).isEqualTo("0402080a0102030400000005");
    read();
    assertThat(in.sackPermitted()).isTrue();
    assertThat(in.timestampValue()).isEqualTo(0x01020304);
    assertThat(in.timestampEchoReply()).isEqualTo(5);
  }

  @Test
  void aMappingMayStandWithoutADataAck() {
    assertThat(segment(TcpFlags.ACK).dssMapping(0x1122334455667788L, 1, 100, 0xabcd)).isTrue();
    assertThat(hex()).isEqualTo("1e14200c112233445566778800000001" + "0064abcd");
    read();
    MptcpOptionSet read = in.mptcp();
    assertThat(read.hasDataAck()).isFalse();
    assertThat(read.hasMapping()).isTrue();
    assertThat(read.dataSequenceNumber()).isEqualTo(0x1122334455667788L);
    assertThat(read.subflowSequenceNumber()).isEqualTo(1);
    assertThat(read.dataLevelLength()).isEqualTo(100);
    assertThat(read.dssChecksum()).isEqualTo(0xabcd);
    assertThat(segment(TcpFlags.ACK).dssMapping(7, 1, 100, -1)).isTrue();
    read();
    assertThat(in.mptcp().hasDssChecksum()).isFalse();
    assertThat(in.malformedOptions()).isZero();
  }
}
