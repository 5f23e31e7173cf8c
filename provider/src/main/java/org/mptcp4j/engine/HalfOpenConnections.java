package org.mptcp4j.engine;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts the handshakes under way on all listeners of this host, which a stranger can begin at
 * will, so that there are never more than so many. Thread-safe.
 */
final class HalfOpenConnections {
  /** Most of one listener, whatever its backlog. */
  static final int MOST_OF_LISTENER = 1024;

  private static final int MOST_OF_HOST = 4096;

  private final AtomicInteger count = new AtomicInteger();

  /** Whether one more may begin; if so, it counts until {@link #ended}. */
  boolean tryBegin() {
    if (count.incrementAndGet() <= MOST_OF_HOST) {
      return true;
    }
    count.decrementAndGet();
    return false;
  }

  /** One begins that is about to end well. */
  void begin() {
    count.incrementAndGet();
  }

  void ended() {
    count.decrementAndGet();
  }

  int count() {
    return count.get();
  }
}
