package org.mptcp4j.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.mptcp4j.wire.IpAddress;

/** A multihomed host: which way out, and what it hears of changes. */
@Tag("lab")
class LinkRoutesLabTest {
  private TestNamespace host;
  private TestNamespace world;

  @BeforeEach
  void hostWithTwoInterfaces() {
    host = TestNamespace.create("h");
    world = TestNamespace.create("w");
    TestNamespace.connect(host, "eth0", world, "eth0");
    TestNamespace.connect(host, "eth1", world, "eth1");
    host.ip("addr add 10.1.0.1/24 dev eth0");
    host.ip("addr add 10.2.0.1/24 dev eth1");
    host.ip("addr add fd01::1/64 dev eth0 nodad");
    host.ip("addr add fd02::1/64 dev eth1 nodad");
    host.ip("route add default via 10.1.0.2");
    host.ip("route add default via fd01::2");
  }

  @AfterEach
  void takeDown() {
    for (TestNamespace ns : new TestNamespace[] {host, world}) {
      if (ns != null) {
        ns.close();
      }
    }
  }

  @Test
  void interfaceWithoutARouteIsNoWayOut() throws IOException {
    try (LinkEnd end = new LinkEnd(host)) {
      assertThat(end.hasEgress("10.1.0.1", "192.0.2.1")).isTrue();
      assertThat(end.hasEgress("10.2.0.1", "192.0.2.1")).isFalse();
      assertThat(end.hasEgress("10.2.0.1", "10.2.0.7")).isTrue();
      assertThat(end.hasEgress("fd01::1", "fd99::1")).isTrue();
      assertThat(end.hasEgress("fd02::1", "fd99::1")).isFalse();
      assertThat(end.hasEgress("10.1.0.1", "fd99::1")).isFalse();
      assertThat(end.hasEgress("10.5.0.1", "10.1.0.2")).as("not our address").isFalse();
    }
  }

  @Test
  void secondDefaultRouteWithAHigherMetricIsEnough() throws IOException {
    host.ip("route add default via 10.2.0.2 metric 100");
    host.ip("route add default via fd02::2 metric 2000");
    try (LinkEnd end = new LinkEnd(host)) {
      assertThat(end.egress("10.2.0.1", "192.0.2.1").interfaceIndex())
          .isNotEqualTo(end.egress("10.1.0.1", "192.0.2.1").interfaceIndex());
      assertThat(end.egress("fd02::1", "fd99::1").interfaceIndex())
          .isEqualTo(end.egress("10.2.0.1", "192.0.2.1").interfaceIndex());
    }
  }

  @Test
  void multipathRouteOffersBothInterfaces() throws IOException {
    host.ip("route add 192.0.2.0/24 nexthop via 10.1.0.2 nexthop via 10.2.0.2");
    try (LinkEnd end = new LinkEnd(host)) {
      assertThat(end.hasEgress("10.1.0.1", "192.0.2.1")).isTrue();
      assertThat(end.hasEgress("10.2.0.1", "192.0.2.1")).isTrue();
    }
  }

  @Test
  void unreachableRouteIsNoWayOut() throws IOException {
    host.ip("route add unreachable 192.0.2.0/24");
    try (LinkEnd end = new LinkEnd(host)) {
      assertThat(end.hasEgress("10.1.0.1", "192.0.2.1")).isFalse();
    }
  }

  @Test
  void mtuOfTheRouteCounts() throws IOException {
    host.ip("route add 192.0.2.0/24 via 10.1.0.2 mtu 1300");
    host.ip("link set eth1 mtu 1400");
    try (LinkEnd end = new LinkEnd(host)) {
      assertThat(end.egress("10.1.0.1", "192.0.2.1").mtu()).isEqualTo(1300);
      assertThat(end.egress("10.2.0.1", "10.2.0.9").mtu()).isEqualTo(1400);
      assertThat(end.egress("10.1.0.1", "10.1.0.9").mtu()).isEqualTo(1500);
    }
  }

  @Test
  void preferredSourceIsTheKernelsChoice() throws IOException {
    try (LinkEnd end = new LinkEnd(host)) {
      assertThat(host.in(() -> end.link.preferredSource(IpAddress.parse("192.0.2.1"))))
          .contains(IpAddress.parse("10.1.0.1"));
      assertThat(host.in(() -> end.link.preferredSource(IpAddress.parse("10.2.0.9"))))
          .contains(IpAddress.parse("10.2.0.1"));
      assertThat(host.in(() -> end.link.preferredSource(IpAddress.parse("fd02::9"))))
          .contains(IpAddress.parse("fd02::1"));
    }
    host.ip("route del default");
    try (LinkEnd end = new LinkEnd(host)) {
      assertThat(host.in(() -> end.link.preferredSource(IpAddress.parse("192.0.2.1")))).isEmpty();
    }
  }

  @Test
  void usableAddressesAreListedWithoutLinkLocalOrLoopback() throws IOException {
    host.ip("addr add 169.254.7.7/16 dev eth0");
    try (LinkEnd end = new LinkEnd(host)) {
      assertThat(end.link.localAddresses())
          .extracting(a -> a.address() + "/" + a.prefixLength() + " " + a.interfaceName())
          .containsExactlyInAnyOrder(
              "10.1.0.1/24 eth0",
              "10.2.0.1/24 eth1",
              "fd01:0:0:0:0:0:0:1/64 eth0",
              "fd02:0:0:0:0:0:0:1/64 eth1");
    }
  }

  @Test
  void listenerHearsOfAddressesAndOfCablesPulled() throws IOException {
    try (LinkEnd end = new LinkEnd(host)) {
      List<String> heard = Collections.synchronizedList(new ArrayList<>());
      end.link.setNetworkListener(
          new PacketLink.NetworkListener() {
            @Override
            public void onAddressAdded(PacketLink.LocalAddress address) {
              heard.add("+" + address.address());
            }

            @Override
            public void onAddressRemoved(PacketLink.LocalAddress address) {
              heard.add("-" + address.address());
            }

            @Override
            public void onRoutesChanged() {
              heard.add("routes");
            }
          });
      Egress egress = end.egress("10.2.0.1", "10.2.0.9");
      host.ip("addr add 10.3.0.1/24 dev eth0");
      assertThat(end.receiveUntil(() -> heard.contains("+10.3.0.1"))).isTrue();
      host.ip("addr del 10.3.0.1/24 dev eth0");
      assertThat(end.receiveUntil(() -> heard.contains("-10.3.0.1"))).isTrue();
      assertThat(egress.isUsable()).isTrue();
      world.ip("link set eth1 down");
      assertThat(end.receiveUntil(() -> heard.contains("-10.2.0.1"))).isTrue();
      assertThat(egress.isUsable()).isFalse();
      world.ip("link set eth1 up");
      assertThat(end.receiveUntil(() -> heard.contains("+10.2.0.1"))).isTrue();
      assertThat(end.receiveUntil(egress::isUsable)).isTrue();
      assertThat(heard).contains("routes");
    }
  }

  @Test
  void routeThatGoesMakesTheEgressUnusable() throws IOException {
    try (LinkEnd end = new LinkEnd(host)) {
      Egress egress = end.egress("10.1.0.1", "192.0.2.1");
      host.ip("route del default");
      assertThat(end.receiveUntil(() -> !egress.isUsable())).isTrue();
      host.ip("route add default via 10.1.0.3");
      assertThat(end.receiveUntil(egress::isUsable)).isTrue();
    }
  }

  @Test
  void wayStaysRightWhenNotificationsOverflow() throws IOException {
    try (LinkEnd end = new LinkEnd(host)) {
      StringBuilder batch = new StringBuilder();
      for (int i = 0; i < 20_000; i++) {
        batch.append("route add 100.").append(64 + i / 256 / 256).append('.');
        batch.append(i / 256 % 256).append('.').append(i % 256).append(" via 10.1.0.2\n");
      }
      batch.append("addr add 10.4.0.1/24 dev eth0\n");
      java.nio.file.Path file = java.nio.file.Files.createTempFile("routes", ".batch");
      java.nio.file.Files.writeString(file, batch);
      host.ip("-batch " + file);
      java.nio.file.Files.delete(file);
      assertThat(
              end.receiveUntil(
                  () ->
                      end.link.localAddresses().stream()
                          .anyMatch(a -> a.address().equals(IpAddress.parse("10.4.0.1")))))
          .isTrue();
      assertThat(end.hasEgress("10.4.0.1", "10.4.0.2")).isTrue();
    }
  }
}
