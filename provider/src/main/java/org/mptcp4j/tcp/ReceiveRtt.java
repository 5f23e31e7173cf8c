package org.mptcp4j.tcp;

import org.mptcp4j.wire.IncomingSegment;

/**
 * The round-trip time as a receiver sees it, who sends nothing that would be acknowledged: from an
 * ACK of ours to the data that echoes its timestamp (RFC 7323 §3). A peer that has nothing to send
 * stretches it, so it counts for no more than a few times what the sender's half knows.
 */
final class ReceiveRtt {
  private static final int MOST_OF_SENDERS = 4;

  private static final long GRAIN_NANOS = 1_000_000L;

  private final Tcb tcb;
  private final RttEstimator senders;
  private int lastEcho;
  private long smoothedNanos;

  ReceiveRtt(Tcb tcb, RttEstimator senders) {
    this.tcb = tcb;
    this.senders = senders;
  }

  /** A segment with payload arrived. */
  void onPayload(long now, IncomingSegment segment) {
    int echo = segment.timestampEchoReply();
    // The first segment after an ACK of ours tells; those behind it only waited in the same queue.
    if (!tcb.timestamps || !segment.hasTimestamps() || echo == 0 || echo == lastEcho) {
      return;
    }
    lastEcho = echo;
    int millis = tcb.timestampAt(now) - echo;
    if (millis < 0 || millis > 60_000) {
      return;
    }
    long sample = Math.min(Math.max(1, millis) * GRAIN_NANOS, most());
    smoothedNanos = smoothedNanos == 0 ? sample : smoothedNanos + (sample - smoothedNanos) / 8;
  }

  private long most() {
    long known = Math.max(GRAIN_NANOS, senders.smoothedNanos());
    return MOST_OF_SENDERS * known;
  }

  /** Nanoseconds; the sender's while there is no sample, 0 when that has none either. */
  long nanos() {
    return smoothedNanos == 0 ? senders.smoothedNanos() : smoothedNanos;
  }
}
