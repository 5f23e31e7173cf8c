package org.mptcp4j.tcp;

import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.SequenceNumber;
import org.mptcp4j.wire.TcpFlags;
import org.mptcp4j.wire.TcpOptionWriter;

/** The receiving half: what has arrived, which window to announce, when to acknowledge. */
final class TcpReceiver {
  /** As Linux: the ACK of in-order data waits this long at most. */
  static final long DELAYED_ACK_NANOS = 40_000_000L;

  /** As Linux: the first segments are acknowledged at once, so that slow start gets going. */
  private static final int QUICK_ACKS = 16;

  /** RFC 5961 §7. */
  private static final int CHALLENGES_PER_SECOND = 100;

  private static final long SECOND_NANOS = 1_000_000_000L;

  /** As Linux. */
  private static final long EMPTY_ANSWER_NANOS = 500_000_000L;

  private final Tcb tcb;
  private final ReceivedRanges ranges = new ReceivedRanges();

  /** RCV.NXT. */
  private int next;

  /** RCV.NXT of the last ACK that was sent. */
  private int lastAcked;

  /** The furthest right edge that was ever announced. */
  private int announcedEdge;

  /**
   * The right edge that was announced last. The window of an MPTCP connection is shared: what other
   * subflows bring takes it away from this one, so this may lie before {@link #announcedEdge}.
   */
  private int lastEdge;

  /** RCV.UP, less one: the last byte that the peer called urgent. */
  private int urgent;

  private boolean urgentKnown;

  private boolean finKnown;
  private int finSequence;

  private boolean ackNow;
  private int quickAcks = QUICK_ACKS;
  private long lastPayloadAt;
  private boolean payloadSeen;

  /** Estimate of the payload in the peer's segments; offload may have joined several. */
  private int peerSegment = 536;

  /** RFC 2883: a range that came twice, for the first SACK block of the next ACK. */
  private boolean duplicateKnown;

  private int duplicateLeft;
  private int duplicateRight;

  private long challengeSecondStart;
  private int challenges;

  private boolean emptyAnswered;
  private long emptyAnsweredAt;

  private final int[] blockLeft = new int[4];
  private final int[] blockRight = new int[4];

  TcpReceiver(Tcb tcb) {
    this.tcb = tcb;
  }

  /** The peer's SYN was taken, with {@code bytes} of data: {@link Tcb#initialReceive} is known. */
  void start(int bytes) {
    next = tcb.initialReceive + 1 + bytes;
    tcb.traffic.receivedBytes += bytes;
    lastAcked = next;
    announcedEdge = next;
    lastEdge = next;
  }

  /** RCV.NXT. */
  int next() {
    return next;
  }

  /** RCV.NXT as of the last ACK sent (RFC 7323: Last.ACK.sent). */
  int lastAcked() {
    return lastAcked;
  }

  void requestAck() {
    ackNow = true;
  }

  /**
   * An ACK that says where we are (RFC 5961): a stranger's guess may have asked for it, so there
   * are not many a second.
   */
  void requestChallengeAck(long now) {
    if (challenges == 0 || now - challengeSecondStart >= SECOND_NANOS) {
      challengeSecondStart = now;
      challenges = 0;
    }
    if (challenges < CHALLENGES_PER_SECOND) {
      challenges++;
      ackNow = true;
    } else {
      tcb.user.counters().challengesSuppressed.increment();
    }
  }

  /**
   * Answers a segment whose numbers cannot be right with ours. To the peer an empty answer may look
   * as wrong, and be answered: two ends that have lost each other's numbers must not do so for
   * ever, so that what is empty gets few answers.
   */
  void answerUnacceptable(long now, IncomingSegment segment) {
    if (segment.segmentLength() == 0) {
      if (emptyAnswered && now - emptyAnsweredAt < EMPTY_ANSWER_NANOS) {
        tcb.user.counters().emptyUnanswered.increment();
        return;
      }
      emptyAnswered = true;
      emptyAnsweredAt = now;
    }
    requestChallengeAck(now);
  }

  /** Delayed no longer. */
  void onDelayedAckTimer() {
    ackNow = true;
  }

  /**
   * Up to where payload is let through to the user. An MPTCP peer may learn of window on another
   * subflow and use it here, so this is generous; the user decides.
   */
  private int acceptEdge() {
    int own = next + Math.max(0xffff, Math.min(1 << 29, tcb.config.receiveBufferLimit()));
    return SequenceNumber.max(announcedEdge, own);
  }

  /** RFC 9293 §3.10.7.4, first check. */
  boolean isAcceptable(IncomingSegment segment) {
    int seq = segment.sequenceNumber();
    int length = segment.segmentLength();
    if (length == 0) {
      return SequenceNumber.geq(seq, next) && SequenceNumber.leq(seq, acceptEdge());
    }
    return SequenceNumber.lt(seq, acceptEdge()) && SequenceNumber.gt(seq + length, next);
  }

  /** Notes a segment with nothing new, so that the next ACK reports it (RFC 2883 §4). */
  void onDuplicate(IncomingSegment segment) {
    ackNow = true;
    if (segment.payloadLength() > 0 && SequenceNumber.lt(segment.sequenceNumber(), next)) {
      noteDuplicate(
          segment.sequenceNumber(),
          SequenceNumber.min(segment.sequenceNumber() + segment.payloadLength(), next));
    }
  }

  private void noteDuplicate(int left, int right) {
    // A range beyond the window of what could have been in flight is a stray, not a duplicate.
    if (tcb.sack && !duplicateKnown && next - left <= 1 << 30) {
      duplicateKnown = true;
      duplicateLeft = left;
      duplicateRight = right;
    }
  }

  /**
   * The urgent pointer of an acceptable segment (RFC 9293 §3.10.7.4, sixth). It points behind the
   * urgent byte, as all senders have it (RFC 6093 §3.1).
   */
  void takeUrgent(long now, IncomingSegment segment) {
    int at = segment.sequenceNumber() + segment.urgentPointer() - 1;
    if (!segment.has(TcpFlags.URG)
        || segment.urgentPointer() == 0
        || tcb.options.urgentInline()
        || SequenceNumber.lt(at, next)
        || (urgentKnown && SequenceNumber.leq(at, urgent))) {
      return;
    }
    urgentKnown = true;
    urgent = at;
    tcb.user.onUrgent(now, at);
  }

  /** Payload and FIN of an acceptable segment. */
  void take(long now, IncomingSegment segment) {
    int seq = segment.sequenceNumber();
    int end = seq + segment.payloadLength();
    int limit = finKnown ? finSequence : acceptEdge();
    int to = SequenceNumber.min(end, limit);
    if (segment.has(TcpFlags.FIN) && !finKnown && to == end && SequenceNumber.geq(end, next)) {
      finKnown = true;
      finSequence = end;
    }
    if (segment.payloadLength() > 0) {
      takePayload(now, segment, seq, to);
    }
    if (segment.has(TcpFlags.FIN)) {
      ackNow = true;
    }
  }

  private void takePayload(long now, IncomingSegment segment, int seq, int to) {
    int before = next;
    boolean hadHoles = !ranges.isEmpty();
    int at = seq;
    if (SequenceNumber.lt(at, next)) {
      noteDuplicate(at, SequenceNumber.min(to, next));
      at = next;
      ackNow = true;
    }
    while (SequenceNumber.lt(at, to)) {
      int known = ranges.endOfRangeAt(at);
      if (known != at) {
        int end = SequenceNumber.min(known, to);
        noteDuplicate(at, end);
        ranges.touch(at);
        at = end;
        ackNow = true;
        continue;
      }
      int gapEnd = ranges.nextStart(at, to);
      if (at != next && !ranges.hasRoomFor(at, gapEnd)
          || !tcb.user.onPayload(now, segment, at - seq, at, gapEnd - at)) {
        ackNow = true;
        break;
      }
      if (at == next) {
        next = reach(gapEnd);
        if (SequenceNumber.lt(gapEnd, SequenceNumber.min(next, to))) {
          noteDuplicate(gapEnd, SequenceNumber.min(next, to));
        }
        at = next;
      } else {
        ranges.add(at, gapEnd);
        at = gapEnd;
      }
    }
    if (tcb.user.isHolding()) {
      // The segment may tell of the place of what came before.
      next = reach(next);
    }
    payloadSeen = true;
    lastPayloadAt = now;
    tcb.traffic.onArrival(now);
    if (segment.payloadLength() <= tcb.config.mss()) {
      peerSegment = Math.max(peerSegment, segment.payloadLength());
    }
    // RFC 5681 §4.2: at once when out of order, and when a gap is filled in part or whole.
    if (hadHoles || !ranges.isEmpty()) {
      ackNow = true;
    }
    ackNow |= isQuick();
    if (next != before) {
      tcb.traffic.receivedBytes += next - before;
      tcb.user.onInOrder(now, next);
    }
  }

  /** How far RCV.NXT moves when everything before {@code to} is there. */
  private int reach(int to) {
    int end = ranges.absorb(to);
    if (!tcb.user.isHolding()) {
      return end;
    }
    int taken = tcb.user.takeHeld(to, end);
    while (SequenceNumber.gt(taken, end)) {
      end = ranges.absorb(taken);
      taken = end == taken ? taken : tcb.user.takeHeld(taken, end);
    }
    if (SequenceNumber.lt(taken, end)) {
      // RFC 2018 §8: what SACK has reported may be discarded; it will come again.
      int after = tcb.user.heldEnd(taken);
      if (SequenceNumber.lt(after, end)) {
        ranges.add(after, end);
      }
    }
    return taken;
  }

  private boolean isQuick() {
    return switch (tcb.options.ackMode()) {
      case QUICK -> true;
      case DELAYED -> false;
      case ADAPTIVE -> quickAcks > 0 && quickAcks-- > 0;
    };
  }

  /** Moves RCV.NXT over the peer's FIN when it is its turn; true once. */
  boolean takeFin() {
    if (!finKnown || next != finSequence) {
      return false;
    }
    next++;
    ackNow = true;
    return true;
  }

  /** Whether an ACK is to be sent now; arms the timer where it may wait. */
  boolean isAckDue(long now) {
    if (ackNow) {
      return true;
    }
    int pending = next - lastAcked;
    if (pending == 0) {
      return false;
    }
    // RFC 9293 §3.8.6.3: at least for every second full-sized segment.
    if (pending > peerSegment) {
      return true;
    }
    if (!tcb.timers.isSet(Timers.Kind.DELAYED_ACK)) {
      tcb.timers.set(Timers.Kind.DELAYED_ACK, now + DELAYED_ACK_NANOS);
    }
    return false;
  }

  /** Our data answers the peer's: ACKs can ride on it, so they need not be quick (as Linux). */
  void onDataSent(long now) {
    if (payloadSeen && now - lastPayloadAt < DELAYED_ACK_NANOS) {
      quickAcks = 0;
    }
  }

  /** RFC 9293 §3.8.6.2.2: the right edge moves by a segment at least, or by half the buffer. */
  private int worthwhileGrowth() {
    return Math.min(tcb.config.mss(), Math.max(1, tcb.config.receiveBufferLimit() / 2));
  }

  /** The window field of the next segment. */
  int windowField() {
    long window = Math.max(0, tcb.user.receiveWindow());
    long announced = Math.max(0, announcedEdge - next);
    if (!tcb.user.isWindowShared()
        && window > announced
        && window - announced < worthwhileGrowth()) {
      window = announced;
    }
    // Rounded down: to round up would promise room that the user may not have, a little more with
    // each ACK. What is lost by it, less than the grain of the scale, no sender minds (RFC 7323
    // §2.4).
    long field = window >>> tcb.receiveScale;
    return (int) Math.min(0xffff, field);
  }

  /** Whether the user's window has grown so far that the peer should know. */
  boolean isWindowUpdateDue() {
    long window = Math.min(tcb.user.receiveWindow(), 0xffffL << tcb.receiveScale);
    long announced = Math.max(0, lastEdge - next);
    return window >= 2 * announced && window - announced >= worthwhileGrowth();
  }

  void onSynAckSent(int field) {
    lastAcked = next;
    lastEdge = next + field;
    announcedEdge = SequenceNumber.max(announcedEdge, lastEdge);
  }

  /** A segment with ACK is out; {@code sackComplete} when it also said all that SACK has to say. */
  void onAckSent(int field, boolean sackComplete) {
    lastEdge = next + (field << tcb.receiveScale);
    announcedEdge = SequenceNumber.max(announcedEdge, lastEdge);
    lastAcked = next;
    tcb.timers.clear(Timers.Kind.DELAYED_ACK);
    if (sackComplete) {
      ackNow = false;
      duplicateKnown = false;
    }
  }

  boolean hasSack() {
    return tcb.sack && (duplicateKnown || !ranges.isEmpty());
  }

  void writeSack(TcpOptionWriter options) {
    writeSack(options, 4);
  }

  /** RFC 2018 §4 and RFC 2883 §4: a duplicate first, then the ranges, the latest first. */
  void writeSack(TcpOptionWriter options, int limit) {
    if (!hasSack()) {
      return;
    }
    int blocks = 0;
    if (duplicateKnown) {
      blockLeft[0] = duplicateLeft;
      blockRight[0] = duplicateRight;
      blocks = 1;
    }
    int room = Math.min(Math.min(4, limit), options.sackBlocksThatFit());
    blocks = ranges.sackBlocks(blockLeft, blockRight, blocks, Math.max(blocks, room));
    options.sack(blockLeft, blockRight, Math.min(blocks, room));
  }
}
