package org.mptcp4j.tcp;

import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.SequenceNumber;

/** What one acknowledgment tells of the round-trip time (RFC 6298 §3, RFC 7323 §4). */
final class AckSample {
  private final Tcb tcb;
  private boolean echoKnown;
  private int echoReply;
  private boolean known;
  private boolean resentDelivered;
  private long latestSentNanos;

  AckSample(Tcb tcb) {
    this.tcb = tcb;
  }

  /** Another acknowledgment is taken in. */
  void begin(IncomingSegment segment) {
    known = false;
    resentDelivered = false;
    echoReply = segment.timestampEchoReply();
    echoKnown = tcb.timestamps && segment.hasTimestamps() && echoReply != 0;
  }

  boolean isEchoKnown() {
    return echoKnown;
  }

  int echoReply() {
    return echoReply;
  }

  /** Whether the echo is older than the last sending of {@code s}. */
  boolean isOfOriginal(SentSegment s) {
    return echoKnown && SequenceNumber.lt(echoReply, tcb.timestampAt(s.sentNanos));
  }

  void onDelivered(SentSegment s) {
    if (s.retransmits > 0) {
      resentDelivered = true;
    } else if (!known || s.sentNanos - latestSentNanos > 0) {
      known = true;
      latestSentNanos = s.sentNanos;
    }
  }

  /** Gives the sample, where there is one, to {@code rtt}. */
  void giveTo(RttEstimator rtt, long now, int advanced) {
    // Karn (RFC 6298 §3); and what waited behind a hole for its retransmission tells no round trip.
    known &= !resentDelivered;
    if (known) {
      rtt.sample(now, now - latestSentNanos);
    } else if (advanced > 0 && echoKnown) {
      // RFC 7323 §4: the echo tells which sending was acknowledged; a millisecond is its grain.
      int millis = tcb.timestampAt(now) - echoReply;
      if (millis >= 0 && millis < 60_000) {
        known = true;
        rtt.sample(now, Math.max(1, millis) * 1_000_000L);
      }
    }
  }

  /** Whether there was one. */
  boolean isKnown() {
    return known;
  }
}
