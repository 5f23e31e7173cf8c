package org.mptcp4j.tcp;

import java.util.concurrent.atomic.LongAdder;

/** What happened in all endpoints of a host, since it began. Thread-safe. */
public final class TcpCounters {
  /** Loss recoveries begun, fast or by timeout. */
  public final LongAdder lossEpisodes = new LongAdder();

  /** Reductions of a congestion window that a mark of the network asked for (RFC 3168). */
  public final LongAdder ecnReductions = new LongAdder();

  /** Segments sent again. */
  public final LongAdder retransmissions = new LongAdder();
}
