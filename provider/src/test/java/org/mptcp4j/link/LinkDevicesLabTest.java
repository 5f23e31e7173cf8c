package org.mptcp4j.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.mptcp4j.observe.LinkCounters.Counter;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/** Devices that are stacked, or that have no link header. */
@Tag("lab")
class LinkDevicesLabTest {
  private TestNamespace a;
  private TestNamespace b;

  @BeforeEach
  void twoHosts() {
    a = TestNamespace.create("da");
    b = TestNamespace.create("db");
    TestNamespace.connect(a, "eth0", b, "eth0");
  }

  @AfterEach
  void takeDown() {
    for (TestNamespace ns : new TestNamespace[] {a, b}) {
      if (ns != null) {
        ns.close();
      }
    }
  }

  @Test
  void packetsToAnAddressOnABridgeArriveOnce() throws IOException {
    a.ip("addr add 10.77.0.1/24 dev eth0");
    b.ip("link add br0 type bridge");
    b.ip("link set br0 up");
    b.ip("link set eth0 master br0");
    b.ip("addr add 10.77.0.2/24 dev br0");
    exchangeArrivesOnce();
  }

  @Test
  void packetsToAnAddressOnAVlanArriveOnce() throws IOException {
    for (TestNamespace ns : new TestNamespace[] {a, b}) {
      stack(ns, "eth0.7", "type vlan id 7");
    }
    a.ip("addr add 10.77.0.1/24 dev eth0.7");
    b.ip("addr add 10.77.0.2/24 dev eth0.7");
    exchangeArrivesOnce();
  }

  @Test
  void packetsToAnAddressOnAMacvlanArriveOnce() throws IOException {
    a.ip("addr add 10.77.0.1/24 dev eth0");
    stack(b, "mv0", "type macvlan mode bridge");
    b.ip("addr add 10.77.0.2/24 dev mv0");
    exchangeArrivesOnce();
  }

  @Test
  void packetsToAnAddressOnAnIpvlanArriveOnce() throws IOException {
    a.ip("addr add 10.77.0.1/24 dev eth0");
    stack(b, "iv0", "type ipvlan mode l2");
    b.ip("addr add 10.77.0.2/24 dev iv0");
    exchangeArrivesOnce();
  }

  private static void stack(TestNamespace ns, String name, String type) {
    try {
      ns.ip("link add link eth0 name " + name + " " + type);
    } catch (IllegalStateException e) {
      Assumptions.abort("needs a kernel with devices of " + type + ": " + e.getMessage().strip());
    }
    ns.ip("link set " + name + " up");
  }

  private void exchangeArrivesOnce() throws IOException {
    try (LinkEnd from = new LinkEnd(a);
        LinkEnd to = new LinkEnd(b)) {
      to.guard("10.77.0.2", 80, false);
      from.guard("10.77.0.1", 4000, false);
      Egress there = LinuxPacketLinkLabTest.introduce(from, to, "10.77.0.1", "10.77.0.2");
      from.send(there, 4000, 80, ByteBuffer.allocate(50_000), 1_400);
      assertThat(to.receiveUntil(() -> to.receivedBytes() >= 50_000)).isTrue();
      Egress back = to.egress("10.77.0.2", "10.77.0.1");
      to.send(back, 80, 4000, ByteBuffer.allocate(30_000), 1_400);
      assertThat(from.receiveUntil(() -> from.receivedBytes() >= 30_000)).isTrue();
      to.receiveFor(50_000_000);
      from.receiveFor(50_000_000);
      assertThat(to.receivedBytes()).isEqualTo(50_000);
      assertThat(from.receivedBytes()).isEqualTo(30_000);
      assertThat(from.received).allMatch(r -> r.trusted() || r.checksumRight());
    }
  }

  @Test
  void tunnelWithoutLinkHeaderCarriesPacketsBothWays() throws IOException {
    int tun = a.in(() -> openTun("tun0"));
    try {
      a.ip("addr add 10.88.0.1/24 dev tun0");
      a.ip("addr add fd88::1/64 dev tun0 nodad");
      a.ip("link set tun0 up");
      try (LinkEnd end = new LinkEnd(a)) {
        end.guard("::", 4000, false);
        for (String family : new String[] {"10.88.0.", "fd88::"}) {
          Egress egress = end.egress(family + 1, family + 2);
          end.received.clear();
          assertThat(end.send(egress, 4000, 80, ByteBuffer.allocateDirect(3_000), 1_400))
              .isEqualTo(PacketLink.SendResult.SENT);
          assertThat(tcpPayloadsFrom(tun, 3)).isEqualTo(3_000);

          byte[] packet = segmentTo(egress.source(), egress.destination());
          ByteBuffer memory = Native.allocate(packet.length).put(packet);
          Native.C.write(tun, Native.address(memory), packet.length);
          assertThat(end.receiveUntil(() -> end.received.size() == 1)).isTrue();
          assertThat(end.received.get(0).checksumRight()).isTrue();
        }
        assertThat(end.link.counters().get(Counter.SLOW_WAY_SENT)).isZero();
      }
    } finally {
      Native.C.close(tun);
    }
  }

  private static byte[] segmentTo(IpAddress local, IpAddress remote) {
    OutgoingSegment segment =
        new OutgoingSegment().begin(remote, 80, local, 4000).flags(TcpFlags.ACK);
    ByteBuffer b = ByteBuffer.allocate(OutgoingSegment.MAX_HEADER_LENGTH);
    int length = segment.encodeHeaders(b, 0, OutgoingSegment.ChecksumMode.FULL);
    byte[] result = new byte[length];
    b.get(0, result);
    return result;
  }

  /** Reads that many TCP packets; the number of payload bytes in them. */
  private static int tcpPayloadsFrom(int tun, int count) {
    ByteBuffer memory = Native.allocate(2_000).order(ByteOrder.BIG_ENDIAN);
    int total = 0;
    int seen = 0;
    long end = System.nanoTime() + 5_000_000_000L;
    while (seen < count && System.nanoTime() < end) {
      int length = (int) Native.C.read(tun, Native.address(memory), 2_000);
      boolean ipv4 = length > 0 && memory.get(0) >>> 4 == 4;
      int protocol = length <= 0 ? -1 : memory.get(ipv4 ? 9 : 6);
      if (protocol == 6) {
        total += length - (ipv4 ? 40 : 60);
        seen++;
      }
    }
    return total;
  }

  private static int openTun(String name) throws IOException {
    int fd = TestNamespace.C.open("/dev/net/tun", 2 | Native.SOCK_NONBLOCK);
    Assumptions.assumeTrue(fd >= 0, "needs /dev/net/tun");
    ByteBuffer request = Native.allocate(40);
    request.put(0, name.getBytes(StandardCharsets.UTF_8));
    // IFF_TUN | IFF_NO_PI
    request.putShort(16, (short) 0x1001);
    int rc = TestNamespace.C.ioctl(fd, 0x400454caL, Native.address(request));
    Native.check(rc, "make a tun device");
    return fd;
  }
}
