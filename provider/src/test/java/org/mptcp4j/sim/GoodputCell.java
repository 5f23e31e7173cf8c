package org.mptcp4j.sim;

import static org.mptcp4j.sim.SimConfig.MILLI;
import static org.mptcp4j.sim.SimConfig.SECOND;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.mptcp4j.spi.CongestionControl;
import org.mptcp4j.tcp.Cubic;
import org.mptcp4j.tcp.NewReno;

/**
 * One condition in which a plain TCP flow sends for a while over one path. The queue before the
 * bottleneck holds what the path holds, 100 kB at least; the ACKs meet no loss.
 *
 * @param lossPercent data packets lost, each by itself
 * @param rttMillis round trip of the empty path
 * @param megabits rate of the bottleneck, Mbit/s
 * @param algorithm {@code reno} or {@code cubic}
 */
record GoodputCell(double lossPercent, int rttMillis, int megabits, String algorithm) {
  /** Payload in a packet of 1500 bytes with timestamps. */
  private static final int MSS = 1448;

  /** All combinations, in the order of the golden file. */
  static List<GoodputCell> all() {
    List<GoodputCell> cells = new ArrayList<>();
    for (int megabits : new int[] {10, 1000}) {
      for (int rtt : new int[] {1, 20, 100}) {
        for (double loss : new double[] {0, 0.1, 1, 3}) {
          for (String algorithm : new String[] {"reno", "cubic"}) {
            cells.add(new GoodputCell(loss, rtt, megabits, algorithm));
          }
        }
      }
    }
    return cells;
  }

  /** Without loss all seeds are the same. */
  int seeds() {
    return lossPercent == 0 ? 1 : 3;
  }

  private Supplier<CongestionControl> congestionControl() {
    return algorithm.equals("reno") ? NewReno::new : Cubic::new;
  }

  /** Virtual time of the transfer: long enough for many losses where windows are small. */
  private long seconds() {
    return megabits == 10 ? 60 : 10;
  }

  private long bytesOfPath() {
    return (long) megabits * 1_000_000 / 8 * rttMillis / 1000;
  }

  /**
   * Runs the transfer; every byte is compared on the way.
   *
   * @return goodput from the connect on, in kbit/s
   */
  long run(int seed) {
    SimNetwork network = new SimNetwork(seed * 1_000L + 7L * rttMillis + megabits);
    SimHost client = network.host("client");
    SimHost server = network.host("server");
    SimPath path = network.path(client, "10.0.1.1", server, "10.0.1.2");
    path.rate(megabits * 1_000_000L).delay(rttMillis * MILLI / 2);
    path.queue(Math.max(100_000, bytesOfPath()));
    path.forward().loss(Loss.random(lossPercent / 100));
    SimConfig config =
        SimConfig.plainTcp()
            .withBuffers((int) Math.max(2 << 20, 4 * bytesOfPath()))
            .withCongestionControl(congestionControl());
    long most = Long.MAX_VALUE / 2;
    Transfer[] received = new Transfer[1];
    server.listen(
        80,
        config.toConnectionConfig(),
        socket -> received[0] = Transfer.server(0, most).on(socket));
    Transfer.client(most, 0).on(client.connect("10.0.1.2", 80, config.toConnectionConfig()));
    network.runFor(seconds() * SECOND);
    return received[0].received() * 8 / 1000 / seconds();
  }

  /** What the path carries as payload, kbit/s. */
  double capacity() {
    return megabits * 1000.0 * MSS / 1500;
  }

  /**
   * What theory expects in kbit/s, not regarding slow start: a window of 1.22 / √p (RFC 5681's
   * response function; it grows by a segment in a round trip) or RFC 9438 §5.1's for CUBIC where
   * that is more, and no more than the path carries.
   */
  double expected() {
    if (lossPercent == 0) {
      return capacity();
    }
    double p = lossPercent / 100;
    double rtt = rttMillis / 1000.0;
    double segments = 1.2247 / Math.sqrt(p);
    if (algorithm.equals("cubic")) {
      segments = Math.max(segments, 1.054 * Math.pow(rtt / p, 0.75));
    }
    return Math.min(capacity(), segments * MSS * 8 / 1000 / rtt);
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "rate=%dMbit/s rtt=%dms loss=%.1f%% %s",
        megabits,
        rttMillis,
        lossPercent,
        algorithm);
  }
}
