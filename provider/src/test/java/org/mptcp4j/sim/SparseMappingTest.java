package org.mptcp4j.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;
import static org.mptcp4j.sim.SimConfig.MILLI;
import static org.mptcp4j.sim.SimConfig.SECOND;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A peer whose mappings cover many segments and come with the first of them only, as RFC 8684
 * §3.3.1 lets it.
 */
@Tag("simulation")
class SparseMappingTest {
  private static final long BYTES = 20_000_000;

  private static double megabits(boolean sparse, boolean checksum, int seed) {
    SimNetwork network = new SimNetwork(seed);
    SimHost client = network.host("client");
    SimHost server = network.host("server");
    for (int i = 1; i <= 2; i++) {
      SimPath path = network.path(client, "10.0." + i + ".1", server, "10.0." + i + ".2");
      path.rate(50_000_000).delay(10 * MILLI).queue(150_000);
      path.both(link -> link.loss(Loss.random(0.005)).reorder(0.01, 2 * MILLI));
      if (sparse) {
        path.forward().middlebox(Middleboxes.mapFirstSegmentsOnly());
        path.backward().middlebox(Middleboxes.mapFirstSegmentsOnly());
      }
    }
    client.offload(64_000);
    server.offload(64_000);
    SimConfig config = SimConfig.multipathTcp().withBuffers(2 << 20);
    config = checksum ? config.withChecksum() : config;
    Transfer atServer = Transfer.server(0, BYTES);
    server.listen(443, config.toConnectionConfig(), atServer::on);
    SimSocket socket = client.connect("10.0.1.2", 443, config.toConnectionConfig());
    long start = network.now();
    Transfer atClient = Transfer.client(BYTES, 0).on(socket);
    network.runUntil(() -> atClient.isComplete() && atServer.isComplete(), 600 * SECOND);
    double seconds = (network.now() - start) / 1e9;
    assertThat(socket.connection().isFallback()).isFalse();
    for (SimHost host : List.of(client, server)) {
      assertThat(host.counters().fallbacks.sum()).isZero();
      assertThat(host.counters().checksumFailures.sum()).isZero();
    }
    network.runUntil(() -> client.sockets().isEmpty() && server.sockets().isEmpty(), 600 * SECOND);
    assertThat(server.counters().mappedLaterBytes.sum() > 0).isEqualTo(sparse);
    return BYTES * 8 / seconds / 1e6;
  }

  @ParameterizedTest
  @CsvSource({"false,1", "true,2", "false,3", "true,4"})
  void itIsAsFastAsOneThatMapsEverySegment(boolean checksum, int seed) {
    double dense = megabits(false, checksum, seed);
    assertThat(megabits(true, checksum, seed)).isCloseTo(dense, withinPercentage(5));
  }
}
