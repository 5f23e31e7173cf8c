package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;
import static org.mptcp4j.mptcp.TwoHosts.multipathWithChecksum;
import static org.mptcp4j.mptcp.TwoHosts.plain;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.sim.Loss;
import org.mptcp4j.sim.SimLink;
import org.mptcp4j.sim.SimPath;

class TransferTest {
  private static final int MEGABYTE = 1_000_000;

  @Test
  void plainTcpCarriesDataBothWays() {
    TwoHosts hosts = TwoHosts.onePath(1);
    hosts.connect(plain(), plain());
    hosts.transfer(3 * MEGABYTE, 2 * MEGABYTE);
    hosts.runToEnd(10 * SECOND);
    assertThat(hosts.clientConnection().isFallback()).isTrue();
    hosts.runUntilForgotten();
  }

  @Test
  void multipathOverOnePathCarriesDataBothWays() {
    TwoHosts hosts = TwoHosts.onePath(2);
    hosts.connect(multipath(), multipath());
    hosts.transfer(3 * MEGABYTE, 2 * MEGABYTE);
    hosts.runToEnd(10 * SECOND);
    assertThat(hosts.clientConnection().isFallback()).isFalse();
    assertThat(hosts.serverConnection().isFallback()).isFalse();
    hosts.runUntilForgotten();
  }

  @Test
  void checksumsAreUsedWhenOneSideAsks() {
    TwoHosts hosts = TwoHosts.twoPaths(3);
    hosts.connect(multipath(), multipathWithChecksum());
    assertThat(hosts.clientConnection().session().usesChecksum()).isTrue();
    hosts.transfer(3 * MEGABYTE, 2 * MEGABYTE);
    hosts.runToEnd(10 * SECOND);
    hosts.runUntilForgotten();
  }

  @Test
  void bothPathsAreFilled() {
    TwoHosts hosts = TwoHosts.twoPaths(4);
    hosts.connect(multipath(), multipath());
    hosts.transfer(40 * MEGABYTE, 0);
    long start = hosts.network.now();
    hosts.runToEnd(60 * SECOND);
    double seconds = (hosts.network.now() - start) / 1e9;
    assertThat(hosts.first.forward().carriedBytes()).isGreaterThan(16L * MEGABYTE);
    assertThat(hosts.second.forward().carriedBytes()).isGreaterThan(16L * MEGABYTE);
    assertThat(seconds).isLessThan(2.0);
    hosts.runUntilForgotten();
  }

  @Test
  void aServerCanSendFirst() {
    TwoHosts hosts = TwoHosts.twoPaths(5);
    hosts.connect(multipath(), multipath());
    hosts.transfer(0, 10 * MEGABYTE);
    hosts.runToEnd(30 * SECOND);
    hosts.runUntilForgotten();
  }

  @Test
  void aPathThatDiesInMidTransferCostsNoData() {
    TwoHosts hosts = TwoHosts.twoPaths(6);
    hosts.connect(multipath(), multipath());
    hosts.transfer(20 * MEGABYTE, 20 * MEGABYTE);
    hosts.network.runFor(SECOND);
    hosts.first.setUp(false);
    hosts.runToEnd(30 * SECOND);
  }

  @ParameterizedTest
  @ValueSource(longs = {1_000, 3_300, 4_000, 7_000, 13_000})
  void aPathThatComesBackIsUsedAgainWithinTwoSeconds(long outageMillis) {
    TwoHosts hosts = TwoHosts.twoPaths(7);
    hosts.connect(multipath(), multipath());
    hosts.transfer(400 * MEGABYTE, 0);
    hosts.network.runFor(SECOND);
    hosts.first.setUp(false);
    hosts.network.runFor(outageMillis * MILLI);
    hosts.first.setUp(true);
    hosts.network.runFor(2 * SECOND);
    long before = hosts.first.forward().carriedBytes();
    hosts.network.runFor(SECOND);
    assertThat(hosts.first.forward().carriedBytes() - before).isGreaterThan(6L * MEGABYTE);
    assertThat(hosts.clientConnection().subflows()).hasSize(2);
  }

  @Test
  void aReaderThatPausesStopsTheSenderAndLosesNothing() {
    TwoHosts hosts = TwoHosts.twoPaths(8);
    hosts.connect(multipath(), multipath());
    hosts.transfer(20 * MEGABYTE, 0);
    hosts.serverTransfer.readUpTo(MEGABYTE);
    hosts.network.runFor(30 * SECOND);
    assertThat(hosts.clientTransfer.sent()).isLessThan(8L * MEGABYTE);
    hosts.serverTransfer.readUpTo(Long.MAX_VALUE);
    hosts.runToEnd(10 * SECOND);
    assertThat(hosts.server.counters().hmacFailures.sum()).isZero();
  }

  @Test
  void aReaderThatPausesInPlainTcpLosesNothing() {
    TwoHosts hosts = TwoHosts.onePath(9);
    hosts.connect(plain(), plain());
    hosts.transfer(20 * MEGABYTE, 0);
    hosts.serverTransfer.readUpTo(MEGABYTE);
    hosts.network.runFor(30 * SECOND);
    hosts.serverTransfer.readUpTo(Long.MAX_VALUE);
    hosts.runToEnd(10 * SECOND);
  }

  @ParameterizedTest
  @ValueSource(ints = {11, 12, 13, 14, 15, 16})
  void lossReorderingAndDuplicationOnBothPathsCostNoData(int seed) {
    TwoHosts hosts = TwoHosts.twoPaths(seed);
    for (SimPath path : List.of(hosts.first, hosts.second)) {
      path.both(link -> link.loss(Loss.random(0.03)).reorder(0.05, 4 * MILLI).duplicate(0.01));
    }
    hosts.connect(multipathWithChecksum(), multipath());
    hosts.transfer(3 * MEGABYTE, 3 * MEGABYTE);
    hosts.runToEnd(120 * SECOND);
    hosts.runUntilForgotten();
    assertThat(hosts.client.badPackets() + hosts.server.badPackets()).isZero();
  }

  @Test
  void aSmallerMtuOnOnePathDoesNotCutTheSegmentsOfTheOther() {
    // RFC 8041 §3.8.
    TwoHosts hosts = TwoHosts.twoPaths(21);
    hosts.second.mtu(1_280);
    hosts.connect(multipath(), multipath());
    hosts.transfer(5_000_000, 0);
    hosts.runToEnd(30 * SECOND);
    SimLink first = hosts.first.forward();
    SimLink second = hosts.second.forward();

    assertThat(second.carriedBytes()).isGreaterThan(1_000_000);
    assertThat((double) first.carriedBytes() / first.carriedPackets()).isBetween(1_470.0, 1_500.0);
    assertThat((double) second.carriedBytes() / second.carriedPackets())
        .isBetween(1_250.0, 1_280.0);
  }
}
