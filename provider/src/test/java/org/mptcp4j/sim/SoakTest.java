package org.mptcp4j.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.sim.SimConfig.MILLI;
import static org.mptcp4j.sim.SimConfig.SECOND;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.mptcp4j.mptcp.MptcpCounters;

/**
 * One connection for an hour of virtual time ({@code -Dsim.soak.seconds=N} for another; {@code
 * -Dsim.first=SEED -Dsim.soak.seeds=N} for others), both ends writing all the while. Every second
 * something happens to one of its paths: an address of either host goes or comes, the path falls
 * silent or speaks again, its loss changes, now and then to so much that hardly anything passes, or
 * a host forgets the flow and answers with RST. Every byte is compared.
 */
@Tag("simulation")
class SoakTest {
  private static final int PATHS = 4;
  private static final long SECONDS = Long.getLong("sim.soak.seconds", 3_600);

  private static final class Way {
    final SimPath path;
    final String[] addresses;
    final boolean[] present = {true, true};
    boolean up = true;

    Way(SimPath path, String clientAddress, String serverAddress) {
      this.path = path;
      addresses = new String[] {clientAddress, serverAddress};
    }

    boolean works() {
      return up && present[0] && present[1];
    }
  }

  private SimNetwork network;
  private SimHost client;
  private SimHost server;
  private SimRandom random;
  private final List<Way> ways = new ArrayList<>();
  private long changes;

  private static LongStream seeds() {
    long first = Long.getLong("sim.first", 1);
    return LongStream.range(first, first + Long.getLong("sim.soak.seeds", 2));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void aConnectionOutlivesAllItsSubflows(long seed) {
    network = new SimNetwork(seed);
    random = new SimRandom(seed + 77);
    client = network.host("client");
    server = network.host("server");
    for (int i = 1; i <= PATHS; i++) {
      String a = "10.0." + i + ".1";
      String b = "10.0." + i + ".2";
      SimPath path = network.path(client, a, server, b);
      path.rate(500_000L * i).delay((10 + random.below(60)) * MILLI).queue(40_000);
      ways.add(new Way(path, a, b));
    }
    Transfer atClient = Transfer.endless(true);
    Transfer atServer = Transfer.endless(false);
    SimConfig config = SimConfig.multipathTcp().withBuffers(400_000);
    config = seed % 2 == 0 ? config.withChecksum() : config;
    server.listen(443, config.toConnectionConfig(), atServer::on);
    SimSocket socket = client.connect("10.0.1.2", 443, config.toConnectionConfig());
    atClient.on(socket);
    long progress = 0;
    for (long second = 1; second <= SECONDS; second++) {
      network.runFor(SECOND);
      change();
      if (second % 300 == 0) {
        long now = atClient.received() + atServer.received();
        assertThat(now - progress).as("bytes in five minutes").isGreaterThan(10_000_000);
        progress = now;
        assertThat(socket.connection().subflows()).hasSizeLessThanOrEqualTo(8);
        assertThat(client.flowCount()).as("flows").isLessThanOrEqualTo(40);
        assertThat(server.flowCount()).as("flows").isLessThanOrEqualTo(40);
      }
    }
    ways.forEach(this::restore);
    Transfer.finish(atClient, atServer);
    network.runUntil(() -> atClient.isComplete() && atServer.isComplete(), 600 * SECOND);
    network.runUntil(() -> client.sockets().isEmpty() && server.sockets().isEmpty(), 600 * SECOND);
    assertThat(client.tokenCount() + server.tokenCount()).as("tokens left behind").isZero();
    assertThat(client.badPackets() + server.badPackets()).isZero();
    assertThat(changes).isEqualTo(SECONDS);
    for (SimHost host : List.of(client, server)) {
      MptcpCounters counters = host.counters();
      assertThat(counters.reinjectedBytes.sum()).as("sent twice").isPositive();
      assertThat(counters.opportunisticBytes.sum()).as("opportunistically").isPositive();
      assertThat(counters.penalties.sum()).as("penalties").isPositive();
      assertThat(counters.staleResets.sum()).as("resets of bad subflows").isPositive();
    }
    assertThat(client.counters().joins.sum()).as("subflows").isGreaterThan(SECONDS / 5);
    assertThat(server.counters().checksumFailures.sum()).isZero();
    assertThat(server.counters().hmacFailures.sum()).isZero();
    assertThat(server.counters().fallbacks.sum()).isZero();
  }

  private void change() {
    Way way = ways.get((int) random.below(PATHS));
    if (!way.works() && random.chance(0.6)) {
      restore(way);
      changes++;
      return;
    }
    if (ways.stream().filter(Way::works).count() < 2 && random.chance(0.7)) {
      // Few are left: one comes back, where there is one.
      ways.stream().filter(w -> !w.works()).findFirst().ifPresent(this::restore);
      changes++;
      return;
    }
    changes++;
    switch ((int) random.below(5)) {
      case 0, 1 -> {
        int side = (int) random.below(2);
        if (way.present[side]) {
          way.present[side] = false;
          host(side).addressDisappears(way.addresses[side]);
        }
      }
      case 2 -> {
        way.up = false;
        way.path.setUp(false);
      }
      case 3 -> host((int) random.below(2)).forgetFlow(random.below(1_000));
      default -> {
        // One in four is so bad that subflows do not get on over it.
        double probability =
            (random.chance(0.25) ? 30 + random.below(40) : random.below(6)) / 100.0;
        way.path.both(link -> link.loss(Loss.random(probability)));
      }
    }
  }

  private SimHost host(int side) {
    return side == 0 ? client : server;
  }

  private void restore(Way way) {
    way.up = true;
    way.path.setUp(true);
    for (int side = 0; side < 2; side++) {
      if (!way.present[side]) {
        way.present[side] = true;
        host(side).addressAppears(way.addresses[side]);
      }
    }
  }
}
