package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.sim.Loss;
import org.mptcp4j.sim.Middleboxes;
import org.mptcp4j.sim.SimPath;
import org.mptcp4j.wire.MptcpOption;

/** Data goes out again on another subflow, and is kept until that is no more needed. */
class ReinjectionTest {
  private static final int MEGABYTE = 1_000_000;

  private TwoHosts hosts;

  @BeforeEach
  void twoPaths() {
    hosts = TwoHosts.twoPaths(61);
    hosts.first.rate(20_000_000);
    hosts.second.rate(20_000_000);
  }

  private void begin(long bytes) {
    hosts.connect(multipath(), multipath());
    hosts.transfer(bytes, 0);
    hosts.network.runFor(SECOND);
    assertThat(hosts.clientConnection().subflowCount()).isEqualTo(2);
    assertThat(hosts.clientConnection().subflows().get(1).endpoint().bytesInFlight()).isPositive();
    assertThat(hosts.clientConnection().reinjectedBytes()).isZero();
  }

  /** The transfer ends as soon as one path can end it, and something was sent twice. */
  private void arrivesWithReinjections() {
    hosts.runToEnd(12 * SECOND);
    assertThat(hosts.clientConnection().reinjectedBytes()).isPositive();
    assertThat(hosts.client.counters().reinjectedBytes.sum())
        .isEqualTo(hosts.clientConnection().reinjectedBytes());
  }

  @Test
  void afterATimeoutOfItsSubflowWhichLives() {
    begin(10 * MEGABYTE);
    hosts.second.setUp(false);
    arrivesWithReinjections();
    assertThat(hosts.clientConnection().subflowCount()).isEqualTo(2);
  }

  @Test
  void afterTheDeathOfItsSubflow() {
    begin(10 * MEGABYTE);
    // It answers with RST; and no other subflow takes the place.
    hosts.server.forgetFlow(1);
    hosts.second.forward().middlebox(Middleboxes.drop(p -> (p.get(33) & 2) != 0));
    hosts.network.runFor(100 * MILLI);
    assertThat(hosts.clientConnection().subflows())
        .filteredOn(s -> s.info().established())
        .hasSize(1);
    arrivesWithReinjections();
  }

  @Test
  void onASubflowThatJoinsWhenAllOthersHaveFallenSilent() {
    hosts.connect(multipath(), multipath());
    hosts.network.runFor(SECOND);
    for (SimPath path : List.of(hosts.first, hosts.second)) {
      path.forward().loss(Loss.random(1));
    }
    hosts.transfer(10_000, 0);
    hosts.network.runFor(SECOND);
    MptcpConnection client = hosts.clientConnection();
    assertThat(client.subflows()).filteredOn(s -> !s.outstanding().isEmpty()).hasSize(2);
    assertThat(client.reinjectedBytes()).isEqualTo(10_000);
    // The copy is gone with the second one, whose path works again; the first has the data still.
    hosts.client.addressDisappears("10.0.2.1");
    hosts.second.forward().loss(Loss.random(0));
    hosts.client.addressAppears("10.0.2.1");
    hosts.network.runFor(500 * MILLI);
    assertThat(hosts.serverTransfer.received()).isEqualTo(10_000);
  }

  @ParameterizedTest(name = "of the client {0}")
  @ValueSource(booleans = {true, false})
  void afterTheRemovalOfAnAddress(boolean ofClient) {
    begin(10 * MEGABYTE);
    if (ofClient) {
      hosts.second.setUp(false);
      hosts.client.addressDisappears("10.0.2.1");
    } else {
      hosts.server.addressDisappears("10.0.2.2");
    }
    // Long before any timer of TCP.
    hosts.network.runFor(100 * MILLI);
    assertThat(hosts.clientConnection().reinjectedBytes()).isPositive();
    arrivesWithReinjections();
  }

  @Test
  void whatASubflowAcknowledgedIsKeptUntilItIsAcknowledgedAtDataLevel() {
    // The peer's subflows acknowledge, and its DATA_ACK stands still (RFC 8684 §3.3.2).
    long[] frozen = new long[2];
    for (SimPath path : List.of(hosts.first, hosts.second)) {
      path.backward().middlebox(Middleboxes.editMptcp(MptcpOption.DSS, o -> freeze(o, frozen)));
    }
    hosts.connect(multipath(), multipath());
    hosts.network.runFor(SECOND);
    frozen[0] = 1;
    hosts.transfer(MEGABYTE, 0);
    hosts.network.runFor(900 * MILLI);
    assertThat(hosts.serverTransfer.received()).isEqualTo(MEGABYTE);
    assertThat(hosts.clientConnection().subflows())
        .allMatch(subflow -> subflow.outstanding().isEmpty());
    assertThat(hosts.clientConnection().unacknowledgedBytes()).isEqualTo(MEGABYTE);

    // The oldest of it goes out again, on any subflow: the peer may have dropped it.
    hosts.network.runFor(3 * SECOND);
    assertThat(hosts.clientConnection().reinjectedBytes()).isPositive();
    assertThat(hosts.clientConnection().unacknowledgedBytes()).isEqualTo(MEGABYTE);
    frozen[0] = 0;
    hosts.network.runUntil(() -> hosts.clientConnection().unacknowledgedBytes() == 0, 10 * SECOND);
    hosts.runToEnd(60 * SECOND);
  }

  /** Puts the first DATA_ACK that was seen into the later ones. */
  private static void freeze(ByteBuffer option, long[] frozen) {
    boolean has = (option.get(3) & 1) != 0;
    boolean isLong = (option.get(3) & 2) != 0;
    if (!has) {
      return;
    }
    long ack = isLong ? option.getLong(4) : option.getInt(4);
    if (frozen[0] == 0) {
      frozen[1] = ack;
    } else if (isLong) {
      option.putLong(4, frozen[1]);
    } else {
      option.putInt(4, (int) frozen[1]);
    }
  }

  /**
   * RFC 8041 §3.8: what was sent in the segments of one subflow goes out again in full segments of
   * the other, larger or smaller ones, with no short one at each border.
   */
  @ParameterizedTest
  @CsvSource({"1500, 1280", "1280, 1500"})
  void inFullSegmentsAcrossTheBordersOfTheFirstMappings(int firstMtu, int secondMtu) {
    hosts.first.mtu(firstMtu);
    hosts.second.mtu(secondMtu);
    hosts.connect(multipath(), multipath());
    hosts.network.runFor(SECOND);
    Subflow second = hosts.clientConnection().subflows().get(1);
    hosts.clientConnection().setBackup(hosts.network.now(), second, true, hosts.client);
    hosts.transfer(10 * MEGABYTE, 0);
    hosts.network.runFor(SECOND);
    assertThat(hosts.second.forward().carriedBytes()).isLessThan(2_000);
    long packetsBefore = hosts.second.forward().carriedPackets();
    long bytesBefore = hosts.second.forward().carriedBytes();
    // Acknowledgments still come, so that a whole window gets lost.
    hosts.first.forward().setUp(false);
    hosts.network.runUntil(
        () -> hosts.clientConnection().reinjectedBytes() >= 30 * 1_400, 5 * SECOND);
    hosts.network.runFor(15 * MILLI);
    long packets = hosts.second.forward().carriedPackets() - packetsBefore;
    long bytes = hosts.second.forward().carriedBytes() - bytesBefore;
    assertThat((double) bytes / packets).isBetween(0.97 * secondMtu, 1.0 * secondMtu);
    hosts.runToEnd(60 * SECOND);
  }
}
