package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;
import static org.mptcp4j.mptcp.TwoHosts.multipathWithChecksum;
import static org.mptcp4j.mptcp.TwoHosts.plain;

import org.junit.jupiter.api.Test;

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

  @Test
  void aPathThatComesBackIsUsedAgainWithinTwoSeconds() {
    TwoHosts hosts = TwoHosts.twoPaths(7);
    hosts.connect(multipath(), multipath());
    hosts.transfer(150 * MEGABYTE, 0);
    hosts.network.runFor(SECOND);
    hosts.first.setUp(false);
    hosts.network.runFor(6 * SECOND);
    hosts.first.setUp(true);
    hosts.network.runFor(2 * SECOND);
    long before = hosts.first.forward().carriedBytes();
    hosts.network.runFor(SECOND);
    assertThat(hosts.first.forward().carriedBytes() - before).isGreaterThan(6L * MEGABYTE);
    hosts.runToEnd(60 * SECOND);
  }
}
