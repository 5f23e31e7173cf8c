package org.mptcp4j.tcp;

import java.util.Arrays;

/** The largest of what was noted in the last few steps of a counter: rounds, or slices of time. */
final class RecentMaximum {
  private final long[] slots;
  private long newest;

  RecentMaximum(int steps) {
    slots = new long[steps];
  }

  /** The counter stands at {@code step}, which never goes back: what is too old is forgotten. */
  void advance(long step) {
    if (step - newest >= slots.length) {
      Arrays.fill(slots, 0);
      newest = step;
    }
    while (newest < step) {
      newest++;
      slots[slot(newest)] = 0;
    }
  }

  void add(long step, long value) {
    advance(step);
    int slot = slot(newest);
    slots[slot] = Math.max(slots[slot], value);
  }

  private int slot(long step) {
    return (int) Math.floorMod(step, (long) slots.length);
  }

  /** 0 when there is none. */
  long maximum() {
    long maximum = 0;
    for (long value : slots) {
      maximum = Math.max(maximum, value);
    }
    return maximum;
  }

  void clear() {
    Arrays.fill(slots, 0);
  }
}
