package org.mptcp4j.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.sim.SimConfig.MILLI;
import static org.mptcp4j.sim.SimConfig.SECOND;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.mptcp4j.tcp.TcpCounters;
import org.mptcp4j.wire.FlowKey;

/**
 * Connections one after another with TCP Fast Open, over networks made up by a seed that lose,
 * double and reorder, and with boxes that mind data in SYNs: each stream arrives once and in order.
 */
@Tag("simulation")
class FastOpenNetworkTest {
  private static final int CONNECTIONS = 6;

  private static LongStream seeds() {
    return LongStream.rangeClosed(Long.getLong("sim.first", 1), Long.getLong("sim.networks", 150));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void dataArrivesOnceAndInOrder(long seed) throws IOException {
    try {
      run(seed, null);
    } catch (RuntimeException | AssertionError e) {
      SimCapture capture = new SimCapture();
      Path file = Path.of("target/simulation/fast-open-" + seed + ".pcap");
      try {
        run(seed, capture);
      } catch (RuntimeException | AssertionError again) {
        capture.writeTo(file);
      }
      throw new AssertionError("seed " + seed + " (capture in " + file + "): " + e.getMessage(), e);
    }
  }

  private static void run(long seed, SimCapture capture) {
    SimRandom random = new SimRandom(seed * 6_007);
    SimNetwork network = new SimNetwork(seed);
    SimHost client = network.host("client").fastOpenClient();
    SimHost server = network.host("server").fastOpenServer(1 + (int) random.below(3));
    for (int i = 1; i <= 1 + random.below(2); i++) {
      shape(network.path(client, "10.0." + i + ".1", server, "10.0." + i + ".2"), random);
    }
    if (capture != null) {
      server.capture(capture);
    }
    SimConfig atServer = config(random);
    Set<FlowKey> known = new HashSet<>();
    for (int i = 0; i < CONNECTIONS; i++) {
      run(network, client, server, config(random), atServer, known, random);
      if (random.chance(0.1)) {
        // The keys of the cookies are lost, as with a restart.
        server.fastOpenServer(2);
      }
      if (random.chance(0.2)) {
        network.runFor(200 * SECOND);
      }
    }
    assertThat(client.badPackets() + server.badPackets()).isZero();
    TcpCounters counted = client.counters().tcp;
    assertThat(counted.fastOpenRequested.sum() + counted.fastOpenSent.sum()).isPositive();
  }

  private static void run(
      SimNetwork network,
      SimHost client,
      SimHost server,
      SimConfig atClient,
      SimConfig atServer,
      Set<FlowKey> known,
      SimRandom random) {
    long up = random.below(random.chance(0.5) ? 1_000 : 100_000);
    long down = random.below(random.chance(0.5) ? 1_000 : 100_000);
    Map<SimSocket, Transfer> accepted = new HashMap<>();
    server.listen(
        443,
        atServer.toConnectionConfig(),
        socket -> {
          if (known.add(socket.connection().initialFlow())) {
            accepted.put(socket, Transfer.server(down, up).on(socket));
          } else {
            // RFC 7413 §2.1: a SYN that was doubled may come when its connection is long over, and
            // its data is taken for new. The client knows nothing of it.
            socket.close();
          }
        });
    SimSocket socket = client.connect("10.0.1.2", 443, atClient.toConnectionConfig());
    Transfer transfer = Transfer.client(up, down);
    // Some programs take their time before they write.
    if (random.chance(0.3)) {
      network.after(random.below(30 * MILLI) + 1, () -> transfer.on(socket));
    } else {
      transfer.on(socket);
    }
    network.runUntil(
        () ->
            transfer.isComplete()
                && !accepted.isEmpty()
                && accepted.values().stream().allMatch(Transfer::isComplete),
        3_600 * SECOND);
    assertThat(accepted).as("connections that the server accepted").hasSize(1);
    network.runUntil(
        () -> client.sockets().isEmpty() && server.sockets().isEmpty(), 3_600 * SECOND);
    assertThat(client.flowCount() + server.flowCount()).as("flows left behind").isZero();
    assertThat(client.tokenCount() + server.tokenCount()).as("tokens left behind").isZero();
  }

  private static SimConfig config(SimRandom random) {
    SimConfig config = random.chance(0.7) ? SimConfig.multipathTcp() : SimConfig.plainTcp();
    config = random.chance(0.4) ? config.withChecksum() : config;
    config = random.chance(0.2) ? config.withoutTimestamps() : config;
    return random.chance(0.2) ? config.withoutSack() : config;
  }

  private static void shape(SimPath path, SimRandom random) {
    double loss = random.chance(0.7) ? random.below(15) / 100.0 : 0;
    double duplicate = random.chance(0.4) ? 0.2 : 0;
    double reorder = random.chance(0.4) ? 0.2 : 0;
    path.rate(10_000_000).delay(MILLI * (1 + random.below(50))).queue(100_000);
    path.both(
        link -> link.loss(Loss.random(loss)).duplicate(duplicate).reorder(reorder, 20 * MILLI));
    path.forward().middlebox(box(random));
    path.backward().middlebox(box(random));
  }

  private static Middlebox box(SimRandom random) {
    return switch ((int) random.below(7)) {
      case 0 -> FastOpenBoxes.stripOption();
      case 1 -> FastOpenBoxes.dropSynsWithData();
      case 2 -> FastOpenBoxes.cutSynsTo((int) random.below(1000));
      case 3 -> Middleboxes.stripFromSyns();
      case 4 -> Middleboxes.stripAfterSyns();
      default -> (now, packet) -> packet;
    };
  }
}
