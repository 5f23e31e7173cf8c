package org.mptcp4j.mptcp;

/** The deadlines of a subflow that are not TCP's. */
final class SubflowTimers {
  private static final long NEVER = Long.MAX_VALUE;
  private static final long SHORTEST_THIRD_ACK_INTERVAL = 200_000_000L;
  private static final long SHORTEST_PROBE_INTERVAL = 250_000_000L;
  private static final long LONGEST_PROBE_INTERVAL = 1_000_000_000L;

  private long establishBy = NEVER;
  private long thirdAckAt = NEVER;
  private long thirdAckInterval;
  private long probeAt = NEVER;

  long next() {
    return Math.min(thirdAckAt, Math.min(establishBy, probeAt));
  }

  void stop() {
    establishBy = NEVER;
    thirdAckAt = NEVER;
    probeAt = NEVER;
  }

  /** The subflow has to be established by then. */
  void establishBy(long deadline) {
    establishBy = deadline;
  }

  void established() {
    establishBy = NEVER;
    thirdAckAt = NEVER;
  }

  /** Whether the time to be established is over; says so once. */
  boolean takeTooLate(long now) {
    boolean late = establishBy <= now;
    if (late) {
      establishBy = NEVER;
    }
    return late;
  }

  /** The third ACK of MP_JOIN was sent for the first time. */
  void startThirdAck(long now, long rttNanos) {
    thirdAckInterval = Math.max(SHORTEST_THIRD_ACK_INTERVAL, 2 * rttNanos);
    thirdAckAt = now + thirdAckInterval;
    establishBy = Math.max(establishBy, now + 4 * thirdAckInterval);
  }

  /** Whether the third ACK is to be sent again; the next interval is twice as long. */
  boolean takeThirdAckDue(long now) {
    boolean due = thirdAckAt <= now;
    if (due) {
      thirdAckInterval *= 2;
      thirdAckAt = now + thirdAckInterval;
    }
    return due;
  }

  /** A silent path is probed every now and then, so that it is used again when it comes back. */
  void startProbing(long now, long rttNanos) {
    probeAt = now + probeInterval(rttNanos);
  }

  static long probeInterval(long rttNanos) {
    return Math.min(Math.max(SHORTEST_PROBE_INTERVAL, 2 * rttNanos), LONGEST_PROBE_INTERVAL);
  }

  void stopProbing() {
    probeAt = NEVER;
  }

  boolean isProbeDue(long now) {
    return probeAt <= now;
  }
}
