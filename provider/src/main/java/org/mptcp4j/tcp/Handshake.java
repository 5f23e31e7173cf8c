package org.mptcp4j.tcp;

import org.mptcp4j.tcp.TcpUser.CloseReason;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.SequenceNumber;
import org.mptcp4j.wire.TcpFlags;

/** From CLOSED to ESTABLISHED: SYN-SENT and SYN-RECEIVED (RFC 9293 §3.5). */
final class Handshake {
  private final Tcb tcb;
  private final SegmentWriter writer;
  private final TcpReceiver receiver;
  private final TcpSender sender;

  private boolean active;
  private boolean synDue;
  private int sent;
  private int timeouts;
  private long firstSentAt;

  Handshake(Tcb tcb, SegmentWriter writer, TcpReceiver receiver, TcpSender sender) {
    this.tcb = tcb;
    this.writer = writer;
    this.receiver = receiver;
    this.sender = sender;
  }

  void connect(long now, SegmentSink sink) {
    active = true;
    tcb.state = TcpState.SYN_SENT;
    sender.onSynSent();
    begin(now, sink);
  }

  void accept(long now, IncomingSegment syn, int bytes, SegmentSink sink) {
    take(now, syn, bytes);
    tcb.ecn.onSyn(syn);
    if (tcb.fastOpen.isOpened()) {
      sender.start(now);
    }
    begin(now, sink);
  }

  /** The SYN/ACK went out before there was an endpoint: when is not known, and not how often. */
  void acceptAnswered(long now, IncomingSegment syn) {
    take(now, syn, 0);
    receiver.onSynAckSent(writer.windowOfSyn());
    armTimer(now);
  }

  private void take(long now, IncomingSegment syn, int bytes) {
    tcb.state = TcpState.SYN_RECEIVED;
    tcb.negotiate(now, syn);
    receiver.start(bytes);
    sender.onSynSent();
    tcb.user.onPeerWindow(now, syn, syn.window());
  }

  private void begin(long now, SegmentSink sink) {
    synDue = true;
    firstSentAt = now;
    armTimer(now);
    flush(now, sink);
  }

  private void armTimer(long now) {
    long timeout = RttEstimator.INITIAL_RTO_NANOS << Math.min(timeouts, 6);
    tcb.timers.set(Timers.Kind.RETRANSMISSION, now + Math.min(timeout, RttEstimator.MAX_RTO_NANOS));
  }

  /** Sends SYN or SYN/ACK where it is due. */
  void flush(long now, SegmentSink sink) {
    if (synDue && !tcb.blocked && writer.syn(now, timeouts > 0, sink)) {
      synDue = false;
      sent++;
      if (active && tcb.state == TcpState.SYN_SENT) {
        sender.onSynSent();
      }
    }
  }

  void onDeadline(long now) {
    if (!tcb.timers.isDue(Timers.Kind.RETRANSMISSION, now)) {
      return;
    }
    timeouts++;
    if (timeouts > tcb.config.synRetries()) {
      tcb.closedBySilence(now);
      return;
    }
    synDue = true;
    armTimer(now);
    tcb.user.onRetransmissionTimeout(now, timeouts);
  }

  /** RFC 9293 §3.10.7.3. */
  void arrivesInSynSent(long now, IncomingSegment segment, SegmentSink sink) {
    boolean hasAck = segment.has(TcpFlags.ACK);
    int ack = segment.acknowledgmentNumber();
    if (hasAck && !acknowledgesSyn(ack)) {
      tcb.user.counters().badAcks.increment();
      if (!segment.has(TcpFlags.RST)) {
        writer.resetInAnswerTo(ack, sink);
      }
      return;
    }
    if (segment.has(TcpFlags.RST)) {
      if (hasAck) {
        tcb.closed(now, CloseReason.REFUSED, segment);
      } else {
        tcb.user.counters().badResets.increment();
      }
      return;
    }
    if (!segment.has(TcpFlags.SYN)) {
      tcb.user.counters().flagless.increment();
      return;
    }
    tcb.negotiate(now, segment);
    receiver.start(0);
    if (hasAck) {
      tcb.fastOpen.attempt().answered(now, segment, dataAcknowledged(segment), sent > 1);
    }
    if (!tcb.user.onSegment(now, segment)) {
      refuse(now, sink);
      return;
    }
    if (tcb.state != TcpState.SYN_SENT) {
      return;
    }
    if (hasAck) {
      tcb.ecn.onSynAck(segment, sent > 1);
      receiver.requestAck();
      establish(now, segment);
      tcb.user.onPeerWindow(now, segment, segment.window());
    } else {
      // RFC 9293 §3.5, figure 8: both ends opened at once.
      tcb.state = TcpState.SYN_RECEIVED;
      synDue = true;
      tcb.user.onPeerWindow(now, segment, segment.window());
    }
  }

  /** SYN alone, or also some of the data that went with it (RFC 7413 §4.2.2), or after it. */
  private boolean acknowledgesSyn(int ack) {
    return SequenceNumber.gt(ack, tcb.initialSend) && SequenceNumber.leq(ack, sender.sndNxt());
  }

  private int dataAcknowledged(IncomingSegment segment) {
    return segment.acknowledgmentNumber() - tcb.initialSend - 1;
  }

  private void refuse(long now, SegmentSink sink) {
    writer.reset(now, sender.sndNxt(), sink);
    tcb.closed(now, CloseReason.ABORTED, null);
  }

  /**
   * Checks of SYN-RECEIVED (RFC 9293 §3.10.7.4).
   *
   * @return true when the segment establishes the connection, and its text is to be processed
   */
  boolean arrivesInSynReceived(long now, IncomingSegment segment, SegmentSink sink) {
    boolean peersSyn = segment.has(TcpFlags.SYN) && segment.sequenceNumber() == tcb.initialReceive;
    if (segment.has(TcpFlags.RST)) {
      if (segment.sequenceNumber() == receiver.next()) {
        tcb.closed(now, active ? CloseReason.REFUSED : CloseReason.PEER_RESET, segment);
        return false;
      }
      tcb.user.counters().badResets.increment();
      if (receiver.isAcceptable(segment)) {
        // RFC 5961 §3.2: a stranger who guesses must not end a handshake either.
        receiver.requestChallengeAck(now);
      }
      return false;
    }
    if (peersSyn && !segment.has(TcpFlags.ACK)) {
      // Our SYN/ACK got lost, or is late.
      tcb.ecn.onSyn(segment);
      tcb.user.onSegment(now, segment);
      synDue = true;
      return false;
    }
    if (!peersSyn && !receiver.isAcceptable(segment)) {
      tcb.user.counters().outOfWindow.increment();
      receiver.answerUnacceptable(now, segment);
      return false;
    }
    if (!peersSyn && segment.has(TcpFlags.SYN)) {
      tcb.user.counters().badSyns.increment();
      receiver.requestChallengeAck(now);
      return false;
    }
    if (!segment.has(TcpFlags.ACK)) {
      tcb.user.counters().flagless.increment();
      return false;
    }
    int ack = segment.acknowledgmentNumber();
    if (!acknowledgesSyn(ack)) {
      tcb.user.counters().badAcks.increment();
      writer.resetInAnswerTo(ack, sink);
      return false;
    }
    if (!tcb.user.onSegment(now, segment)) {
      refuse(now, sink);
      return false;
    }
    if (tcb.state != TcpState.SYN_RECEIVED) {
      return false;
    }
    establish(now, segment);
    return !peersSyn;
  }

  private void establish(long now, IncomingSegment segment) {
    tcb.state = TcpState.ESTABLISHED;
    tcb.timers.clear(Timers.Kind.RETRANSMISSION);
    synDue = false;
    // RFC 6298 §3: no sample from what was sent twice, but for timestamps.
    if (sent == 1) {
      sender.rtt().sample(now, now - firstSentAt);
    } else if (tcb.timestamps && segment.hasTimestamps() && segment.timestampEchoReply() != 0) {
      int millis = tcb.timestampAt(now) - segment.timestampEchoReply();
      if (millis >= 0 && millis < 60_000) {
        sender.rtt().sample(now, Math.max(1, millis) * 1_000_000L);
      }
    }
    tcb.fastOpen.established(now);
    if (tcb.fastOpen.isOpened()) {
      sender.onHandshakeOver();
    } else {
      sender.start(now, dataAcknowledged(segment));
    }
    tcb.user.onEstablished(now);
  }
}
