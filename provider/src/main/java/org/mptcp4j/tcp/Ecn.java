package org.mptcp4j.tcp;

import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.SequenceNumber;
import org.mptcp4j.wire.TcpFlags;

/**
 * Explicit congestion notification (RFC 3168) of one endpoint: whether it was agreed on, what the
 * network marked on the way to us, and whether we have answered what it marked on the way to the
 * peer.
 */
final class Ecn {
  /** Codepoints of the IP header, RFC 3168 §5. */
  static final int ECT_0 = 2;

  static final int CE = 3;

  private static final int SETUP = TcpFlags.ECE | TcpFlags.CWR;

  private final EcnMode mode;
  private boolean requested;
  private boolean marks;
  private boolean answers;

  /** A mark came, and the peer has not said yet that it slowed down. */
  private boolean echoDue;

  /** We slowed down, and the peer does not know yet. */
  private boolean cwrDue;

  private boolean reducedOnce;
  private int reducedAt;

  Ecn(EcnMode mode) {
    this.mode = mode;
  }

  /** Control bits for a SYN of ours; {@code again} after its timer. */
  int flagsOfSyn(boolean again) {
    if (mode != EcnMode.REQUEST) {
      return 0;
    }
    // RFC 3168 §6.1.1.1: a middlebox may have dropped the first for these bits.
    marks = false;
    requested |= !again;
    return again ? 0 : SETUP;
  }

  /** Control bits for a SYN/ACK of ours. */
  int flagsOfSynAck() {
    return answers ? TcpFlags.ECE : 0;
  }

  /** A SYN of the peer; the last one counts, since it may have fallen back. */
  void onSyn(IncomingSegment syn) {
    boolean setup = (syn.flags() & SETUP) == SETUP;
    answers = mode != EcnMode.OFF && setup;
    marks = answers;
  }

  /** A SYN/ACK of the peer; {@code again} when our SYN went out more than once. */
  void onSynAck(IncomingSegment synAck, boolean again) {
    boolean agreed = requested && (synAck.flags() & SETUP) == TcpFlags.ECE;
    answers = agreed;
    // Who has sent a SYN without the bits sends no marked data, but still tells of marks.
    marks = agreed && !again;
  }

  boolean isAgreed() {
    return marks;
  }

  /** The codepoint of new data; retransmissions, probes and pure ACKs go without (§6.1.4, .5). */
  int codepointOfNewData() {
    return marks ? ECT_0 : 0;
  }

  /** Control bits of any segment after the handshake. */
  int flagsOfSegment() {
    return echoDue ? TcpFlags.ECE : 0;
  }

  /** Control bits that only new data carries. */
  int flagsOfNewData() {
    return cwrDue ? TcpFlags.CWR : 0;
  }

  void onNewDataSent() {
    cwrDue = false;
  }

  /**
   * An acceptable segment came (§6.1.3).
   *
   * @return whether the peer should be told at once
   */
  boolean onArrival(IncomingSegment segment) {
    if (!answers) {
      return false;
    }
    if (segment.has(TcpFlags.CWR)) {
      echoDue = false;
    }
    if (segment.ecn() == CE && segment.payloadLength() > 0) {
      boolean news = !echoDue;
      echoDue = true;
      return news;
    }
    return false;
  }

  /**
   * Whether an acknowledgment asks for a reduction: once for each window of data (§6.1.2).
   *
   * @param acknowledgment SEG.ACK, valid
   */
  boolean asksForReduction(IncomingSegment segment, int acknowledgment) {
    return marks
        && segment.has(TcpFlags.ECE)
        && !segment.has(TcpFlags.SYN)
        && (!reducedOnce || SequenceNumber.gt(acknowledgment, reducedAt));
  }

  /** The window was reduced, for whatever reason, with data up to {@code sndNxt} outstanding. */
  void onReduced(int sndNxt) {
    reducedOnce = true;
    reducedAt = sndNxt;
    cwrDue = marks;
  }
}
