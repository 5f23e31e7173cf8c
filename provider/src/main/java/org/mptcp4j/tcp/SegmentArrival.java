package org.mptcp4j.tcp;

import org.mptcp4j.tcp.TcpUser.CloseReason;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.SequenceNumber;
import org.mptcp4j.wire.TcpFlags;

/** What becomes of an arriving segment: RFC 9293 §3.10.7, in its order. */
final class SegmentArrival {
  /** RFC 7323 §5.5: TS.Recent of a connection idle for longer says nothing. */
  private static final long TIMESTAMP_LIFE_NANOS = 24L * 24 * 3600 * 1_000_000_000L;

  /** An ACK without payload that was overtaken by less than this is no old duplicate. */
  private static final int OVERTAKEN_MILLIS = 1000;

  private final Tcb tcb;
  private final SegmentWriter writer;
  private final TcpReceiver receiver;
  private final TcpSender sender;
  private final Handshake handshake;
  private final KeepAliveTimer keepAlive;
  private final ReceiveRtt receiveRtt;

  /** SND.WL1, SND.WL2, and the largest window that the peer ever announced. */
  private int windowSequence;

  private int windowAcknowledgment;
  private boolean windowKnown;
  private long lastWindow = -1;
  private long largestWindow = 0xffff;

  SegmentArrival(
      Tcb tcb,
      SegmentWriter writer,
      TcpReceiver receiver,
      TcpSender sender,
      Handshake handshake,
      KeepAliveTimer keepAlive) {
    this.tcb = tcb;
    this.writer = writer;
    this.receiver = receiver;
    this.sender = sender;
    this.handshake = handshake;
    this.keepAlive = keepAlive;
    this.receiveRtt = new ReceiveRtt(tcb, sender.rtt());
  }

  ReceiveRtt receiveRtt() {
    return receiveRtt;
  }

  void process(long now, IncomingSegment segment, SegmentSink sink) {
    switch (tcb.state) {
      case CLOSED -> {
        // The owner has dropped the endpoint; nothing to say.
      }
      case SYN_SENT -> {
        keepAlive.onSegment(now);
        handshake.arrivesInSynSent(now, segment, sink);
      }
      case SYN_RECEIVED -> {
        if (isOldDuplicate(now, segment)) {
          tcb.user.counters().oldTimestamps.increment();
          receiver.answerUnacceptable(now, segment);
        } else if (handshake.arrivesInSynReceived(now, segment, sink)) {
          keepAlive.onSegment(now);
          takeTimestamp(now, segment);
          if (tcb.ecn.onArrival(segment)) {
            receiver.requestAck();
          }
          processText(now, segment);
        } else if (tcb.state == TcpState.ESTABLISHED) {
          updateWindow(now, segment);
        }
      }
      default -> processSynchronized(now, segment, sink);
    }
  }

  private void processSynchronized(long now, IncomingSegment segment, SegmentSink sink) {
    if (segment.has(TcpFlags.RST)) {
      processReset(now, segment);
      return;
    }
    boolean empty = segment.segmentLength() == 0;
    boolean acceptable = receiver.isAcceptable(segment);
    if (isOldDuplicate(now, segment)) {
      tcb.user.counters().oldTimestamps.increment();
      refuseUnacceptable(now, segment);
      return;
    }
    if (!acceptable) {
      tcb.user.counters().outOfWindow.increment();
      refuseUnacceptable(now, segment);
      // What an ACK says that was overtaken on its way is still true.
      boolean overtaken = empty && SequenceNumber.lt(segment.sequenceNumber(), receiver.next());
      if (!overtaken) {
        return;
      }
    }
    if (segment.has(TcpFlags.SYN)) {
      // RFC 5961 §4.2.
      tcb.user.counters().badSyns.increment();
      receiver.requestChallengeAck(now);
      return;
    }
    if (!segment.has(TcpFlags.ACK)) {
      tcb.user.counters().flagless.increment();
      return;
    }
    if (!isAckValid(now, segment)) {
      return;
    }
    keepAlive.onSegment(now);
    if (!tcb.user.onSegment(now, segment)) {
      if (tcb.state != TcpState.CLOSED) {
        writer.reset(now, sender.sndNxt(), sink);
        tcb.closed(now, CloseReason.ABORTED, null);
      }
      return;
    }
    if (tcb.state == TcpState.CLOSED) {
      return;
    }
    if (acceptable) {
      takeTimestamp(now, segment);
      if (tcb.ecn.onArrival(segment)) {
        receiver.requestAck();
      }
    }
    processText(now, segment);
  }

  /** From the acknowledgment on: the segment belongs to the connection. */
  private void processText(long now, IncomingSegment segment) {
    tcb.userTimeoutOption.onArrival(tcb.options, segment);
    int ack = segment.acknowledgmentNumber();
    boolean windowChanged = ((long) segment.window() << tcb.sendScale) != lastWindow;
    if (SequenceNumber.geq(ack, sender.sndUna())) {
      sender.acknowledge(now, segment, windowChanged);
      updateWindow(now, segment);
      if (sender.isFinAcknowledged()) {
        onFinAcknowledged(now);
      }
    }
    if (tcb.state == TcpState.CLOSED || tcb.state == TcpState.TIME_WAIT) {
      return;
    }
    receiver.takeUrgent(now, segment);
    if (segment.payloadLength() > 0 || segment.has(TcpFlags.FIN)) {
      if (segment.payloadLength() > 0) {
        receiveRtt.onPayload(now, segment);
      }
      receiver.take(now, segment);
      if (tcb.state != TcpState.CLOSED && receiver.takeFin()) {
        onPeerFin(now);
      }
    }
  }

  /** RFC 7323 §5: PAWS. */
  private boolean isOldDuplicate(long now, IncomingSegment segment) {
    if (!tcb.timestamps || !segment.hasTimestamps() || segment.has(TcpFlags.RST)) {
      return false;
    }
    int age = tcb.timestampRecent - segment.timestampValue();
    if (age <= 0 || now - tcb.timestampRecentAt > TIMESTAMP_LIFE_NANOS) {
      return false;
    }
    return segment.segmentLength() > 0 || age > OVERTAKEN_MILLIS;
  }

  /** RFC 7323 §4.3. */
  private void takeTimestamp(long now, IncomingSegment segment) {
    if (tcb.timestamps
        && segment.hasTimestamps()
        && SequenceNumber.leq(segment.sequenceNumber(), receiver.lastAcked())
        && (SequenceNumber.geq(segment.timestampValue(), tcb.timestampRecent)
            || now - tcb.timestampRecentAt > TIMESTAMP_LIFE_NANOS)) {
      tcb.timestampRecent = segment.timestampValue();
      tcb.timestampRecentAt = now;
    }
  }

  private void refuseUnacceptable(long now, IncomingSegment segment) {
    if (segment.payloadLength() > 0 || segment.has(TcpFlags.FIN)) {
      receiver.onDuplicate(segment);
      if (tcb.state == TcpState.TIME_WAIT && segment.has(TcpFlags.FIN)) {
        // RFC 9293 §3.10.7.4, eighth: a retransmitted FIN restarts the wait.
        startTimeWait(now);
      }
    } else {
      receiver.answerUnacceptable(now, segment);
    }
  }

  /** RFC 5961 §3.2: only the exact sequence number resets. */
  private void processReset(long now, IncomingSegment segment) {
    // RFC 5961 §3.2: the exact number is the proof that is asked for, unless there is a better one.
    boolean acceptable = receiver.isAcceptable(segment);
    if (segment.sequenceNumber() == receiver.next()
        || (acceptable && tcb.user.isProvenReset(segment))) {
      // RFC 9293 §3.10.7.4, second: once both ends have sent their FIN, a RST is no news to the
      // user. A peer that has forgotten the connection answers our last ACK with one where that
      // comes twice.
      boolean bothClosed = tcb.state.isPeerDone() && tcb.state != TcpState.CLOSE_WAIT;
      tcb.closed(now, bothClosed ? CloseReason.FINISHED : CloseReason.PEER_RESET, segment);
      return;
    }
    tcb.user.counters().badResets.increment();
    if (acceptable) {
      receiver.requestChallengeAck(now);
    }
  }

  /** RFC 5961 §5.2: SND.UNA - MAX.SND.WND ≤ SEG.ACK ≤ SND.NXT. */
  private boolean isAckValid(long now, IncomingSegment segment) {
    int ack = segment.acknowledgmentNumber();
    if (SequenceNumber.gt(ack, sender.sndNxt()) || sender.sndUna() - ack > largestWindow) {
      tcb.user.counters().badAcks.increment();
      receiver.answerUnacceptable(now, segment);
      return false;
    }
    return true;
  }

  /** RFC 9293 §3.10.7.4, fifth: SND.WND, SND.WL1, SND.WL2. */
  private void updateWindow(long now, IncomingSegment segment) {
    int seq = segment.sequenceNumber();
    int ack = segment.acknowledgmentNumber();
    if (windowKnown
        && !SequenceNumber.lt(windowSequence, seq)
        && !(windowSequence == seq && SequenceNumber.leq(windowAcknowledgment, ack))) {
      return;
    }
    windowKnown = true;
    windowSequence = seq;
    windowAcknowledgment = ack;
    int scale = segment.has(TcpFlags.SYN) ? 0 : tcb.sendScale;
    lastWindow = (long) segment.window() << scale;
    largestWindow = Math.max(largestWindow, lastWindow);
    tcb.user.onPeerWindow(now, segment, lastWindow);
  }

  private void onFinAcknowledged(long now) {
    switch (tcb.state) {
      case FIN_WAIT_1 -> tcb.state = TcpState.FIN_WAIT_2;
      case CLOSING -> enterTimeWait(now);
      case LAST_ACK -> tcb.closed(now, CloseReason.FINISHED, null);
      default -> {
        // FIN-WAIT-2 and TIME-WAIT know already.
      }
    }
  }

  private void onPeerFin(long now) {
    switch (tcb.state) {
      case ESTABLISHED -> {
        tcb.state = TcpState.CLOSE_WAIT;
        tcb.user.onPeerFin(now);
      }
      case FIN_WAIT_1 -> {
        tcb.state = TcpState.CLOSING;
        tcb.user.onPeerFin(now);
      }
      case FIN_WAIT_2 -> {
        tcb.user.onPeerFin(now);
        enterTimeWait(now);
      }
      default -> {
        // The FIN came before.
      }
    }
  }

  private void enterTimeWait(long now) {
    if (tcb.state == TcpState.CLOSED) {
      return;
    }
    tcb.state = TcpState.TIME_WAIT;
    tcb.timers.clearAll();
    startTimeWait(now);
    tcb.user.onTimeWait(now);
  }

  private void startTimeWait(long now) {
    tcb.timers.set(Timers.Kind.LINGER, now + tcb.config.timeWaitNanos());
  }
}
