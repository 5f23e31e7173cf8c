package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.HandMadePeer.ACK;
import static org.mptcp4j.mptcp.HandMadePeer.HMAC_SHA256;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;
import static org.mptcp4j.mptcp.TwoHosts.plain;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.mptcp.MptcpConnection.Failure;
import org.mptcp4j.sim.Middlebox;
import org.mptcp4j.sim.Middleboxes;
import org.mptcp4j.tcp.TcpState;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.TcpFlags;

/** Subflows that are left over: their address is gone, or the peer does not finish them. */
class StrandedSubflowTest {
  /** As TCP does: it sends, hears nothing, and loses patience. */
  @ParameterizedTest(name = "multipath: {0}")
  @ValueSource(booleans = {true, false})
  void dataForWhichThereIsNoWayIsGivenUp(boolean multipath) {
    ConnectionConfig config = multipath ? multipath() : plain();
    TwoHosts hosts = TwoHosts.onePath(71);
    hosts.connect(config, config);
    hosts.client.addressDisappears("10.0.1.1");
    hosts.network.runFor(3_000 * SECOND);
    assertThat(hosts.clientConnection().failure()).as("nothing was to be sent").isEmpty();
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[100_000]));
    hosts.network.runFor(3_000 * SECOND);
    assertThat(hosts.clientConnection().failure()).contains(Failure.TIMED_OUT);
    assertThat(hosts.clientConnection().isClosed()).isTrue();
  }

  @Test
  void dataThatWaitsForAWayGoesOutWhenThereIsOne() {
    TwoHosts hosts = TwoHosts.onePath(72);
    hosts.connect(multipath(), multipath());
    hosts.client.addressDisappears("10.0.1.1");
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[500_000]));
    hosts.network.runFor(100 * SECOND);
    hosts.client.addressAppears("10.0.1.1");
    hosts.network.runFor(2 * SECOND);
    assertThat(hosts.serverConnection().available()).isEqualTo(500_000);
  }

  /**
   * The host moves: its address goes before it has another. The last subflow stays, in case that
   * the address comes back, until another takes its place; and keeps silent meanwhile.
   */
  @Test
  void aSubflowWhoseAddressIsGoneGoesWhenAnotherHasJoined() {
    TwoHosts hosts = TwoHosts.twoPaths(73);
    hosts.client.addressDisappears("10.0.2.1");
    hosts.connect(multipath(), multipath());
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[10]));
    hosts.network.runFor(SECOND);
    hosts.client.addressDisappears("10.0.1.1");
    assertThat(hosts.clientConnection().subflows()).hasSize(1);
    IpAddress gone = IpAddress.parse("10.0.1.1");
    List<IncomingSegment> fromNobody = new ArrayList<>();
    hosts.second.forward().middlebox(countFrom(gone, fromNobody));
    hosts.first.forward().middlebox(countFrom(gone, fromNobody));
    hosts.network.runFor(10 * SECOND);
    assertThat(fromNobody).isEmpty();

    hosts.client.addressAppears("10.0.2.1");
    hosts.network.runFor(10 * SECOND);
    assertThat(hosts.clientConnection().subflows())
        .isNotEmpty()
        .noneMatch(subflow -> subflow.flow().local().equals(gone));
    assertThat(hosts.serverConnection().subflows())
        .isNotEmpty()
        .noneMatch(subflow -> subflow.flow().remote().equals(gone));
    hosts.serverSocket.read(ByteBuffer.allocate(10));
    hosts.clientSocket.close();
    hosts.serverSocket.close();
    hosts.network.runFor(5 * SECOND);
    assertThat(hosts.clientConnection().isClosed()).isTrue();
    assertThat(hosts.clientConnection().failure()).isEmpty();
  }

  private static Middlebox countFrom(IpAddress source, List<IncomingSegment> seen) {
    return Middleboxes.watch(
        segment -> {
          if (segment.source().equals(source)) {
            seen.add(segment);
          }
        });
  }

  @Test
  void aSubflowThatThePeerDoesNotFinishIsForgotten() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    peer.confirmed(HMAC_SHA256);
    HandMadePeer.Flow second = peer.joinedByEngine();
    peer.network().runFor(50 * MILLI);
    Subflow finished = peer.connection().subflows().get(1);
    // Deprecated: the host still has it.
    peer.connection()
        .localAddressRemoved(peer.network().now(), IpAddress.parse("10.0.2.1"), peer.engine());
    second.await(segment -> segment.has(TcpFlags.FIN));
    second.send(ACK, o -> o.dssAck(peer.dataAck));
    peer.network().runFor(50 * MILLI);
    assertThat(finished.endpoint().state()).isEqualTo(TcpState.FIN_WAIT_2);
    peer.network().runFor(120 * SECOND);
    assertThat(finished.isClosed()).isTrue();
    assertThat(peer.connection().failure()).isEmpty();
  }
}
