package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.HandMadePeer.ACK;
import static org.mptcp4j.mptcp.HandMadePeer.HMAC_SHA256;
import static org.mptcp4j.mptcp.HandMadePeer.KEY;
import static org.mptcp4j.mptcp.HandMadePeer.RST;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;
import static org.mptcp4j.mptcp.TwoHosts.multipathWithChecksum;

import java.nio.ByteBuffer;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.sim.SimHost;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.TcpFlags;
import org.mptcp4j.wire.TcpOptionWriter;

/** RFC 8684 §3.3.3, break before make: how a connection without a subflow comes to one again. */
class RejoinStoriesTest {
  /** RST that answers the join. */
  private static void refuse(HandMadePeer.Flow join, Consumer<TcpOptionWriter> options) {
    join.await();
    join.send(RST | ACK, options);
  }

  private static void prohibit(TcpOptionWriter options) {
    options.mpTcpReset(false, MptcpOption.RESET_ADMINISTRATIVELY_PROHIBITED);
  }

  /**
   * A connection on which nothing is said loses its last subflow twice; the second time is as good
   * as the first.
   */
  @Test
  void aSilentConnectionThatWasRejoinedHasAllTheTimeAgain() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow first = peer.connected(HMAC_SHA256);
    first.send(RST | ACK, o -> {});
    peer.network().runFor(5 * SECOND);
    HandMadePeer.Flow second = peer.joined(40_001);
    peer.network().runFor(50 * SECOND);
    second.send(RST | ACK, o -> {});
    peer.network().runFor(50 * SECOND);
    assertThat(peer.connection().subflows()).isEmpty();
    assertThat(peer.connection().failure()).isEmpty();
    HandMadePeer.Flow third = peer.joined(40_002);
    third.data(peer.dsn(0), new byte[10]);
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read()).hasSize(10);
  }

  /**
   * The first path is gone for some seconds. Meanwhile joins that go elsewhere are answered by RST:
   * by a peer that wants nothing on that path, by a box, by a host that has the same address.
   */
  @ParameterizedTest(name = "from {0}*, with a reason: {1}")
  @CsvSource({"10.0., true", "10.0.1.2, false", "10.0.2.2, false"})
  void aRefusalThatSaysNothingOfTheConnectionLeavesItAlive(String from, boolean withReason) {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow first = peer.confirmed(HMAC_SHA256);
    IpAddress second = IpAddress.parse("10.0.2.2");
    long hmac = Hmac.addAddr(KEY, peer.engineKey, 5, second, 0);
    first.send(ACK, o -> o.addAddr(false, 5, second, 0, hmac));
    peer.network().runFor(50 * MILLI);
    first.send(RST | ACK, o -> {});
    peer.network().runFor(50 * MILLI);
    peer.engine().addressDisappears("10.0.1.1");
    peer.network().runFor(5 * SECOND);
    peer.begun().clear();
    int refused = 0;
    for (int i = 0; i < 20; i++) {
      peer.network().runFor(SECOND);
      for (HandMadePeer.Flow join; (join = peer.begun().poll()) != null; ) {
        if (join.local.toString().startsWith(from)) {
          refuse(join, withReason ? RejoinStoriesTest::prohibit : o -> {});
          refused++;
        }
      }
    }
    assertThat(refused).isPositive();
    assertThat(peer.connection().failure()).isEmpty();
    peer.engine().addressAppears("10.0.1.1");
    HandMadePeer.Flow again = peer.joinedByEngine();
    again.data(peer.dsn(0), new byte[10]);
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read()).hasSize(10);
  }

  /** As for a wrong checksum where data is missing elsewhere: the data has to come again. */
  @Test
  void aPathThatWasRefusedForGoodIsTriedAgainWhereThereIsNoOther() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow first = peer.confirmed(HMAC_SHA256);
    refuse(peer.awaitFlow(), RejoinStoriesTest::prohibit);
    peer.network().runFor(SECOND);
    first.send(RST | ACK, o -> o.mpTcpReset(false, MptcpOption.RESET_MIDDLEBOX_INTERFERENCE));
    HandMadePeer.Flow another = peer.joinedByEngine();
    another.data(peer.dsn(0), new byte[10]);
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read()).hasSize(10);
  }

  /** The server, too, may open subflows; those of Linux do where they are told to. */
  @Test
  void aServerMayJoin() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow first = peer.confirmed(HMAC_SHA256);
    refuse(peer.awaitFlow(), RejoinStoriesTest::prohibit);
    first.send(RST | ACK, o -> {});
    peer.network().runFor(50 * MILLI);
    peer.begun().clear();
    HandMadePeer.Flow join = peer.flowToClient(2, 10_001, first.remotePort);
    assertThat(join.join(7, false).mptcp().has(MptcpOption.MP_JOIN)).isTrue();
    join.send(ACK, o -> o.mpJoinAck(join.proof()));
    join.await();
    join.data(peer.dsn(0), new byte[10]);
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read()).hasSize(10);
  }

  /** As Linux does when an endpoint is deleted, be it the last: it has nothing to send on then. */
  @Test
  void aPeerThatFinishesItsLastSubflowBeforeItsStreamGetsAnother() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow first = peer.confirmed(HMAC_SHA256);
    refuse(peer.awaitFlow(), RejoinStoriesTest::prohibit);
    peer.network().runFor(SECOND);
    first.send(ACK | TcpFlags.FIN, o -> o.dssAck(peer.dataAck));
    HandMadePeer.Flow another = peer.joinedByEngine();
    first.await(segment -> segment.has(TcpFlags.FIN));
    another.data(peer.dsn(0), new byte[10]);
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read()).hasSize(10);
  }

  /** Who has said all needs no subflow to say it on. */
  @Test
  void aPeerThatFinishesItsLastSubflowWithItsStreamGetsNoOther() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow first = peer.confirmed(HMAC_SHA256);
    refuse(peer.awaitFlow(), RejoinStoriesTest::prohibit);
    peer.network().runFor(SECOND);
    first.send(ACK | TcpFlags.FIN, o -> o.dss(peer.dataAck, peer.dsn(0), 0, 1, -1, true));
    peer.network().runFor(10 * SECOND);
    assertThat(peer.begun()).isEmpty();
    peer.socket.write(ByteBuffer.allocate(10));
    assertThat(first.await(segment -> segment.payloadLength() > 0)).isNotNull();
  }

  /**
   * Subflows that are dead at the peer, whose resets got lost, take the places of those that would
   * work: they are asked, and go.
   */
  @Test
  void deadSubflowsDoNotKeepANewOneOut() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    peer.connected(HMAC_SHA256);
    for (int port = 40_001; port <= 40_007; port++) {
      peer.joined(port);
    }
    peer.network().runFor(2 * SECOND);
    assertThat(peer.flow(2, 40_008).join(7, false).has(TcpFlags.RST)).isTrue();
    peer.network().runFor(10 * SECOND);
    HandMadePeer.Flow another = peer.joined(40_009);
    another.data(peer.dsn(0), new byte[10]);
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read()).hasSize(10);
  }

  /** One direction is shut; what comes in the other outlives the ends of all subflows. */
  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {2, 12, 27})
  void aHalfClosedConnectionOutlivesItsSubflows(long seed) {
    boolean up = seed % 2 == 0;
    TwoHosts hosts = TwoHosts.twoPaths(seed);
    hosts.first.rate(2_000_000);
    hosts.second.rate(2_000_000);
    hosts.connect(multipathWithChecksum(), multipath());
    Random random = new Random(seed);
    hosts.transfer(up ? 20_000_000 : 100, up ? 100 : 20_000_000);
    long end = hosts.network.now() + 400 * SECOND;
    while (!hosts.clientTransfer.isComplete() && hosts.network.now() < end) {
      hosts.network.runFor((200 + random.nextInt(1_000)) * MILLI);
      disturb(hosts, random);
    }
    hosts.runToEnd(200 * SECOND);
    assertThat(hosts.clientTransfer.isComplete() && hosts.serverTransfer.isComplete()).isTrue();
    hosts.runUntilForgotten();
  }

  private static void disturb(TwoHosts hosts, Random random) {
    boolean all = random.nextInt(3) == 0;
    switch (random.nextInt(4)) {
      case 0 -> forget(hosts.server, all, random);
      case 1 -> forget(hosts.client, false, random);
      case 2 -> {
        boolean one = random.nextBoolean();
        hosts.first.setUp(!(one || all));
        hosts.second.setUp(one && !all);
        hosts.network.runFor(random.nextInt(10_000) * MILLI);
        hosts.first.setUp(true);
        hosts.second.setUp(true);
      }
      default -> {
        String one = random.nextBoolean() ? "10.0.1.1" : "10.0.2.1";
        String other = one.equals("10.0.1.1") ? "10.0.2.1" : "10.0.1.1";
        hosts.client.addressDisappears(one);
        if (all) {
          hosts.client.addressDisappears(other);
        }
        hosts.network.runFor(random.nextInt(20_000) * MILLI);
        hosts.client.addressAppears(other);
        hosts.network.runFor(random.nextInt(5_000) * MILLI);
        hosts.client.addressAppears(one);
      }
    }
  }

  private static void forget(SimHost host, boolean all, Random random) {
    do {
      host.forgetFlow(random.nextInt(4));
    } while (all && host.flowCount() > 0);
  }
}
