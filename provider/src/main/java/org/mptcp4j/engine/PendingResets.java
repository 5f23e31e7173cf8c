package org.mptcp4j.engine;

import java.util.ArrayDeque;
import org.mptcp4j.link.Egress;
import org.mptcp4j.link.PacketLink;
import org.mptcp4j.wire.OutgoingSegment;

/**
 * RSTs that a full interface did not take. Everything else is sent again by its connection; an
 * aborted one is gone, and a peer that only reads would wait for ever. Thread-safe; its lock is a
 * leaf but for the link's.
 */
final class PendingResets {
  /** Beyond it they are lost, as on the wire. */
  static final int LIMIT = 1024;

  private record Reset(OutgoingSegment segment, Egress egress) {}

  private final ArrayDeque<Reset> waiting = new ArrayDeque<>();
  private volatile boolean any;

  boolean any() {
    return any;
  }

  /** Keeps a copy; false when there are too many. */
  synchronized boolean add(OutgoingSegment reset, Egress egress) {
    if (waiting.size() >= LIMIT) {
      return false;
    }
    waiting.add(new Reset(reset.copyWithoutPayload(), egress));
    any = true;
    return true;
  }

  /** Tries each once. */
  synchronized void sendTo(PacketLink link) {
    for (int i = waiting.size(); i > 0; i--) {
      Reset reset = waiting.remove();
      if (link.send(reset.segment, reset.egress) == PacketLink.SendResult.BUSY) {
        waiting.add(reset);
      }
    }
    any = !waiting.isEmpty();
  }
}
