package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.mptcp4j.mptcp.AddressBook.Remote;
import org.mptcp4j.sim.Loss;
import org.mptcp4j.sim.Middleboxes;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.MptcpOption;

/** RFC 8684 §3.4.1: ADD_ADDR. */
class AnnouncementTest {
  private static final IpAddress SECOND_OF_SERVER = IpAddress.parse("10.0.2.2");
  private static final byte ECHO = 1;

  /** Whether the announcements that were seen were echoes, and when they passed. */
  private final List<String> seen = new ArrayList<>();

  private final List<Long> times = new ArrayList<>();

  private void watch(TwoHosts hosts) {
    hosts.first.both(
        link ->
            link.middlebox(
                Middleboxes.editMptcp(
                    MptcpOption.ADD_ADDR,
                    option -> {
                      boolean echo = (option.get(2) & 0xf) == ECHO;
                      seen.add((echo ? "echo" : "announcement") + " of " + option.limit());
                      times.add(hosts.network.now());
                    })));
  }

  /** The client has one address only: no join comes in the way of what is announced. */
  private static TwoHosts connected(TwoHosts hosts) {
    hosts.connect(multipath(), multipath());
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[10]));
    hosts.network.runFor(10 * MILLI);
    return hosts;
  }

  private static TwoHosts clientWithOneAddress(long seed) {
    TwoHosts hosts = TwoHosts.twoPaths(seed);
    hosts.client.addressDisappears("10.0.2.1");
    return hosts;
  }

  private static void announce(TwoHosts hosts, int id, String address, int port, long flaw) {
    IpAddress parsed = IpAddress.parse(address);
    Session server = hosts.serverConnection().session();
    long hmac = Hmac.addAddr(server.local().key(), server.remote().key(), id, parsed, port);
    Subflow first = hosts.serverConnection().subflows().get(0);
    first.addControl(new ControlOption.AddAddr(false, id, parsed, port, hmac ^ flaw));
    hosts.serverConnection().pathsWritable(hosts.network.now(), hosts.server);
    hosts.network.runFor(30 * MILLI);
  }

  private static List<Remote> remotes(TwoHosts hosts) {
    return hosts.clientConnection().addresses().remotes();
  }

  @Test
  void anAnnouncementIsEchoedWithoutHmacAndNotRepeated() {
    TwoHosts hosts = clientWithOneAddress(1);
    watch(hosts);
    connected(hosts);
    hosts.network.runFor(20 * SECOND);
    assertThat(seen).containsExactly("announcement of 16", "echo of 8");
    assertThat(remotes(hosts)).extracting(Remote::address).contains(SECOND_OF_SERVER);
  }

  @Test
  void withoutEchoItIsRepeatedByTheRoundTripAndFiveTimesAtMost() {
    TwoHosts hosts = clientWithOneAddress(2);
    watch(hosts);
    hosts
        .first
        .forward()
        .middlebox(Middleboxes.stripMptcp(p -> true, subtype -> subtype == MptcpOption.ADD_ADDR));
    connected(hosts);
    hosts.network.runFor(60 * SECOND);
    assertThat(seen).hasSize(5).containsOnly("announcement of 16");
    long interval = times.get(1) - times.get(0);
    assertThat(interval).as("a retransmission timeout").isBetween(200 * MILLI, 250 * MILLI);
    for (int i = 2; i < 5; i++) {
      assertThat(times.get(i) - times.get(i - 1)).isBetween(interval << i - 1, interval << i);
    }
  }

  @Test
  void aWrongHmacIsCountedAndNothingElse() {
    TwoHosts hosts = clientWithOneAddress(3);
    connected(hosts);
    hosts.network.runFor(SECOND);
    watch(hosts);
    announce(hosts, 9, "10.0.9.2", 0, 1);
    announce(hosts, 9, "10.0.9.2", 8080, 1L << 63);
    assertThat(hosts.client.counters().hmacFailures.sum()).isEqualTo(2);
    assertThat(seen).containsExactly("announcement of 16", "announcement of 18");
    assertThat(remotes(hosts)).extracting(Remote::id).doesNotContain(9);
  }

  @Test
  void theHmacCoversThePort() {
    TwoHosts hosts = clientWithOneAddress(4);
    connected(hosts);
    hosts.network.runFor(SECOND);
    hosts
        .first
        .backward()
        .middlebox(
            Middleboxes.editMptcp(
                MptcpOption.ADD_ADDR, option -> option.putShort(8, (short) 8081)));
    announce(hosts, 9, "10.0.9.2", 8080, 0);
    assertThat(hosts.client.counters().hmacFailures.sum()).isEqualTo(1);
    assertThat(remotes(hosts)).extracting(Remote::id).doesNotContain(9);
  }

  @Test
  void anAddressWithPortIsJoinedThere() {
    TwoHosts hosts = TwoHosts.onePath(5);
    hosts.server.listen(4711, multipath(), socket -> {});
    hosts.connect(multipath(), multipath());
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[10]));
    hosts.network.runFor(SECOND);
    watch(hosts);
    // The server has an address of which it says nothing by itself, since no news goes out.
    hosts.network.path(hosts.client, "10.0.3.1", hosts.server, "10.0.3.2");
    hosts.client.addressDisappears("10.0.3.1");
    announce(hosts, 200, "10.0.3.2", 4711, 0);
    hosts.client.addressAppears("10.0.3.1");
    hosts.network.runFor(SECOND);
    assertThat(seen).contains("announcement of 18", "echo of 10");
    assertThat(hosts.clientConnection().subflows())
        .anyMatch(s -> s.flow().remotePort() == 4711 && s.isUsable());
    assertThat(hosts.serverConnection().subflows())
        .anyMatch(s -> s.flow().localPort() == 4711 && s.isUsable());
  }

  @Test
  void anIdentifierThatIsGivenToAnotherAddressStandsForThatOne() {
    TwoHosts hosts = TwoHosts.twoPaths(6);
    connected(hosts);
    hosts.network.runFor(SECOND);
    int id = hosts.serverConnection().addresses().localId(SECOND_OF_SERVER);
    Subflow second = hosts.clientConnection().subflows().get(1);
    assertThat(second.identity().remoteAddressId()).isEqualTo(id);
    // REMOVE_ADDR was lost, and the path to the old address is down.
    hosts.second.both(link -> link.loss(Loss.random(1)));
    announce(hosts, id, "10.0.9.2", 0, 0);
    assertThat(remotes(hosts))
        .extracting(Remote::address)
        .contains(IpAddress.parse("10.0.9.2"))
        .doesNotContain(SECOND_OF_SERVER);
    hosts.network.runFor(5 * SECOND);
    assertThat(second.isClosed()).isTrue();
  }

  @Test
  void whatWasLearntOutlivesTheSubflow() {
    TwoHosts hosts = TwoHosts.twoPaths(7);
    connected(hosts);
    hosts.network.runFor(SECOND);
    Subflow second = hosts.clientConnection().subflows().get(1);
    second.wantReset(MptcpOption.RESET_UNSPECIFIED, true);
    hosts.clientConnection().pathsWritable(hosts.network.now(), hosts.client);
    assertThat(second.isClosed()).isTrue();
    assertThat(remotes(hosts)).extracting(Remote::address).contains(SECOND_OF_SERVER);
    hosts.network.runFor(5 * SECOND);
    assertThat(hosts.clientConnection().subflows())
        .as("it is joined again")
        .anyMatch(s -> s.flow().remote().equals(SECOND_OF_SERVER) && s.isUsable());
  }

  @Test
  void withoutPortItIsThePortOfTheSubflowThatBroughtIt() {
    TwoHosts hosts = clientWithOneAddress(8);
    connected(hosts);
    hosts.network.runFor(SECOND);
    announce(hosts, 9, "10.0.9.2", 0, 0);
    assertThat(remotes(hosts)).contains(new Remote(9, IpAddress.parse("10.0.9.2"), TwoHosts.PORT));
  }

  @Test
  void anAnnouncementThatIsRepeatedWithoutEndLeavesRoomForOtherSignals() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow first = peer.confirmed(HandMadePeer.HMAC_SHA256);
    IpAddress address = IpAddress.parse("10.0.9.2");
    long hmac = Hmac.addAddr(HandMadePeer.KEY, peer.engineKey, 5, address, 0);
    peer.network().runFor(50 * MILLI);
    for (int i = 0; i < 100; i++) {
      first.send(HandMadePeer.ACK, o -> o.addAddr(false, 5, address, 0, hmac));
    }
    peer.network().runFor(6 * MILLI);
    Subflow subflow = peer.connection().subflows().get(0);
    peer.connection().setBackup(peer.network().now(), subflow, true, peer.engine());
    assertThat(first.during(SECOND)).anyMatch(s -> s.mptcp().has(MptcpOption.MP_PRIO));
  }
}
