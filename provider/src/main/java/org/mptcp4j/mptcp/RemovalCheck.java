package org.mptcp4j.mptcp;

import org.mptcp4j.tcp.SegmentSink;

/**
 * Whether a subflow works whose address the peer has removed, or that is silent and keeps another
 * one out: it is asked, and reset where nothing comes back, so that one who only makes believe that
 * an address is gone ends no subflow (RFC 8684 §3.4.2).
 */
final class RemovalCheck {
  private static final int PROBES = 3;
  private static final long LONGEST_FIRST_INTERVAL = 1_000_000_000L;
  private static final long LONGEST_INTERVAL = 10_000_000_000L;

  private int probes;
  private long interval;
  private long firstProbeAt;
  private long nextAt = Long.MAX_VALUE;

  void start(long now, long timeoutNanos) {
    if (nextAt == Long.MAX_VALUE) {
      probes = 0;
      // The timeout may have backed off long ago.
      interval = Math.min(timeoutNanos, LONGEST_FIRST_INTERVAL);
      nextAt = now;
    }
  }

  long nextDeadline() {
    return nextAt;
  }

  /** Sends the probe that is due; true when enough of them stayed unanswered. */
  boolean run(long now, Subflow subflow, SegmentSink sink) {
    if (nextAt - now > 0) {
      return false;
    }
    boolean silent = probes >= PROBES;
    if (subflow.endpoint().sendWindowProbe(now, sink) && probes++ == 0) {
      firstProbeAt = now;
    }
    nextAt = now + interval;
    interval = Math.min(2 * interval, LONGEST_INTERVAL);
    return silent;
  }

  /** A segment came: the path works, unless it was under way already when the probe went out. */
  void onSegment(long now, long rttNanos) {
    if (probes > 0 && now - firstProbeAt >= rttNanos) {
      stop();
    }
  }

  void stop() {
    probes = 0;
    nextAt = Long.MAX_VALUE;
  }
}
