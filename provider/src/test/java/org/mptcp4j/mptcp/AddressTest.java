package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.Settings;
import org.mptcp4j.sim.Loss;
import org.mptcp4j.sim.Middleboxes;
import org.mptcp4j.sim.SimPath;
import org.mptcp4j.spi.PathManager;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.TcpFlags;

class AddressTest {
  private static final int MEGABYTE = 1_000_000;

  private static Set<String> pairs(MptcpConnection connection) {
    return connection.subflows().stream()
        .map(s -> s.flow().local() + "-" + s.flow().remote())
        .collect(Collectors.toSet());
  }

  @Test
  void eachLocalAddressIsJoinedToAnAddressThatTheServerAnnounced() {
    TwoHosts hosts = TwoHosts.twoPaths(1);
    hosts.connect(multipath(), multipath());
    hosts.transfer(MEGABYTE, MEGABYTE);
    hosts.network.runFor(200 * MILLI);
    assertThat(pairs(hosts.clientConnection()))
        .containsExactlyInAnyOrder("10.0.1.1-10.0.1.2", "10.0.2.1-10.0.2.2");
    hosts.runToEnd(10 * SECOND);
  }

  @Test
  void announcementsThatAreLostAreRepeated() {
    TwoHosts hosts = TwoHosts.twoPaths(2);
    int[] dropped = new int[1];
    hosts
        .first
        .backward()
        .middlebox(
            (now, packet) -> {
              boolean strip = dropped[0] < 2 && packet.limit() > 70;
              if (!strip) {
                return packet;
              }
              var stripped =
                  Middleboxes.stripMptcp(
                      p -> true,
                      subtype -> {
                        boolean announcement = subtype == MptcpOption.ADD_ADDR;
                        dropped[0] += announcement ? 1 : 0;
                        return announcement;
                      });
              return stripped.process(now, packet);
            });
    hosts.client.addressDisappears("10.0.2.1");
    hosts.connect(multipath(), multipath());
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[10]));
    hosts.network.runFor(10 * SECOND);
    assertThat(dropped[0]).isEqualTo(2);
    assertThat(hosts.clientConnection().addresses().remotes())
        .extracting(AddressBook.Remote::address)
        .contains(IpAddress.parse("10.0.2.2"));
  }

  @Test
  void anAddressThatComesUpLaterIsJoined() {
    TwoHosts hosts = TwoHosts.twoPaths(3);
    hosts.client.addressDisappears("10.0.2.1");
    hosts.connect(multipath(), multipath());
    hosts.transfer(20 * MEGABYTE, 0);
    hosts.network.runFor(SECOND);
    assertThat(hosts.second.forward().carriedBytes()).isZero();
    hosts.client.addressAppears("10.0.2.1");
    hosts.runToEnd(10 * SECOND);
    assertThat(hosts.second.forward().carriedBytes()).isGreaterThan(MEGABYTE);
  }

  @Test
  void anAddressThatGoesAwayTakesItsSubflowAlongAndNoData() {
    TwoHosts hosts = TwoHosts.twoPaths(4);
    hosts.connect(multipath(), multipath());
    hosts.transfer(20 * MEGABYTE, 20 * MEGABYTE);
    hosts.network.runFor(SECOND);
    hosts.client.addressDisappears("10.0.2.1");
    hosts.network.runFor(100 * MILLI);
    assertThat(pairs(hosts.clientConnection()))
        .contains("10.0.1.1-10.0.1.2")
        .noneMatch(pair -> pair.startsWith("10.0.2.1"));
    hosts.network.runFor(100 * MILLI);
    assertThat(pairs(hosts.serverConnection()))
        .contains("10.0.1.2-10.0.1.1")
        .noneMatch(pair -> pair.endsWith("10.0.2.1"));
    hosts.runToEnd(30 * SECOND);
  }

  @Test
  void theFirstAddressMayGoAway() {
    TwoHosts hosts = TwoHosts.twoPaths(5);
    hosts.connect(multipath(), multipath());
    hosts.transfer(20 * MEGABYTE, 20 * MEGABYTE);
    hosts.network.runFor(SECOND);
    hosts.client.addressDisappears("10.0.1.1");
    hosts.runToEnd(30 * SECOND);
    hosts.runUntilForgotten();
  }

  @Test
  void anAddressOfTheServerThatGoesAwayIsWithdrawn() {
    TwoHosts hosts = TwoHosts.twoPaths(6);
    hosts.connect(multipath(), multipath());
    hosts.transfer(20 * MEGABYTE, 20 * MEGABYTE);
    hosts.network.runFor(SECOND);
    hosts.server.addressDisappears("10.0.2.2");
    hosts.network.runFor(500 * MILLI);
    assertThat(hosts.clientConnection().addresses().remotes())
        .extracting(AddressBook.Remote::address)
        .doesNotContain(IpAddress.parse("10.0.2.2"));
    hosts.runToEnd(30 * SECOND);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6})
  void joinsSurviveTheLossOfAnyOfTheirPackets(int lost) {
    TwoHosts hosts = TwoHosts.twoPaths(7);
    hosts.second.forward().loss(Loss.packets(lost));
    hosts.second.backward().loss(Loss.packets(lost));
    hosts.connect(multipath(), multipath());
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[10]));
    hosts.network.runFor(4 * SECOND);
    hosts.serverSocket.read(ByteBuffer.allocate(100));
    hosts.transfer(20 * MEGABYTE, 0);
    hosts.network.runFor(SECOND);
    assertThat(hosts.second.forward().carriedBytes())
        .as(hosts.network.describe())
        .isGreaterThan(MEGABYTE);
  }

  @Test
  void exampleAndLinkLocalAddressesTakeNoPart() {
    AddressFilter filter =
        new AddressFilter(Settings.of(Map.of()).get(Settings.EXCLUDED_ADDRESSES));
    for (String address :
        new String[] {
          "127.0.0.1",
          "169.254.1.1",
          "192.0.2.1",
          "198.51.100.7",
          "203.0.113.9",
          "fe80::1",
          "::1",
          "2001:db8::1",
          "ff02::1",
          "224.0.0.1",
          "0.0.0.0"
        }) {
      assertThat(filter.admits(IpAddress.parse(address))).as(address).isFalse();
    }
    assertThat(filter.admits(IpAddress.parse("10.0.0.1"))).isTrue();
    assertThat(filter.admits(IpAddress.parse("fd00::1"))).isTrue();
  }

  @Test
  void manyAnnouncedAddressesStayWithinTheLimits() {
    // 14 in one connection is what was seen in the wild (Hesmans et al., TMA 2015).
    TwoHosts hosts = TwoHosts.twoPaths(14);
    for (int i = 3; i <= 25; i++) {
      hosts.network.path(hosts.client, "10.0." + i + ".1", hosts.server, "10.0." + i + ".2");
    }
    hosts.connect(multipath(), multipath());
    for (int i = 2; i <= 25; i++) {
      IpAddress address = IpAddress.parse("10.0." + i + ".2");
      hosts.serverConnection().addresses().announce(hosts.network.now(), address);
    }
    hosts.network.runFor(30 * SECOND);

    assertThat(hosts.clientConnection().addresses().remotes()).hasSize(17);
    assertThat(hosts.clientConnection().subflows()).hasSizeLessThanOrEqualTo(8);
    assertThat(hosts.serverConnection().subflows()).hasSizeLessThanOrEqualTo(8);
    hosts.transfer(MEGABYTE, MEGABYTE);
    hosts.runToEnd(30 * SECOND);
    assertThat(hosts.clientTransfer.isComplete()).isTrue();
  }

  @Test
  void anExcludedAddressIsNeitherAnnouncedNorJoined() {
    TwoHosts hosts = TwoHosts.onePath(15);
    SimPath excluded = hosts.network.path(hosts.client, "192.0.2.1", hosts.server, "192.0.2.2");
    SimPath third = hosts.network.path(hosts.client, "10.0.3.1", hosts.server, "10.0.3.2");
    List<IpAddress> announced = new ArrayList<>();
    List<IpAddress> joined = new ArrayList<>();
    for (SimPath path : List.of(hosts.first, excluded, third)) {
      path.both(
          link ->
              link.middlebox(
                  Middleboxes.watch(
                      segment -> {
                        if (segment.mptcp().has(MptcpOption.ADD_ADDR)) {
                          announced.add(segment.mptcp().addAddrAddress());
                        }
                        if (segment.has(TcpFlags.SYN) && !segment.has(TcpFlags.ACK)) {
                          joined.addAll(List.of(segment.source(), segment.destination()));
                        }
                      })));
    }
    IpAddress example = IpAddress.parse("192.0.2.2");
    hosts.connect(multipath(), multipath());
    hosts.network.runFor(SECOND);
    // Nor where a path manager wants it.
    hosts.serverConnection().paths().announce(example.toInetAddress());
    hosts.serverConnection().pathsWritable(hosts.network.now(), hosts.server);
    hosts.network.runFor(SECOND);
    assertThat(announced).isNotEmpty().doesNotContain(example);
    // A peer that knows no better.
    hosts.serverConnection().addresses().announce(hosts.network.now(), example);
    hosts.transfer(MEGABYTE, MEGABYTE);
    hosts.network.runFor(SECOND);
    assertThat(announced).contains(example);
    PathControl paths = hosts.clientConnection().paths();
    InetAddress local = IpAddress.parse("10.0.3.1").toInetAddress();
    PathManager.Remote there = new PathManager.Remote(example.toInetAddress(), TwoHosts.PORT);
    assertThat(paths.open(local, there)).isFalse();
    hosts.network.runFor(10 * SECOND);
    assertThat(joined).doesNotContain(example, IpAddress.parse("192.0.2.1"));

    assertThat(hosts.clientConnection().addresses().remotes())
        .as("the peer's announcement was heard")
        .anyMatch(remote -> remote.address().equals(example));
    assertThat(hosts.clientTransfer.isComplete()).isTrue();
    assertThat(hosts.client.counters().joins.sum()).isEqualTo(1);
  }
}
