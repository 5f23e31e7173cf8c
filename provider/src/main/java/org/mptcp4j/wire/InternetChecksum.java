package org.mptcp4j.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The checksum of RFC 1071, over TCP segments and over DSS mappings. Partial sums are kept unfolded
 * in a {@code long}; all partial sums are those of big-endian 16-bit words.
 */
public final class InternetChecksum {
  /** Even, and less than the first cache takes of source and copy. */
  private static final int COPY_BLOCK = 2048;

  private InternetChecksum() {}

  /**
   * The sum of {@code length} bytes from {@code offset}, as big-endian 16-bit words, an odd last
   * byte padded with zero. The byte order of the buffer must be big-endian.
   */
  public static long sum(ByteBuffer buffer, int offset, int length) {
    assert buffer.order() == ByteOrder.BIG_ENDIAN;
    long sum = 0;
    int i = offset;
    int end = offset + length;
    for (; i <= end - 32; i += 32) {
      long a = buffer.getLong(i);
      long b = buffer.getLong(i + 8);
      long c = buffer.getLong(i + 16);
      long d = buffer.getLong(i + 24);
      sum += (a >>> 32) + (a & 0xffff_ffffL) + (b >>> 32) + (b & 0xffff_ffffL);
      sum += (c >>> 32) + (c & 0xffff_ffffL) + (d >>> 32) + (d & 0xffff_ffffL);
    }
    for (; i <= end - 4; i += 4) {
      sum += buffer.getInt(i) & 0xffff_ffffL;
    }
    if (i <= end - 2) {
      sum += buffer.getShort(i) & 0xffff;
      i += 2;
    }
    if (i < end) {
      sum += (buffer.get(i) & 0xff) << 8;
    }
    return reduce(sum);
  }

  /**
   * Copies {@code length} bytes and sums them while they are at hand, piece by piece; the same as
   * {@link #sum} of the copy.
   */
  public static long copy(
      ByteBuffer target, int targetOffset, ByteBuffer source, int sourceOffset, int length) {
    long sum = 0;
    for (int done = 0; done < length; done += COPY_BLOCK) {
      int piece = Math.min(COPY_BLOCK, length - done);
      target.put(targetOffset + done, source, sourceOffset + done, piece);
      sum += sum(target, targetOffset + done, piece);
    }
    return reduce(sum);
  }

  /**
   * The partial sum of a piece that starts at an odd distance from the start of the whole (RFC 1071
   * §2(B): swapping the bytes of the sum swaps the bytes of the words).
   */
  public static long swap(long sum) {
    int folded = foldPositive(sum);
    return (folded & 0xffL) << 8 | folded >>> 8;
  }

  /** Adds a 64-bit field, such as a data sequence number, to a partial sum. */
  public static long addLong(long sum, long value) {
    return sum + (value >>> 32) + (value & 0xffff_ffffL);
  }

  /** Adds a 32-bit field. */
  public static long addInt(long sum, int value) {
    return sum + (value & 0xffff_ffffL);
  }

  /** Adds a 16-bit field. */
  public static long addShort(long sum, int value) {
    return sum + (value & 0xffff);
  }

  /** The partial sum of the pseudo-header: IPv4 as RFC 9293 §3.1, IPv6 as RFC 8200 §8.1. */
  public static long pseudoHeader(
      long srcHigh, long srcLow, long dstHigh, long dstLow, boolean ipv4, int tcpLength) {
    long sum = 6L + tcpLength;
    if (ipv4) {
      return sum + (srcLow & 0xffff_ffffL) + (dstLow & 0xffff_ffffL);
    }
    sum = addLong(sum, srcHigh);
    sum = addLong(sum, srcLow);
    sum = addLong(sum, dstHigh);
    return addLong(sum, dstLow);
  }

  private static long reduce(long sum) {
    return (sum >>> 32) + (sum & 0xffff_ffffL);
  }

  /** A partial sum folded to 16 bits, not complemented. */
  public static int foldPositive(long sum) {
    sum = reduce(reduce(sum));
    sum = (sum >>> 16) + (sum & 0xffff);
    sum = (sum >>> 16) + (sum & 0xffff);
    sum = (sum >>> 16) + (sum & 0xffff);
    return (int) sum;
  }

  /** The checksum field's value: folded and complemented. */
  public static int finish(long sum) {
    return ~foldPositive(sum) & 0xffff;
  }
}
