package org.mptcp4j.tcp;

import org.mptcp4j.tcp.Timers.Kind;

/**
 * Ends an endpoint whose peer has acknowledged nothing of what is outstanding for the time that the
 * application set (RFC 9293 §3.9.1, RFC 5482 §3), however many retransmissions that was.
 */
final class UserTimeout {
  private final Tcb tcb;
  private final TcpSender sender;

  private boolean waiting;
  private int waitingFor;
  private long since;

  UserTimeout(Tcb tcb, TcpSender sender) {
    this.tcb = tcb;
    this.sender = sender;
  }

  private boolean isOutstanding() {
    return tcb.state == TcpState.SYN_SENT
        || tcb.state == TcpState.SYN_RECEIVED
        || sender.hasUnacknowledged();
  }

  /** Something was sent or came in; lazy, so that an ACK moves no deadline. */
  void onStep(long now) {
    if (tcb.userTimeoutNanos() == 0) {
      return;
    }
    if (!isOutstanding() || tcb.state == TcpState.CLOSED) {
      waiting = false;
    } else if (!waiting || waitingFor != sender.sndUna()) {
      waiting = true;
      waitingFor = sender.sndUna();
      since = now;
    }
    if (waiting && !tcb.timers.isSet(Kind.USER_TIMEOUT)) {
      tcb.timers.set(Kind.USER_TIMEOUT, since + tcb.userTimeoutNanos());
    }
  }

  /** The application changed the time; it counts from now for what is outstanding already. */
  void onOptions(long now, EndpointOptions before) {
    tcb.userTimeoutOption.onOptions(before, tcb.options);
    if (tcb.options.userTimeoutNanos() != before.userTimeoutNanos()) {
      tcb.timers.clear(Kind.USER_TIMEOUT);
      waiting = false;
      onStep(now);
    }
  }

  void onDeadline(long now) {
    if (!tcb.timers.isDue(Kind.USER_TIMEOUT, now)) {
      return;
    }
    tcb.timers.clear(Kind.USER_TIMEOUT);
    if (!waiting) {
      return;
    }
    long end = since + tcb.userTimeoutNanos();
    if (end > now) {
      tcb.timers.set(Kind.USER_TIMEOUT, end);
    } else {
      tcb.closedBySilence(now);
    }
  }
}
