package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;
import static org.mptcp4j.mptcp.TwoHosts.multipathWithChecksum;
import static org.mptcp4j.mptcp.TwoHosts.plain;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.sim.Loss;

/** Mappings that span many packets, as segmentation offload makes them. */
class OffloadTest {
  private static final int MEGABYTE = 1_000_000;

  private static TwoHosts offloading(long seed) {
    TwoHosts hosts = TwoHosts.twoPaths(seed);
    hosts.client.offload(64_000);
    hosts.server.offload(64_000);
    return hosts;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void mappingsMaySpanManyPackets(boolean checksum) {
    TwoHosts hosts = offloading(1);
    hosts.connect(checksum ? multipathWithChecksum() : multipath(), multipath());
    hosts.transfer(20 * MEGABYTE, 20 * MEGABYTE);
    hosts.runToEnd(20 * SECOND);
    hosts.runUntilForgotten();
  }

  @Test
  void plainTcpIsOffloadedToo() {
    TwoHosts hosts = offloading(2);
    hosts.connect(plain(), plain());
    hosts.transfer(20 * MEGABYTE, 20 * MEGABYTE);
    hosts.runToEnd(20 * SECOND);
    hosts.runUntilForgotten();
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 4, 5, 6, 7, 8})
  void lossInTheMiddleOfAMappingIsRepaired(int seed) {
    TwoHosts hosts = offloading(seed);
    hosts.first.both(link -> link.loss(Loss.random(0.02)).reorder(0.02, 3 * MILLI));
    hosts.second.both(link -> link.loss(Loss.random(0.02)).duplicate(0.02));
    hosts.connect(multipathWithChecksum(), multipath());
    hosts.transfer(5 * MEGABYTE, 5 * MEGABYTE);
    hosts.runToEnd(60 * SECOND);
    assertThat(hosts.clientConnection().isFallback()).isFalse();
    hosts.runUntilForgotten();
  }

  @ParameterizedTest
  @ValueSource(ints = {9, 10, 11})
  void aPathThatBacksUpSlowsOnlyItself(int seed) {
    TwoHosts hosts = offloading(seed);
    hosts.client.localQueue(2 * MILLI);
    hosts.server.localQueue(2 * MILLI);
    hosts.connect(multipath(), multipath());
    long start = hosts.network.now();
    hosts.transfer(40 * MEGABYTE, 0);
    hosts.runToEnd(20 * SECOND);
    assertThat((hosts.network.now() - start) / 1e9).isLessThan(2.1);
    assertThat(hosts.first.forward().carriedBytes()).isGreaterThan(16L * MEGABYTE);
    assertThat(hosts.second.forward().carriedBytes()).isGreaterThan(16L * MEGABYTE);
  }

  @Test
  void aMuchSlowerPathDoesNotMakeItSlowerThanTheFastOneAlone() {
    TwoHosts hosts = TwoHosts.twoPaths(12);
    hosts.second.rate(2_000_000).delay(200 * MILLI).queue(50_000);
    hosts.connect(multipath(), multipath());
    long start = hosts.network.now();
    hosts.transfer(40 * MEGABYTE, 0);
    hosts.runToEnd(60 * SECOND);
    assertThat((hosts.network.now() - start) / 1e9).isLessThan(4.2);
  }
}
