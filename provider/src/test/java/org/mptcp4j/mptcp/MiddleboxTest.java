package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;
import static org.mptcp4j.mptcp.TwoHosts.multipathWithChecksum;
import static org.mptcp4j.mptcp.TwoHosts.plain;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.mptcp4j.sim.Loss;
import org.mptcp4j.sim.Middleboxes;
import org.mptcp4j.sim.Transfer;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.MptcpOption;

class MiddleboxTest {
  private static final int MEGABYTE = 1_000_000;

  @Test
  void aPeerWithoutMptcpGetsPlainTcp() {
    TwoHosts hosts = TwoHosts.twoPaths(1);
    hosts.connect(multipath(), plain());
    hosts.transfer(MEGABYTE, MEGABYTE);
    hosts.runToEnd(10 * SECOND);
    assertThat(hosts.clientConnection().isFallback()).isTrue();
    hosts.runUntilForgotten();
  }

  @Test
  void aClientWithoutMptcpIsServedPlainTcp() {
    TwoHosts hosts = TwoHosts.twoPaths(2);
    hosts.connect(plain(), multipath());
    hosts.transfer(MEGABYTE, MEGABYTE);
    hosts.runToEnd(10 * SECOND);
    assertThat(hosts.serverConnection().isFallback()).isTrue();
    hosts.runUntilForgotten();
  }

  @Test
  void optionsStrippedFromSynsMeanPlainTcp() {
    TwoHosts hosts = TwoHosts.onePath(3);
    PacketLog log = new PacketLog(hosts);
    log.watch(hosts.first.forward(), 1, true, Middleboxes.stripFromSyns());
    hosts.connect(multipath(), multipath());
    hosts.transfer(MEGABYTE, MEGABYTE);
    hosts.runToEnd(10 * SECOND);
    assertThat(hosts.clientConnection().isFallback()).isTrue();
    assertThat(log.packets()).allMatch(packet -> packet.segment().mptcp().isEmpty());
    hosts.runUntilForgotten();
  }

  @Test
  void optionsStrippedFromTheSynAckOnlyMeanPlainTcp() {
    TwoHosts hosts = TwoHosts.onePath(4);
    PacketLog log = new PacketLog(hosts);
    log.watch(hosts.first.backward(), 1, false, Middleboxes.stripFromSyns());
    hosts.connect(multipath(), multipath());
    hosts.transfer(MEGABYTE, MEGABYTE);
    hosts.runToEnd(10 * SECOND);
    assertThat(log.packets().subList(1, log.packets().size()))
        .as("after the SYN")
        .allMatch(packet -> packet.segment().mptcp().isEmpty());
    assertThat(hosts.clientConnection().isFallback()).isTrue();
    assertThat(hosts.serverConnection().isFallback()).isTrue();
    hosts.runUntilForgotten();
  }

  @Test
  void optionsStrippedAfterTheHandshakeMeanPlainTcp() {
    TwoHosts hosts = TwoHosts.onePath(5);
    hosts.first.both(link -> link.middlebox(Middleboxes.stripAfterSyns()));
    hosts.connect(multipath(), multipath());
    hosts.transfer(MEGABYTE, MEGABYTE);
    hosts.runToEnd(20 * SECOND);
    assertThat(hosts.clientConnection().isFallback()).isTrue();
    assertThat(hosts.serverConnection().isFallback()).isTrue();
    hosts.runUntilForgotten();
  }

  @Test
  void optionsStrippedAfterTheHandshakeTowardsTheClientMeanPlainTcp() {
    TwoHosts hosts = TwoHosts.onePath(6);
    hosts.first.backward().middlebox(Middleboxes.stripAfterSyns());
    hosts.connect(multipath(), multipath());
    hosts.transfer(MEGABYTE, MEGABYTE);
    hosts.runToEnd(20 * SECOND);
    assertThat(hosts.clientConnection().isFallback()).isTrue();
    assertThat(hosts.serverConnection().isFallback()).isTrue();
    hosts.runUntilForgotten();
  }

  @Test
  void optionsStrippedAfterTheHandshakeTowardsTheServerMeanPlainTcp() {
    TwoHosts hosts = TwoHosts.onePath(7);
    hosts.first.forward().middlebox(Middleboxes.stripAfterSyns());
    hosts.connect(multipath(), multipath());
    hosts.transfer(MEGABYTE, MEGABYTE);
    hosts.runToEnd(20 * SECOND);
    assertThat(hosts.clientConnection().isFallback()).isTrue();
    assertThat(hosts.serverConnection().isFallback()).isTrue();
    hosts.runUntilForgotten();
  }

  @Test
  void joinsThatLoseTheirOptionsAreGivenUpAndTheConnectionGoesOn() {
    TwoHosts hosts = TwoHosts.twoPaths(8);
    hosts.second.both(
        link ->
            link.middlebox(
                Middleboxes.stripMptcp(packet -> true, subtype -> subtype == MptcpOption.MP_JOIN)));
    hosts.connect(multipath(), multipath());
    hosts.transfer(3 * MEGABYTE, 3 * MEGABYTE);
    hosts.runToEnd(20 * SECOND);
    assertThat(hosts.clientConnection().isFallback()).isFalse();
    hosts.runUntilForgotten();
  }

  @Test
  void aThirdAckThatIsLostDoesNotCostMptcp() {
    TwoHosts hosts = TwoHosts.twoPaths(9);
    hosts.first.forward().loss(Loss.packets(2));
    hosts.server.listen(TwoHosts.PORT, multipath(), socket -> hosts.serverSocket = socket);
    hosts.clientSocket = hosts.client.connect("10.0.1.2", TwoHosts.PORT, multipath());
    hosts.network.runUntil(() -> hosts.clientSocket.isEstablished(), SECOND);
    hosts.clientTransfer = Transfer.client(MEGABYTE, 0).on(hosts.clientSocket);
    hosts.network.runUntil(() -> hosts.serverSocket != null, 10 * SECOND);
    hosts.serverTransfer = Transfer.server(0, MEGABYTE).on(hosts.serverSocket);
    hosts.runToEnd(20 * SECOND);
    assertThat(hosts.clientConnection().isFallback()).isFalse();
    assertThat(hosts.serverConnection().isFallback()).isFalse();
  }

  @Test
  void theThirdAckAndTheFirstDataMayBothBeLost() {
    TwoHosts hosts = TwoHosts.twoPaths(10);
    hosts.first.forward().loss(Loss.packets(2, 3));
    hosts.server.listen(TwoHosts.PORT, multipath(), socket -> hosts.serverSocket = socket);
    hosts.clientSocket = hosts.client.connect("10.0.1.2", TwoHosts.PORT, multipath());
    hosts.network.runUntil(() -> hosts.clientSocket.isEstablished(), SECOND);
    hosts.clientTransfer = Transfer.client(MEGABYTE, 0).on(hosts.clientSocket);
    hosts.network.runUntil(() -> hosts.serverSocket != null, 10 * SECOND);
    hosts.serverTransfer = Transfer.server(0, MEGABYTE).on(hosts.serverSocket);
    hosts.runToEnd(20 * SECOND);
    assertThat(hosts.clientConnection().isFallback()).isFalse();
    assertThat(hosts.serverConnection().isFallback()).isFalse();
  }

  @Test
  void changedPayloadOnOneOfTwoPathsCostsThatSubflowAndNoData() {
    TwoHosts hosts = TwoHosts.twoPaths(11);
    hosts.connect(multipathWithChecksum(), multipath());
    hosts.second.forward().middlebox(Middleboxes.changePayload(50));
    hosts.transfer(5 * MEGABYTE, MEGABYTE);
    hosts.runToEnd(20 * SECOND);
    assertThat(hosts.server.counters().checksumFailures.sum()).isPositive();
    assertThat(hosts.serverConnection().isFallback()).isFalse();
    hosts.runUntilForgotten();
  }

  @Test
  void sequenceNumbersMayBeShifted() {
    TwoHosts hosts = TwoHosts.twoPaths(12);
    hosts.first.forward().middlebox(Middleboxes.shiftSequenceNumbers(1_000_000));
    hosts.first.backward().middlebox(Middleboxes.shiftAcknowledgments(1_000_000));
    hosts.connect(multipathWithChecksum(), multipath());
    hosts.transfer(3 * MEGABYTE, 3 * MEGABYTE);
    hosts.runToEnd(20 * SECOND);
    assertThat(hosts.serverConnection().isFallback()).isFalse();
    hosts.runUntilForgotten();
  }

  @Test
  void aBoxThatDropsWhatItDoesNotKnowLetsPlainTcpThroughInTheEnd() {
    TwoHosts hosts = TwoHosts.onePath(13);
    hosts.first.forward().middlebox(Middleboxes.drop(MiddleboxTest::hasCapable));
    hosts.connect(multipath(), multipath());
    assertThat(hosts.clientConnection().isFallback()).isTrue();
    hosts.transfer(MEGABYTE, 0);
    hosts.runToEnd(20 * SECOND);
  }

  private static boolean hasCapable(ByteBuffer packet) {
    IncomingSegment segment = new IncomingSegment();
    segment.parse(packet, 0, packet.limit());
    return segment.mptcp().has(MptcpOption.MP_CAPABLE);
  }
}
