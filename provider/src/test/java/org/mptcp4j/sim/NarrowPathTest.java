package org.mptcp4j.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.sim.SimConfig.MILLI;
import static org.mptcp4j.sim.SimConfig.SECOND;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.mptcp.Subflow;

/** Routers between the hosts take less than the hosts' links, and say so or do not. */
class NarrowPathTest {
  private static final int TEN_MEGABYTES = 10_000_000;

  /** Two hosts, and what passes between them. */
  private static final class World {
    final SimNetwork network;
    final SimHost client;
    final SimHost server;
    final boolean ipv6;
    Transfer atClient;
    Transfer atServer;

    World(long seed, boolean ipv6) {
      network = new SimNetwork(seed);
      client = network.host("client");
      server = network.host("server");
      this.ipv6 = ipv6;
    }

    SimPath path(int number) {
      String prefix = ipv6 ? "fd00:" + number + "::" : "10.0." + number + ".";
      return network
          .path(client, prefix + 1, server, prefix + 2)
          .rate(100_000_000)
          .delay(10 * MILLI)
          .queue(200_000);
    }

    /** How long it took, virtual nanoseconds. */
    long transfer(SimConfig config, long up, long down, long limitNanos) {
      long start = network.now();
      server.listen(
          80, config.toConnectionConfig(), s -> atServer = Transfer.server(down, up).on(s));
      SimSocket socket =
          client.connect(ipv6 ? "fd00:1::2" : "10.0.1.2", 80, config.toConnectionConfig());
      atClient = Transfer.client(up, down).keepOpen().on(socket);
      network.runUntil(
          () -> atClient.isComplete() && atServer != null && atServer.isComplete(), limitNanos);
      return network.now() - start;
    }

    void offload() {
      client.offload(60_000);
      server.offload(60_000);
    }
  }

  private static long lossEpisodes(SimHost host) {
    return host.counters().tcp.lossEpisodes.sum();
  }

  private static long blackHoles(SimHost host) {
    return host.counters().tcp.blackHoles.sum();
  }

  @ParameterizedTest
  @CsvSource({
    "false, true, 1300, false",
    "false, true, 600, true",
    "false, false, 1300, true",
    "true, true, 1280, true",
    "true, false, 1400, false"
  })
  void tenMegabytesArriveBothWaysWhereTheRouterReports(
      boolean ipv6, boolean multipath, int mtu, boolean offload) {
    World world = new World(1, ipv6);
    world.path(1).queue(1_000_000).hop(mtu, /* reports= */ true);
    if (offload) {
      world.offload();
    }
    SimConfig config = multipath ? SimConfig.multipathTcp() : SimConfig.plainTcp();
    world.transfer(config, TEN_MEGABYTES, TEN_MEGABYTES, 4 * SECOND);
    assertThat(blackHoles(world.client) + blackHoles(world.server)).isZero();
    assertThat(world.client.counters().tcp.icmpErrors.sum()).isPositive();
    assertThat(world.server.counters().tcp.icmpErrors.sum()).isPositive();
  }

  @ParameterizedTest
  @CsvSource({
    "false, true, 1300, false",
    "false, true, 600, true",
    "false, false, 1300, true",
    "true, true, 1280, true",
    "true, false, 1400, false"
  })
  void tenMegabytesArriveBothWaysWhereTheRouterIsSilent(
      boolean ipv6, boolean multipath, int mtu, boolean offload) {
    World world = new World(1, ipv6);
    world.path(1).queue(1_000_000).hop(mtu, /* reports= */ false);
    if (offload) {
      world.offload();
    }
    SimConfig config = multipath ? SimConfig.multipathTcp() : SimConfig.plainTcp();
    world.transfer(config, TEN_MEGABYTES, TEN_MEGABYTES, 8 * SECOND);
    assertThat(blackHoles(world.client)).isPositive();
    assertThat(blackHoles(world.server)).isPositive();
    assertThat(world.client.counters().tcp.icmpErrors.sum()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"true, true", "true, false", "false, true", "false, false"})
  void aLinkThatIsNarrowOneWayOnlyLimitsThatWayOnly(boolean up, boolean reports) {
    World world = new World(2, false);
    SimPath path = world.path(1);
    (up ? path.forward() : path.backward()).hop(1_300, reports);
    world.transfer(SimConfig.multipathTcp(), TEN_MEGABYTES, TEN_MEGABYTES, 10 * SECOND);
    SimHost sender = up ? world.client : world.server;
    SimHost other = up ? world.server : world.client;
    assertThat(limit(sender)).isLessThanOrEqualTo(1_300);
    assertThat(limit(other)).isEqualTo(1_500);
    assertThat(sender.counters().tcp.icmpErrors.sum()).isEqualTo(reports ? 1 : 0);
  }

  private static int limit(SimHost host) {
    Subflow subflow = host.sockets().get(0).connection().subflows().get(0);
    return subflow.endpoint().packetLimit();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aNarrowSecondPathIsBetterThanNone(boolean reports) {
    World one = new World(3, false);
    one.path(1);
    World two = new World(3, false);
    two.path(1);
    two.path(2).hop(1_200, reports);
    SimConfig config = SimConfig.multipathTcp();
    long alone = one.transfer(config, 2L * TEN_MEGABYTES, TEN_MEGABYTES, 10 * SECOND);
    long together = two.transfer(config, 2L * TEN_MEGABYTES, TEN_MEGABYTES, 10 * SECOND);
    assertThat(together).isLessThan(alone);
  }

  @Test
  void aRouterThatReportsCostsNoWindow() {
    World world = new World(4, false);
    world.path(1).queue(1_000_000).forward().hop(1_300, true);
    world.transfer(SimConfig.multipathTcp(), 200_000, 0, 4 * SECOND);
    assertThat(lossEpisodes(world.client)).isZero();
    assertThat(world.client.counters().tcp.retransmissions.sum()).isPositive();
  }

  @Property(tries = 60)
  void whateverTheRoutersTakeAndSayTheStreamArrivesWhole(
      @ForAll long seed,
      @ForAll boolean ipv6,
      @ForAll boolean checksum,
      @ForAll boolean offload,
      @ForAll boolean sack,
      @ForAll boolean second,
      @ForAll boolean reportsUp,
      @ForAll boolean reportsDown,
      @ForAll @IntRange(min = 552, max = 1_500) int mtuUp,
      @ForAll @IntRange(min = 552, max = 1_500) int mtuDown,
      @ForAll @DoubleRange(max = 0.05) double loss) {
    World world = new World(seed, ipv6);
    SimPath path = world.path(1);
    int least = ipv6 ? 1_280 : 552;
    path.forward().hop(Math.max(least, mtuUp), reportsUp);
    path.backward().hop(Math.max(least, mtuDown), reportsDown);
    path.both(link -> link.loss(Loss.random(loss)));
    if (second) {
      world.path(2).forward().hop(Math.max(least, mtuDown), reportsDown);
    }
    if (offload) {
      world.offload();
    }
    SimConfig config = SimConfig.multipathTcp();
    config = checksum ? config.withChecksum() : config;
    config = sack ? config : config.withoutSack();
    world.transfer(config, 500_000, 500_000, 300 * SECOND);
    assertThat(world.client.badPackets() + world.server.badPackets()).isZero();
  }
}
