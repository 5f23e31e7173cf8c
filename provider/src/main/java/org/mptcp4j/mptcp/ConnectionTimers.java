package org.mptcp4j.mptcp;

import org.mptcp4j.tcp.SegmentSink;
import org.mptcp4j.wire.MptcpOption;

/** The timers of the data level: zero-window probes, and data that nobody acknowledges. */
final class ConnectionTimers {
  private static final long LONGEST_PERSIST = 60_000_000_000L;
  private static final long SHORTEST_DATA_TIMEOUT = 1_000_000_000L;

  /** Beside two round trips, for a DATA_ACK to come. */
  private static final long LOSS_MARGIN = 10_000_000L;

  private final MptcpConnection connection;
  private final Session session;
  private long persistAt = Long.MAX_VALUE;
  private long persistInterval;
  private long persistSince;
  private long dataTimeoutAt = Long.MAX_VALUE;
  private long dataTimeoutInterval;
  private long waitingFor;

  /** Whether a subflow has ended that had sent some of what lies before {@link #lostBefore}. */
  private boolean losing;

  private long lostBefore;

  ConnectionTimers(MptcpConnection connection, Session session) {
    this.connection = connection;
    this.session = session;
  }

  long nextDeadline() {
    return Math.min(Math.min(persistAt, persistEnd()), dataTimeoutAt);
  }

  /** The user timeout also bounds how long data may wait for a window (as on Linux). */
  private long persistEnd() {
    long userTimeout = connection.endpointOptions().userTimeoutNanos();
    return persistAt == Long.MAX_VALUE || userTimeout == 0
        ? Long.MAX_VALUE
        : persistSince + userTimeout;
  }

  /** Arms and disarms by what is true after a step. */
  void update(long now) {
    DataSender sender = connection.sender();
    if (!connection.isEstablished()
        || !connection.lifetime().isHandshakeOver()
        || !sender.isPersisting()) {
      persistAt = Long.MAX_VALUE;
    } else if (persistAt == Long.MAX_VALUE) {
      persistSince = now;
      persistInterval = longestTimeout();
      persistAt = now + persistInterval;
    }
    if (!session.isMultipath() || !sender.isOutstanding()) {
      dataTimeoutAt = Long.MAX_VALUE;
    } else if (dataTimeoutAt == Long.MAX_VALUE || waitingFor != sender.unacknowledged()) {
      waitingFor = sender.unacknowledged();
      losing &= waitingFor - lostBefore < 0;
      dataTimeoutInterval = dataTimeout();
      dataTimeoutAt = now + dataTimeoutInterval;
    }
  }

  private long dataTimeout() {
    Subflow best = connection.subflowSet().anyUsable();
    return losing && best != null && !best.evidence().isInDoubt()
        ? LOSS_MARGIN + 2 * best.smoothedRttNanos()
        : Math.max(SHORTEST_DATA_TIMEOUT, 2 * longestTimeout());
  }

  /**
   * A subflow that has carried data ended. Linux, which ends one when its address is deleted, drops
   * what that one's TCP has acknowledged and no program has read; and what the others bring
   * meanwhile may fill its memory until it takes in nothing more, not even what it waits for. So
   * the data level waits no longer than a DATA_ACK takes.
   */
  void subflowLost(long now) {
    losing = true;
    lostBefore = connection.sender().next();
    if (dataTimeoutAt != Long.MAX_VALUE) {
      dataTimeoutInterval = dataTimeout();
      dataTimeoutAt = Math.min(dataTimeoutAt, now + dataTimeoutInterval);
    }
  }

  /** Of the subflows that deliver; of all, where none does. */
  private long longestTimeout() {
    long longest = connection.config().tcp().minRtoNanos();
    boolean anyDelivers = connection.subflowSet().hasHealthy();
    for (int i = 0; i < connection.subflowCount(); i++) {
      Subflow subflow = connection.subflowAt(i);
      if (subflow.isUsable() && !(anyDelivers && subflow.isSuspect())) {
        longest = Math.max(longest, subflow.endpoint().retransmissionTimeoutNanos());
      }
    }
    return Math.min(longest, LONGEST_PERSIST);
  }

  void onDeadline(long now, SegmentSink sink) {
    if (persistEnd() <= now) {
      persistAt = Long.MAX_VALUE;
      connection.onUserTimeout();
    }
    if (persistAt <= now) {
      onPersist(now, sink);
    }
    if (dataTimeoutAt <= now) {
      dataTimeoutInterval = Math.min(2 * dataTimeoutInterval, LONGEST_PERSIST);
      dataTimeoutAt = now + dataTimeoutInterval;
      if (!isCarried(connection.sender().unacknowledged()) && !isPeerInDoubt(now, sink)) {
        // A receiver may drop what its subflow acknowledged (RFC 8684 §3.3.2); or all copies are on
        // subflows that are silent, or ended.
        connection.sender().reinjection().addOldest();
      }
    }
  }

  /**
   * Whether the only subflow brings no options any more. A peer that has fallen back without a word
   * would take what comes again for new data: it is asked once, and when its answer does not say
   * that it knows MPTCP still, the subflow is broken (RFC 8684 §3.7).
   */
  private boolean isPeerInDoubt(long now, SegmentSink sink) {
    Subflow subflow = connection.subflowSet().anyUsable();
    if (subflow == null
        || !subflow.evidence().isInDoubt()
        || connection.subflowSet().hasOtherInUse(subflow)) {
      return false;
    }
    if (subflow.evidence().isAsked()) {
      subflow.wantReset(MptcpOption.RESET_MIDDLEBOX_INTERFERENCE, false);
    } else {
      subflow.evidence().asked();
      subflow.endpoint().sendWindowProbe(now, sink);
    }
    return true;
  }

  private void onPersist(long now, SegmentSink sink) {
    persistInterval = Math.min(2 * persistInterval, LONGEST_PERSIST);
    persistAt = now + persistInterval;
    if (!connection.sender().isWindowClosed()) {
      connection.sender().overrideOnce();
      return;
    }
    Subflow subflow = connection.subflowSet().anyUsable();
    if (subflow != null) {
      subflow.endpoint().sendWindowProbe(now, sink);
    }
  }

  /** Whether the byte is on its way on a subflow that delivers, or on any, where none does. */
  private boolean isCarried(long dsn) {
    boolean anyDelivers = connection.subflowSet().hasHealthy();
    for (int i = 0; i < connection.subflowCount(); i++) {
      Subflow subflow = connection.subflowAt(i);
      if (!(anyDelivers && subflow.isSilent())
          && subflow.outstanding().carries(dsn, Integer.MAX_VALUE)) {
        return true;
      }
    }
    return false;
  }
}
