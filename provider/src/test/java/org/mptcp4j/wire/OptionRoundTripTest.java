package org.mptcp4j.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each option as its figure in the RFC has it: written, compared by bytes, and read again. */
class OptionRoundTripTest {
  private static final IpAddress A = IpAddress.parse("10.0.1.1");
  private static final IpAddress B = IpAddress.parse("10.0.1.2");

  private final OutgoingSegment out = new OutgoingSegment();
  private final IncomingSegment in = new IncomingSegment();

  private TcpOptionWriter segment(int flags) {
    out.begin(A, 1, B, 2).flags(flags);
    return out.options();
  }

  private MptcpOptionSet read() {
    ByteBuffer packet = ByteBuffer.allocate(OutgoingSegment.MAX_HEADER_LENGTH);
    int length = out.encodeHeaders(packet, 0, OutgoingSegment.ChecksumMode.FULL);
    assertThat(in.parse(packet, 0, length)).isEqualTo(IncomingSegment.Verdict.OK);
    assertThat(in.malformedOptions()).isZero();
    assertThat(in.verifyChecksum()).isTrue();
    return in.mptcp();
  }

  private void assertBytes(String expected) {
    ByteBuffer space = ByteBuffer.allocate(TcpOptionWriter.CAPACITY);
    int length = out.options().copyTo(space, 0);
    assertThat(HexFormat.of().formatHex(space.array(), 0, length))
        .isEqualTo(expected.replace(" ", ""));
  }

  @Test
  void theOptionsOfASyn() {
    TcpOptionWriter options = segment(TcpFlags.SYN);
    assertThat(options.maximumSegmentSize(1460)).isTrue();
    assertThat(options.sackPermitted()).isTrue();
    assertThat(options.timestamps(0x01020304, 0)).isTrue();
    assertThat(options.windowScale(10)).isTrue();
    assertThat(options.mpCapableSyn(1, MptcpOption.CAPABLE_HMAC_SHA256)).isTrue();
    assertBytes("020405b4 04020101 0101080a 01020304 00000000 03030a01 1e040101");
    MptcpOptionSet m = read();
    assertThat(in.mss()).isEqualTo(1460);
    assertThat(in.sackPermitted()).isTrue();
    assertThat(in.hasTimestamps()).isTrue();
    assertThat(in.timestampValue()).isEqualTo(0x01020304);
    assertThat(in.timestampEchoReply()).isZero();
    assertThat(in.windowScale()).isEqualTo(10);
    assertThat(m.has(MptcpOption.MP_CAPABLE)).isTrue();
    assertThat(m.capableLength()).isEqualTo(4);
    assertThat(m.capableVersion()).isEqualTo(1);
    assertThat(m.capableFlags()).isEqualTo(1);
  }

  @Test
  void aSegmentWithoutOptionsHasNone() {
    segment(TcpFlags.ACK);
    MptcpOptionSet m = read();
    assertThat(m.isEmpty()).isTrue();
    assertThat(in.mss()).isEqualTo(-1);
    assertThat(in.windowScale()).isEqualTo(-1);
    assertThat(in.sackPermitted()).isFalse();
    assertThat(in.hasTimestamps()).isFalse();
    assertThat(in.sackBlockCount()).isZero();
  }

  @Test
  void theUserTimeoutIsInSecondsOrInMinutes() {
    segment(TcpFlags.ACK).userTimeout(90);
    assertBytes("1c04005a");
    read();
    assertThat(in.userTimeoutSeconds()).isEqualTo(90);
    segment(TcpFlags.ACK).userTimeout(0x7fff);
    assertBytes("1c047fff");
    segment(TcpFlags.ACK).userTimeout(0x8000);
    assertBytes("1c048223");
    read();
    assertThat(in.userTimeoutSeconds()).isEqualTo(547 * 60);
    segment(TcpFlags.ACK).userTimeout(Integer.MAX_VALUE);
    assertBytes("1c04ffff");
    // RFC 5482 §3.4: zero is reserved.
    segment(TcpFlags.ACK).userTimeout(0);
    assertBytes("1c040001");
  }

  @Test
  void sackBlocksFillTheRoomThatIsLeft() {
    int[] left = {0xffff_fff0, 100, 300, 500};
    int[] right = {16, 200, 400, 600};
    TcpOptionWriter options = segment(TcpFlags.ACK);
    assertThat(options.sackBlocksThatFit()).isEqualTo(4);
    assertThat(options.sack(left, right, 4)).isEqualTo(4);
    read();
    assertThat(in.sackBlockCount()).isEqualTo(4);
    assertThat(in.sackLeft(0)).isEqualTo(0xffff_fff0);
    assertThat(in.sackRight(0)).isEqualTo(16);
    assertThat(in.sackLeft(3)).isEqualTo(500);
    assertThat(in.sackRight(3)).isEqualTo(600);

    options = segment(TcpFlags.ACK);
    options.timestamps(1, 2);
    options.dssAck(5);
    assertThat(options.sackBlocksThatFit()).isEqualTo(1);
    assertThat(options.sack(left, right, 4)).isEqualTo(1);
    assertThat(options.remaining()).isEqualTo(4);
    assertThat(options.sack(left, right, 4)).isZero();
    read();
    assertThat(in.sackBlockCount()).isEqualTo(1);
  }

  @Test
  void mpCapableOfTheSynAckCarriesTheSendersKey() {
    // RFC 8684 §3.1, figure 4.
    assertThat(segment(TcpFlags.SYN | TcpFlags.ACK).mpCapableSynAck(1, 0x81, 0x1122334455667788L))
        .isTrue();
    assertBytes("1e0c0181 1122334455667788");
    MptcpOptionSet m = read();
    assertThat(m.capableLength()).isEqualTo(12);
    assertThat(m.senderKey()).isEqualTo(0x1122334455667788L);
    assertThat(m.receiverKey()).isZero();
    assertThat(m.capableFlags()).isEqualTo(0x81);
  }

  @Test
  void mpCapableOfTheThirdAckCarriesBothKeys() {
    segment(TcpFlags.ACK).mpCapableAck(1, 1, -1L, 0x0102030405060708L);
    assertBytes("1e140101 ffffffffffffffff 0102030405060708");
    MptcpOptionSet m = read();
    assertThat(m.capableLength()).isEqualTo(20);
    assertThat(m.senderKey()).isEqualTo(-1L);
    assertThat(m.receiverKey()).isEqualTo(0x0102030405060708L);
    assertThat(m.capableHasChecksum()).isFalse();
  }

  @Test
  void mpCapableWithDataCarriesLengthAndPerhapsAChecksum() {
    segment(TcpFlags.ACK).mpCapableData(1, 1, 1, 2, 65_535, -1);
    assertBytes("1e160101 0000000000000001 0000000000000002 ffff 0101");
    assertThat(read().capableDataLength()).isEqualTo(65_535);
    assertThat(in.mptcp().capableHasChecksum()).isFalse();

    segment(TcpFlags.ACK).mpCapableData(1, 0x81, 1, 2, 100, 0xfedc);
    assertBytes("1e180181 0000000000000001 0000000000000002 0064 fedc");
    assertThat(read().capableDataLength()).isEqualTo(100);
    assertThat(in.mptcp().capableHasChecksum()).isTrue();
    assertThat(in.mptcp().capableChecksum()).isEqualTo(0xfedc);
  }

  @Test
  void mpJoinOfTheSyn() {
    // RFC 8684 §3.2, figure 5.
    segment(TcpFlags.SYN).mpJoinSyn(true, 200, 0xdeadbeef, 0xcafebabe);
    assertBytes("1e0c11c8 deadbeef cafebabe");
    MptcpOptionSet m = read();
    assertThat(m.joinLength()).isEqualTo(12);
    assertThat(m.joinBackup()).isTrue();
    assertThat(m.joinAddressId()).isEqualTo(200);
    assertThat(m.joinToken()).isEqualTo(0xdeadbeef);
    assertThat(m.joinRandom()).isEqualTo(0xcafebabe);
  }

  @Test
  void mpJoinOfTheSynAck() {
    segment(TcpFlags.SYN | TcpFlags.ACK).mpJoinSynAck(false, 3, 0xa1a2a3a4a5a6a7a8L, 7);
    assertBytes("1e101003 a1a2a3a4a5a6a7a8 00000007");
    MptcpOptionSet m = read();
    assertThat(m.joinLength()).isEqualTo(16);
    assertThat(m.joinBackup()).isFalse();
    assertThat(m.joinTruncatedHmac()).isEqualTo(0xa1a2a3a4a5a6a7a8L);
    assertThat(m.joinRandom()).isEqualTo(7);
  }

  @Test
  void mpJoinOfTheThirdAckCarriesTwentyBytesOfTheHmac() {
    byte[] hmac = new byte[32];
    for (int i = 0; i < hmac.length; i++) {
      hmac[i] = (byte) (i + 1);
    }
    segment(TcpFlags.ACK).mpJoinAck(hmac);
    assertBytes("1e181000 0102030405060708090a0b0c0d0e0f1011121314");
    MptcpOptionSet m = read();
    assertThat(m.joinLength()).isEqualTo(24);
    assertThat(m.joinHmac()).hasSize(20).startsWith(1, 2, 3).endsWith(19, 20);
  }

  @Test
  void dssWithADataAckOnly() {
    // RFC 8684 §3.3, figure 9.
    segment(TcpFlags.ACK).dssAck(0x8899aabbccddeeffL);
    assertBytes("1e0c2003 8899aabbccddeeff");
    MptcpOptionSet m = read();
    assertThat(m.hasDataAck()).isTrue();
    assertThat(m.dataAckIs64Bit()).isTrue();
    assertThat(m.dataAck()).isEqualTo(0x8899aabbccddeeffL);
    assertThat(m.hasMapping()).isFalse();
    assertThat(m.hasDataFin()).isFalse();

    segment(TcpFlags.ACK).dssAck32(0xccddeeff);
    assertBytes("1e082001 ccddeeff");
    m = read();
    assertThat(m.dataAckIs64Bit()).isFalse();
    assertThat(m.dataAck()).isEqualTo(0xccddeeffL);
  }

  @Test
  void dssWithAMapping() {
    segment(TcpFlags.ACK).dss(1, 2, 3, 65_535, -1, false);
    assertBytes("1e1a200f 0000000000000001 0000000000000002 00000003 ffff 0101");
    MptcpOptionSet m = read();
    assertThat(m.hasMapping()).isTrue();
    assertThat(m.dataSequenceNumber()).isEqualTo(2);
    assertThat(m.subflowSequenceNumber()).isEqualTo(3);
    assertThat(m.dataLevelLength()).isEqualTo(65_535);
    assertThat(m.hasDssChecksum()).isFalse();
    assertThat(m.hasDataFin()).isFalse();

    segment(TcpFlags.ACK).dss(1, -2, 3, 4, 0xabcd, true);
    assertBytes("1e1c201f 0000000000000001 fffffffffffffffe 00000003 0004 abcd");
    m = read();
    assertThat(m.dataSequenceNumber()).isEqualTo(-2);
    assertThat(m.hasDssChecksum()).isTrue();
    assertThat(m.dssChecksum()).isEqualTo(0xabcd);
    assertThat(m.hasDataFin()).isTrue();
  }

  @Test
  void dssWithShortNumbersIsReadToo() {
    // M, F and A with four-byte numbers: flags 0x15; Linux never writes it, the RFC allows it.
    MptcpOptionSet m = readRaw("1e142015 00000010 80000001 00000005 0007 beef", 0x10);
    assertThat(m.hasDataAck()).isTrue();
    assertThat(m.dataAckIs64Bit()).isFalse();
    assertThat(m.dataAck()).isEqualTo(0x10);
    assertThat(m.dataSequenceNumberIs64Bit()).isFalse();
    assertThat(m.dataSequenceNumber()).isEqualTo(0x80000001L);
    assertThat(m.subflowSequenceNumber()).isEqualTo(5);
    assertThat(m.dataLevelLength()).isEqualTo(7);
    assertThat(m.hasDataFin()).isTrue();
  }

  @Test
  void aDssWithoutMappingHasNoDataFin() {
    // RFC 8684 §3.3.3: F without M has no meaning.
    MptcpOptionSet m = readRaw("1e0c2013 0000000000000001", 0x10);
    assertThat(m.hasDataAck()).isTrue();
    assertThat(m.hasDataFin()).isFalse();
  }

  @Test
  void addAddrInItsEightForms() {
    // RFC 8684 §3.4.1, figure 12.
    segment(TcpFlags.ACK).addAddr(false, 4, B, 0, 0x0102030405060708L);
    assertBytes("1e103004 0a000102 0102030405060708");
    assertAddAddr(false, B, 0, 0x0102030405060708L);
    segment(TcpFlags.ACK).addAddr(false, 4, B, 8080, 0x0102030405060708L);
    assertBytes("1e123004 0a000102 1f90 0102030405060708 0101");
    assertAddAddr(false, B, 8080, 0x0102030405060708L);
    segment(TcpFlags.ACK).addAddr(true, 4, B, 0, 9);
    assertBytes("1e083104 0a000102");
    assertAddAddr(true, B, 0, 0);
    segment(TcpFlags.ACK).addAddr(true, 4, B, 8080, 9);
    assertBytes("1e0a3104 0a000102 1f90 0101");
    assertAddAddr(true, B, 8080, 0);

    IpAddress six = IpAddress.parse("fd00:1:2:3:4:5:6:7");
    segment(TcpFlags.ACK).addAddr(false, 4, six, 0, 1);
    assertBytes("1e1c3004 fd000001000200030004000500060007 0000000000000001");
    assertAddAddr(false, six, 0, 1);
    segment(TcpFlags.ACK).addAddr(false, 4, six, 1, 1);
    assertAddAddr(false, six, 1, 1);
    segment(TcpFlags.ACK).addAddr(true, 4, six, 0, 0);
    assertAddAddr(true, six, 0, 0);
    segment(TcpFlags.ACK).addAddr(true, 4, six, 65_535, 0);
    assertAddAddr(true, six, 65_535, 0);
  }

  private void assertAddAddr(boolean echo, IpAddress address, int port, long hmac) {
    MptcpOptionSet m = read();
    assertThat(m.has(MptcpOption.ADD_ADDR)).isTrue();
    assertThat(m.addAddrEcho()).isEqualTo(echo);
    assertThat(m.addAddrId()).isEqualTo(4);
    assertThat(m.addAddrAddress()).isEqualTo(address);
    assertThat(m.addAddrPort()).isEqualTo(port);
    assertThat(m.addAddrHmac()).isEqualTo(hmac);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5, 37})
  void removeAddrNamesOneOrMoreAddresses(int count) {
    int[] ids = new int[count];
    for (int i = 0; i < count; i++) {
      ids[i] = 255 - i;
    }
    assertThat(segment(TcpFlags.ACK).removeAddr(ids, count)).isTrue();
    MptcpOptionSet m = read();
    assertThat(m.removeAddrCount()).isEqualTo(count);
    for (int i = 0; i < count; i++) {
      assertThat(m.removeAddrId(i)).isEqualTo(255 - i);
    }
  }

  @Test
  void mpPrioHasThreeBytesAndTheFourOfVersionZeroAreRead() {
    segment(TcpFlags.ACK).mpPrio(true);
    assertBytes("1e035101");
    MptcpOptionSet m = read();
    assertThat(m.has(MptcpOption.MP_PRIO)).isTrue();
    assertThat(m.prioBackup()).isTrue();
    assertThat(m.prioAddressId()).isEqualTo(-1);

    m = readRaw("1e045007", 0x10);
    assertThat(m.prioBackup()).isFalse();
    assertThat(m.prioAddressId()).isEqualTo(7);
  }

  @Test
  void mpFailFastcloseAndReset() {
    segment(TcpFlags.ACK).mpFail(0x0102030405060708L);
    assertBytes("1e0c6000 0102030405060708");
    assertThat(read().failDataSequenceNumber()).isEqualTo(0x0102030405060708L);

    segment(TcpFlags.RST | TcpFlags.ACK).mpFastclose(-3L);
    assertBytes("1e0c7000 fffffffffffffffd");
    assertThat(read().fastcloseKey()).isEqualTo(-3L);

    segment(TcpFlags.RST).mpTcpReset(true, MptcpOption.RESET_MIDDLEBOX_INTERFERENCE);
    assertBytes("1e048106");
    assertThat(read().resetFlags()).isEqualTo(1);
    assertThat(in.mptcp().resetReason()).isEqualTo(6);
  }

  @Test
  void whatDoesNotFitWritesNothing() {
    TcpOptionWriter options = segment(TcpFlags.ACK);
    options.timestamps(1, 2);
    assertThat(options.dss(1, 2, 3, 4, 5, false)).isTrue();
    assertThat(options.remaining()).isZero();
    assertThat(options.mpPrio(true)).isFalse();
    assertThat(options.dssAck32(1)).isFalse();
    assertThat(options.mpJoinAck(new byte[20])).isFalse();
    assertThat(options.maximumSegmentSize(1)).isFalse();
    assertThat(options.length()).isEqualTo(40);
    read();
  }

  @Test
  void ofAnOptionThatComesTwiceTheFirstCounts() {
    MptcpOptionSet m = readRaw("1e035001 1e035101", 0x10);
    assertThat(m.prioBackup()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1e050101 00010101", // MP_CAPABLE of 5 bytes
        "1e0c1001 0000000100000002", // MP_JOIN of a SYN in a segment without SYN
        "1e032001", // DSS without its flags
        "1e0c2007 0000000000000001", // DSS whose length contradicts its flags
        "1e083004 0a000102", // ADD_ADDR without HMAC that is no echo
        "1e034001", // REMOVE_ADDR without identifier
        "1e086000 00000000", // MP_FAIL of 8 bytes
        "1e087000 00000000", // MP_FASTCLOSE of 8 bytes
        "1e038001", // MP_TCPRST without a reason
        "1e020101" // no subtype
      })
  void anMptcpOptionOfTheWrongLengthIsCountedAndPassedOver(String bytes) {
    MptcpOptionSet m = raw(bytes + "0101080a 00000009 00000008", 0x10);
    assertThat(m.isEmpty()).isTrue();
    assertThat(in.malformedOptions()).isEqualTo(1);
    assertThat(in.hasTimestamps()).isTrue();
    assertThat(in.timestampValue()).isEqualTo(9);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1e04f001", "1e04a001", "fd04f989", "4c040000"})
  void anOptionThatIsNotKnownIsIgnored(String bytes) {
    assertThat(readRaw(bytes + "1e035101", 0x10).has(MptcpOption.MP_PRIO)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"0800 0000", "0801 0000", "0830 0000", "01010108", "0101 081e"})
  void anImpossibleLengthEndsTheListAndWhatStandsBeforeItHolds(String bytes) {
    MptcpOptionSet m = raw("1e035101" + bytes, 0x10);
    assertThat(m.has(MptcpOption.MP_PRIO)).isTrue();
    assertThat(in.malformedOptions()).isEqualTo(1);
  }

  @Test
  void nothingIsReadAfterTheEndOfTheList() {
    MptcpOptionSet m = readRaw("00000000 1e035101", 0x10);
    assertThat(m.isEmpty()).isTrue();
  }

  private MptcpOptionSet readRaw(String options, int flags) {
    MptcpOptionSet m = raw(options, flags);
    assertThat(in.malformedOptions()).isZero();
    return m;
  }

  private MptcpOptionSet raw(String options, int flags) {
    byte[] bytes = HexFormat.of().parseHex(options.replace(" ", ""));
    ByteBuffer packet = ByteBuffer.allocate(100);
    out.begin(A, 1, B, 2).flags(flags).encodeHeaders(packet, 0, OutgoingSegment.ChecksumMode.FULL);
    int padded = bytes.length + 3 & ~3;
    packet.put(40, bytes);
    packet.putShort(2, (short) (40 + padded));
    packet.put(32, (byte) (20 + padded << 2));
    assertThat(in.parse(packet, 0, 40 + padded)).isEqualTo(IncomingSegment.Verdict.OK);
    return in.mptcp();
  }
}
