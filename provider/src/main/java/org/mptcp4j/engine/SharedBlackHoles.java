package org.mptcp4j.engine;

import java.time.Duration;
import org.mptcp4j.mptcp.BlackHoles;
import org.mptcp4j.wire.IpAddress;

/**
 * The {@link BlackHoles} that all connections of this host know. Thread-safe; its lock is a leaf.
 */
final class SharedBlackHoles {
  private static final int MOST_WAYS = 1024;

  private final BlackHoles known;

  SharedBlackHoles(Duration memory) {
    known = new BlackHoles(MOST_WAYS, memory.toNanos());
  }

  synchronized boolean isKnown(long now, IpAddress local, IpAddress remote) {
    return known.isKnown(now, local, remote);
  }

  synchronized void found(long now, IpAddress local, IpAddress remote) {
    known.found(now, local, remote);
  }

  synchronized void passed(IpAddress local, IpAddress remote) {
    known.passed(local, remote);
  }
}
