package org.mptcp4j.mptcp;

import org.mptcp4j.wire.InternetChecksum;

/**
 * The data sequence mappings that a subflow has announced and not yet delivered in full, by subflow
 * sequence number and apart from each other. Bounded.
 */
final class ReceivedMappings {
  /** More than a window of single segments. */
  private static final int MOST = 1 << 14;

  /** So few bytes are summed that no others make them all. */
  private static final int NEVER_ALL = Integer.MIN_VALUE;

  private int[] sequences = new int[8];
  private int[] lengths = new int[8];
  private long[] dsns = new long[8];
  private int[] checksums = new int[8];
  private int[] earlies = new int[8];
  private long[] sums = new long[8];
  private int[] summed = new int[8];
  private long[] births = new long[8];
  private int head;
  private int count;
  private int lastFound;
  private long added;
  private long overwritten;
  private long overwrittenByOthers;
  private long lowestDsn;
  private long highestDsn;

  boolean isEmpty() {
    return count == 0;
  }

  int count() {
    return count;
  }

  /** The mapping that covers {@code sequence}, or -1. */
  int find(int sequence) {
    if (lastFound < count && covers(lastFound, sequence)) {
      return lastFound;
    }
    int index = lastAtOrBefore(sequence);
    if (index < 0 || !covers(index, sequence)) {
      return -1;
    }
    lastFound = index;
    return index;
  }

  private boolean covers(int index, int sequence) {
    int distance = sequence - sequence(index);
    return distance >= 0 && distance < length(index);
  }

  private int lastAtOrBefore(int sequence) {
    int low = 0;
    int high = count - 1;
    while (low <= high) {
      int middle = low + high >>> 1;
      if (sequence(middle) - sequence <= 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return high;
  }

  /**
   * Adds a mapping. A mapping is fixed once it was announced (RFC 8684 §3.3.1): what repeats or
   * contradicts an earlier one is passed over; of one that reaches beyond an earlier one, the rest
   * counts, where no checksum forbids to cut it. Neither do bytes that the subflow has received
   * before get another place: they were mapped when they came, and a mapping that is delivered is
   * not remembered here.
   *
   * @param receiveNext up to where the subflow's bytes have their places
   * @param checksum -1 where there is none
   * @return false when there is no room
   */
  boolean add(int sequence, long dsn, int length, int checksum, int receiveNext) {
    int early = Math.max(0, receiveNext - sequence);
    if (early >= length) {
      return true;
    }
    if (checksum < 0) {
      sequence += early;
      dsn += early;
      length -= early;
      early = 0;
    }
    int before = lastAtOrBefore(sequence);
    if (before >= 0) {
      int overlap = sequence(before) + length(before) - sequence;
      if (overlap >= length || (overlap > 0 && checksum >= 0)) {
        return true;
      }
      if (overlap > 0) {
        sequence += overlap;
        dsn += overlap;
        length -= overlap;
      }
    }
    if (before + 1 < count) {
      int room = sequence(before + 1) - sequence;
      if (room <= 0 || (room < length && checksum >= 0)) {
        return true;
      }
      length = Math.min(length, room);
    }
    if (count == MOST) {
      return false;
    }
    noteRange(before, dsn, length);
    insert(before + 1, sequence, dsn, length, checksum);
    int slot = slot(before + 1);
    earlies[slot] = early;
    sums[slot] = 0;
    summed[slot] = 0;
    births[slot] = ++added;
    return true;
  }

  private void insert(int index, int sequence, long dsn, int length, int checksum) {
    if (count == sequences.length) {
      grow();
    }
    if (index < count / 2) {
      head = head - 1 & sequences.length - 1;
      count++;
      for (int i = 0; i < index; i++) {
        copy(slot(i + 1), slot(i));
      }
    } else {
      count++;
      for (int i = count - 1; i > index; i--) {
        copy(slot(i - 1), slot(i));
      }
    }
    int slot = slot(index);
    sequences[slot] = sequence;
    dsns[slot] = dsn;
    lengths[slot] = length;
    checksums[slot] = checksum;
    lastFound = index;
  }

  private void copy(int from, int to) {
    sequences[to] = sequences[from];
    dsns[to] = dsns[from];
    lengths[to] = lengths[from];
    checksums[to] = checksums[from];
    earlies[to] = earlies[from];
    sums[to] = sums[from];
    summed[to] = summed[from];
    births[to] = births[from];
  }

  private void grow() {
    int capacity = 2 * sequences.length;
    int[] newSequences = new int[capacity];
    int[] newLengths = new int[capacity];
    long[] newDsns = new long[capacity];
    int[] newChecksums = new int[capacity];
    int[] newEarlies = new int[capacity];
    long[] newSums = new long[capacity];
    int[] newSummed = new int[capacity];
    long[] newBirths = new long[capacity];
    for (int i = 0; i < count; i++) {
      int from = slot(i);
      newSequences[i] = sequences[from];
      newLengths[i] = lengths[from];
      newDsns[i] = dsns[from];
      newChecksums[i] = checksums[from];
      newEarlies[i] = earlies[from];
      newSums[i] = sums[from];
      newSummed[i] = summed[from];
      newBirths[i] = births[from];
    }
    sequences = newSequences;
    lengths = newLengths;
    dsns = newDsns;
    checksums = newChecksums;
    earlies = newEarlies;
    sums = newSums;
    summed = newSummed;
    births = newBirths;
    head = 0;
  }

  /** Whether the bytes of all mappings follow one another in the data as they do on the subflow. */
  boolean isLinear() {
    for (int i = 1; i < count; i++) {
      if (dsn(i) - dsn(0) != sequence(i) - sequence(0)) {
        return false;
      }
    }
    return true;
  }

  /** Forgets the first mapping. */
  void removeFirst() {
    head = head + 1 & sequences.length - 1;
    count--;
    lastFound = Math.max(0, lastFound - 1);
  }

  void clear() {
    head = 0;
    count = 0;
    lastFound = 0;
  }

  private int slot(int index) {
    return head + index & sequences.length - 1;
  }

  int sequence(int index) {
    return sequences[slot(index)];
  }

  int length(int index) {
    return lengths[slot(index)];
  }

  long dsn(int index) {
    return dsns[slot(index)];
  }

  int checksum(int index) {
    return checksums[slot(index)];
  }

  /**
   * How many bytes at the beginning of the mapping the subflow had received before it was
   * announced: they are not where this mapping says, unless an earlier one said so too.
   */
  int early(int index) {
    return earlies[slot(index)];
  }

  /** Keeps in mind which data the mappings are about, and whether two are about the same. */
  private void noteRange(int before, long dsn, int length) {
    long end = dsn + length;
    if (count == 0) {
      lowestDsn = dsn;
      highestDsn = end;
      return;
    }
    boolean ascends =
        (before < 0 || dsn - (dsn(before) + length(before)) >= 0)
            && (before + 1 >= count || dsn(before + 1) - end >= 0);
    if (!ascends) {
      // One may put its bytes in the place of another's; this one included.
      overwritten = added + 1;
    }
    lowestDsn = dsn - lowestDsn < 0 ? dsn : lowestDsn;
    highestDsn = end - highestDsn > 0 ? end : highestDsn;
  }

  /** Another subflow has put bytes in their place: sums of those that were there count no more. */
  void overwrittenBy(long dsn, int length) {
    if (count > 0 && dsn - highestDsn < 0 && dsn + length - lowestDsn > 0) {
      overwritten = added;
      overwrittenByOthers = added;
    }
  }

  /** Whether bytes in the place of a mapping may be those of another subflow. */
  boolean isOverwrittenByOthers() {
    for (int i = 0; i < count; i++) {
      if (births[slot(i)] <= overwrittenByOthers) {
        return true;
      }
    }
    return false;
  }

  /**
   * Bytes of the mapping were put in their place.
   *
   * @param into how far into the mapping they begin
   * @param sum their partial checksum, or -1 where not all of them were copied
   */
  void placed(int index, int into, int length, long sum) {
    int slot = slot(index);
    if (sum < 0) {
      summed[slot] = NEVER_ALL;
    } else {
      sums[slot] += (into & 1) == 0 ? sum : InternetChecksum.swap(sum);
      summed[slot] += length;
    }
  }

  /**
   * Whether {@link #sum} is that of the mapping's bytes: each was copied once, with it, and none
   * was overwritten since.
   */
  boolean isSummed(int index) {
    int slot = slot(index);
    return births[slot] > overwritten && summed[slot] == lengths[slot];
  }

  /** The partial checksum of the mapping's bytes, where {@link #isSummed}. */
  long sum(int index) {
    return sums[slot(index)];
  }
}
