package org.mptcp4j.mptcp;

import org.mptcp4j.tcp.SegmentSink;

/**
 * Opportunistic retransmission with penalization (Raiciu et al., NSDI 2012; RFC 8041 §2.2). When
 * the shared window is full and what it waits for is on its way over a much slower subflow, a fast
 * one that would stand idle sends that data again; and the slow one, which has more under way than
 * the window can afford, gets half its congestion window.
 */
final class WindowUnblocking {
  /** Of each subflow; what lies further back is not what the window waits for. */
  private static final int MOST_LOOKED_AT = 64;

  private final MptcpConnection connection;
  private final DataSender sender;
  private boolean active = true;

  WindowUnblocking(MptcpConnection connection, DataSender sender) {
    this.connection = connection;
    this.sender = sender;
  }

  /** Does nothing of all this from now on, so that it can be measured what it is worth. */
  void deactivate() {
    active = false;
  }

  /**
   * A slow subflow that stood idle was given one segment to show what it can do. A fast one carries
   * it as well, so that the window never waits for it.
   */
  void onTrial(long now, Subflow slow, SegmentSink sink) {
    if (active) {
      sender.reinjection().add(slow.outstanding().newest(), slow);
      sender.reinjection().push(now, sink);
    }
  }

  /** Sends again what the window waits for, as far as another subflow brings it there sooner. */
  void run(long now, SegmentSink sink) {
    while (active && queueNext(now)) {
      sender.reinjection().push(now, sink);
    }
  }

  private boolean queueNext(long now) {
    for (int i = 0; i < connection.subflowCount(); i++) {
      Subflow slow = connection.subflowAt(i);
      if (slow.outstanding().isEmpty()) {
        continue;
      }
      Subflow fast = sender.reinjection().fastestBut(slow);
      if (fast == null
          || 2 * fast.smoothedRttNanos() >= slow.smoothedRttNanos()
          || (fast.isBackup() && !slow.isBackup())
          || !slow.outstanding().carries(sender.unacknowledged(), MOST_LOOKED_AT)) {
        continue;
      }
      penalize(now, slow);
      Mapping mapping = nextOf(now, slow, fast);
      if (mapping != null) {
        sender.reinjection().add(mapping, slow);
        connection.counters().opportunisticBytes.add(mapping.length());
        return true;
      }
    }
    return false;
  }

  private void penalize(long now, Subflow slow) {
    if (slow.penalty().impose(now)) {
      connection.counters().penalties.increment();
    }
  }

  /** The first mapping of {@code slow} that {@code fast} would deliver before it does. */
  private Mapping nextOf(long now, Subflow slow, Subflow fast) {
    OutstandingMappings outstanding = slow.outstanding();
    int most = Math.min(outstanding.size(), MOST_LOOKED_AT);
    for (int i = 0; i < most; i++) {
      Mapping mapping = outstanding.get(i);
      boolean isWanted = !mapping.isReinjected() && mapping.endDsn() - sender.unacknowledged() > 0;
      if (isWanted && isSooner(now, mapping, slow, fast)) {
        return mapping;
      }
    }
    return null;
  }

  private static boolean isSooner(long now, Mapping mapping, Subflow slow, Subflow fast) {
    long expected = mapping.sentAt() + slow.smoothedRttNanos();
    boolean isOverdue = now - expected > 4 * slow.rttVarianceNanos();
    return isOverdue || now + fast.smoothedRttNanos() - expected < 0;
  }
}
