package org.mptcp4j.mptcp;

/** The mappings that a subflow has sent and its peer's TCP has not acknowledged, in order. */
final class OutstandingMappings {
  private Mapping[] ring = new Mapping[16];
  private int head;
  private int count;

  boolean isEmpty() {
    return count == 0;
  }

  int size() {
    return count;
  }

  /** The oldest is the first, 0. */
  Mapping get(int index) {
    return ring[head + index & ring.length - 1];
  }

  /** The one that was sent last; there must be one. */
  Mapping newest() {
    return get(count - 1);
  }

  void add(Mapping mapping) {
    if (count == ring.length) {
      Mapping[] larger = new Mapping[2 * count];
      for (int i = 0; i < count; i++) {
        larger[i] = get(i);
      }
      ring = larger;
      head = 0;
    }
    ring[head + count++ & ring.length - 1] = mapping;
  }

  /** Takes the oldest one out; null when there is none. */
  Mapping poll() {
    if (count == 0) {
      return null;
    }
    Mapping oldest = ring[head];
    ring[head] = null;
    head = head + 1 & ring.length - 1;
    count--;
    return oldest;
  }

  /** Whether the byte {@code dsn} is in one of the {@code most} oldest. */
  boolean carries(long dsn, int most) {
    for (int i = Math.min(count, most) - 1; i >= 0; i--) {
      Mapping mapping = get(i);
      if (mapping.dsn() - dsn <= 0 && mapping.endDsn() - dsn > 0) {
        return true;
      }
    }
    return false;
  }

  /** Each of them, where it is sent again, announces that no more mappings will come. */
  void markInfinite() {
    for (int i = 0; i < count; i++) {
      get(i).markInfinite();
    }
  }

  /** Whether all bytes from {@code start} to before {@code end} are in them. */
  boolean carriesAll(long start, long end) {
    long at = start;
    boolean found = true;
    while (found && at - end < 0) {
      found = false;
      for (int i = 0; i < count; i++) {
        Mapping mapping = get(i);
        if (mapping.dsn() - at <= 0 && mapping.endDsn() - at > 0) {
          at = mapping.endDsn();
          found = true;
        }
      }
    }
    return at - end >= 0;
  }

  /** Whether all their bytes lie before {@code dsn}. */
  boolean isAllBefore(long dsn) {
    for (int i = 0; i < count; i++) {
      if (get(i).endDsn() - dsn > 0) {
        return false;
      }
    }
    return true;
  }

  /** Queues for other subflows what was sent on {@code source}; again, too, where {@code all}. */
  void reinject(Reinjection reinjection, Subflow source, boolean all) {
    for (int i = 0; i < count; i++) {
      if (all || !get(i).isReinjected()) {
        reinjection.add(get(i), source);
      }
    }
  }

  /** None of them needs another subflow any more. */
  void clearReinjected() {
    for (int i = 0; i < count; i++) {
      get(i).clearReinjected();
    }
  }

  void release(DataSender sender) {
    Mapping mapping;
    while ((mapping = poll()) != null) {
      sender.recycle(mapping);
    }
  }
}
