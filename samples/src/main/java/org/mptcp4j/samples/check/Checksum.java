package org.mptcp4j.samples.check;

import java.nio.ByteBuffer;

/** RFC 1071, in its plainest form. */
final class Checksum {
  private Checksum() {}

  /** The sum of the buffer's 16-bit words from 0 to its capacity, the last byte padded. */
  static long sum(ByteBuffer bytes) {
    long sum = 0;
    int n = bytes.capacity();
    for (int i = 0; i + 1 < n; i += 2) {
      sum += bytes.getShort(i) & 0xffff;
    }
    if ((n & 1) != 0) {
      sum += (bytes.get(n - 1) & 0xff) << 8;
    }
    return sum;
  }

  /** The same over an array. */
  static long sum(byte[] bytes) {
    return sum(ByteBuffer.wrap(bytes));
  }

  /** Carries folded in; not complemented. */
  static int fold(long sum) {
    long folded = sum;
    while (folded > 0xffff) {
      folded = (folded >>> 16) + (folded & 0xffff);
    }
    return (int) folded;
  }
}
