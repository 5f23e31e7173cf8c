package org.mptcp4j.mptcp;

import org.mptcp4j.tcp.SegmentSink;

/**
 * MP_FASTCLOSE in an ACK (RFC 8684 §3.5, option A): on one subflow, while the others are reset, and
 * again until the peer answers with RST. This is the state FASTCLOSE_WAIT.
 */
final class FastClose {
  /** RFC 8684 §3.5: a recommended number is 3. */
  private static final int MOST_REPEATED = 3;

  private Subflow subflow;
  private boolean given;
  private int repeated;
  private long interval;
  private long nextAt = Long.MAX_VALUE;

  /** Begins with {@code chosen}, whose segments carry the option from now on. */
  void begin(long now, Subflow chosen) {
    subflow = chosen;
    subflow.controls().clear();
    interval = chosen.endpoint().retransmissionTimeoutNanos();
    nextAt = now;
  }

  /** Whether ACKs of this subflow carry MP_FASTCLOSE and nothing else. */
  boolean isOn(Subflow candidate) {
    return subflow == candidate && !given;
  }

  /** Whether any subflow waits for the peer's answer. */
  boolean isWaiting() {
    return subflow != null && !given && !subflow.isClosed();
  }

  /**
   * The peer wants the same, and is answered with RST; or it was silent for too long: the subflow
   * has to go like the others.
   */
  void end() {
    given = true;
    nextAt = Long.MAX_VALUE;
  }

  long nextDeadline() {
    return isWaiting() ? nextAt : Long.MAX_VALUE;
  }

  /** Sends what is due; false when the peer was asked often enough. */
  boolean run(long now, SegmentSink sink) {
    if (nextAt - now > 0) {
      return true;
    }
    if (repeated > MOST_REPEATED) {
      end();
      return false;
    }
    if (subflow.endpoint().sendAck(now, sink)) {
      repeated++;
    }
    // What the path does not take now is tried again after the same time.
    nextAt = now + interval;
    interval *= 2;
    return true;
  }
}
