package org.mptcp4j.tcp;

import org.mptcp4j.tcp.Timers.Kind;

/**
 * Finds out whether a peer of which nothing is heard is still there (RFC 9293 §3.8.4). The timer is
 * lazy: a segment only notes its time, and what is due is worked out when the deadline comes.
 */
final class KeepAliveTimer {
  /** As Linux: how soon a probe is tried again that the path did not take. */
  private static final long BLOCKED_RETRY_NANOS = 500_000_000L;

  private final Tcb tcb;
  private final SegmentWriter writer;
  private final TcpSender sender;

  private int unanswered;

  KeepAliveTimer(Tcb tcb, SegmentWriter writer, TcpSender sender) {
    this.tcb = tcb;
    this.writer = writer;
    this.sender = sender;
  }

  /** A segment of the peer came that belongs to the connection. */
  void onSegment(long now) {
    tcb.traffic.onHeard(now);
    unanswered = 0;
  }

  /** Starts the timer where it should run and does not; called after every segment. */
  void arm(long now) {
    if (tcb.options.keepAlive().enabled() && mayProbe() && !tcb.timers.isSet(Kind.KEEP_ALIVE)) {
      tcb.timers.set(Kind.KEEP_ALIVE, now + tcb.options.keepAlive().idleNanos());
    }
  }

  /** The application changed the options. */
  void onOptions(long now, KeepAlive before) {
    KeepAlive after = tcb.options.keepAlive();
    if (after.equals(before)) {
      return;
    }
    unanswered = 0;
    tcb.timers.clear(Kind.KEEP_ALIVE);
    if (after.enabled() && before.enabled() && mayProbe()) {
      tcb.timers.set(Kind.KEEP_ALIVE, Math.max(now, tcb.traffic.heardAt + after.idleNanos()));
    } else {
      arm(now);
    }
  }

  private boolean mayProbe() {
    return tcb.state.isSynchronized() && tcb.state != TcpState.TIME_WAIT;
  }

  /** As Linux: the user timeout, where there is one, counts instead of the number of probes. */
  private boolean isGone(long silentNanos) {
    long userTimeout = tcb.userTimeoutNanos();
    return userTimeout > 0
        ? unanswered > 0 && silentNanos >= userTimeout
        : unanswered >= tcb.options.keepAlive().probes();
  }

  void onDeadline(long now, SegmentSink sink) {
    if (!tcb.timers.isDue(Kind.KEEP_ALIVE, now)) {
      return;
    }
    KeepAlive rules = tcb.options.keepAlive();
    long silentNanos = now - tcb.traffic.heardAt;
    if (sender.hasUnacknowledged()) {
      // RFC 9293 §3.8.4: only while nothing is outstanding; what is, has a timer that asks.
      tcb.timers.set(Kind.KEEP_ALIVE, now + rules.idleNanos());
    } else if (silentNanos < rules.idleNanos()) {
      tcb.timers.set(Kind.KEEP_ALIVE, tcb.traffic.heardAt + rules.idleNanos());
    } else if (isGone(silentNanos)) {
      // A peer that lives and was cut off only learns of it when the path is back (as Linux).
      writer.reset(now, sender.sndNxt(), sink);
      tcb.closedBySilence(now);
    } else if (!tcb.blocked && writer.ack(now, sender.sndNxt() - 1, sink)) {
      unanswered++;
      tcb.timers.set(Kind.KEEP_ALIVE, now + rules.intervalNanos());
    } else {
      tcb.timers.set(Kind.KEEP_ALIVE, now + Math.min(rules.intervalNanos(), BLOCKED_RETRY_NANOS));
    }
  }
}
