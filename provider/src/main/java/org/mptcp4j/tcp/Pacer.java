package org.mptcp4j.tcp;

import org.mptcp4j.spi.CongestionControl;

/**
 * Releases segments by the rate that the congestion control asks for, where it asks for one. About
 * a millisecond's worth goes out at once, so that offload has something to do, and at least two
 * segments; then nothing until the rate has earned it. A timer that comes late by less than that is
 * made up for; idleness earns nothing.
 */
final class Pacer {
  private static final long QUANTUM_NANOS = 1_000_000L;
  private static final int LEAST_SEGMENTS = 2;

  /** RFC 6928: what may go out at once at the beginning may do so after idleness. */
  private static final int SEGMENTS_WHEN_IDLE = 10;

  private final Timers timers;
  private final CongestionControl congestion;

  /** When what was sent so far is earned. */
  private long releaseAt;

  private boolean started;

  /** What is left of the quantum. */
  private long budget;

  /** Somebody has asked since the quantum was used up. */
  private boolean held;

  Pacer(Timers timers, CongestionControl congestion) {
    this.timers = timers;
    this.congestion = congestion;
  }

  private static long nanosOf(long bytes, long rate) {
    return (long) (bytes * 1e9 / rate);
  }

  /** Bytes of a quantum, of whole segments; 0 where there is no pacing. */
  long quantum(int segment) {
    long rate = congestion.pacingRateBytesPerSecond();
    if (rate <= 0) {
      return 0;
    }
    long bytes = rate / (1_000_000_000L / QUANTUM_NANOS);
    return Math.max((long) LEAST_SEGMENTS * segment, bytes - bytes % segment);
  }

  /**
   * How much may go out now for somebody who has something to send: a segment at least, or 0, and
   * then the timer is set for when to ask again; {@link Long#MAX_VALUE} where there is no pacing.
   *
   * @param idle whether nothing is in flight
   */
  long allowance(long now, int segment, boolean idle) {
    long quantum = quantum(segment);
    if (quantum == 0) {
      held = false;
      started = false;
      return Long.MAX_VALUE;
    }
    if (!started || now - releaseAt >= 0) {
      budget = quantum;
      if (idle && !held) {
        budget = Math.max(quantum, (long) SEGMENTS_WHEN_IDLE * segment);
      }
      if (!started || !held || now - releaseAt > QUANTUM_NANOS) {
        releaseAt = now;
        started = true;
      }
    }
    held = budget < segment;
    if (held) {
      timers.set(Timers.Kind.PACING, releaseAt);
      return 0;
    }
    return budget;
  }

  /** Whether something waits for the timer, as far as anybody has said. */
  boolean isHolding() {
    return timers.isSet(Timers.Kind.PACING);
  }

  /** Has the timer call, where there is pacing, as soon as there may be an allowance again. */
  void askAgain(long now) {
    if (started && congestion.pacingRateBytesPerSecond() > 0) {
      timers.set(Timers.Kind.PACING, Math.max(now, releaseAt));
    }
  }

  /** So many bytes went out, whether they were allowed or had to. */
  void onSent(long now, long bytes) {
    long rate = congestion.pacingRateBytesPerSecond();
    if (rate <= 0) {
      return;
    }
    if (!started || now - releaseAt > QUANTUM_NANOS) {
      started = true;
      releaseAt = now;
    }
    releaseAt += nanosOf(bytes, rate);
    budget -= bytes;
  }

  /** The time to ask again has come. */
  void onDeadline(long now) {
    if (timers.isDue(Timers.Kind.PACING, now)) {
      timers.clear(Timers.Kind.PACING);
    }
  }
}
