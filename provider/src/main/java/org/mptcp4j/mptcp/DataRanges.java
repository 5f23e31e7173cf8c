package org.mptcp4j.mptcp;

/**
 * Ranges of data sequence numbers that arrived ahead of a gap, in order and apart from each other.
 * Bounded.
 */
final class DataRanges {
  private static final int MOST = 1 << 14;

  private long[] starts = new long[8];
  private long[] ends = new long[8];
  private int first;
  private int count;

  boolean isEmpty() {
    return count == 0;
  }

  /** Whether another range might not find room. */
  boolean isFull() {
    return count >= MOST;
  }

  int count() {
    return count;
  }

  long start(int index) {
    return starts[first + index];
  }

  long end(int index) {
    return ends[first + index];
  }

  /** The end of the last range; only when there is one. */
  long lastEnd() {
    return ends[first + count - 1];
  }

  /** Whether one range holds all of [{@code start}, {@code end}). */
  boolean covers(long start, long end) {
    for (int i = first; i < first + count; i++) {
      if (starts[i] - start <= 0 && ends[i] - end >= 0) {
        return true;
      }
    }
    return false;
  }

  /** Adds [{@code start}, {@code end}), joining what touches. */
  void add(long start, long end) {
    int at = first + count;
    // Data arrives mostly at or near the end.
    while (at > first && starts[at - 1] - start > 0) {
      at--;
    }
    int from = at;
    if (from > first && ends[from - 1] - start >= 0) {
      from--;
      start = starts[from];
      end = Math.max(0, end - ends[from]) + ends[from];
    }
    int to = from;
    while (to < first + count && starts[to] - end <= 0) {
      end = Math.max(0, end - ends[to]) + ends[to];
      to++;
    }
    replace(from, to, start, end);
  }

  private void replace(int from, int to, long start, long end) {
    int last = first + count;
    if (to == from) {
      if (last == starts.length) {
        int shift = first;
        makeRoom();
        from -= shift;
        last -= shift;
      }
      System.arraycopy(starts, from, starts, from + 1, last - from);
      System.arraycopy(ends, from, ends, from + 1, last - from);
      count++;
    } else if (to - from > 1) {
      System.arraycopy(starts, to, starts, from + 1, last - to);
      System.arraycopy(ends, to, ends, from + 1, last - to);
      count -= to - from - 1;
    }
    starts[from] = start;
    ends[from] = end;
  }

  private void makeRoom() {
    int capacity = count > starts.length / 2 ? 2 * starts.length : starts.length;
    long[] newStarts = new long[capacity];
    long[] newEnds = new long[capacity];
    System.arraycopy(starts, first, newStarts, 0, count);
    System.arraycopy(ends, first, newEnds, 0, count);
    starts = newStarts;
    ends = newEnds;
    first = 0;
  }

  /**
   * Takes out every range that begins at or before {@code next}; returns where the last one ends.
   */
  long absorb(long next) {
    while (count > 0 && starts[first] - next <= 0) {
      if (ends[first] - next > 0) {
        next = ends[first];
      }
      first++;
      count--;
    }
    if (count == 0) {
      first = 0;
    }
    return next;
  }
}
