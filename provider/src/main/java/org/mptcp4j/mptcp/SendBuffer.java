package org.mptcp4j.mptcp;

import java.nio.ByteBuffer;

/**
 * What the application wrote and the peer has not acknowledged at data level, in chunks by data
 * sequence number.
 */
final class SendBuffer {
  private final int limit;
  private int size;
  private SendChunk[] chunks = new SendChunk[4];
  private int head;
  private int count;
  private long unacknowledged;
  private long end;

  /** A buffer of {@code first} bytes that may grow to {@code limit}. */
  SendBuffer(long firstDsn, int first, int limit) {
    this.limit = limit;
    this.size = first;
    this.unacknowledged = firstDsn;
    this.end = firstDsn;
  }

  /** The first data sequence number that is not acknowledged. */
  long unacknowledged() {
    return unacknowledged;
  }

  /** The data sequence number after the last byte that was written. */
  long end() {
    return end;
  }

  /** Most bytes that may wait and be unacknowledged. */
  int size() {
    return size;
  }

  /** Whether the buffer is as large as it may become. */
  boolean isAtLimit() {
    return size == limit;
  }

  /** Has the buffer hold {@code wanted} bytes, as far as the limit allows; it never shrinks. */
  void growTo(long wanted) {
    size = (int) Math.max(size, Math.min(limit, wanted));
  }

  int room() {
    return (int) Math.max(0, size - (end - unacknowledged));
  }

  /**
   * Takes what fits; returns how many bytes. With {@code summed} they are summed on the way, for
   * the checksums of mappings.
   */
  int append(ByteBuffer source, boolean summed) {
    int taken = 0;
    int room = room();
    while (source.hasRemaining() && taken < room) {
      SendChunk tail = count == 0 ? null : at(count - 1);
      if (tail == null || tail.isFull()) {
        tail = new SendChunk(end, summed);
        add(tail);
      }
      int copied = tail.append(source, room - taken);
      taken += copied;
      end += copied;
    }
    return taken;
  }

  /** Everything before {@code dsn} is acknowledged at data level. */
  void acknowledge(long dsn) {
    unacknowledged = dsn;
    while (count > 0 && chunks[head].endDsn() - dsn <= 0) {
      SendChunk chunk = chunks[head];
      chunks[head] = null;
      head = head + 1 & chunks.length - 1;
      count--;
      chunk.detach();
    }
  }

  /** The first {@code bytes} are out of the sequence; all others move up into their place. */
  void takeOut(int bytes) {
    long first = unacknowledged;
    acknowledge(first + bytes);
    unacknowledged = first;
    end -= bytes;
    for (int i = 0; i < count; i++) {
      at(i).moveUp(bytes);
    }
  }

  /** The chunk that holds the byte {@code dsn}. */
  SendChunk chunkAt(long dsn) {
    // New data lies in the last chunks; only reinjections lie further back.
    for (int i = count - 1; i >= 0; i--) {
      SendChunk chunk = at(i);
      if (chunk.startDsn() - dsn <= 0) {
        return chunk;
      }
    }
    throw new IllegalArgumentException("data sequence number " + dsn + " is not in the buffer");
  }

  /** Drops everything: the connection is over. */
  void clear() {
    acknowledge(end);
  }

  private SendChunk at(int index) {
    return chunks[head + index & chunks.length - 1];
  }

  private void add(SendChunk chunk) {
    if (count == chunks.length) {
      SendChunk[] larger = new SendChunk[2 * count];
      for (int i = 0; i < count; i++) {
        larger[i] = at(i);
      }
      chunks = larger;
      head = 0;
    }
    chunks[head + count & chunks.length - 1] = chunk;
    count++;
  }
}
