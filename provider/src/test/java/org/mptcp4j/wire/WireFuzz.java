package org.mptcp4j.wire;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.mptcp4j.fuzz.FuzzInput;

/**
 * The bytes of a fuzzer as a packet: nothing throws, and nothing outside of the packet is looked
 * at.
 */
public final class WireFuzz {
  private static final IpAddress HERE = IpAddress.parse("10.0.0.1");
  private static final IpAddress THERE = IpAddress.parse("10.0.0.2");
  private static final IpAddress HERE_V6 = IpAddress.parse("fd00::1");
  private static final IpAddress THERE_V6 = IpAddress.parse("fd00::2");
  private static final int LEFT = 100;

  private WireFuzz() {}

  public static void fuzzerTestOneInput(byte[] bytes) {
    FuzzInput input = new FuzzInput(bytes);
    byte[] packet =
        switch (input.below(6)) {
          case 1 -> segment(input, HERE, THERE);
          case 2 -> segment(input, HERE_V6, THERE_V6);
          case 3 -> icmp(input, HERE, THERE);
          case 4 -> icmp(input, HERE_V6, THERE_V6);
          default -> input.rest();
        };
    String alone = everything(packet, 0, packet.length);
    for (byte filler : new byte[] {0, -1, 0x1e}) {
      byte[] around = new byte[packet.length + 2 * LEFT];
      Arrays.fill(around, filler);
      System.arraycopy(packet, 0, around, LEFT, packet.length);
      String amid = everything(around, LEFT, packet.length);
      if (!amid.equals(alone)) {
        throw new AssertionError(alone + "\nbut amid bytes " + filler + ": " + amid);
      }
    }
  }

  /** A TCP segment with right lengths; its options and payload are the fuzzer's. */
  private static byte[] segment(FuzzInput input, IpAddress from, IpAddress to) {
    int options = 4 * input.below(11);
    int flags = input.next();
    byte[] rest = input.rest();
    byte[] header = new byte[from.isIpv4() ? 40 : 60];
    new OutgoingSegment()
        .begin(from, 40_000, to, 80)
        .flags(flags)
        .encodeHeaders(ByteBuffer.wrap(header), 0, OutgoingSegment.ChecksumMode.FULL);
    byte[] packet = Arrays.copyOf(header, header.length + Math.max(options, rest.length));
    System.arraycopy(rest, 0, packet, header.length, rest.length);
    ByteBuffer.wrap(packet)
        .putShort(
            from.isIpv4() ? 2 : 4, (short) (from.isIpv4() ? packet.length : packet.length - 40))
        .put(header.length - 20 + 12, (byte) (20 + options << 2));
    return packet;
  }

  /** An ICMP error about a segment of ours, with the fuzzer's bytes written over it. */
  private static byte[] icmp(FuzzInput input, IpAddress from, IpAddress to) {
    byte[] original = new byte[from.isIpv4() ? 40 : 60];
    new OutgoingSegment()
        .begin(from, 40_000, to, 80)
        .encodeHeaders(ByteBuffer.wrap(original), 0, OutgoingSegment.ChecksumMode.FULL);
    byte[] packet =
        IcmpErrors.error(original, to, input.below(16), input.below(16), input.nextInt());
    while (!input.isEmpty()) {
      packet[input.next() % packet.length] = (byte) input.next();
    }
    return packet;
  }

  private static String everything(byte[] bytes, int offset, int length) {
    StringBuilder text = new StringBuilder();
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    IncomingSegment segment = new IncomingSegment();
    IncomingSegment.Verdict verdict = segment.parse(buffer, offset, length);
    text.append(verdict);
    if (verdict == IncomingSegment.Verdict.OK) {
      describe(segment, text);
      if (segment.payloadOffset() + segment.payloadLength() > offset + length) {
        throw new AssertionError("payload beyond the packet");
      }
    }
    IcmpError error = new IcmpError();
    IcmpError.Verdict icmpVerdict = error.parse(buffer, offset, length);
    text.append(' ').append(icmpVerdict);
    if (icmpVerdict == IcmpError.Verdict.OK) {
      describe(error, text);
    }
    return text.toString();
  }

  private static void describe(IcmpError error, StringBuilder text) {
    text.append(error.verifyChecksum() ? " good " : " bad ").append(error.kind());
    text.append(' ').append(error.isIpv4()).append(error.mtu()).append(error.quotedLength());
    text.append(' ').append(error.sequenceNumber()).append(error.localHigh());
    text.append(' ').append(error.localLow()).append(error.localPort()).append(error.remoteHigh());
    text.append(' ').append(error.remoteLow()).append(error.remotePort());
    text.append(' ').append(error.copyWithoutPacket().kind());
  }

  /** Every way to look at a segment. */
  private static void describe(IncomingSegment segment, StringBuilder text) {
    text.append(segment.verifyChecksum() ? " good" : " bad");
    text.append(' ').append(segment.source()).append(segment.sourcePort());
    text.append(' ').append(segment.destination()).append(segment.destinationPort());
    text.append(' ').append(segment.sequenceNumber()).append(segment.acknowledgmentNumber());
    text.append(' ').append(segment.flags()).append(segment.window()).append(segment.mss());
    text.append(' ').append(segment.urgentPointer()).append(segment.ecn());
    text.append(' ').append(segment.windowScale()).append(segment.sackPermitted());
    text.append(' ').append(segment.malformedOptions()).append(segment.payloadLength());
    text.append(' ').append(segment.segmentLength());
    if (segment.hasTimestamps()) {
      text.append(' ').append(segment.timestampValue()).append(segment.timestampEchoReply());
    }
    for (int i = 0; i < segment.sackBlockCount(); i++) {
      text.append(' ').append(segment.sackLeft(i)).append(segment.sackRight(i));
    }
    describe(segment.mptcp(), text);
  }

  private static void describe(MptcpOptionSet m, StringBuilder text) {
    if (m.has(MptcpOption.MP_CAPABLE)) {
      text.append(m.capableVersion()).append(m.capableFlags()).append(m.capableLength());
      text.append(m.senderKey()).append(m.receiverKey()).append(m.capableDataLength());
      text.append(m.capableHasChecksum()).append(m.capableChecksum());
    }
    if (m.has(MptcpOption.MP_JOIN)) {
      text.append(m.joinLength()).append(m.joinBackup()).append(m.joinAddressId());
      text.append(m.joinToken()).append(m.joinRandom()).append(m.joinTruncatedHmac());
      text.append(Arrays.toString(m.joinHmac()));
    }
    if (m.has(MptcpOption.DSS)) {
      text.append(m.hasDataFin()).append(m.hasMapping()).append(m.hasDataAck());
      text.append(m.dataAck()).append(m.dataAckIs64Bit()).append(m.dataSequenceNumber());
      text.append(m.dataSequenceNumberIs64Bit()).append(m.subflowSequenceNumber());
      text.append(m.dataLevelLength()).append(m.hasDssChecksum()).append(m.dssChecksum());
    }
    if (m.has(MptcpOption.ADD_ADDR)) {
      text.append(m.addAddrAddress()).append(m.addAddrHmac()).append(m.addAddrPort());
      text.append(m.addAddrEcho()).append(m.addAddrId());
    }
    for (int i = 0; m.has(MptcpOption.REMOVE_ADDR) && i < m.removeAddrCount(); i++) {
      text.append(m.removeAddrId(i));
    }
    if (m.has(MptcpOption.MP_PRIO)) {
      text.append(m.prioBackup()).append(m.prioAddressId());
    }
    if (m.has(MptcpOption.MP_FAIL)) {
      text.append(m.failDataSequenceNumber());
    }
    if (m.has(MptcpOption.MP_FASTCLOSE)) {
      text.append(m.fastcloseKey());
    }
    if (m.has(MptcpOption.MP_TCPRST)) {
      text.append(m.resetFlags()).append(m.resetReason());
    }
    text.append(m.isEmpty());
  }
}
