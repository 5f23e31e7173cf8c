package org.mptcp4j.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.sim.SimConfig.MILLI;
import static org.mptcp4j.sim.SimConfig.SECOND;

import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.mptcp4j.tcp.Cubic;
import org.mptcp4j.tcp.NewReno;

/**
 * Networks and connections made up by a seed: one to four paths of any speed, delay, loss, MTU and
 * trouble (RED, corruption, routers with narrow links, outages of one direction or both), peers
 * that map several segments with the first of them only, buffers of any size, both directions at
 * once. The data always arrives; where a box on the way damages packets, the connection may fail,
 * but never gives out a wrong byte.
 */
@Tag("simulation")
class RandomNetworkTest {
  private static LongStream seeds() {
    return LongStream.rangeClosed(Long.getLong("sim.first", 1), Long.getLong("sim.networks", 150));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void dataArrivesWholeWhateverTheNetwork(long seed) throws IOException {
    attempt(seed, false);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void aBoxThatDamagesPacketsNeverMakesTheDataWrong(long seed) throws IOException {
    attempt(seed + 1_000_000, true);
  }

  private static void attempt(long seed, boolean damage) throws IOException {
    try {
      run(seed, damage, null);
    } catch (RuntimeException | AssertionError e) {
      SimCapture capture = new SimCapture();
      Path file = Path.of("target/simulation/random-network-" + seed + ".pcap");
      try {
        run(seed, damage, capture);
      } catch (RuntimeException | AssertionError again) {
        capture.writeTo(file);
      }
      throw new AssertionError("seed " + seed + " (capture in " + file + "): " + e.getMessage(), e);
    }
  }

  private static void run(long seed, boolean damage, SimCapture capture) {
    SimRandom random = new SimRandom(seed * 7_919);
    SimNetwork network = new SimNetwork(seed);
    SimHost client = network.host("client");
    SimHost server = network.host("server");
    boolean ipv6 = random.chance(0.3);
    int paths = 1 + (int) random.below(4);
    boolean sparse = !ipv6 && random.chance(0.2);
    for (int i = 1; i <= paths; i++) {
      String prefix = ipv6 ? "fd00:" + i + "::" : "10.0." + i + ".";
      SimPath path = network.path(client, prefix + 1, server, prefix + 2);
      shape(path, network, random, paths > 1 && i > 1);
      if (damage) {
        path.forward().middlebox(box(random));
        path.backward().middlebox(box(random));
      } else if (sparse) {
        path.forward().middlebox(Middleboxes.mapFirstSegmentsOnly());
        path.backward().middlebox(Middleboxes.mapFirstSegmentsOnly());
      }
    }
    if (random.chance(0.3)) {
      client.offload(16_384 + (int) random.below(45_000));
      server.offload(16_384 + (int) random.below(45_000));
    }
    if (random.chance(0.3)) {
      client.localQueue(2 * MILLI);
      server.localQueue(2 * MILLI);
    }
    if (capture != null) {
      server.capture(capture);
    }
    long up = random.below(random.chance(0.2) ? 10 : 2_000_000);
    long down = random.below(random.chance(0.2) ? 10 : 2_000_000);
    Transfer[] atServer = new Transfer[1];
    server.listen(
        443,
        config(random).toConnectionConfig(),
        socket -> atServer[0] = transfer(Transfer.server(down, up), damage).on(socket));
    SimSocket socket =
        client.connect(ipv6 ? "fd00:1::2" : "10.0.1.2", 443, config(random).toConnectionConfig());
    Transfer atClient = transfer(Transfer.client(up, down), damage).on(socket);
    if (damage) {
      // Where one end fails and its RST gets lost the other waits for ever, as TCP does.
      network.runFor(7_200 * SECOND);
      client.sockets().forEach(SimSocket::abort);
      server.sockets().forEach(SimSocket::abort);
    } else {
      network.runUntil(
          () -> atClient.isComplete() && atServer[0] != null && atServer[0].isComplete(),
          3_600 * SECOND);
    }
    network.runUntil(
        () -> client.sockets().isEmpty() && server.sockets().isEmpty(), 7_200 * SECOND);
    assertThat(client.flowCount() + server.flowCount()).as("flows left behind").isZero();
    assertThat(client.tokenCount() + server.tokenCount()).as("tokens left behind").isZero();
    assertThat(client.badPackets() + server.badPackets())
        .as("bad packets")
        .isLessThanOrEqualTo(network.corruptedPackets());
  }

  private static Transfer transfer(Transfer transfer, boolean damage) {
    return damage ? transfer.mayFail() : transfer;
  }

  private static SimConfig config(SimRandom random) {
    SimConfig config = random.chance(0.9) ? SimConfig.multipathTcp() : SimConfig.plainTcp();
    config = config.withBuffers(16_384 + (int) random.below(1 << 21));
    config = random.chance(0.3) ? config.withChecksum() : config;
    config = random.chance(0.2) ? config.withoutTimestamps() : config;
    config = random.chance(0.2) ? config.withoutSack() : config;
    return config.withCongestionControl(random.chance(0.5) ? Cubic::new : NewReno::new);
  }

  private static void shape(SimPath path, SimNetwork network, SimRandom random, boolean mayDie) {
    long rate = 1_000_000 * (1 + random.below(100));
    long delay = MILLI * random.below(100);
    path.rate(rate).delay(delay).queue(10_000 + random.below(300_000));
    double loss = random.chance(0.5) ? random.below(5) / 100.0 : 0;
    long reorder = random.chance(0.3) ? MILLI + random.below(delay / 2 + 1) : 0;
    boolean bursts = random.chance(0.2);
    double duplicate = random.chance(0.3) ? 0.03 : 0;
    int mtu = random.chance(0.3) ? 1280 + (int) random.below(220) : 1500;
    long jitter = random.below(5 * MILLI);
    path.both(
        link ->
            link.loss(bursts ? Loss.bursts(0.003, 0.7) : Loss.random(loss))
                .reorder(reorder > 0 ? 0.03 : 0, reorder)
                .duplicate(duplicate)
                .jitter(jitter)
                .mtu(mtu));
    if (random.chance(0.2)) {
      path.both(link -> link.red(10_000, 60_000, 0.1));
    }
    if (random.chance(0.2)) {
      double corruption = 0.002 + random.below(10) / 1_000.0;
      path.both(link -> link.corrupt(corruption));
    }
    if (random.chance(0.2)) {
      path.hop(1280 + (int) random.below(220), random.chance(0.7));
    }
    if (random.chance(0.2)) {
      path.both(link -> link.loss(Loss.every(20 + (int) random.below(50))));
    }
    if (random.chance(0.3)) {
      long from = network.now() + 50 * MILLI + random.below(2 * SECOND);
      long to = from + random.below(5 * SECOND);
      // Of both directions, or of one alone: then data arrives and no ACK, or the other way about.
      switch ((int) random.below(4)) {
        case 0 -> path.forward().outage(from, to);
        case 1 -> path.backward().outage(from, to);
        default -> path.outage(from, to);
      }
    } else if (mayDie && random.chance(0.2)) {
      network.at(network.now() + random.below(3 * SECOND), () -> path.setUp(false));
    }
  }

  private static Middlebox box(SimRandom random) {
    SimRandom own = random.split();
    return switch ((int) random.below(8)) {
      case 0 -> Middleboxes.stripFromSyns();
      case 1 -> Middleboxes.stripAfterSyns();
      case 2 -> Middleboxes.stripMptcp(packet -> own.chance(0.1), subtype -> true);
      case 3 -> Middleboxes.stripMptcp(packet -> true, subtype -> subtype == 3);
      case 4 -> Middleboxes.stripMptcp(packet -> true, subtype -> subtype == 1);
      case 5 ->
          Middleboxes.drop(packet -> Middleboxes.payloadLength(packet) > 1_000 && own.chance(0.2));
      case 6 -> Middleboxes.stripMptcp(packet -> own.chance(0.02), subtype -> subtype == 2);
      default -> (now, packet) -> packet;
    };
  }
}
