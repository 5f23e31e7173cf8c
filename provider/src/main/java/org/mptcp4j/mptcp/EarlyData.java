package org.mptcp4j.mptcp;

import java.util.Optional;
import org.mptcp4j.tcp.FastOpenAnswer;
import org.mptcp4j.tcp.FastOpenAttempt;
import org.mptcp4j.tcp.SegmentPayload;
import org.mptcp4j.tcp.SegmentSink;
import org.mptcp4j.wire.IncomingSegment;

/**
 * TCP Fast Open of a connection (RFC 7413): data in the SYN of the first subflow, sent or received.
 *
 * <p>RFC 8684 appendix B.2: such data has no place in the data sequence space, whose second number
 * is that of the first byte after it. Of what a SYN carried, the bytes that the SYN/ACK
 * acknowledges leave the send buffer, and the rest is numbered anew as if there had been no others.
 *
 * <p>A client with a cookie is connected for the application before anything was sent: the SYN
 * waits for the first bytes that are written, which it then carries. When the application reads, or
 * ends its output, or has written nothing for {@value #LONGEST_WAIT_MILLIS} ms, it goes without.
 */
final class EarlyData {
  static final int LONGEST_WAIT_MILLIS = 10;

  private static final long NEVER = Long.MAX_VALUE;

  private final MptcpConnection connection;
  private Subflow waiting;
  private FastOpenAttempt attempt;
  private long waitsUntil = NEVER;
  private Mapping inSyn;
  private Subflow opened;

  EarlyData(MptcpConnection connection) {
    this.connection = connection;
  }

  // ---- client

  /** Opens the first subflow, or has its SYN wait for data. */
  void connect(long now, Subflow subflow, FastOpenAttempt how, SegmentSink sink) {
    if (!how.hasCookie()) {
      subflow.endpoint().connect(now, how, Optional.empty(), sink);
      return;
    }
    waiting = subflow;
    attempt = how;
    waitsUntil = now + LONGEST_WAIT_MILLIS * 1_000_000L;
    connection.lifetime().establish();
  }

  /** The application waits for the peer's first word: the SYN waits no longer. */
  boolean stopWaiting(long now) {
    boolean due = waiting != null;
    waitsUntil = now;
    return due;
  }

  long nextDeadline() {
    return waiting == null ? NEVER : waitsUntil;
  }

  /** Sends the SYN where it waits and there is something to go with it, or nothing will be. */
  void advance(long now, SegmentSink sink) {
    if (waiting == null || connection.lifetime().hasFailed()) {
      return;
    }
    boolean written = !connection.sender().isAllSent();
    if (!written && connection.closing().isApplicationGone()) {
      connection.lifetime().fail(MptcpConnection.Failure.ABORTED);
    } else if (written || connection.closing().isOutputShut() || waitsUntil <= now) {
      Subflow subflow = waiting;
      waiting = null;
      if (written) {
        inSyn = connection.sender().firstBytes(attempt.mss());
      }
      Optional<SegmentPayload> data = Optional.ofNullable(inSyn);
      subflow.endpoint().connect(now, attempt, data, sink);
      subflow.touch();
    }
  }

  /** The first acknowledgment of our SYN says how much of the data the peer has. */
  void onAcknowledged(Subflow subflow, IncomingSegment segment) {
    if (inSyn == null) {
      return;
    }
    int bytes = segment.acknowledgmentNumber() - subflow.endpoint().initialSendSequenceNumber() - 1;
    release();
    if (bytes > 0) {
      subflow.sentEarly(bytes);
      connection.sender().sentEarly(bytes);
    }
  }

  /** The subflow is gone. */
  void release() {
    waiting = null;
    if (inSyn != null) {
      connection.sender().recycle(inSyn);
      inSyn = null;
    }
  }

  // ---- server

  /** Answers the SYN, and takes the data that came with it where its cookie was right. */
  void accept(
      long now, Subflow subflow, IncomingSegment syn, FastOpenAnswer answer, SegmentSink sink) {
    int bytes = answer.opens() ? connection.receiver().takeEarly(syn) : 0;
    subflow.receivedEarly(bytes);
    subflow.endpoint().accept(now, syn, answer, bytes, sink);
    if (answer.opens()) {
      opened = subflow;
      connection.lifetime().establish();
      subflow.startCarrying();
    }
  }

  /**
   * Whether this server may send though it does not know the peer's key: its mappings go without a
   * DATA_ACK (RFC 8684 appendix B.3, figure 19).
   */
  boolean isOpened() {
    return opened != null;
  }

  /**
   * There will be no MPTCP: whether mappings went out already. What is sent again of them says that
   * they were the last.
   */
  boolean mappingsSent() {
    if (opened == null || !opened.hasSent()) {
      return false;
    }
    opened.outstanding().markInfinite();
    return true;
  }
}
