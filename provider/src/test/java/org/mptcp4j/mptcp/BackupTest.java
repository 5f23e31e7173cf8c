package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.sim.SimHost;
import org.mptcp4j.sim.SimLink;
import org.mptcp4j.sim.SimSocket;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.MptcpOption;

/** MP_PRIO, RFC 8684 §3.3.8, sent and obeyed. */
class BackupTest {
  private static final int LARGE = 150_000_000;

  private TwoHosts hosts;

  @BeforeEach
  void twoBusyPaths() {
    hosts = TwoHosts.twoPaths(31);
    hosts.connect(multipath(), multipath());
    hosts.transfer(LARGE, LARGE);
    hosts.network.runFor(SECOND);
  }

  private void setSecond(SimSocket socket, SimHost host, boolean backup) {
    IpAddress client = IpAddress.parse("10.0.2.1");
    IpAddress server = IpAddress.parse("10.0.2.2");
    Subflow second =
        socket.connection().subflows().stream()
            .filter(s -> s.flow().local().equals(client) || s.flow().local().equals(server))
            .findFirst()
            .orElseThrow();
    socket.connection().setBackup(hosts.network.now(), second, backup, host);
    socket.afterCall();
  }

  private void setSecond(boolean byClient, boolean backup) {
    if (byClient) {
      setSecond(hosts.clientSocket, hosts.client, backup);
    } else {
      setSecond(hosts.serverSocket, hosts.server, backup);
    }
  }

  /** Bytes that the second path carries in a second, in the direction that carries less. */
  private long carriedBySecond() {
    long forth = hosts.second.forward().carriedBytes();
    long back = hosts.second.backward().carriedBytes();
    hosts.network.runFor(SECOND);
    return Math.min(
        hosts.second.forward().carriedBytes() - forth,
        hosts.second.backward().carriedBytes() - back);
  }

  @ParameterizedTest(name = "set by the client {0}")
  @ValueSource(booleans = {true, false})
  void aSubflowThatEitherSideMakesABackupIsSparedByBothUntilItIsNoneAnyMore(boolean byClient) {
    assertThat(carriedBySecond()).isGreaterThan(5_000_000);
    setSecond(byClient, true);
    hosts.network.runFor(500 * MILLI);
    assertThat(carriedBySecond()).isLessThan(100_000);
    setSecond(byClient, false);
    hosts.network.runFor(500 * MILLI);
    assertThat(carriedBySecond()).isGreaterThan(5_000_000);
    hosts.runToEnd(60 * SECOND);
  }

  /** MP_PRIO on the second path within 100 ms, as it arrives. */
  private List<Boolean> toldBySecond(boolean byClient) {
    List<Boolean> told = new ArrayList<>();
    SimLink link = byClient ? hosts.second.forward() : hosts.second.backward();
    IncomingSegment segment = new IncomingSegment();
    link.middlebox(
        (now, packet) -> {
          assertThat(segment.parse(packet.duplicate(), 0, packet.limit()))
              .isEqualTo(IncomingSegment.Verdict.OK);
          if (segment.mptcp().has(MptcpOption.MP_PRIO)) {
            told.add(segment.mptcp().prioBackup());
          }
          return packet;
        });
    setSecond(byClient, true);
    setSecond(byClient, false);
    hosts.network.runFor(100 * MILLI);
    return told;
  }

  /** There is always more data to fill a path with whose queue has room again. */
  @ParameterizedTest(name = "set by the client {0}")
  @ValueSource(booleans = {true, false})
  void dataThatBacksThePathUpDoesNotKeepThePeerFromBeingTold(boolean byClient) {
    hosts.client.localQueue(2 * MILLI);
    hosts.server.localQueue(2 * MILLI);
    hosts.second.rate(20_000_000);
    hosts.network.runFor(500 * MILLI);
    assertThat(toldBySecond(byClient)).containsExactly(true, false);
  }

  @ParameterizedTest(name = "set by the client {0}")
  @ValueSource(booleans = {true, false})
  void whatWasInASegmentThatThePathRefusedIsToldLater(boolean byClient) {
    hosts.second.rate(20_000_000);
    hosts.network.runFor(500 * MILLI);
    // From now on, and with so much on its way out that the next segment is refused.
    hosts.client.localQueue(2 * MILLI);
    hosts.server.localQueue(2 * MILLI);
    assertThat(toldBySecond(byClient)).containsExactly(true, false);
  }

  @Test
  void aBackupCarriesTheDataWhenTheOtherPathDies() {
    setSecond(true, true);
    hosts.network.runFor(500 * MILLI);
    hosts.first.setUp(false);
    hosts.network.runFor(2 * SECOND);
    assertThat(carriedBySecond()).isGreaterThan(5_000_000);
    hosts.first.setUp(true);
    hosts.runToEnd(60 * SECOND);
    assertThat(hosts.clientTransfer.isComplete()).isTrue();
  }

  /** What the application wants of a subflow that has only begun is said when it is there. */
  @Test
  void aSubflowMayBecomeABackupBeforeItIsEstablished() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    peer.confirmed(HandMadePeer.HMAC_SHA256);
    HandMadePeer.Flow second = peer.awaitFlow();
    second.await();
    Subflow begun = peer.connection().subflows().get(1);
    peer.connection().setBackup(peer.network().now(), begun, true, peer.engine());
    second.acceptJoin(1, false);
    second.await(segment -> segment.mptcp().has(MptcpOption.MP_JOIN));
    second.acknowledge();
    assertThat(second.during(100 * MILLI))
        .filteredOn(segment -> segment.mptcp().has(MptcpOption.MP_PRIO))
        .singleElement()
        .satisfies(segment -> assertThat(segment.mptcp().prioBackup()).isTrue());
  }
}
