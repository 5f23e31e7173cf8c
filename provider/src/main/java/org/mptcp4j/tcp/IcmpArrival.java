package org.mptcp4j.tcp;

import org.mptcp4j.tcp.TcpUser.CloseReason;
import org.mptcp4j.wire.IcmpError;
import org.mptcp4j.wire.SequenceNumber;

/** What becomes of an ICMP error about a segment of this flow (RFC 1122 §4.2.3.9, RFC 5927). */
final class IcmpArrival {
  private final Tcb tcb;
  private final TcpSender sender;

  IcmpArrival(Tcb tcb, TcpSender sender) {
    this.tcb = tcb;
    this.sender = sender;
  }

  void process(long now, IcmpError error) {
    if (tcb.state == TcpState.CLOSED || !isOutstanding(error.sequenceNumber())) {
      tcb.user.counters().icmpIgnored.increment();
      return;
    }
    boolean believed = true;
    switch (error.kind()) {
      case PACKET_TOO_BIG -> believed = packetTooBig(now, error);
      case PORT_UNREACHABLE, PROTOCOL_UNREACHABLE -> {
        // RFC 5927 §5.2: hard errors end no connection that was there already.
        if (tcb.state == TcpState.SYN_SENT) {
          tcb.closed(now, CloseReason.REFUSED, null);
        } else {
          tcb.unreachable = true;
        }
      }
      case UNREACHABLE, PROHIBITED, TIME_EXCEEDED, PARAMETER_PROBLEM -> tcb.unreachable = true;
    }
    (believed ? tcb.user.counters().icmpErrors : tcb.user.counters().icmpIgnored).increment();
  }

  /** RFC 5927 §4: only who sees our segments knows what is outstanding. */
  private boolean isOutstanding(int sequenceNumber) {
    return SequenceNumber.leq(sender.sndUna(), sequenceNumber)
        && SequenceNumber.lt(sequenceNumber, sender.sndNxt());
  }

  private boolean packetTooBig(long now, IcmpError error) {
    int size = tcb.pathMtu.claim(error.mtu(), error.quotedLength());
    if (size == 0 || !tcb.state.isSynchronized()) {
      return false;
    }
    if (size < tcb.packetLimit()) {
      tcb.pathMtu.lower(now, size);
      sender.onPacketLimitLowered();
      return true;
    }
    if (tcb.pathMtu.isProbe(error.sequenceNumber())) {
      tcb.pathMtu.probeTooBig(now, size);
      sender.onPacketLimitLowered();
      return true;
    }
    // About a packet of before the limit was lowered, or invented.
    return false;
  }
}
