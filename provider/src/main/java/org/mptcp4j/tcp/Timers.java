package org.mptcp4j.tcp;

import java.util.Arrays;

/** The timers of one endpoint: a deadline each. Arming only writes a field; nothing is queued. */
@SuppressWarnings("EnumOrdinal") // an array indexed by the kind, as nothing is cheaper
final class Timers {
  /** What a deadline is for. */
  enum Kind {
    /** RFC 6298; also SYN and SYN/ACK. */
    RETRANSMISSION(0),
    /** RFC 8985 §7: the probe timeout. */
    PROBE(1),
    /** RFC 8985 §6.2 step 5: segments that may only be reordered. */
    REORDERING(2),
    /** RFC 9293 §3.8.6.3. */
    DELAYED_ACK(3),
    /** TIME-WAIT, and FIN-WAIT-2 of a detached endpoint. */
    LINGER(4),
    /** RFC 9293 §3.8.4. */
    KEEP_ALIVE(5),
    /** RFC 5482 §3. */
    USER_TIMEOUT(6),
    /** When the pacer releases more. */
    PACING(7);

    private final int slot;

    Kind(int slot) {
      this.slot = slot;
    }
  }

  static final long NEVER = Long.MAX_VALUE;

  private final long[] deadlines = new long[Kind.values().length];

  Timers() {
    clearAll();
  }

  void clearAll() {
    Arrays.fill(deadlines, NEVER);
  }

  void set(Kind kind, long deadlineNanos) {
    deadlines[kind.slot] = deadlineNanos;
  }

  void clear(Kind kind) {
    deadlines[kind.slot] = NEVER;
  }

  boolean isSet(Kind kind) {
    return deadlines[kind.slot] != NEVER;
  }

  long deadline(Kind kind) {
    return deadlines[kind.slot];
  }

  boolean isDue(Kind kind, long now) {
    long deadline = deadlines[kind.slot];
    return deadline != NEVER && deadline - now <= 0;
  }

  /** The earliest deadline, {@link #NEVER} for none. */
  long next() {
    long next = NEVER;
    for (long deadline : deadlines) {
      if (deadline != NEVER && (next == NEVER || deadline - next < 0)) {
        next = deadline;
      }
    }
    return next;
  }
}
