package org.mptcp4j.engine;

import java.util.ArrayDeque;

/** Copies of packets, kept for use again: small ones, and ones for 64 KB. Thread-safe. */
final class PacketPool {
  private static final int SMALL = 2 << 10;
  private static final int LARGE = 66 << 10;
  private static final int KEPT_SMALL = 1024;
  private static final int KEPT_LARGE = 128;

  private final ArrayDeque<QueuedPacket> small = new ArrayDeque<>();
  private final ArrayDeque<QueuedPacket> large = new ArrayDeque<>();

  QueuedPacket take(int length) {
    QueuedPacket packet;
    synchronized (this) {
      packet = (length <= SMALL ? small : large).pollLast();
    }
    return packet != null
        ? packet
        : new QueuedPacket(length <= SMALL ? SMALL : Math.max(LARGE, length));
  }

  synchronized void giveBack(QueuedPacket packet) {
    if (packet.capacity() == SMALL && small.size() < KEPT_SMALL) {
      small.addLast(packet);
    } else if (packet.capacity() == LARGE && large.size() < KEPT_LARGE) {
      large.addLast(packet);
    }
  }
}
