package org.mptcp4j.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.sim.SimConfig.MILLI;
import static org.mptcp4j.sim.SimConfig.SECOND;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.spi.CongestionControl;
import org.mptcp4j.tcp.Cubic;
import org.mptcp4j.tcp.NewReno;

/**
 * Two plain flows share a bottleneck of 50 Mbit/s and 20 ms for a minute, and each gets its share,
 * whichever way the bottleneck drops packets. The second begins while the first has the path to
 * itself. {@code -Dsim.seeds} makes more such minutes.
 */
@Tag("simulation")
class FairnessTest {
  private static final long RATE = 50_000_000;
  private static final long PATH_BYTES = RATE / 8 * 20 / 1000;
  private static final long MINUTE = 60;
  private static final int SEEDS = Integer.getInteger("sim.seeds", 1);

  /** What the bottleneck does to packets. */
  @SuppressWarnings("ImmutableEnumChecker") // the shapes keep no state
  enum Bottleneck {
    /** A queue as long as the path. */
    TAIL_DROP(link -> link.queue(PATH_BYTES)),
    SHORT_TAIL_DROP(link -> link.queue(PATH_BYTES / 4)),
    RED(link -> link.queue(4 * PATH_BYTES).red(PATH_BYTES / 4, PATH_BYTES, 0.05)),
    RANDOM_LOSS(link -> link.queue(PATH_BYTES).loss(Loss.random(0.001))),
    BURSTS(link -> link.queue(PATH_BYTES).loss(Loss.bursts(0.0005, 0.6))),
    PERIODIC(link -> link.queue(PATH_BYTES).loss(Loss.every(1_009)));

    private final Consumer<SimLink> shape;

    Bottleneck(Consumer<SimLink> shape) {
      this.shape = shape;
    }
  }

  /** Payload that each flow received in the minute after the second has begun. */
  private static long[] share(
      Bottleneck bottleneck, Supplier<CongestionControl> algorithm, long later, int seed) {
    SimNetwork network = new SimNetwork(seed);
    SimHost client = network.host("client");
    SimHost server = network.host("server");
    SimPath path = network.path(client, "10.0.1.1", server, "10.0.1.2");
    path.rate(RATE).delay(10 * MILLI);
    bottleneck.shape.accept(path.forward());
    SimConfig config = SimConfig.plainTcp().withCongestionControl(algorithm);
    long most = Long.MAX_VALUE / 2;
    List<Transfer> received = new ArrayList<>();
    server.listen(
        80,
        config.toConnectionConfig(),
        socket -> received.add(Transfer.server(0, most).on(socket)));
    Transfer.client(most, 0).on(client.connect("10.0.1.2", 80, config.toConnectionConfig()));
    network.runFor(later);
    Transfer.client(most, 0).on(client.connect("10.0.1.2", 80, config.toConnectionConfig()));
    // A full queue may drop the SYN.
    for (int i = 0; i < 30 && received.size() < 2; i++) {
      network.runFor(100 * MILLI);
    }
    long firstBefore = received.get(0).received();
    long secondBefore = received.get(1).received();
    network.runFor(MINUTE * SECOND);
    return new long[] {
      received.get(0).received() - firstBefore, received.get(1).received() - secondBefore
    };
  }

  /** Jain's index: 1 when all get the same, 1/n when one gets all. */
  private static double jain(long[] shares) {
    double sum = 0;
    double squares = 0;
    for (long share : shares) {
      sum += share;
      squares += (double) share * share;
    }
    return sum * sum / (shares.length * squares);
  }

  private static void assertFair(
      Bottleneck bottleneck, Supplier<CongestionControl> algorithm, long later) {
    for (int seed = 1; seed <= SEEDS; seed++) {
      long[] shares = share(bottleneck, algorithm, later, seed);
      assertThat(jain(shares))
          .as("Jain's index of %d and %d bytes, seed %d", shares[0], shares[1], seed)
          .isGreaterThanOrEqualTo(0.95);
      // Fairness by doing nothing is none.
      assertThat(shares[0] + shares[1])
          .as("sum of both, seed %d", seed)
          .isGreaterThan(leastSum(bottleneck));
    }
  }

  /** Half of the path: NewReno's response function allows 33 Mbit/s a flow at 0.1 % loss. */
  private static long leastSum(Bottleneck bottleneck) {
    double share = bottleneck == Bottleneck.TAIL_DROP ? 0.9 : 0.5;
    return (long) (share * RATE / 8 * MINUTE);
  }

  @ParameterizedTest
  @EnumSource
  void twoFlowsOfCubicShareABottleneckFairly(Bottleneck bottleneck) {
    assertFair(bottleneck, Cubic::new, SECOND);
  }

  @ParameterizedTest
  @EnumSource
  void twoFlowsOfNewRenoShareABottleneckFairly(Bottleneck bottleneck) {
    assertFair(bottleneck, NewReno::new, SECOND);
  }

  /** By then the first has long known how much the path and its queue hold, and has all of it. */
  @ParameterizedTest
  @ValueSource(longs = {0, 10})
  void howMuchLaterTheSecondBeginsDoesNotMatter(long seconds) {
    assertFair(Bottleneck.TAIL_DROP, Cubic::new, seconds * SECOND);
    assertFair(Bottleneck.SHORT_TAIL_DROP, Cubic::new, seconds * SECOND);
  }
}
