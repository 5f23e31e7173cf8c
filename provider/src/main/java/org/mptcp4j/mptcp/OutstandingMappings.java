package org.mptcp4j.mptcp;

import java.util.ArrayDeque;

/** The mappings that a subflow has sent and its peer's TCP has not acknowledged, in order. */
final class OutstandingMappings {
  private final ArrayDeque<Mapping> mappings = new ArrayDeque<>();

  boolean isEmpty() {
    return mappings.isEmpty();
  }

  void add(Mapping mapping) {
    mappings.add(mapping);
  }

  /** Null when there is none. */
  Mapping oldest() {
    return mappings.peek();
  }

  /** Takes the oldest one out; null when there is none. */
  Mapping poll() {
    return mappings.poll();
  }

  /** Whether the byte {@code dsn} is in one of them. */
  boolean carries(long dsn) {
    for (Mapping mapping : mappings) {
      if (mapping.dsn() - dsn <= 0 && mapping.endDsn() - dsn > 0) {
        return true;
      }
    }
    return false;
  }

  /** Queues for other subflows what was sent on {@code source}; again, too, where {@code all}. */
  void reinject(DataSender sender, Subflow source, boolean all) {
    for (Mapping mapping : mappings) {
      if (all || !mapping.isReinjected()) {
        sender.reinject(mapping, source);
      }
    }
  }

  /** None of them needs another subflow any more. */
  void clearReinjected() {
    for (Mapping mapping : mappings) {
      mapping.clearReinjected();
    }
  }

  void release(DataSender sender) {
    Mapping mapping;
    while ((mapping = mappings.poll()) != null) {
      sender.recycle(mapping);
    }
  }
}
