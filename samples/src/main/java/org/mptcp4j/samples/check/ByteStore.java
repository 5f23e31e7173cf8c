package org.mptcp4j.samples.check;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** Bytes by position, with holes; remembers which positions have one. */
final class ByteStore {
  private static final int CHUNK = 1 << 18;
  // Anything farther out than this is no stream that was captured whole, but a wrong number.
  static final long MAX_POSITION = 1L << 34;

  private final Map<Long, byte[]> chunks = new TreeMap<>();
  private final TreeMap<Long, Long> ranges = new TreeMap<>();

  /**
   * Puts bytes; those that are there already stay.
   *
   * @return the first position where another byte was there already, or -1
   */
  long put(long position, ByteBuffer bytes, int from, int length) {
    long different = -1;
    int done = 0;
    while (done < length) {
      long at = position + done;
      Map.Entry<Long, Long> here = ranges.floorEntry(at);
      if (here != null && here.getValue() > at) {
        int known = (int) Math.min(length - done, here.getValue() - at);
        for (int i = 0; i < known && different < 0; i++) {
          if (get(at + i) != bytes.get(from + done + i)) {
            different = at + i;
          }
        }
        done += known;
      } else {
        Long next = ranges.ceilingKey(at);
        int fresh = (int) Math.min(length - done, next == null ? Long.MAX_VALUE : next - at);
        store(at, bytes, from + done, fresh);
        cover(at, at + fresh);
        done += fresh;
      }
    }
    return different;
  }

  private void store(long position, ByteBuffer bytes, int from, int length) {
    int done = 0;
    while (done < length) {
      long at = position + done;
      byte[] chunk = chunks.computeIfAbsent(at / CHUNK, k -> new byte[CHUNK]);
      int offset = (int) (at % CHUNK);
      int count = Math.min(length - done, CHUNK - offset);
      bytes.get(from + done, chunk, offset, count);
      done += count;
    }
  }

  private void cover(long from, long to) {
    long start = from;
    long end = to;
    Map.Entry<Long, Long> before = ranges.floorEntry(start);
    if (before != null && before.getValue() >= start) {
      start = before.getKey();
      end = Math.max(end, before.getValue());
    }
    Map.Entry<Long, Long> after = ranges.ceilingEntry(start + 1);
    while (after != null && after.getKey() <= end) {
      end = Math.max(end, after.getValue());
      ranges.remove(after.getKey());
      after = ranges.ceilingEntry(start + 1);
    }
    ranges.put(start, end);
  }

  private byte get(long position) {
    return chunks.get(position / CHUNK)[(int) (position % CHUNK)];
  }

  /** The ranges that have bytes: start to end (exclusive), in order. */
  NavigableMap<Long, Long> ranges() {
    return ranges;
  }

  /** Whether every position from {@code from} to {@code to} has a byte. */
  boolean covers(long from, long to) {
    Map.Entry<Long, Long> range = ranges.floorEntry(from);
    return from >= to || range != null && range.getValue() >= to;
  }

  /** The first position without a byte, from {@code from} on. */
  long contiguousFrom(long from) {
    Map.Entry<Long, Long> range = ranges.floorEntry(from);
    return range == null || range.getValue() <= from ? from : range.getValue();
  }

  /** A copy of a range that is {@link #covers covered}. */
  ByteBuffer copy(long from, int length) {
    byte[] copy = new byte[length];
    int done = 0;
    while (done < length) {
      long at = from + done;
      int offset = (int) (at % CHUNK);
      int count = Math.min(length - done, CHUNK - offset);
      System.arraycopy(chunks.get(at / CHUNK), offset, copy, done, count);
      done += count;
    }
    return ByteBuffer.wrap(copy);
  }

  /** SHA-256 of the first {@code length} bytes, which must be covered. */
  String sha256(long length) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (long at = 0; at < length; at += CHUNK) {
        digest.update(chunks.get(at / CHUNK), 0, (int) Math.min(CHUNK, length - at));
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}
