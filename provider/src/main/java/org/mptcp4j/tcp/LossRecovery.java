package org.mptcp4j.tcp;

import org.mptcp4j.wire.SequenceNumber;

/**
 * Where the sender stands after a loss, and how much it may send then: Proportional Rate Reduction
 * (RFC 6937) in fast recovery, the congestion window otherwise.
 */
final class LossRecovery {
  /** The phases of a sender. */
  enum Phase {
    OPEN,
    /** After a loss that was detected by ACKs. */
    FAST,
    /** After the retransmission timer fired. */
    TIMEOUT
  }

  private Phase phase = Phase.OPEN;
  private int recoveryPoint;
  private long flightAtStart;
  private long delivered;
  private long sent;
  private long quota;
  private long sentAgain;

  private boolean firstRetransmissionKnown;
  private boolean judged;
  private int firstRetransmission;
  private int firstRetransmissionEnd;

  Phase phase() {
    return phase;
  }

  boolean isOpen() {
    return phase == Phase.OPEN;
  }

  boolean isFast() {
    return phase == Phase.FAST;
  }

  void enterFast(int sndNxt, long bytesInFlight) {
    begin(Phase.FAST, sndNxt);
    flightAtStart = Math.max(1, bytesInFlight);
    delivered = 0;
    sent = 0;
    quota = 0;
  }

  void enterTimeout(int sndNxt) {
    if (phase == Phase.TIMEOUT) {
      recoveryPoint = sndNxt;
    } else {
      begin(Phase.TIMEOUT, sndNxt);
    }
  }

  private void begin(Phase next, int sndNxt) {
    phase = next;
    recoveryPoint = sndNxt;
    firstRetransmissionKnown = false;
    judged = false;
    sentAgain = 0;
  }

  void leave() {
    phase = Phase.OPEN;
    firstRetransmissionKnown = false;
  }

  boolean isOver(int sndUna) {
    return phase != Phase.OPEN && SequenceNumber.geq(sndUna, recoveryPoint);
  }

  /** RFC 6937 §3.1, for an ACK that delivered {@code bytes}. */
  void onDelivered(long bytes, long bytesInFlight, long ssthresh, int segment) {
    delivered += bytes;
    if (bytesInFlight > ssthresh) {
      // A threshold above what was in flight, which no loss-based algorithm sets, must not let more
      // go than arrives.
      long reduced = (delivered * ssthresh + flightAtStart - 1) / flightAtStart;
      quota = Math.min(delivered, reduced) - sent;
    } else {
      quota = Math.min(ssthresh - bytesInFlight, Math.max(delivered - sent, bytes) + segment);
    }
    // The fast retransmission goes out whatever the sum says.
    quota = Math.max(quota, sent == 0 ? segment : 0);
  }

  /** What may be sent now. */
  long room(long congestionWindow, long bytesInFlight) {
    return phase == Phase.FAST ? quota : congestionWindow - bytesInFlight;
  }

  void onSent(long bytes) {
    sent += bytes;
    quota -= bytes;
  }

  /** Bytes that the episode sent again, each counted once. */
  long sentAgain() {
    return sentAgain;
  }

  /** Bytes are sent again for the first time. */
  void onSentAgain(long bytes) {
    sentAgain += bytes;
  }

  /** Notes our clock at the first retransmission of the episode (RFC 3522 §3.2). */
  void onRetransmission(int timestamp, int end) {
    if (!firstRetransmissionKnown && !judged) {
      firstRetransmissionKnown = true;
      firstRetransmission = timestamp;
      firstRetransmissionEnd = end;
    }
  }

  /**
   * RFC 3522 §3.2: the ACK of what was sent again first echoes a timestamp older than that, so the
   * original had arrived.
   */
  boolean isSpurious(int ack, int echoReply) {
    return isJudgedBy(ack) && SequenceNumber.lt(echoReply, firstRetransmission);
  }

  /**
   * What stood before it may have been sent again in an earlier episode: then its echo is older,
   * and tells nothing.
   */
  private boolean isJudgedBy(int ack) {
    return firstRetransmissionKnown && SequenceNumber.geq(ack, firstRetransmissionEnd);
  }

  /** Only the first ACK of it tells (RFC 3522 §3.2). */
  void forgetFirstRetransmission(int ack) {
    if (isJudgedBy(ack)) {
      firstRetransmissionKnown = false;
      judged = true;
    }
  }
}
