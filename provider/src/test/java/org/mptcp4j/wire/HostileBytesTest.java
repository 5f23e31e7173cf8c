package org.mptcp4j.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.mptcp4j.wire.IncomingSegment.Verdict;

/** Whatever arrives: nothing throws, and nothing outside of the packet is looked at. */
class HostileBytesTest {
  private final IncomingSegment segment = new IncomingSegment();

  /** Every way to look at a segment; what lies outside must not change any of it. */
  private String everything(Verdict verdict) {
    if (verdict != Verdict.OK) {
      return verdict.toString();
    }
    MptcpOptionSet m = segment.mptcp();
    StringBuilder text = new StringBuilder(segment.verifyChecksum() ? "good" : "bad");
    text.append(' ').append(segment.source()).append(segment.sourcePort());
    text.append(' ').append(segment.destination()).append(segment.destinationPort());
    text.append(' ').append(segment.sequenceNumber()).append(segment.acknowledgmentNumber());
    text.append(' ').append(segment.flags()).append(segment.window()).append(segment.mss());
    text.append(' ').append(segment.windowScale()).append(segment.sackPermitted());
    text.append(' ').append(segment.malformedOptions()).append(segment.payloadLength());
    for (int i = 0; i < segment.sackBlockCount(); i++) {
      text.append(' ').append(segment.sackLeft(i)).append(segment.sackRight(i));
    }
    if (m.has(MptcpOption.MP_CAPABLE)) {
      text.append(m.senderKey()).append(m.receiverKey()).append(m.capableDataLength());
    }
    if (m.has(MptcpOption.DSS)) {
      text.append(m.hasDataFin()).append(m.hasMapping()).append(m.hasDataAck());
    }
    if (m.has(MptcpOption.ADD_ADDR)) {
      text.append(m.addAddrAddress()).append(m.addAddrHmac()).append(m.addAddrPort());
    }
    for (int i = 0; m.has(MptcpOption.REMOVE_ADDR) && i < m.removeAddrCount(); i++) {
      text.append(m.removeAddrId(i));
    }
    return text.toString();
  }

  /** Parses the packet amid other bytes and again with nothing around it. */
  private void parseEverywhere(byte[] bytes) {
    ByteBuffer exact = ByteBuffer.wrap(bytes.clone());
    String alone = everything(segment.parse(exact, 0, bytes.length));
    for (byte filler : new byte[] {0, -1, 0x1e}) {
      byte[] around = new byte[bytes.length + 200];
      Arrays.fill(around, filler);
      System.arraycopy(bytes, 0, around, 100, bytes.length);
      assertThat(everything(segment.parse(ByteBuffer.wrap(around), 100, bytes.length)))
          .isEqualTo(alone);
    }
  }

  @Property(tries = 3_000)
  void randomBytesNeverThrow(@ForAll @Size(max = 200) byte[] bytes) {
    parseEverywhere(bytes);
  }

  @Property(tries = 3_000)
  void aTcpHeaderWithRandomOptionsNeverThrows(
      @ForAll("headers") byte[] header, @ForAll @Size(max = 40) byte[] options) {
    int padded = options.length + 3 & ~3;
    byte[] packet = new byte[header.length + padded];
    System.arraycopy(header, 0, packet, 0, header.length);
    System.arraycopy(options, 0, packet, header.length, options.length);
    boolean v4 = header[0] == 0x45;
    ByteBuffer.wrap(packet)
        .putShort(v4 ? 2 : 4, (short) (v4 ? packet.length : packet.length - 40))
        .put(header.length - 20 + 12, (byte) (20 + padded << 2));
    parseEverywhere(packet);
  }

  @Property(tries = 3_000)
  void anMptcpOptionWithRandomContentNeverThrows(
      @ForAll("headers") byte[] header,
      @ForAll @IntRange(max = 15) int subtype,
      @ForAll @Size(min = 1, max = 38) byte[] content) {
    int length = content.length + 2;
    int padded = length + 3 & ~3;
    byte[] packet = new byte[header.length + padded];
    System.arraycopy(header, 0, packet, 0, header.length);
    System.arraycopy(content, 0, packet, header.length + 2, content.length);
    packet[header.length] = 30;
    packet[header.length + 1] = (byte) length;
    packet[header.length + 2] = (byte) (subtype << 4 | content[0] & 0xf);
    boolean v4 = header[0] == 0x45;
    ByteBuffer.wrap(packet)
        .putShort(v4 ? 2 : 4, (short) (v4 ? packet.length : packet.length - 40))
        .put(header.length - 20 + 12, (byte) (20 + padded << 2));
    parseEverywhere(packet);
  }

  @Property(tries = 3_000)
  void aKernelPacketWithBytesChangedNeverThrows(
      @ForAll @IntRange(max = 1_000) int which,
      @ForAll @IntRange(max = 99) int where,
      @ForAll byte value,
      @ForAll @IntRange(max = 120) int cut) {
    ByteBuffer packet = PACKETS.get(which % PACKETS.size());
    byte[] bytes = new byte[packet.capacity()];
    packet.get(0, bytes);
    bytes[where % bytes.length] = value;
    parseEverywhere(bytes);
    parseEverywhere(Arrays.copyOf(bytes, Math.min(cut, bytes.length)));
  }

  private static final List<ByteBuffer> PACKETS = KernelCapture.packets("two-subflows-checksum");

  @Provide
  Arbitrary<byte[]> headers() {
    return Arbitraries.of(true, false)
        .flatMap(
            v4 ->
                Arbitraries.integers()
                    .between(0, 255)
                    .map(
                        flags -> {
                          IpAddress a = IpAddress.parse(v4 ? "10.0.0.1" : "fd00::1");
                          IpAddress b = IpAddress.parse(v4 ? "10.0.0.2" : "fd00::2");
                          byte[] header = new byte[v4 ? 40 : 60];
                          new OutgoingSegment()
                              .begin(a, 1, b, 2)
                              .flags(flags)
                              .encodeHeaders(
                                  ByteBuffer.wrap(header), 0, OutgoingSegment.ChecksumMode.FULL);
                          return header;
                        }));
  }
}
