package org.mptcp4j.mptcp;

import java.nio.ByteBuffer;
import org.mptcp4j.wire.InternetChecksum;

/**
 * A piece of the send buffer. Its memory goes back to the pool when the data is acknowledged at
 * data level and no subflow may have to send it again (RFC 8684 §3.3.2).
 */
final class SendChunk {
  /** Of which partial sums are kept; even. */
  private static final int BLOCK = 2048;

  private final ByteBuffer buffer = ChunkPool.acquire();
  private long startDsn;

  /** The partial sum of each block, as far as it is filled; null where none is wanted. */
  private final long[] sums;

  private int used;
  private int references;
  private boolean detached;

  /**
   * A chunk whose first byte has {@code startDsn}; with {@code summed}, what is copied into it is
   * summed on the way, for the checksums of mappings.
   */
  SendChunk(long startDsn, boolean summed) {
    this.startDsn = startDsn;
    this.sums = summed ? new long[buffer.capacity() / BLOCK] : null;
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

  /** Its bytes have lesser numbers from now on; the numbers before were not used. */
  void moveUp(int bytes) {
    startDsn -= bytes;
  }

  boolean isFull() {
    return used == buffer.capacity();
  }

  /** Copies as much of {@code source} as there is room for, at most {@code limit} bytes. */
  int append(ByteBuffer source, int limit) {
    int length = Math.min(Math.min(source.remaining(), limit), buffer.capacity() - used);
    if (sums == null) {
      buffer.put(used, source, source.position(), length);
    } else {
      copySumming(source, length);
    }
    source.position(source.position() + length);
    used += length;
    return length;
  }

  private void copySumming(ByteBuffer source, int length) {
    int done = 0;
    while (done < length) {
      int at = used + done;
      int piece = Math.min(length - done, BLOCK - at % BLOCK);
      long sum = InternetChecksum.copy(buffer, at, source, source.position() + done, piece);
      sums[at / BLOCK] += (at & 1) == 0 ? sum : InternetChecksum.swap(sum);
      done += piece;
    }
  }

  /** The partial checksum of {@code length} bytes from {@code offset} on. */
  long sum(int offset, int length) {
    int from = (offset + BLOCK - 1) / BLOCK;
    int to = (offset + length) / BLOCK;
    if (sums == null || from >= to) {
      return InternetChecksum.sum(buffer, offset, length);
    }
    long rest = InternetChecksum.sum(buffer, to * BLOCK, offset + length - to * BLOCK);
    for (int i = from; i < to; i++) {
      rest += sums[i];
    }
    int head = from * BLOCK - offset;
    long sum = InternetChecksum.sum(buffer, offset, head);
    return sum + ((head & 1) == 0 ? rest : InternetChecksum.swap(rest));
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
