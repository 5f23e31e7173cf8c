package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.HandMadePeer.ACK;
import static org.mptcp4j.mptcp.HandMadePeer.HMAC_SHA256;
import static org.mptcp4j.mptcp.HandMadePeer.KEY;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.MptcpOptionSet;
import org.mptcp4j.wire.TcpFlags;

/** RFC 8684 §3.4: addresses that are announced and withdrawn. */
class AddressStoriesTest {
  private static final IpAddress SECOND_OF_SERVER = IpAddress.parse("10.0.2.2");

  private static List<IpAddress> remotes(HandMadePeer peer) {
    return peer.connection().addresses().remotes().stream()
        .map(AddressBook.Remote::address)
        .toList();
  }

  private static void announce(
      HandMadePeer peer, HandMadePeer.Flow flow, int id, IpAddress address, int port) {
    long hmac = Hmac.addAddr(KEY, peer.engineKey, id, address, port);
    flow.send(ACK, o -> o.addAddr(false, id, address, port, hmac));
  }

  private static IncomingSegment awaitOption(HandMadePeer.Flow flow, int subtype) {
    return flow.await(segment -> segment.mptcp().has(subtype));
  }

  /** A client of an engine whose server has more addresses than one. */
  private static HandMadePeer clientOfServerWith(int addresses) {
    HandMadePeer peer = HandMadePeer.client(multipath());
    for (int i = 3; i <= addresses; i++) {
      peer.engine().addressAppears("10.0." + i + ".2");
    }
    return peer;
  }

  @Test
  void anAddressIsKeptAndEchoed() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow flow = peer.confirmed(HMAC_SHA256);
    announce(peer, flow, 3, SECOND_OF_SERVER, 9_000);
    MptcpOptionSet echo = awaitOption(flow, MptcpOption.ADD_ADDR).mptcp();
    assertThat(echo.addAddrEcho()).isTrue();
    assertThat(echo.addAddrId()).isEqualTo(3);
    assertThat(echo.addAddrAddress()).isEqualTo(SECOND_OF_SERVER);
    assertThat(echo.addAddrPort()).isEqualTo(9_000);
    assertThat(peer.connection().addresses().remotes())
        .contains(new AddressBook.Remote(3, SECOND_OF_SERVER, 9_000));
  }

  @Test
  void eachAddressAnnouncedHasAnIdentifierOfItsOwn() {
    HandMadePeer peer = clientOfServerWith(6);
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256);
    Map<Integer, IpAddress> announced = new HashMap<>();
    int repeated = 0;
    while (announced.size() < 5) {
      MptcpOptionSet options = awaitOption(flow, MptcpOption.ADD_ADDR).mptcp();
      int id = options.addAddrId();
      IpAddress address = options.addAddrAddress();
      assertThat(options.addAddrEcho()).isFalse();
      assertThat(options.addAddrHmac())
          .isEqualTo(Hmac.addAddr(peer.engineKey, KEY, id, address, options.addAddrPort()));
      IpAddress before = announced.put(id, address);
      if (before != null) {
        repeated++;
        assertThat(address).isEqualTo(before);
        flow.send(ACK, o -> o.addAddr(true, id, address, options.addAddrPort(), 0));
      }
    }
    assertThat(repeated).isPositive();
    assertThat(announced.keySet()).doesNotContain(0);
    assertThat(announced.values()).doesNotHaveDuplicates();
  }

  @Test
  void anAnnouncementWithAWrongHmacIsPassedOver() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow flow = peer.confirmed(HMAC_SHA256);
    peer.network().runFor(100 * MILLI);
    long hmac = Hmac.addAddr(KEY, peer.engineKey, 3, SECOND_OF_SERVER, 0);
    flow.send(ACK, o -> o.addAddr(false, 3, SECOND_OF_SERVER, 0, hmac ^ 1));
    // The HMAC is about the port, too.
    flow.send(ACK, o -> o.addAddr(false, 3, SECOND_OF_SERVER, 9_000, hmac));
    assertThat(flow.during(SECOND))
        .noneMatch(segment -> segment.mptcp().has(MptcpOption.ADD_ADDR))
        .noneMatch(segment -> segment.has(TcpFlags.RST));
    assertThat(remotes(peer)).containsExactly(IpAddress.parse("10.0.1.2"));
    assertThat(peer.engine().counters().hmacFailures.sum()).isEqualTo(2);
  }

  @Test
  void onlyTheEchoOfItsOwnIdentifierAndAddressEndsAnAnnouncement() {
    HandMadePeer peer = clientOfServerWith(2);
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256);
    MptcpOptionSet first = awaitOption(flow, MptcpOption.ADD_ADDR).mptcp();
    IpAddress other = IpAddress.parse("10.0.9.2");
    flow.send(ACK, o -> o.addAddr(true, first.addAddrId() + 1, first.addAddrAddress(), 0, 0));
    flow.send(ACK, o -> o.addAddr(true, first.addAddrId(), other, 0, 0));
    MptcpOptionSet again = awaitOption(flow, MptcpOption.ADD_ADDR).mptcp();
    assertThat(again.addAddrId()).isEqualTo(first.addAddrId());
    flow.send(ACK, o -> o.addAddr(true, first.addAddrId(), first.addAddrAddress(), 0, 0));
    assertThat(flow.during(10 * SECOND))
        .noneMatch(segment -> segment.mptcp().has(MptcpOption.ADD_ADDR));
  }

  @Test
  void withoutPortAnAnnouncementMeansThatOfTheSubflowThatBroughtIt() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow flow = peer.confirmed(HMAC_SHA256 | MptcpOption.CAPABLE_NO_JOIN_TO_INITIAL);
    announce(peer, flow, 3, SECOND_OF_SERVER, 9_000);
    HandMadePeer.Flow joined = peer.joinedByEngine();
    assertThat(joined.localPort).isEqualTo(9_000);
    announce(peer, joined, 3, SECOND_OF_SERVER, 0);
    peer.network().runFor(SECOND);
    assertThat(peer.begun()).as("there is one to that port already").isEmpty();
    announce(peer, flow, 3, SECOND_OF_SERVER, 0);
    assertThat(peer.awaitFlow().localPort).isEqualTo(TwoHosts.PORT);
  }

  @Test
  void reservedBitsOfAnAnnouncementMeanNothing() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow flow = peer.confirmed(HMAC_SHA256);
    long hmac = Hmac.addAddr(KEY, peer.engineKey, 3, SECOND_OF_SERVER, 0);
    ByteBuffer option = ByteBuffer.allocate(16).put((byte) MptcpOption.KIND).put((byte) 16);
    option.put((byte) 0x3e).put((byte) 3).put(SECOND_OF_SERVER.toBytes()).putLong(hmac);
    flow.sendRaw(ACK, option.array());
    assertThat(awaitOption(flow, MptcpOption.ADD_ADDR).mptcp().addAddrEcho()).isTrue();
    assertThat(remotes(peer)).contains(SECOND_OF_SERVER);
  }

  @Test
  void theRemovalOfAnUnknownIdentifierIsPassedOver() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow flow = peer.confirmed(HMAC_SHA256);
    HandMadePeer.Flow second = peer.joinedByEngine();
    peer.network().runFor(100 * MILLI);
    flow.send(ACK, o -> o.removeAddr(new int[] {99, 100}, 2));
    peer.network().runFor(SECOND);
    assertThat(flow.during(0)).as("neither RST nor probe").isEmpty();
    assertThat(second.during(0)).isEmpty();
    assertThat(peer.connection().subflows()).hasSize(2);
    assertThat(remotes(peer)).containsExactly(IpAddress.parse("10.0.1.2"));
  }

  @Test
  void oneRemovalMayNameSeveralIdentifiers() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow first = peer.connected(HMAC_SHA256);
    HandMadePeer.Flow second = peer.joined(40_001, 8);
    HandMadePeer.Flow third = peer.joined(40_002, 9);
    peer.network().runFor(SECOND);
    List.of(first, second, third).forEach(flow -> flow.during(0));
    first.send(ACK, o -> o.removeAddr(new int[] {99, 8, 9}, 3));
    // RFC 9293 §3.8.4: a probe has the number before the next.
    assertThat(second.await().sequenceNumber()).isEqualTo(second.received() - 1);
    assertThat(third.await().sequenceNumber()).isEqualTo(third.received() - 1);
    assertThat(first.during(0)).isEmpty();
  }

  @Test
  void aRemovalThatIsRepeatedGivesAPathNoMoreTime() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow first = peer.connected(HMAC_SHA256);
    HandMadePeer.Flow second = peer.joined(40_001, 8);
    peer.network().runFor(SECOND);
    second.during(0);
    for (int i = 0; i < 20; i++) {
      first.send(ACK, o -> o.removeAddr(new int[] {8}, 1));
      peer.network().runFor(250 * MILLI);
    }
    List<IncomingSegment> probes = second.during(0);
    IncomingSegment last = probes.remove(probes.size() - 1);
    assertThat(probes).hasSizeGreaterThanOrEqualTo(3);
    assertThat(probes).noneMatch(segment -> segment.has(TcpFlags.RST));
    assertThat(last.has(TcpFlags.RST)).as("nothing answered them").isTrue();
    assertThat(peer.connection().subflows()).hasSize(1);
  }

  @Test
  void anAddressThatIsNotInUseIsWithdrawnAsWell() {
    HandMadePeer peer = clientOfServerWith(3);
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256);
    Map<IpAddress, Integer> announced = new HashMap<>();
    while (announced.size() < 2) {
      MptcpOptionSet options = awaitOption(flow, MptcpOption.ADD_ADDR).mptcp();
      int id = options.addAddrId();
      IpAddress address = options.addAddrAddress();
      announced.put(address, id);
      flow.send(ACK, o -> o.addAddr(true, id, address, 0, 0));
    }
    peer.network().runFor(SECOND);
    flow.during(0);
    peer.engine().addressDisappears("10.0.3.2");
    List<IncomingSegment> removals = flow.during(10 * SECOND);
    assertThat(removals).hasSize(3);
    for (IncomingSegment removal : removals) {
      assertThat(removal.mptcp().removeAddrCount()).isEqualTo(1);
      assertThat(removal.mptcp().removeAddrId(0))
          .isEqualTo(announced.get(IpAddress.parse("10.0.3.2")));
    }
  }

  /** The engine's second address has the only subflow; gives that subflow. */
  private static HandMadePeer.Flow onlyOnSecond(HandMadePeer peer) {
    HandMadePeer.Flow first = peer.connected(HMAC_SHA256);
    HandMadePeer.Flow second = peer.joined(40_001);
    first.send(TcpFlags.RST | ACK, o -> {});
    peer.network().runFor(SECOND);
    assertThat(peer.connection().subflows()).hasSize(1);
    second.during(0);
    return second;
  }

  private static boolean removes(IncomingSegment segment) {
    return segment.mptcp().has(MptcpOption.REMOVE_ADDR);
  }

  @Test
  void aWithdrawalDoesNotGoOverTheAddressThatItIsAbout() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow second = onlyOnSecond(peer);
    // Deprecated: the host still has it.
    long now = peer.network().now();
    peer.connection().localAddressRemoved(now, SECOND_OF_SERVER, peer.engine());
    assertThat(second.during(3 * SECOND)).noneMatch(AddressStoriesTest::removes);
    HandMadePeer.Flow third = peer.flow(1, 40_002);
    third.join(9, false);
    third.send(ACK, o -> o.mpJoinAck(third.proof()));
    assertThat(third.during(3 * SECOND)).anyMatch(AddressStoriesTest::removes);
    assertThat(second.during(0)).noneMatch(AddressStoriesTest::removes);
  }

  @Test
  void anAddressThatCameBackUnnoticedHasTheSameIdentifierAndIsNotWithdrawn() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow second = onlyOnSecond(peer);
    int id = peer.connection().subflows().get(0).info().localAddressId();
    // There is no other subflow that could have told of it.
    peer.engine().addressDisappears("10.0.2.2");
    peer.network().runFor(100 * MILLI);
    peer.engine().addressAppears("10.0.2.2");
    assertThat(peer.flow(2, 40_002).join(7, false).mptcp().joinAddressId()).isEqualTo(id);
    HandMadePeer.Flow third = peer.flow(1, 40_003);
    third.join(9, false);
    third.send(ACK, o -> o.mpJoinAck(third.proof()));
    assertThat(third.during(10 * SECOND)).noneMatch(AddressStoriesTest::removes);
    assertThat(second.during(0)).noneMatch(AddressStoriesTest::removes);
  }

  @Test
  void theFirstAddressKeepsItsIdentifierAndIsNotWithdrawnAgainOnceItIsBack() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    peer.connected(HMAC_SHA256);
    HandMadePeer.Flow second = peer.joined(40_001);
    peer.engine().addressDisappears("10.0.1.2");
    assertThat(second.await(AddressStoriesTest::removes).mptcp().removeAddrId(0)).isZero();
    peer.engine().addressAppears("10.0.1.2");
    assertThat(second.during(10 * SECOND)).noneMatch(AddressStoriesTest::removes);
    assertThat(peer.flow(1, 40_002).join(9, false).mptcp().joinAddressId()).isZero();
  }

  @Test
  void aJoinGoesToThePortOfTheFirstSubflowUnlessAnotherWasAnnounced() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow flow = peer.confirmed(HMAC_SHA256);
    // What the second interface joins without being told: the port of the first subflow.
    assertThat(peer.awaitFlow().localPort).isEqualTo(TwoHosts.PORT);
    announce(peer, flow, 3, SECOND_OF_SERVER, 9_000);
    HandMadePeer.Flow second = peer.awaitFlow();
    assertThat(second.local).isEqualTo(SECOND_OF_SERVER);
    assertThat(second.localPort).isEqualTo(9_000);
  }

  @Test
  void anotherPortOfAnAddressIsJoinedWhereNoSubflowLeadsThereYet() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow flow = peer.confirmed(HMAC_SHA256 | MptcpOption.CAPABLE_NO_JOIN_TO_INITIAL);
    announce(peer, flow, 3, SECOND_OF_SERVER, 9_000);
    HandMadePeer.Flow refused = peer.awaitFlow();
    assertThat(refused.localPort).isEqualTo(9_000);
    refused.await();
    refused.send(TcpFlags.RST | ACK, o -> o.mpTcpReset(true, 0));
    announce(peer, flow, 3, SECOND_OF_SERVER, 9_001);
    HandMadePeer.Flow joined = peer.awaitFlow();
    assertThat(joined.local).isEqualTo(SECOND_OF_SERVER);
    assertThat(joined.localPort).isEqualTo(9_001);
  }

  @Test
  void anotherPortOfAnAddressInUseIsJoinedOnceAndWithinTheLimits() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow flow = peer.confirmed(HMAC_SHA256 | MptcpOption.CAPABLE_NO_JOIN_TO_INITIAL);
    announce(peer, flow, 3, SECOND_OF_SERVER, 9_000);
    int most = multipath().maxSubflows();
    for (int i = 1; i < most; i++) {
      HandMadePeer.Flow joined = peer.joinedByEngine();
      assertThat(joined.local).isEqualTo(SECOND_OF_SERVER);
      assertThat(joined.localPort).isEqualTo(9_000 + i - 1);
      peer.network().runFor(SECOND);
      assertThat(peer.connection().subflows()).hasSize(1 + i);
      announce(peer, flow, 3, SECOND_OF_SERVER, 9_000 + i);
    }
    peer.network().runFor(5 * SECOND);
    assertThat(peer.connection().subflows()).hasSize(most);
  }
}
