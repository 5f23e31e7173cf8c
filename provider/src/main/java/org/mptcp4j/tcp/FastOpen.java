package org.mptcp4j.tcp;

import org.mptcp4j.wire.FastOpenCookie;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpOptionWriter;

/** TCP Fast Open (RFC 7413) of one endpoint: what rides on its SYN or SYN/ACK, and what came. */
final class FastOpen {
  private FastOpenAttempt attempt = FastOpenAttempt.NONE;
  private FastOpenAnswer answer = FastOpenAnswer.NONE;
  private SegmentPayload data;
  private int sentBytes;
  private boolean pending;

  /** Active open; {@code payload} null for none. */
  void attempt(FastOpenAttempt how, SegmentPayload payload) {
    attempt = how;
    data = payload;
  }

  /** Passive open. */
  void answer(FastOpenAnswer how) {
    answer = how;
    pending = how.opens();
    how.begun();
  }

  /** Whether this endpoint was opened by a SYN with a cookie that was right. */
  boolean isOpened() {
    return answer.opens();
  }

  /** Bytes of data in our SYN. */
  int sentBytes() {
    return sentBytes;
  }

  /**
   * The option of the next SYN or SYN/ACK; null for none. RFC 7413 §4.2.1: what is sent again goes
   * without, for the option may be why it was lost.
   */
  FastOpenCookie option(boolean isAnswer, boolean again) {
    if (again) {
      return null;
    }
    return isAnswer ? answer.cookie().orElse(null) : attempt.cookie();
  }

  /** Writes the option, in whatever length there is room for, and the data that goes with it. */
  void write(OutgoingSegment segment, boolean isAnswer, FastOpenCookie cookie) {
    TcpOptionWriter options = segment.options();
    if (isAnswer) {
      if (!options.fastOpen(cookie, answer.isExperimental())) {
        options.fastOpen(FastOpenServer.shortened(cookie), answer.isExperimental());
      }
    } else if (options.fastOpen(cookie, false) && data != null) {
      int length = Math.min(data.length(), attempt.mss() - options.length());
      if (length > 0) {
        segment.payload(data.buffer(), data.offset(), length);
      }
    }
  }

  /** A SYN with the option that is given (null for none) went out. */
  void synSent(OutgoingSegment segment, FastOpenCookie cookie) {
    if (cookie == null) {
      return;
    }
    sentBytes = segment.payloadLength();
    attempt.sent(sentBytes);
  }

  FastOpenAttempt attempt() {
    return attempt;
  }

  /** The handshake is over. */
  void established(long now) {
    data = null;
    endPending(now, false);
  }

  /** The endpoint is gone, in {@code state}. */
  void closed(long now, TcpState state, TcpUser.CloseReason reason) {
    data = null;
    if (state == TcpState.SYN_SENT && reason != TcpUser.CloseReason.ABORTED) {
      attempt.failed(now);
    }
    endPending(now, reason == TcpUser.CloseReason.PEER_RESET);
  }

  private void endPending(long now, boolean reset) {
    if (pending) {
      pending = false;
      answer.ended(now, reset);
    }
  }
}
