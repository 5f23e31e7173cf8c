package org.mptcp4j.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.mptcp4j.sim.SimConfig.MILLI;
import static org.mptcp4j.sim.SimConfig.SECOND;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Connections, plain and multipath, whose packets are changed on the way by one who knows the
 * protocol, in every state from the first SYN to TIME-WAIT. Nothing throws, nothing grows beyond
 * its bound, nothing goes on without end. {@code -Dfuzz.runs} makes more connections; {@code
 * -Dfuzz.seed} begins at another seed.
 */
class SegmentFuzzTest {
  private static final int RUNS = Integer.getInteger("fuzz.runs", 1_500);
  private static final long FIRST_SEED = Long.getLong("fuzz.seed", 1);

  /** Far more than the transfers need with every one of their packets lost several times. */
  private static final long MOST_PACKETS = 60_000;

  private static final int SUBFLOWS = 8;

  /** Writes, reads, and closes when its time has come. */
  private static void program(SimSocket socket, SimRandom random) {
    SimNetwork network = socket.host().network();
    ByteBuffer scratch = ByteBuffer.allocate(10_000);
    boolean[] over = new boolean[1];
    socket.onReady(
        s -> {
          while (!over[0] && s.isReadable()) {
            // What was read by force of damage may be wrong; that it comes to an end is asked here.
            over[0] = s.read(scratch.clear()) < 0;
          }
        });
    for (int i = (int) random.below(4); i > 0; i--) {
      network.after(
          random.below(SECOND),
          () -> {
            if (!over[0]) {
              socket.write(ByteBuffer.allocate(1 + (int) random.below(60_000)));
            }
          });
    }
    network.after(
        random.below(3 * SECOND),
        () -> {
          over[0] = true;
          if (random.chance(0.2)) {
            socket.abort();
          } else {
            socket.close();
          }
        });
  }

  private static void run(long seed) {
    SimRandom random = new SimRandom(seed * 6_700_417);
    SimNetwork network = new SimNetwork(seed);
    SimHost client = network.host("client");
    SimHost server = network.host("server");
    double probability = random.chance(0.3) ? 0.5 : 0.1;
    SimPath[] paths = new SimPath[1 + (int) random.below(2)];
    for (int i = 0; i < paths.length; i++) {
      paths[i] = network.path(client, "10.0." + i + ".1", server, "10.0." + i + ".2");
      paths[i].rate(10_000_000).delay(5 * MILLI).queue(100_000);
      paths[i].both(
          link ->
              link.middlebox(new DamagedSegments(network, random.split(), probability))
                  .duplicate(0.1)
                  .reorder(0.1, 20 * MILLI));
    }
    SimConfig config = random.chance(0.7) ? SimConfig.multipathTcp() : SimConfig.plainTcp();
    config = random.chance(0.5) ? config.withChecksum() : config;
    config = random.chance(0.3) ? config.withoutSack() : config;
    config = config.withBuffers(64 << 10);
    server.listen(80, config.toConnectionConfig(), s -> program(s, random.split()));
    program(client.connect("10.0.0.2", 80, config.toConnectionConfig()), random.split());

    for (int second = 0; second < 3_600; second += second < 20 ? 1 : 60) {
      network.runFor((second < 20 ? 1 : 60) * SECOND);
      for (SimHost host : new SimHost[] {client, server}) {
        for (SimSocket socket : host.sockets()) {
          assertThat(socket.connection().subflows().size()).isLessThanOrEqualTo(SUBFLOWS);
          assertThat(socket.connection().available()).isLessThanOrEqualTo(64 << 10);
        }
        assertThat(host.flowCount()).isLessThanOrEqualTo(SUBFLOWS * (1 + host.sockets().size()));
      }
      long carried = 0;
      for (SimPath path : paths) {
        carried += path.forward().carriedPackets() + path.backward().carriedPackets();
      }
      assertThat(carried).as("packets").isLessThan(MOST_PACKETS);
    }
  }

  @Test
  void nothingThrowsGrowsOrGoesOnForEverWhateverASegmentBecomesOnItsWay() {
    List<String> failures = new ArrayList<>();
    Throwable first = null;
    for (long seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
      try {
        run(seed);
      } catch (RuntimeException | AssertionError e) {
        failures.add("with -Dfuzz.runs=1 -Dfuzz.seed=" + seed + ": " + e);
        first = first == null ? e : first;
      }
    }
    if (first != null) {
      throw new AssertionError(String.join("\n", failures), first);
    }
  }

  /**
   * Infinite mappings far from the data, and mappings that begin before what they bring, once made
   * bytes readable that had never come.
   */
  @ParameterizedTest
  @ValueSource(longs = {1_004_780, 1_031_853, 1_037_162, 1_009_966, 1_014_914, 1_033_013})
  void whatOnceFailedIsRight(long seed) {
    assertThatCode(() -> run(seed)).doesNotThrowAnyException();
  }
}
