package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mptcp4j.sim.SimConfig;
import org.mptcp4j.sim.SimHost;
import org.mptcp4j.sim.SimNetwork;
import org.mptcp4j.sim.SimPath;
import org.mptcp4j.sim.SimSocket;
import org.mptcp4j.sim.Transfer;
import org.mptcp4j.spi.CongestionControl;
import org.mptcp4j.tcp.Cubic;
import org.mptcp4j.tcp.NewReno;

/**
 * A path with a long delay beside one with a short delay, and small buffers: what goes over the
 * slow one holds up the shared window (RFC 8041 §2.2).
 */
class SlowPathTest {
  private static final int RUNS = 1;

  /** One path, or two, and a window. */
  private record Scene(
      int windowBytes,
      long fastRate,
      long fastMillis,
      long slowRate,
      long slowMillis,
      long slowQueue) {
    private MptcpCounters counters(boolean withSlow, boolean unblocking, double[] megabits) {
      SimNetwork network = new SimNetwork(1);
      SimHost client = network.host("client");
      SimHost server = network.host("server");
      SimPath fast = network.path(client, "10.0.1.1", server, "10.0.1.2");
      fast.rate(fastRate).delay(fastMillis * MILLI).queue(60_000);
      if (withSlow) {
        SimPath slow = network.path(client, "10.0.2.1", server, "10.0.2.2");
        slow.rate(slowRate).delay(slowMillis * MILLI).queue(slowQueue);
      }
      Transfer atClient = Transfer.endless(true);
      Transfer atServer = Transfer.endless(false);
      ConnectionConfig config =
          SimConfig.multipathTcp().withBuffers(windowBytes).toConnectionConfig();
      server.listen(443, config, atServer::on);
      SimSocket socket = client.connect("10.0.1.2", 443, config);
      if (!unblocking) {
        socket.connection().sender().unblocking().deactivate();
      }
      atClient.on(socket);
      network.runFor(5 * SECOND);
      long before = atServer.received();
      network.runFor(15 * SECOND);
      megabits[0] = (atServer.received() - before) * 8 / 15e6;
      return client.counters();
    }

    /**
     * The mean of some windows that differ by two segments each: a queue that overflows a packet
     * sooner or later makes one run faster or slower than another by a tenth.
     */
    double goodput(boolean withSlow, boolean unblocking) {
      double sum = 0;
      for (int i = -RUNS; i <= RUNS; i++) {
        double[] megabits = new double[1];
        Scene scene =
            new Scene(
                windowBytes + i * 3_000, fastRate, fastMillis, slowRate, slowMillis, slowQueue);
        scene.counters(withSlow, unblocking, megabits);
        sum += megabits[0];
      }
      return sum / (2 * RUNS + 1);
    }
  }

  /** The last three columns: Mbit/s of the fast path alone, of both without and with. */
  @ParameterizedTest
  @CsvSource({
    "128000,  8000000, 10,  1000000, 250, 500000,  7.1,  4.2,  7.1",
    "256000,  8000000, 10,  2000000,  75, 250000,  7.4,  7.1,  7.3",
    "512000,  8000000, 10,  2000000,  75, 250000,  7.4,  6.8,  7.7",
    "128000, 50000000,  5, 10000000,  50, 500000, 37.0, 21.8, 37.0",
    "256000, 50000000,  5, 10000000,  50, 500000, 45.7, 29.7, 45.7",
  })
  void aSlowPathDoesNotMakeBothSlowerThanTheFastOneAlone(
      int windowBytes,
      long fastRate,
      long fastMillis,
      long slowRate,
      long slowMillis,
      long slowQueue,
      double alone,
      double without,
      double with) {
    Scene scene = new Scene(windowBytes, fastRate, fastMillis, slowRate, slowMillis, slowQueue);
    double fastAlone = scene.goodput(false, true);
    double bothWithout = scene.goodput(true, false);
    double bothWith = scene.goodput(true, true);
    String figures = fastAlone + " alone, " + bothWithout + " without, " + bothWith + " with";
    assertThat(bothWith).as(figures).isGreaterThanOrEqualTo(0.97 * fastAlone);
    assertThat(bothWith).as(figures).isGreaterThan(bothWithout);
    assertThat(fastAlone).as(figures).isBetween(0.95 * alone, 1.05 * alone);
    assertThat(bothWithout).as(figures).isLessThan(1.05 * without);
    assertThat(bothWith).as(figures).isGreaterThan(0.95 * with);
  }

  @Test
  void bothPathsAreUsedWhereTheWindowHasRoomForThem() {
    Scene scene = new Scene(512_000, 8_000_000, 10, 8_000_000, 100, 250_000);
    assertThat(scene.goodput(true, true)).isGreaterThan(1.5 * scene.goodput(false, true));
  }

  @Test
  void whatIsSentAgainAndThePenaltiesAreCounted() {
    Scene scene = new Scene(256_000, 8_000_000, 10, 2_000_000, 75, 250_000);
    MptcpCounters counters = scene.counters(true, true, new double[1]);
    assertThat(counters.opportunisticBytes.sum()).isPositive();
    assertThat(counters.penalties.sum()).isPositive();
    // 20 seconds have no more round trips of the slow path than this, and one penalty in each.
    assertThat(counters.penalties.sum()).isLessThan(20 * 1_000 / 150);
    MptcpCounters without = scene.counters(true, false, new double[1]);
    assertThat(without.opportunisticBytes.sum() + without.penalties.sum()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"reno", "cubic"})
  void aPenaltyHalvesTheWindowAndEndsNoSlowStart(String name) {
    CongestionControl congestion = name.equals("reno") ? new NewReno() : new Cubic();
    congestion.init(0, 1_000, 40_000);
    congestion.onPenalty(0);
    assertThat(congestion.congestionWindow()).isEqualTo(20_000);
    assertThat(congestion.slowStartThreshold()).isEqualTo(Long.MAX_VALUE);

    congestion.onLoss(SECOND, 20_000);
    congestion.onRecovered(SECOND);
    long window = congestion.congestionWindow();
    congestion.onPenalty(2 * SECOND);
    assertThat(congestion.congestionWindow()).isEqualTo(window / 2);
    assertThat(congestion.slowStartThreshold()).isEqualTo(window / 2);

    for (int i = 0; i < 10; i++) {
      congestion.onPenalty(3 * SECOND);
    }
    assertThat(congestion.congestionWindow()).isEqualTo(2_000);
    congestion.onRetransmissionTimeout(4 * SECOND, 2_000);
    congestion.onPenalty(5 * SECOND);
    assertThat(congestion.congestionWindow()).as("after a timeout").isEqualTo(1_000);
  }
}
