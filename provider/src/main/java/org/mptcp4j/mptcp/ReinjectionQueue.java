package org.mptcp4j.mptcp;

/**
 * Ranges of data sequence numbers that are to go out again, on another subflow than before (RFC
 * 8684 §3.3.6).
 */
final class ReinjectionQueue {
  private long[] starts = new long[16];
  private long[] ends = new long[16];
  private Subflow[] sources = new Subflow[16];
  private int head;
  private int count;

  boolean isEmpty() {
    return count == 0;
  }

  /** Whether {@code source} carried all that is in it. */
  boolean isOnlyOf(Subflow source) {
    for (int i = 0; i < count; i++) {
      if (sources[slot(i)] != source) {
        return false;
      }
    }
    return true;
  }

  /** Adds a range that {@code source} carried; null when any subflow may carry it now. */
  void add(long start, long end, Subflow source) {
    if (count > 0) {
      int last = slot(count - 1);
      if (ends[last] == start && sources[last] == source) {
        ends[last] = end;
        return;
      }
    }
    if (count == starts.length) {
      grow();
    }
    int slot = slot(count++);
    starts[slot] = start;
    ends[slot] = end;
    sources[slot] = source;
  }

  private void grow() {
    long[] newStarts = new long[2 * count];
    long[] newEnds = new long[2 * count];
    Subflow[] newSources = new Subflow[2 * count];
    for (int i = 0; i < count; i++) {
      newStarts[i] = starts[slot(i)];
      newEnds[i] = ends[slot(i)];
      newSources[i] = sources[slot(i)];
    }
    starts = newStarts;
    ends = newEnds;
    sources = newSources;
    head = 0;
  }

  private int slot(int index) {
    return head + index & starts.length - 1;
  }

  long start() {
    return starts[head];
  }

  long end() {
    return ends[head];
  }

  /** The subflow that the first range shall not go out on; null for none. */
  Subflow source() {
    return sources[head];
  }

  /** The first range was sent up to {@code dsn}. */
  void advance(long dsn) {
    starts[head] = dsn;
    if (ends[head] - dsn <= 0) {
      removeFirst();
    }
  }

  void removeFirst() {
    sources[head] = null;
    head = head + 1 & starts.length - 1;
    count--;
  }

  /** The subflow delivers again: what waits on its account need not go out elsewhere. */
  void removeOf(Subflow source) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
      int from = slot(i);
      if (sources[from] != source) {
        int to = slot(kept++);
        starts[to] = starts[from];
        ends[to] = ends[from];
        sources[to] = sources[from];
      }
    }
    for (int i = kept; i < count; i++) {
      sources[slot(i)] = null;
    }
    count = kept;
  }

  /** The subflow is gone: its ranges may go out on any. */
  void forget(Subflow source) {
    for (int i = 0; i < count; i++) {
      if (sources[slot(i)] == source) {
        sources[slot(i)] = null;
      }
    }
  }

  void clear() {
    while (count > 0) {
      removeFirst();
    }
  }
}
