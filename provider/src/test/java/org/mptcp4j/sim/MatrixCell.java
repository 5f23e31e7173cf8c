package org.mptcp4j.sim;

import static org.mptcp4j.sim.SimConfig.MILLI;
import static org.mptcp4j.sim.SimConfig.SECOND;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One condition of the network in which 10 MB go over two paths. The second path has half the rate
 * and one and a half times the delay of the first; everything else is the same on both.
 *
 * @param lossPercent packets lost, each direction
 * @param delayMillis one-way delay of the first path
 * @param reordering whether 2 % of the packets are held back by up to a half of the delay
 * @param duplication whether 2 % of the packets arrive twice
 */
record MatrixCell(double lossPercent, int delayMillis, boolean reordering, boolean duplication) {
  static final int SEEDS = 20;
  static final int BYTES = 10_000_000;

  /** All combinations, in the order of the golden file. */
  static List<MatrixCell> all() {
    List<MatrixCell> cells = new ArrayList<>();
    for (double loss : new double[] {0, 0.1, 1, 3, 10}) {
      for (int delay : new int[] {1, 10, 50, 200}) {
        for (boolean reordering : new boolean[] {false, true}) {
          for (boolean duplication : new boolean[] {false, true}) {
            cells.add(new MatrixCell(loss, delay, reordering, duplication));
          }
        }
      }
    }
    return cells;
  }

  /**
   * Runs the transfer; every byte is compared on the way.
   *
   * @param capture what passes the server is written here, or null
   * @return how long it took, nanoseconds of virtual time
   */
  long run(int seed, SimCapture capture) {
    SimNetwork network = new SimNetwork(seed * 1_000L + hash());
    SimHost client = network.host("client");
    SimHost server = network.host("server");
    SimPath first = network.path(client, "10.0.1.1", server, "10.0.1.2");
    SimPath second = network.path(client, "10.0.2.1", server, "10.0.2.2");
    shape(first.rate(100_000_000), delayMillis * MILLI);
    shape(second.rate(50_000_000), delayMillis * MILLI * 3 / 2);
    if (capture != null) {
      server.capture(capture);
    }
    Transfer[] received = new Transfer[1];
    server.listen(
        80,
        SimConfig.multipathTcp().toConnectionConfig(),
        socket -> received[0] = Transfer.server(0, BYTES).on(socket));
    long start = network.now();
    Transfer sent =
        Transfer.client(BYTES, 0)
            .on(client.connect("10.0.1.2", 80, SimConfig.multipathTcp().toConnectionConfig()));
    network.runUntil(
        () -> sent.isComplete() && received[0] != null && received[0].isComplete(), 3_600 * SECOND);
    return Math.max(sent.finishedAt(), received[0].finishedAt()) - start;
  }

  private void shape(SimPath path, long delay) {
    path.delay(delay).queue(256_000);
    path.both(link -> link.loss(Loss.random(lossPercent / 100)));
    if (reordering) {
      path.both(link -> link.reorder(0.02, Math.max(MILLI, delay / 2)));
    }
    if (duplication) {
      path.both(link -> link.duplicate(0.02));
    }
  }

  private int hash() {
    return 7 * (int) (lossPercent * 10)
        + delayMillis * 31
        + (reordering ? 3 : 0)
        + (duplication ? 5 : 0);
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "loss=%.1f%% delay=%dms reordering=%s duplication=%s",
        lossPercent,
        delayMillis,
        reordering ? "yes" : "no",
        duplication ? "yes" : "no");
  }
}
