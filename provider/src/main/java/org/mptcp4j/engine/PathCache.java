package org.mptcp4j.engine;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.mptcp4j.tcp.PathEstimate;
import org.mptcp4j.wire.IpAddress;

/**
 * What ended subflows have learned of their paths, for new ones between the same addresses (RFC
 * 9040): both addresses, since a host has several ways to one peer. Bounded by number, the one
 * asked for longest ago goes first, and by age. Thread-safe.
 */
final class PathCache {
  private record Way(IpAddress local, IpAddress remote) {}

  private record Entry(PathEstimate estimate, long learnedAt) {}

  private final int most;
  private final long lifeNanos;
  private final Map<Way, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

  PathCache(int most, Duration life) {
    this.most = most;
    this.lifeNanos = life.toNanos();
  }

  /** What is known of the path, and not too old. */
  synchronized Optional<PathEstimate> find(long now, IpAddress local, IpAddress remote) {
    Way way = new Way(local, remote);
    Entry entry = entries.get(way);
    if (entry == null) {
      return Optional.empty();
    }
    if (isOver(entry, now)) {
      entries.remove(way);
      return Optional.empty();
    }
    return Optional.of(entry.estimate());
  }

  /** Takes in what a subflow has learned; figures that make no sense are left out. */
  synchronized void learn(long now, IpAddress local, IpAddress remote, PathEstimate estimate) {
    if (!estimate.isPlausible()) {
      return;
    }
    Way way = new Way(local, remote);
    Entry before = entries.get(way);
    PathEstimate merged =
        before == null || isOver(before, now) ? estimate : before.estimate().mergedWith(estimate);
    entries.put(way, new Entry(merged, now));
    if (entries.size() > most) {
      entries.remove(entries.keySet().iterator().next());
    }
  }

  private boolean isOver(Entry entry, long now) {
    return now - entry.learnedAt() > lifeNanos;
  }

  synchronized int size() {
    return entries.size();
  }
}
