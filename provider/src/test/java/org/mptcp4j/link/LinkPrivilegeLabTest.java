package org.mptcp4j.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.mptcp4j.observe.LinkCounters.Counter;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/** What the link needs, and what a firewall of the host does to it. */
@Tag("lab")
class LinkPrivilegeLabTest {
  private static String openLink(TestNamespace ns, String with) {
    return ns.exec(
        with
            + Path.of(System.getProperty("java.home"), "bin", "java")
            + " -cp "
            + System.getProperty("java.class.path")
            + " org.mptcp4j.link.OpenLink");
  }

  @Test
  void withoutTheCapabilityTheErrorNamesItAndHowToGrantIt() {
    TestNamespace.requireTool("setpriv");
    try (TestNamespace ns = TestNamespace.create("p")) {
      assertThat(openLink(ns, "setpriv --bounding-set -net_raw "))
          .contains("LinkUnavailableException: cannot open a packet socket: needs CAP_NET_RAW")
          .contains("AmbientCapabilities=CAP_NET_RAW");
    }
  }

  @Test
  void theOneCapabilityIsEnough() {
    TestNamespace.requireTool("setpriv");
    try (TestNamespace ns = TestNamespace.create("p")) {
      assertThat(openLink(ns, "setpriv --bounding-set -all,+net_raw --inh-caps -all,+net_raw "))
          .contains("opened: true");
    }
  }

  @Test
  void aNeighbourThatTheKernelHasJustMetIsKnownBeforeAnyNotificationIsRead() throws IOException {
    TestNamespace.requireTool("nft");
    try (TestNamespace a = TestNamespace.create("fa");
        TestNamespace b = TestNamespace.create("fb")) {
      TestNamespace.connect(a, "eth0", b, "eth0");
      b.ip("link set eth0 address 02:00:00:00:00:02");
      a.ip("addr add 10.77.0.1/24 dev eth0");
      b.ip("addr add 10.77.0.2/24 dev eth0");
      a.ip("-6 addr add fd00:77::1/64 dev eth0 nodad");
      b.ip("-6 addr add fd00:77::2/64 dev eth0 nodad");
      a.exec("nft add table inet t");
      a.exec("nft add chain inet t out { type filter hook output priority 0 ; policy drop ; }");
      try (LinkEnd from = new LinkEnd(a);
          LinkEnd to = new LinkEnd(b)) {
        for (String family : List.of("10.77.0.", "fd00:77::")) {
          to.guard(family + "2", 80, false);
          a.ip("neigh add " + family + "2 lladdr 02:00:00:00:00:02 dev eth0 nud stale");
          int before = to.receivedBytes();
          Egress egress = from.egress(family + "1", family + "2");
          assertThat(from.send(egress, 4000, 80, ByteBuffer.allocate(10), 1_000))
              .isEqualTo(PacketLink.SendResult.SENT);
          assertThat(to.receiveUntil(() -> to.receivedBytes() == before + 10)).isTrue();
        }
      }
    }
  }

  @Test
  void whenTheFirewallRefusesTheSlowWayTheFrameStillGoesToAKnownNeighbour() throws IOException {
    TestNamespace.requireTool("nft");
    try (TestNamespace a = TestNamespace.create("fa");
        TestNamespace b = TestNamespace.create("fb")) {
      TestNamespace.connect(a, "eth0", b, "eth0");
      a.ip("addr add 10.77.0.1/24 dev eth0");
      b.ip("addr add 10.77.0.2/24 dev eth0");
      try (LinkEnd from = new LinkEnd(a);
          LinkEnd to = new LinkEnd(b)) {
        to.guard("10.77.0.2", 80, false);
        Egress egress = LinuxPacketLinkLabTest.introduce(from, to, "10.77.0.1", "10.77.0.2");
        a.exec("nft add table inet t");
        a.exec("nft add chain inet t out { type filter hook output priority 0 ; policy drop ; }");
        b.exec("nft add table inet t");
        b.exec("nft add chain inet t in { type filter hook input priority 0 ; policy drop ; }");
        PacketLink.SendResult result =
            a.in(
                () ->
                    from.link.send(
                        new OutgoingSegment()
                            .begin(egress.source(), 4000, egress.destination(), 80)
                            .flags(TcpFlags.ACK)
                            .retransmissionAfterTimeout(true)
                            .payload(ByteBuffer.allocate(10), 0, 10),
                        egress));
        assertThat(result).isEqualTo(PacketLink.SendResult.SENT);
        assertThat(from.link.counters().get(Counter.FIREWALL_REFUSALS)).isEqualTo(1);
        assertThat(to.receiveUntil(() -> to.receivedBytes() == 10)).isTrue();
      }
    }
  }
}
