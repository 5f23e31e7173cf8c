package org.mptcp4j.engine;

import java.nio.ByteBuffer;
import org.mptcp4j.wire.IncomingSegment;

/** A copy of a received packet that waits for the thread that holds its connection. */
final class QueuedPacket {
  private final ByteBuffer buffer;
  private final IncomingSegment segment = new IncomingSegment();
  private int length;
  private long arrivalNanos;

  QueuedPacket(int capacity) {
    buffer = ByteBuffer.allocateDirect(capacity);
  }

  int capacity() {
    return buffer.capacity();
  }

  int length() {
    return length;
  }

  void copyFrom(ByteBuffer source, int offset, int count, long arrival) {
    buffer.put(0, source, offset, count);
    length = count;
    arrivalNanos = arrival;
  }

  /** The segment in the copy, which was well-formed when it was copied. */
  IncomingSegment segment() {
    segment.parse(buffer, 0, length);
    segment.arrivedAt(arrivalNanos);
    return segment;
  }
}
