package org.mptcp4j.tcp;

import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.SequenceNumber;

/**
 * When TIME-WAIT may be cut short for a new connection of the same addresses and ports: not before
 * late segments of the old one can be told from its own, by sequence numbers (RFC 9293 §3.6.1) or
 * by timestamps (RFC 6191).
 */
final class TimeWaitSuccession {
  /** As Linux: a timestamp clock of the peer's that ticks slowly has moved on by then. */
  private static final long CLOCKS_HAVE_MOVED = 1_000_000_000L;

  private final Tcb tcb;
  private final TcpSender sender;
  private final TcpReceiver receiver;

  TimeWaitSuccession(Tcb tcb, TcpSender sender, TcpReceiver receiver) {
    this.tcb = tcb;
    this.sender = sender;
    this.receiver = receiver;
  }

  /** RFC 6191 §2: whether the peer's SYN may have the flow. */
  boolean admits(IncomingSegment syn) {
    if (tcb.state != TcpState.TIME_WAIT) {
      return false;
    }
    boolean beyond = SequenceNumber.gt(syn.sequenceNumber(), receiver.next());
    if (!syn.hasTimestamps()) {
      return beyond;
    }
    if (!tcb.timestamps) {
      // What is left of the old connection has no timestamps, and PAWS refuses it in the new one.
      return true;
    }
    int newer = syn.timestampValue() - tcb.timestampRecent;
    return newer > 0 || (newer == 0 && beyond);
  }

  /**
   * Whether a connection of ours that begins with this sequence number may follow. What the peer
   * sent in the old one is kept out of the new one by PAWS, if both have timestamps, once the
   * clocks have ticked; else by our initial sequence number, which lies beyond all that the old one
   * used (RFC 1122 §4.2.2.13).
   */
  boolean allows(long now, int initialSequenceNumber) {
    if (tcb.state != TcpState.TIME_WAIT) {
      return false;
    }
    long began = tcb.timers.deadline(Timers.Kind.LINGER) - tcb.config.timeWaitNanos();
    return (tcb.timestamps && now - began >= CLOCKS_HAVE_MOVED)
        || SequenceNumber.gt(initialSequenceNumber, sender.sndNxt());
  }
}
