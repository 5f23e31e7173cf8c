package org.mptcp4j.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.sim.SimConfig.MILLI;
import static org.mptcp4j.sim.SimConfig.SECOND;

import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.mptcp4j.spi.CongestionControl;
import org.mptcp4j.tcp.Bbr;
import org.mptcp4j.tcp.Cubic;

/** BBR over simulated paths, beside CUBIC over the same. */
@Tag("simulation")
class BbrTest {
  private static final long UNLIMITED = Long.MAX_VALUE / 2;
  private static final double PAYLOAD = 1448.0 / 1500;

  private final SimNetwork network = new SimNetwork(17);
  private final SimHost client = network.host("client");
  private final SimHost server = network.host("server");
  private final SimPath path = network.path(client, "10.0.1.1", server, "10.0.1.2");
  private Transfer received;
  private long longestQueueNanos;

  private void transferStarts(SimConfig config) {
    server.listen(
        80,
        config.toConnectionConfig(),
        socket -> received = Transfer.server(0, UNLIMITED).on(socket));
    Transfer.client(UNLIMITED, 0).on(client.connect("10.0.1.2", 80, config.toConnectionConfig()));
  }

  private static SimConfig plain(Supplier<CongestionControl> algorithm) {
    return SimConfig.plainTcp().withBuffers(16 << 20).withCongestionControl(algorithm);
  }

  /** Payload a second while {@code nanos} go by, in bits; notes how long the queue gets. */
  private double rateDuring(long nanos) {
    long before = received.received();
    longestQueueNanos = 0;
    for (long at = 0; at < nanos; at += 5 * MILLI) {
      network.runFor(5 * MILLI);
      longestQueueNanos = Math.max(longestQueueNanos, path.forward().backlogNanos());
    }
    return (received.received() - before) * 8.0 * SECOND / nanos;
  }

  private static BbrTest over(int megabits, long queueBytes, double loss, SimConfig config) {
    BbrTest run = new BbrTest();
    run.path.rate(megabits * 1_000_000L).delay(20 * MILLI).queue(queueBytes);
    run.path.forward().loss(Loss.random(loss));
    run.transferStarts(config);
    return run;
  }

  @Test
  void itFillsABottleneckAndItsQueueStaysShortWhereCubicFillsAGreatBuffer() {
    BbrTest bbr = over(50, 5_000_000, 0, plain(Bbr::new));
    BbrTest cubic = over(50, 5_000_000, 0, plain(Cubic::new));
    bbr.network.runFor(2 * SECOND);
    cubic.network.runFor(2 * SECOND);

    assertThat(bbr.rateDuring(10 * SECOND)).isGreaterThan(0.95 * 50e6 * PAYLOAD);
    assertThat(cubic.rateDuring(10 * SECOND)).isGreaterThan(0.95 * 50e6 * PAYLOAD);
    // Less than half of the empty path's round trip, while it probes for more.
    assertThat(bbr.longestQueueNanos).isLessThan(20 * MILLI);
    assertThat(cubic.longestQueueNanos).isGreaterThan(200 * MILLI);
  }

  @Test
  void onePercentOfRandomLossCostsItLittleAndCubicNearlyEverything() {
    BbrTest bbr = over(50, 250_000, 0.01, plain(Bbr::new));
    BbrTest cubic = over(50, 250_000, 0.01, plain(Cubic::new));
    bbr.network.runFor(2 * SECOND);
    cubic.network.runFor(2 * SECOND);

    double ofBbr = bbr.rateDuring(10 * SECOND);
    assertThat(ofBbr).isGreaterThan(0.9 * 50e6 * PAYLOAD);
    assertThat(bbr.longestQueueNanos).isLessThan(20 * MILLI);
    assertThat(cubic.rateDuring(10 * SECOND)).isLessThan(ofBbr / 5);
  }

  @Test
  void withOffloadAGigabitIsFilled() {
    path.rate(1_000_000_000).delay(10 * MILLI).queue(2_500_000);
    client.offload(64_000);
    transferStarts(plain(Bbr::new));
    network.runFor(500 * MILLI);
    assertThat(rateDuring(SECOND / 2)).isGreaterThan(0.93e9 * PAYLOAD);
  }

  @Test
  void bothPathsOfAMultipathConnectionAreFilledEachAtItsPace() {
    SimPath second = network.path(client, "10.0.2.1", server, "10.0.2.2");
    path.rate(40_000_000).delay(10 * MILLI).queue(2_000_000);
    second.rate(20_000_000).delay(25 * MILLI).queue(2_000_000);
    transferStarts(SimConfig.multipathTcp().withBuffers(8 << 20).withCongestionControl(Bbr::new));
    network.runFor(3 * SECOND);
    assertThat(rateDuring(10 * SECOND)).isGreaterThan(0.9 * 60e6 * 1428 / 1500);
    assertThat(longestQueueNanos).isLessThan(20 * MILLI);
  }

  @Test
  void twoFlowsShareABottleneck() {
    path.rate(50_000_000).delay(20 * MILLI).queue(500_000);
    transferStarts(plain(Bbr::new));
    network.runFor(3 * SECOND);
    Transfer first = received;
    Transfer.client(UNLIMITED, 0)
        .on(client.connect("10.0.1.2", 80, plain(Bbr::new).toConnectionConfig()));
    network.runFor(15 * SECOND);
    Transfer second = received;
    long firstBefore = first.received();
    long secondBefore = second.received();
    network.runFor(15 * SECOND);
    double ofFirst = first.received() - firstBefore;
    double ofSecond = second.received() - secondBefore;
    assertThat(second).isNotSameAs(first);
    assertThat(ofFirst + ofSecond).isGreaterThan(0.9 * 50e6 / 8 * 15 * PAYLOAD);
    assertThat(Math.min(ofFirst, ofSecond) / Math.max(ofFirst, ofSecond)).isGreaterThan(0.6);
  }
}
