package org.mptcp4j.tcp;

import java.util.concurrent.atomic.LongAdder;

/** What happened in all endpoints of a host, since it began. Thread-safe. */
public final class TcpCounters {
  /** Loss recoveries begun, fast or by timeout. */
  public final LongAdder lossEpisodes = new LongAdder();

  /** Segments sent again. */
  public final LongAdder retransmissions = new LongAdder();
}
