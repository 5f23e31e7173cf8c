package org.mptcp4j.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.wire.IcmpError.Kind;
import org.mptcp4j.wire.IcmpError.Verdict;

/** ICMP errors that quote our segments, and what only looks like them. */
class IcmpErrorTest {
  private final IcmpError error = new IcmpError();

  /** A segment of ours with 1000 bytes of payload. */
  private static byte[] segment(boolean v4) {
    OutgoingSegment out =
        new OutgoingSegment()
            .begin(local(v4), 40_000, remote(v4), 443)
            .sequenceNumber(0xfedc_ba98)
            .flags(TcpFlags.ACK);
    out.payload(ByteBuffer.allocate(1_000), 0, 1_000);
    ByteBuffer packet = ByteBuffer.allocate(1_100);
    int headers = out.encodeHeaders(packet, 0, OutgoingSegment.ChecksumMode.FULL);
    return Arrays.copyOf(packet.array(), headers + 1_000);
  }

  private static IpAddress local(boolean v4) {
    return IpAddress.parse(v4 ? "10.0.0.1" : "fd00::1");
  }

  private static IpAddress remote(boolean v4) {
    return IpAddress.parse(v4 ? "10.9.0.2" : "fd00:9::2");
  }

  private static IpAddress router(boolean v4) {
    return IpAddress.parse(v4 ? "192.0.2.1" : "2001:db8::1");
  }

  private Verdict parse(byte[] packet) {
    return error.parse(ByteBuffer.wrap(packet), 0, packet.length);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void packetTooBigNamesTheFlowTheSequenceNumberAndTheMtu(boolean v4) {
    byte[] quoted = segment(v4);
    assertThat(parse(IcmpErrors.packetTooBig(quoted, router(v4), 1_400))).isEqualTo(Verdict.OK);

    assertThat(error.isIpv4()).isEqualTo(v4);
    assertThat(error.verifyChecksum()).isTrue();
    assertThat(error.kind()).isEqualTo(Kind.PACKET_TOO_BIG);
    assertThat(error.mtu()).isEqualTo(1_400);
    assertThat(error.sequenceNumber()).isEqualTo(0xfedc_ba98);
    assertThat(error.quotedLength()).isEqualTo(quoted.length);
    assertThat(new FlowKey().setQuoted(error))
        .isEqualTo(FlowKey.of(local(v4), 40_000, remote(v4), 443));
  }

  @ParameterizedTest
  @CsvSource({
    "true, 3, 0, UNREACHABLE",
    "true, 3, 1, UNREACHABLE",
    "true, 3, 2, PROTOCOL_UNREACHABLE",
    "true, 3, 3, PORT_UNREACHABLE",
    "true, 3, 13, PROHIBITED",
    "true, 11, 0, TIME_EXCEEDED",
    "true, 12, 0, PARAMETER_PROBLEM",
    "false, 1, 0, UNREACHABLE",
    "false, 1, 1, PROHIBITED",
    "false, 1, 3, UNREACHABLE",
    "false, 1, 4, PORT_UNREACHABLE",
    "false, 3, 0, TIME_EXCEEDED",
    "false, 4, 0, PARAMETER_PROBLEM",
    "false, 4, 1, PROTOCOL_UNREACHABLE"
  })
  void typeAndCodeMakeTheKind(boolean v4, int type, int code, Kind kind) {
    byte[] packet = IcmpErrors.error(segment(v4), router(v4), type, code, 0x0578_0578);
    assertThat(parse(packet)).isEqualTo(Verdict.OK);
    assertThat(error.kind()).isEqualTo(kind);
    assertThat(error.mtu()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"true, 0, 0", "true, 8, 0", "true, 3, 77", "false, 128, 0", "false, 135, 0"})
  void whatIsNoErrorIsLeftToOthers(boolean v4, int type, int code) {
    byte[] packet = IcmpErrors.error(segment(v4), router(v4), type, code, 0);
    assertThat(parse(packet)).isEqualTo(Verdict.OTHER);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anErrorAboutAnotherProtocolIsLeftToOthers(boolean v4) {
    byte[] quoted = segment(v4);
    quoted[v4 ? 9 : 6] = 17;
    assertThat(parse(IcmpErrors.packetTooBig(quoted, router(v4), 1_400))).isEqualTo(Verdict.OTHER);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void eightBytesOfTheSegmentAreEnoughAndFewerAreMalformed(boolean v4) {
    byte[] quoted = segment(v4);
    int headers = v4 ? 20 : 40;
    for (int bytes = 0; bytes <= 20; bytes++) {
      byte[] packet =
          IcmpErrors.error(quoted, router(v4), v4 ? 3 : 2, v4 ? 4 : 0, 1_400, headers + bytes);
      assertThat(parse(packet)).isEqualTo(bytes < 8 ? Verdict.MALFORMED : Verdict.OK);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anErrorSentToAnotherThanTheQuotedSourceIsMalformed(boolean v4) {
    byte[] packet = IcmpErrors.packetTooBig(segment(v4), router(v4), 1_400);
    packet[v4 ? 19 : 39] ^= 1;
    assertThat(parse(packet)).isEqualTo(Verdict.MALFORMED);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aChangedByteSpoilsTheChecksum(boolean v4) {
    byte[] packet = IcmpErrors.packetTooBig(segment(v4), router(v4), 1_400);
    packet[packet.length - 1] ^= 0x20;
    assertThat(parse(packet)).isEqualTo(Verdict.OK);
    assertThat(error.verifyChecksum()).isFalse();
  }

  private String everything(Verdict verdict) {
    return verdict != Verdict.OK
        ? verdict.toString()
        : new FlowKey().setQuoted(error)
            + " "
            + error.kind()
            + error.mtu()
            + error.sequenceNumber()
            + error.quotedLength()
            + error.verifyChecksum();
  }

  /** Nothing throws, and nothing outside of the packet is looked at. */
  private void parseEverywhere(byte[] bytes) {
    String alone = everything(parse(bytes));
    for (byte filler : new byte[] {0, -1, 6}) {
      byte[] around = new byte[bytes.length + 200];
      Arrays.fill(around, filler);
      System.arraycopy(bytes, 0, around, 100, bytes.length);
      assertThat(everything(error.parse(ByteBuffer.wrap(around), 100, bytes.length)))
          .isEqualTo(alone);
    }
  }

  @Property(tries = 3_000)
  void randomBytesNeverThrow(@ForAll @Size(max = 200) byte[] bytes) {
    parseEverywhere(bytes);
  }

  @Property(tries = 3_000)
  void anErrorWithBytesChangedOrCutOffNeverThrows(
      @ForAll boolean v4,
      @ForAll @IntRange(max = 119) int where,
      @ForAll byte value,
      @ForAll @IntRange(max = 119) int again,
      @ForAll byte other,
      @ForAll @IntRange(max = 140) int cut) {
    byte[] packet = IcmpErrors.packetTooBig(segment(v4), router(v4), 1_400);
    packet[where % 120] = value;
    packet[again % 120] = other;
    parseEverywhere(packet);
    parseEverywhere(Arrays.copyOf(packet, cut));
    byte[] shorter = Arrays.copyOf(packet, Math.max(cut, 40));
    ByteBuffer.wrap(shorter)
        .putShort(v4 ? 2 : 4, (short) (v4 ? shorter.length : shorter.length - 40));
    parseEverywhere(shorter);
  }
}
