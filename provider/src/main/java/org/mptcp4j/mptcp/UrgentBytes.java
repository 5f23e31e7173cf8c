package org.mptcp4j.mptcp;

import java.util.Arrays;

/**
 * Which bytes of the stream the peer of a plain TCP connection called urgent, ascending: the
 * application does not get them. There are few; what is beyond {@value #MOST} at a time stays in
 * the stream.
 */
final class UrgentBytes {
  private static final int MOST = 16;

  private final long[] places = new long[MOST];
  private int count;

  /** {@code dsn} lies behind those that are known. */
  void add(long dsn) {
    if (count < MOST && (count == 0 || dsn - places[count - 1] > 0)) {
      places[count++] = dsn;
    }
  }

  /** The first of them, or {@code end} where that comes before. */
  long firstBefore(long end) {
    return count > 0 && places[0] - end < 0 ? places[0] : end;
  }

  /** Forgets the first when it is {@code dsn}; says whether it was. */
  boolean takeAt(long dsn) {
    if (count == 0 || places[0] != dsn) {
      return false;
    }
    System.arraycopy(places, 1, places, 0, --count);
    return true;
  }

  void clear() {
    Arrays.fill(places, 0);
    count = 0;
  }
}
