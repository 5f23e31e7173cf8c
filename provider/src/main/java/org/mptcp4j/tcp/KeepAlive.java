package org.mptcp4j.tcp;

/**
 * Whether and how a connection without traffic is asked for signs of life (RFC 9293 §3.8.4);
 * immutable.
 *
 * @param enabled whether probes are sent; RFC 9293 wants them off unless the application asks
 * @param idleNanos how long nothing is heard of the peer before the first probe, more than 0
 * @param intervalNanos between probes that stay unanswered, more than 0
 * @param probes how many stay unanswered before the connection ends, 1 or more
 */
public record KeepAlive(boolean enabled, long idleNanos, long intervalNanos, int probes) {
  private static final long SECOND_NANOS = 1_000_000_000L;

  /** Off; once turned on, two hours (RFC 1122 §4.2.3.6 allows no less by default), as Linux. */
  public static final KeepAlive OFF =
      new KeepAlive(false, 7200 * SECOND_NANOS, 75 * SECOND_NANOS, 9);

  /**
   * On.
   *
   * @param idleSeconds 1 or more
   * @param intervalSeconds 1 or more
   * @param probes 1 or more
   */
  public static KeepAlive everySeconds(int idleSeconds, int intervalSeconds, int probes) {
    return new KeepAlive(true, idleSeconds * SECOND_NANOS, intervalSeconds * SECOND_NANOS, probes);
  }
}
