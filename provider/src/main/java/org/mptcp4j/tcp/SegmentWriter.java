package org.mptcp4j.tcp;

import org.mptcp4j.tcp.TcpUser.SegmentRole;
import org.mptcp4j.wire.FastOpenCookie;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;
import org.mptcp4j.wire.TcpOptionWriter;

/** Puts segments together and hands them to the sink. */
final class SegmentWriter {
  private final Tcb tcb;
  private final TcpReceiver receiver;
  private final OutgoingSegment segment = new OutgoingSegment();

  SegmentWriter(Tcb tcb, TcpReceiver receiver) {
    this.tcb = tcb;
    this.receiver = receiver;
  }

  private void begin(int sequenceNumber, int flags) {
    segment
        .begin(tcb.local, tcb.localPort, tcb.remote, tcb.remotePort)
        .sequenceNumber(sequenceNumber)
        .flags(flags)
        .trafficClass(tcb.options.trafficClass());
  }

  private boolean transmit(SegmentSink sink) {
    if (sink.transmit(segment, tcb.path)) {
      return true;
    }
    tcb.blocked = true;
    tcb.user.onRefused();
    return false;
  }

  /** SYN, or SYN/ACK in SYN-RECEIVED. */
  boolean syn(long now, boolean again, SegmentSink sink) {
    boolean answer = tcb.state == TcpState.SYN_RECEIVED;
    int flags =
        answer
            ? TcpFlags.SYN | TcpFlags.ACK | tcb.ecn.flagsOfSynAck()
            : TcpFlags.SYN | tcb.ecn.flagsOfSyn(again);
    begin(tcb.initialSend, flags);
    if (answer) {
      segment.acknowledgmentNumber(receiver.next());
    }
    segment.window(windowOfSyn());
    segment.retransmissionAfterTimeout(again);
    FastOpenCookie cookie = tcb.fastOpen.option(answer, again);
    writeOptionsOfSyn(now, answer, cookie != null);
    tcb.user.writeOptions(now, segment, answer ? SegmentRole.SYN_ACK : SegmentRole.SYN, null);
    tcb.userTimeoutOption.writeOnSyn(tcb.options, segment.options());
    if (cookie != null) {
      tcb.fastOpen.write(segment, answer, cookie);
    }
    if (!transmit(sink)) {
      return false;
    }
    if (answer) {
      receiver.onSynAckSent(segment.window());
    } else {
      tcb.fastOpen.synSent(segment, cookie);
    }
    return true;
  }

  private void writeOptionsOfSyn(long now, boolean answer, boolean closePacked) {
    TcpOptionWriter options = segment.options();
    options.maximumSegmentSize(tcb.config.mss());
    boolean sack = answer ? tcb.sack : tcb.config.sack();
    boolean timestamps = answer ? tcb.timestamps : tcb.config.timestamps();
    int echo = answer ? tcb.timestampRecent : 0;
    if (closePacked && sack && timestamps) {
      options.sackPermittedAndTimestamps(tcb.timestampAt(now), echo);
    } else {
      if (sack) {
        options.sackPermitted();
      }
      if (timestamps) {
        options.timestamps(tcb.timestampAt(now), echo);
      }
    }
    if (!answer || tcb.receiveScale > 0 || tcb.sendScale > 0) {
      options.windowScale(tcb.offeredScale());
    }
  }

  /** RFC 7323 §2.2: the window of a SYN is not scaled. */
  int windowOfSyn() {
    return (int) Math.max(0, Math.min(0xffff, tcb.user.receiveWindow()));
  }

  private void prepare(long now, int sequenceNumber, int flags) {
    begin(sequenceNumber, flags | TcpFlags.ACK);
    segment.acknowledgmentNumber(receiver.next()).window(receiver.windowField());
    if (tcb.timestamps) {
      segment.options().timestamps(tcb.timestampAt(now), tcb.timestampRecent);
    }
  }

  /** An ACK without payload; {@code sequenceNumber} is SND.NXT but for probes. */
  boolean ack(long now, int sequenceNumber, SegmentSink sink) {
    prepare(now, sequenceNumber, tcb.ecn.flagsOfSegment());
    tcb.user.writeOptions(now, segment, SegmentRole.ACK, null);
    receiver.writeSack(segment.options());
    tcb.userTimeoutOption.writeOnAck(tcb.options, segment.options());
    if (!transmit(sink)) {
      return false;
    }
    receiver.onAckSent(segment.window(), true);
    return true;
  }

  /**
   * New payload.
   *
   * @param whole whether it goes in one packet, be that larger than the path is known to take
   */
  boolean data(
      long now,
      int sequenceNumber,
      SegmentPayload payload,
      int length,
      boolean push,
      boolean whole,
      SegmentSink sink) {
    return data(
        now,
        sequenceNumber,
        payload,
        0,
        length,
        push,
        /* isNew= */ true,
        /* afterTimeout= */ false,
        whole,
        sink);
  }

  /** What was sent before. */
  boolean again(long now, SentSegment s, boolean afterTimeout, SegmentSink sink) {
    return s.fin
        ? fin(now, s.seq, afterTimeout, sink)
        : data(
            now,
            s.seq,
            s.payload,
            s.payloadOffset,
            s.length,
            s.push,
            /* isNew= */ false,
            afterTimeout,
            /* whole= */ false,
            sink);
  }

  /** {@code length} bytes of {@code payload} from {@code offset} within it. */
  private boolean data(
      long now,
      int sequenceNumber,
      SegmentPayload payload,
      int offset,
      int length,
      boolean push,
      boolean isNew,
      boolean afterTimeout,
      boolean whole,
      SegmentSink sink) {
    int flags = (push ? TcpFlags.PSH : 0) | tcb.ecn.flagsOfSegment();
    prepare(now, sequenceNumber, isNew ? flags | tcb.ecn.flagsOfNewData() : flags);
    segment
        .ecn(isNew ? tcb.ecn.codepointOfNewData() : 0)
        .payload(payload.buffer(), payload.offset() + offset, length)
        .retransmissionAfterTimeout(afterTimeout);
    tcb.user.writeOptions(now, segment, SegmentRole.DATA, payload);
    TcpOptionWriter options = segment.options();
    // SACK blocks take room from the payload: they ride only where room is left over.
    boolean sackSent = true;
    if (receiver.hasSack()) {
      sackSent = length + options.length() + 12 <= tcb.maxSegment() && options.remaining() >= 12;
      if (sackSent) {
        receiver.writeSack(options, (tcb.maxSegment() - length - options.length() - 4) / 8);
      }
    }
    int most = Math.min(tcb.segmentPayloadLimit(), tcb.maxSegment() - options.length());
    segment.segmentSize(whole ? length : most);
    if (!transmit(sink)) {
      return false;
    }
    if (isNew) {
      tcb.ecn.onNewDataSent();
    }
    receiver.onAckSent(segment.window(), sackSent);
    return true;
  }

  /** Bytes of the IP packet that was written last, when it was not cut. */
  int packetLength() {
    return segment.ipHeaderLength() + segment.tcpHeaderLength() + segment.payloadLength();
  }

  boolean fin(long now, int sequenceNumber, boolean afterTimeout, SegmentSink sink) {
    prepare(now, sequenceNumber, TcpFlags.FIN | tcb.ecn.flagsOfSegment());
    segment.retransmissionAfterTimeout(afterTimeout);
    tcb.user.writeOptions(now, segment, SegmentRole.FIN, null);
    receiver.writeSack(segment.options());
    if (!transmit(sink)) {
      return false;
    }
    receiver.onAckSent(segment.window(), true);
    return true;
  }

  /** RST of a synchronised connection: SEQ is SND.NXT, and the ACK tells the peer what it was. */
  void reset(long now, int sequenceNumber, SegmentSink sink) {
    prepare(now, sequenceNumber, TcpFlags.RST);
    tcb.user.writeOptions(now, segment, SegmentRole.RESET, null);
    transmit(sink);
  }

  /** RFC 9293 §3.5.2: RST in answer to an ACK that makes no sense: SEQ is SEG.ACK. */
  void resetInAnswerTo(int acknowledgmentNumber, SegmentSink sink) {
    begin(acknowledgmentNumber, TcpFlags.RST);
    if (!sink.transmit(segment, tcb.path)) {
      tcb.blocked = true;
    }
  }
}
