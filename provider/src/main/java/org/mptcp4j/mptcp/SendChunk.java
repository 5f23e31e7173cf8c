package org.mptcp4j.mptcp;

import java.nio.ByteBuffer;

/**
 * A piece of the send buffer. Its memory goes back to the pool when the data is acknowledged at
 * data level and no subflow may have to send it again (RFC 8684 §3.3.2).
 */
final class SendChunk {
  private final ByteBuffer buffer = ChunkPool.acquire();
  private final long startDsn;
  private int used;
  private int references;
  private boolean detached;

  SendChunk(long startDsn) {
    this.startDsn = startDsn;
  }

  ByteBuffer buffer() {
    return buffer;
  }

  long startDsn() {
    return startDsn;
  }

  long endDsn() {
    return startDsn + used;
  }

  boolean isFull() {
    return used == buffer.capacity();
  }

  /** Copies as much of {@code source} as there is room for, at most {@code limit} bytes. */
  int append(ByteBuffer source, int limit) {
    int length = Math.min(Math.min(source.remaining(), limit), buffer.capacity() - used);
    buffer.put(used, source, source.position(), length);
    source.position(source.position() + length);
    used += length;
    return length;
  }

  void retain() {
    references++;
  }

  void release() {
    references--;
    recycleIfUnused();
  }

  /** The data is acknowledged at data level. */
  void detach() {
    detached = true;
    recycleIfUnused();
  }

  private void recycleIfUnused() {
    if (detached && references == 0) {
      ChunkPool.release(buffer);
    }
  }
}
