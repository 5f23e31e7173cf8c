package org.mptcp4j.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mptcp4j.link.PortFilter.PortRange;
import org.mptcp4j.wire.IcmpErrors;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.OutgoingSegment;

class PortFilterTest {
  private static final List<PortRange> WEB =
      List.of(new PortRange(80, 95), new PortRange(8080, 8080));

  private static byte[] ipv4(
      int linkHeader, int headerWords, int fragment, int protocol, int port) {
    ByteBuffer b = ByteBuffer.allocate(linkHeader + headerWords * 4 + 20);
    b.put(linkHeader, (byte) (0x40 | headerWords));
    b.putShort(linkHeader + 6, (short) fragment);
    b.put(linkHeader + 9, (byte) protocol);
    b.putShort(linkHeader + headerWords * 4 + 2, (short) port);
    return b.array();
  }

  /** An IPv6 packet with extension headers of the given types, each of 8 + 8 bytes. */
  private static byte[] ipv6(int linkHeader, int port, int... extensions) {
    ByteBuffer b = ByteBuffer.allocate(linkHeader + 40 + extensions.length * 16 + 20);
    b.put(linkHeader, (byte) 0x60);
    int nextAt = linkHeader + 6;
    int at = linkHeader + 40;
    for (int extension : extensions) {
      b.put(nextAt, (byte) extension);
      nextAt = at;
      boolean fragment = extension == 44;
      b.put(at + 1, (byte) (fragment ? 0 : 1));
      at += fragment ? 8 : 16;
    }
    b.put(nextAt, (byte) 6);
    b.putShort(at + 2, (short) port);
    return b.array();
  }

  private static boolean passes(BpfProgram program, byte[] frame, int linkHeader, int protocol) {
    return new BpfMachine(program).run(frame, linkHeader, protocol, 3) != 0;
  }

  private static boolean passesIpv4(BpfProgram program, byte[] frame) {
    return passes(program, frame, 14, 0x800);
  }

  @Test
  void tcpToOurPortsPasses() {
    BpfProgram p = PortFilter.receive(WEB, 0, 2_000, 1);
    for (int port : new int[] {80, 95, 8080}) {
      assertThat(passesIpv4(p, ipv4(14, 5, 0, 6, port))).isTrue();
      assertThat(passes(p, ipv4(0, 5, 0, 6, port), 0, 0x800)).as("no link header").isTrue();
      assertThat(passesIpv4(p, ipv4(14, 15, 0x4000, 6, port))).as("IP options").isTrue();
      assertThat(passes(p, ipv6(14, port), 14, 0x86dd)).isTrue();
    }
  }

  @Test
  void otherPortsProtocolsAndEtherTypesDoNotPass() {
    BpfProgram p = PortFilter.receive(WEB, 0, 2_000, 1);
    for (int port : new int[] {0, 79, 96, 8079, 8081, 65_535}) {
      assertThat(passesIpv4(p, ipv4(14, 5, 0, 6, port))).isFalse();
      assertThat(passes(p, ipv6(14, port), 14, 0x86dd)).isFalse();
    }
    assertThat(passesIpv4(p, ipv4(14, 5, 0, 17, 80))).as("UDP").isFalse();
    assertThat(passes(p, ipv4(14, 5, 0, 6, 80), 14, 0x806)).as("ARP").isFalse();
  }

  private static byte[] framed(byte[] packet) {
    byte[] frame = new byte[14 + packet.length];
    System.arraycopy(packet, 0, frame, 14, packet.length);
    return frame;
  }

  /** A segment from {@code port}; its packet, without a link header. */
  private static byte[] segmentFrom(boolean ipv4, int port) {
    IpAddress local = IpAddress.parse(ipv4 ? "10.0.0.1" : "fd00::1");
    IpAddress remote = IpAddress.parse(ipv4 ? "10.0.0.2" : "fd00::2");
    OutgoingSegment segment = new OutgoingSegment().begin(local, port, remote, 999);
    ByteBuffer b = ByteBuffer.allocate(OutgoingSegment.MAX_HEADER_LENGTH);
    int length = segment.encodeHeaders(b, 0, OutgoingSegment.ChecksumMode.FULL);
    return java.util.Arrays.copyOf(b.array(), length);
  }

  @ParameterizedTest
  @CsvSource({
    "true, 3, 4",
    "true, 3, 1",
    "true, 11, 0",
    "true, 12, 0",
    "false, 1, 0",
    "false, 2, 0",
    "false, 3, 0",
    "false, 4, 1"
  })
  void icmpErrorsAboutSegmentsFromOurPortsPass(boolean ipv4, int type, int code) {
    BpfProgram p = PortFilter.receive(WEB, 0, 2_000, 1);
    IpAddress router = IpAddress.parse(ipv4 ? "10.0.0.9" : "fd00::9");
    int protocol = ipv4 ? 0x800 : 0x86dd;
    for (int port : new int[] {80, 95, 8080}) {
      byte[] error = IcmpErrors.error(segmentFrom(ipv4, port), router, type, code, 1_300);
      assertThat(passes(p, framed(error), 14, protocol)).isTrue();
      assertThat(passes(p, error, 0, protocol)).as("no link header").isTrue();
      int quoted = ipv4 ? 28 : 48;
      for (int length = 0; length < quoted + (ipv4 ? 20 : 40) + 2; length++) {
        byte[] cut = java.util.Arrays.copyOf(error, length);
        assertThat(passes(p, cut, 0, protocol)).as("cut at " + length).isFalse();
      }
    }
    for (int port : new int[] {79, 96, 999}) {
      byte[] error = IcmpErrors.error(segmentFrom(ipv4, port), router, type, code, 1_300);
      assertThat(passes(p, framed(error), 14, protocol)).isFalse();
    }
  }

  @Test
  void otherIcmpMessagesDoNotPass() {
    BpfProgram p = PortFilter.receive(WEB, 0, 2_000, 1);
    IpAddress router = IpAddress.parse("10.0.0.9");
    for (int type : new int[] {0, 4, 5, 8, 13}) {
      byte[] message = IcmpErrors.error(segmentFrom(true, 80), router, type, 0, 0);
      assertThat(passesIpv4(p, framed(message))).as("type " + type).isFalse();
    }
    IpAddress routerV6 = IpAddress.parse("fd00::9");
    for (int type : new int[] {128, 129, 135, 136}) {
      byte[] message = IcmpErrors.error(segmentFrom(false, 80), routerV6, type, 0, 0);
      assertThat(passes(p, framed(message), 14, 0x86dd)).as("type " + type).isFalse();
    }
    byte[] aboutUdp = IcmpErrors.error(segmentFrom(true, 80), router, 3, 3, 0);
    aboutUdp[20 + 8 + 9] = 17;
    assertThat(passesIpv4(p, framed(aboutUdp))).isFalse();
    byte[] fragment = IcmpErrors.error(segmentFrom(true, 80), router, 3, 4, 1_300);
    fragment[6] = 0x20;
    assertThat(passesIpv4(p, framed(fragment))).isFalse();
  }

  @Test
  void extensionHeadersAreWalked() {
    BpfProgram p = PortFilter.receive(WEB, 0, 2_000, 1);
    assertThat(passes(p, ipv6(14, 80, 0), 14, 0x86dd)).isTrue();
    assertThat(passes(p, ipv6(14, 80, 0, 43, 60, 60), 14, 0x86dd)).isTrue();
    assertThat(passes(p, ipv6(14, 79, 0, 60), 14, 0x86dd)).isFalse();
    assertThat(passes(p, ipv6(14, 80, 50), 14, 0x86dd)).as("ESP").isFalse();
  }

  @Test
  void onlyTheFirstFragmentPasses() {
    BpfProgram p = PortFilter.receive(WEB, 0, 2_000, 1);
    assertThat(passesIpv4(p, ipv4(14, 5, 0x2000, 6, 80))).isTrue();
    assertThat(passesIpv4(p, ipv4(14, 5, 0x2001, 6, 80))).isFalse();
    assertThat(passes(p, ipv6(14, 80, 44), 14, 0x86dd)).isTrue();
    byte[] later = ipv6(14, 80, 44);
    later[14 + 40 + 3] = 8;
    assertThat(passes(p, later, 14, 0x86dd)).isFalse();
  }

  @Test
  void framesAreSplitByLengthWithoutGapOrOverlap() {
    BpfProgram small = PortFilter.receive(WEB, 0, 100, 1);
    BpfProgram large = PortFilter.receive(WEB, 101, 2_000, 1);
    for (int padding : new int[] {0, 45, 46, 47, 1_000}) {
      byte[] frame = java.util.Arrays.copyOf(ipv4(14, 5, 0, 6, 80), 54 + padding);
      assertThat(passesIpv4(small, frame)).isEqualTo(frame.length <= 100);
      assertThat(passesIpv4(large, frame)).isEqualTo(frame.length > 100);
    }
  }

  @Property(tries = 200)
  void everyPortOfEveryRangePassesAndNoOther(
      @ForAll @Size(min = 1, max = 300) List<@IntRange(max = 4095) Integer> blocks,
      @ForAll @IntRange(max = 65_535) int anyPort) {
    GuardedPorts ports = new GuardedPorts();
    blocks.forEach(block -> ports.add(org.mptcp4j.wire.IpAddress.ANY_V6, block * 16));
    BpfProgram p = PortFilter.receive(ports.ranges(), 0, 2_000, 1);
    assertThat(passesIpv4(p, ipv4(14, 5, 0, 6, anyPort))).isEqualTo(blocks.contains(anyPort / 16));
    for (int block : blocks) {
      assertThat(passesIpv4(p, ipv4(14, 5, 0, 6, block * 16 + 15))).isTrue();
    }
  }

  @Test
  void moreRangesThanAProgramHoldsStillPass() {
    List<PortRange> ranges = new ArrayList<>();
    for (int port = 1; port < 65_000; port += 32) {
      ranges.add(new PortRange(port, port));
    }
    BpfProgram p = PortFilter.receive(ranges, 0, 2_000, 1);
    assertThat(p.length()).isLessThanOrEqualTo(BpfProgram.MAX_LENGTH);
    for (PortRange range : ranges) {
      assertThat(passesIpv4(p, ipv4(14, 5, 0, 6, range.first()))).isTrue();
    }
  }

  @Test
  void truncatedFramesDoNotPass() {
    BpfProgram p = PortFilter.receive(WEB, 0, 2_000, 1);
    byte[] whole = ipv6(14, 80, 0, 60);
    for (int length = 14; length < 14 + 40 + 32 + 4; length++) {
      assertThat(passes(p, java.util.Arrays.copyOf(whole, length), 14, 0x86dd)).isFalse();
    }
  }

  @Test
  void guardOfAListenerTakesWhatComesByLoopbackOnly() {
    BpfMachine machine = new BpfMachine(PortFilter.loopbackOnly(1));
    assertThat(machine.run(new byte[40], 0, 0x800, 1)).isPositive();
    assertThat(machine.run(new byte[40], 0, 0x800, 2)).isZero();
  }

  @Test
  void nothingPassesFromTheInterfaceThatIsLeftOut() {
    BpfProgram p = PortFilter.receive(WEB, 0, 2_000, 3);
    assertThat(passesIpv4(p, ipv4(14, 5, 0, 6, 80))).isFalse();
  }

  @Test
  void withoutPortsNothingPasses() {
    assertThat(passesIpv4(PortFilter.receive(List.of(), 0, 2_000, 1), ipv4(14, 5, 0, 6, 80)))
        .isFalse();
  }
}
