package org.mptcp4j.tcp;

import org.mptcp4j.tcp.Timers.Kind;

/**
 * The retransmission and the probe timer of a sender. They are armed at the end of a round of
 * arrivals, with the time of then, so that packets which waited while this process stood still do
 * not arm them in the past.
 */
final class SenderTimers {
  /** A delayed ACK of the peer's, with some slack. */
  private static final long PEER_ACK_DELAY_NANOS = 45_000_000L;

  private static final long LEAST_PROBE_TIMEOUT_NANOS = 10_000_000L;

  /** Timers that are served later than this were held up by a pause of the process. */
  private static final long PAUSE_NANOS = 10_000_000L;

  private static final long GRACE_NANOS = 20_000_000L;

  private final Tcb tcb;
  private final SentQueue queue;
  private final RttEstimator rtt;

  private boolean rearm;

  /** The probe timeout has passed, and there was no progress since. */
  private boolean probeReported;

  /** A timer that came late has been put off once. */
  private boolean graceGiven;

  SenderTimers(Tcb tcb, SentQueue queue, RttEstimator rtt) {
    this.tcb = tcb;
    this.queue = queue;
    this.rtt = rtt;
  }

  /** Something was acknowledged or SACKed. */
  void onProgress() {
    rearm = true;
    probeReported = false;
    graceGiven = false;
  }

  /** The timers start anew at the next {@link #arm}. */
  void requestRearm() {
    rearm = true;
  }

  boolean isRearmRequested() {
    return rearm;
  }

  /** Something was sent: starts the timers where they stand still. */
  void onSent(long now) {
    if (!tcb.timers.isSet(Kind.RETRANSMISSION)) {
      arm(now);
    }
  }

  void arm(long now) {
    rearm = false;
    if (queue.isEmpty()) {
      tcb.timers.clear(Kind.RETRANSMISSION);
      tcb.timers.clear(Kind.PROBE);
      tcb.timers.clear(Kind.REORDERING);
      return;
    }
    tcb.timers.set(Kind.RETRANSMISSION, now + rtt.rtoNanos());
    if (probeReported) {
      tcb.timers.clear(Kind.PROBE);
    } else {
      tcb.timers.set(Kind.PROBE, now + probeTimeout());
    }
  }

  /** RFC 8985 §7.3: after a probe the retransmission timer starts anew. */
  void onProbeSent(long now) {
    tcb.timers.set(Kind.RETRANSMISSION, now + rtt.rtoNanos());
  }

  /** RFC 8985 §7.2. */
  private long probeTimeout() {
    long srtt = rtt.smoothedNanos();
    if (srtt == 0) {
      return rtt.rtoNanos();
    }
    long timeout = Math.max(2 * srtt, LEAST_PROBE_TIMEOUT_NANOS);
    if (queue.outstandingBytes() <= tcb.segmentPayloadLimit()) {
      timeout += PEER_ACK_DELAY_NANOS;
    }
    return Math.min(timeout, rtt.rtoNanos());
  }

  /** Whether the probe timeout has passed; true once until there is progress. */
  boolean takeProbeTimeout(long now) {
    if (!tcb.timers.isDue(Kind.PROBE, now) || isPutOff(Kind.PROBE, now)) {
      return false;
    }
    tcb.timers.clear(Kind.PROBE);
    probeReported = true;
    return true;
  }

  /** Whether the retransmission timer has fired; it then stands still. */
  boolean takeRetransmissionTimeout(long now) {
    if (!tcb.timers.isDue(Kind.RETRANSMISSION, now) || isPutOff(Kind.RETRANSMISSION, now)) {
      return false;
    }
    tcb.timers.clear(Kind.RETRANSMISSION);
    return !queue.isEmpty();
  }

  /**
   * A timer that is served late says that this process stood still, not that the peer was silent:
   * once, it gets some more time.
   */
  private boolean isPutOff(Kind kind, long now) {
    if (graceGiven || now - tcb.timers.deadline(kind) < PAUSE_NANOS) {
      return false;
    }
    graceGiven = true;
    long grace = Math.max(GRACE_NANOS, 2 * rtt.smoothedNanos());
    tcb.timers.set(Kind.RETRANSMISSION, now + Math.max(grace + GRACE_NANOS, rtt.rtoNanos()));
    if (!probeReported) {
      tcb.timers.set(Kind.PROBE, now + grace);
    }
    return true;
  }
}
