package org.mptcp4j.engine;

import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The packets that arrived for a connection while another thread held it; bounded. One thread at a
 * time adds, one at a time takes.
 */
final class PacketQueue {
  private static final int MAX_BYTES = 4 << 20;

  private final PacketPool pool;
  private final ConcurrentLinkedQueue<QueuedPacket> packets = new ConcurrentLinkedQueue<>();
  private final AtomicInteger bytes = new AtomicInteger();

  PacketQueue(PacketPool pool) {
    this.pool = pool;
  }

  boolean isEmpty() {
    return packets.isEmpty();
  }

  /** Copies a packet in; false when there is no room. */
  boolean offer(ByteBuffer buffer, int offset, int length, long arrivalNanos) {
    QueuedPacket packet = pool.take(length);
    if (bytes.addAndGet(packet.capacity()) > MAX_BYTES) {
      bytes.addAndGet(-packet.capacity());
      pool.giveBack(packet);
      return false;
    }
    packet.copyFrom(buffer, offset, length, arrivalNanos);
    packets.add(packet);
    return true;
  }

  /** The next packet, to be given back with {@link #done}; null when there is none. */
  QueuedPacket poll() {
    return packets.poll();
  }

  void done(QueuedPacket packet) {
    bytes.addAndGet(-packet.capacity());
    pool.giveBack(packet);
  }
}
