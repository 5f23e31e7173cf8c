package org.mptcp4j.mptcp;

import java.nio.ByteBuffer;
import org.mptcp4j.wire.InternetChecksum;

/**
 * A ring of memory in which each received byte has its place by data sequence number. Grows to what
 * the peer really sends, up to the limit. Bytes that were read stay for as long as a mapping may
 * reach back to them: its checksum is over all of its bytes, of which another subflow may have
 * brought some sooner.
 */
final class ReceiveBuffer {
  /** The longest mapping, one byte of which is missing. */
  private static final int HISTORY = 65_534;

  private static final int INITIAL_CAPACITY = 128 * 1024;

  private final int largest;
  private ByteBuffer ring;
  private long oldest;
  private long highest;

  ReceiveBuffer(long firstDsn, int limit) {
    int powerOfTwo = Integer.highestOneBit(limit + HISTORY - 1) << 1;
    largest = Math.max(INITIAL_CAPACITY, powerOfTwo);
    oldest = firstDsn;
    highest = firstDsn;
  }

  /**
   * Copies {@code length} bytes to the place of {@code dsn}; everything from {@code readDsn} on
   * stays, and what a mapping may reach of that before. The caller sees to it that {@code dsn +
   * length - readDsn} is within the limit.
   */
  void put(long readDsn, long dsn, ByteBuffer source, int offset, int length) {
    makeRoom(readDsn, dsn, length);
    int at = (int) dsn & ring.capacity() - 1;
    int first = Math.min(length, ring.capacity() - at);
    ring.put(at, source, offset, first);
    if (first < length) {
      ring.put(0, source, offset + first, length - first);
    }
  }

  /** The same; returns the partial checksum of the bytes. */
  long putSumming(long readDsn, long dsn, ByteBuffer source, int offset, int length) {
    makeRoom(readDsn, dsn, length);
    int at = (int) dsn & ring.capacity() - 1;
    int first = Math.min(length, ring.capacity() - at);
    long sum = InternetChecksum.copy(ring, at, source, offset, first);
    if (first < length) {
      long rest = InternetChecksum.copy(ring, 0, source, offset + first, length - first);
      sum += (first & 1) == 0 ? rest : InternetChecksum.swap(rest);
    }
    return sum;
  }

  private void makeRoom(long readDsn, long dsn, int length) {
    if (readDsn - HISTORY - oldest > 0) {
      oldest = readDsn - HISTORY;
    }
    ensureCapacity((int) (dsn + length - oldest));
    if (dsn + length - highest > 0) {
      highest = dsn + length;
    }
  }

  private void ensureCapacity(int needed) {
    if (ring == null) {
      ring = ByteBuffer.allocateDirect(capacityFor(needed));
    } else if (needed > ring.capacity()) {
      ByteBuffer old = ring;
      ring = ByteBuffer.allocateDirect(capacityFor(needed));
      long dsn = oldest;
      while (highest - dsn > 0) {
        int from = (int) dsn & old.capacity() - 1;
        int to = (int) dsn & ring.capacity() - 1;
        int length = (int) Math.min(highest - dsn, old.capacity() - from);
        length = Math.min(length, ring.capacity() - to);
        ring.put(to, old, from, length);
        dsn += length;
      }
    }
  }

  private int capacityFor(int needed) {
    int capacity = ring == null ? INITIAL_CAPACITY : ring.capacity();
    while (capacity < needed && capacity < largest) {
      capacity *= 2;
    }
    return capacity;
  }

  /** Moves {@code length} bytes from {@code dsn} on to {@code target}. */
  void get(long dsn, ByteBuffer target, int length) {
    int at = (int) dsn & ring.capacity() - 1;
    int first = Math.min(length, ring.capacity() - at);
    target.put(target.position(), ring, at, first);
    if (first < length) {
      target.put(target.position() + first, ring, 0, length - first);
    }
    target.position(target.position() + length);
  }

  /**
   * The partial checksum of {@code length} bytes from {@code dsn} on, of which at least the last
   * was not read yet.
   */
  long sum(long dsn, int length) {
    int at = (int) dsn & ring.capacity() - 1;
    int first = Math.min(length, ring.capacity() - at);
    long sum = InternetChecksum.sum(ring, at, first);
    if (first < length) {
      long rest = InternetChecksum.sum(ring, 0, length - first);
      sum += (first & 1) == 0 ? rest : InternetChecksum.swap(rest);
    }
    return sum;
  }

  /** Lets the memory go. */
  void clear() {
    ring = null;
  }
}
