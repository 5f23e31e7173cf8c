package org.mptcp4j.engine;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.mptcp4j.wire.IncomingSegment;

/**
 * The listeners on one port: none, one, or several that share it (SO_REUSEPORT). Changed under the
 * lock of {@link PortBook}, read by any thread.
 */
final class ListenerGroup {
  private static final EngineListener[] NONE = {};

  private volatile EngineListener[] members = NONE;
  private final AtomicInteger turn = new AtomicInteger();

  boolean isEmpty() {
    return members.length == 0;
  }

  void add(EngineListener listener) {
    EngineListener[] more = Arrays.copyOf(members, members.length + 1);
    more[members.length] = listener;
    members = more;
  }

  void remove(EngineListener listener) {
    members = Arrays.stream(members).filter(m -> m != listener).toArray(EngineListener[]::new);
  }

  /**
   * The one that this segment's flow is for, the same for each segment; null when there is none.
   */
  EngineListener forFlow(IncomingSegment segment) {
    EngineListener[] now = members;
    if (now.length < 2) {
      return now.length == 0 ? null : now[0];
    }
    long hash = segment.sourceHigh() * 0x9E37_79B9_7F4A_7C15L + segment.sourceLow();
    hash = hash * 0x9E37_79B9_7F4A_7C15L + segment.sourcePort();
    hash *= 0x9E37_79B9_7F4A_7C15L;
    return now[(int) ((hash >>> 33) * now.length >>> 31)];
  }

  /** The one whose turn it is to take a local client; null when there is none. */
  EngineListener next() {
    EngineListener[] now = members;
    return now.length == 0 ? null : now[Math.floorMod(turn.getAndIncrement(), now.length)];
  }
}
