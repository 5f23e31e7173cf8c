package org.mptcp4j.engine;

import java.util.ArrayDeque;

/**
 * Counts the MP_JOIN handshakes under way on this host, which a stranger can begin at will, so that
 * there are never more than so many. Thread-safe.
 */
final class HalfOpenJoins {
  private final int limit;
  private final ArrayDeque<FlowTable.Entry> begun = new ArrayDeque<>();

  HalfOpenJoins(int limit) {
    this.limit = limit;
  }

  /** A handshake began; null when it was over at once. */
  synchronized void began(FlowTable.Entry join) {
    if (join != null) {
      begun.add(join);
    }
  }

  /** Whether one more may begin. */
  synchronized boolean hasRoom() {
    if (begun.size() >= limit) {
      begun.removeIf(join -> !join.isHalfOpen());
    }
    return begun.size() < limit;
  }
}
