package org.mptcp4j.tcp;

import org.mptcp4j.wire.SequenceNumber;

/**
 * The sequence ranges received beyond RCV.NXT: sorted, disjoint, never touching, at most {@link
 * #CAPACITY}. Also knows which were touched last, for the order of SACK blocks (RFC 2018 §4).
 */
final class ReceivedRanges {
  static final int CAPACITY = 512;

  private static final int RECENT = 4;

  private final int[] left = new int[CAPACITY];
  private final int[] right = new int[CAPACITY];
  private int count;

  /** One sequence number inside each of the ranges touched last, the latest first. */
  private final int[] recent = new int[RECENT];

  private int recentCount;

  boolean isEmpty() {
    return count == 0;
  }

  int count() {
    return count;
  }

  /** Index of the first range that ends after {@code seq}. */
  private int firstEndingAfter(int seq) {
    int low = 0;
    int high = count;
    while (low < high) {
      int middle = low + high >>> 1;
      if (SequenceNumber.gt(right[middle], seq)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  /** The end of the range that contains {@code seq}; {@code seq} itself when none does. */
  int endOfRangeAt(int seq) {
    int i = firstEndingAfter(seq);
    return i < count && SequenceNumber.leq(left[i], seq) ? right[i] : seq;
  }

  /** The start of the first range after {@code seq}, at most {@code limit}. */
  int nextStart(int seq, int limit) {
    int i = firstEndingAfter(seq);
    return i < count ? SequenceNumber.min(left[i], limit) : limit;
  }

  /** Whether [{@code from}, {@code to}), which touches no known byte, can be remembered. */
  boolean hasRoomFor(int from, int to) {
    if (count < CAPACITY) {
      return true;
    }
    int i = firstEndingAfter(from);
    return i < count && left[i] == to || i > 0 && right[i - 1] == from;
  }

  /** Adds [{@code from}, {@code to}), which must not overlap and for which there is room. */
  void add(int from, int to) {
    int i = firstEndingAfter(from);
    boolean joinsNext = i < count && left[i] == to;
    boolean joinsPrevious = i > 0 && right[i - 1] == from;
    if (joinsPrevious && joinsNext) {
      right[i - 1] = right[i];
      remove(i);
    } else if (joinsPrevious) {
      right[i - 1] = to;
    } else if (joinsNext) {
      left[i] = from;
    } else {
      System.arraycopy(left, i, left, i + 1, count - i);
      System.arraycopy(right, i, right, i + 1, count - i);
      left[i] = from;
      right[i] = to;
      count++;
    }
    touch(from);
  }

  /**
   * Removes the ranges that begin at or before {@code next}; returns the end of what they cover.
   */
  int absorb(int next) {
    int end = next;
    int gone = 0;
    while (gone < count && SequenceNumber.leq(left[gone], end)) {
      end = SequenceNumber.max(end, right[gone]);
      gone++;
    }
    if (gone > 0) {
      System.arraycopy(left, gone, left, 0, count - gone);
      System.arraycopy(right, gone, right, 0, count - gone);
      count -= gone;
    }
    return end;
  }

  private void remove(int index) {
    System.arraycopy(left, index + 1, left, index, count - index - 1);
    System.arraycopy(right, index + 1, right, index, count - index - 1);
    count--;
  }

  /** Notes that bytes at {@code seq} arrived, new or not, so that their range is reported first. */
  void touch(int seq) {
    int at = 0;
    int range = firstEndingAfter(seq);
    while (at < recentCount && firstEndingAfter(recent[at]) != range) {
      at++;
    }
    if (at == recentCount && recentCount < RECENT) {
      recentCount++;
    }
    for (int i = Math.min(at, RECENT - 1); i > 0; i--) {
      recent[i] = recent[i - 1];
    }
    recent[0] = seq;
  }

  /**
   * Fills in SACK blocks from {@code from}, most recently touched first; returns the number of
   * blocks in the arrays then.
   */
  int sackBlocks(int[] blockLeft, int[] blockRight, int from, int limit) {
    int blocks = from;
    for (int i = 0; i < recentCount && blocks < limit; i++) {
      int range = firstEndingAfter(recent[i]);
      if (range == count || SequenceNumber.gt(left[range], recent[i])) {
        continue;
      }
      blocks = append(blockLeft, blockRight, from, blocks, range);
    }
    // RFC 2018 §4: as many blocks as possible; what was never touched lately comes from the top.
    for (int range = count - 1; range >= 0 && blocks < limit; range--) {
      blocks = append(blockLeft, blockRight, from, blocks, range);
    }
    return blocks;
  }

  private int append(int[] blockLeft, int[] blockRight, int from, int blocks, int range) {
    for (int i = from; i < blocks; i++) {
      if (blockLeft[i] == left[range]) {
        return blocks;
      }
    }
    blockLeft[blocks] = left[range];
    blockRight[blocks] = right[range];
    return blocks + 1;
  }
}
