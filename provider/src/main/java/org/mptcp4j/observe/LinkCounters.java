package org.mptcp4j.observe;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** What a packet link counts. Each count only grows. Thread-safe. */
public final class LinkCounters {
  /** One thing counted. */
  public enum Counter {
    /** Packets handed to the engine. */
    PACKETS_RECEIVED,
    /** Bytes of those packets, from the IP header on. */
    BYTES_RECEIVED,
    /** Frames whose lengths contradict each other, or that did not fit their slot. */
    MALFORMED,
    /** First fragments of TCP packets to our ports, left alone. */
    FRAGMENTS,
    /** Frames seen on a device below another (bridge port, VLAN), where they appear again. */
    SEEN_TWICE,
    /**
     * Frames for other hosts, for addresses that are not ours, or for ports that we do not guard.
     */
    NOT_OURS,
    /** ICMP errors about segments from our ports. */
    ICMP_ERRORS,
    /** Frames that the kernel dropped since the ring was full. */
    RING_DROPS,
    /** Frames given to the kernel, offloaded ones counted once. */
    FRAMES_SENT,
    /** Bytes of those frames, from the IP header on. */
    BYTES_SENT,
    /** Frames of more than one segment, cut by the device or the kernel. */
    OFFLOADED_FRAMES_SENT,
    /** Sends refused since the interface's queue was full. */
    SENDS_BUSY,
    /** Times that a full queue was empty before it was filled again: the interface stood idle. */
    QUEUE_RAN_DRY,
    /** Sends dropped by local congestion or for want of a way. */
    SENDS_DROPPED,
    /** Packets sent through a raw IP socket, so that the kernel resolves the neighbour. */
    SLOW_WAY_SENT,
    /** Packets that the host's firewall refused. */
    FIREWALL_REFUSALS,
    /** Times that the kernel lost netlink notifications, so that all was read anew. */
    NETLINK_OVERRUNS
  }

  private final EnumMap<Counter, LongAdder> counts = new EnumMap<>(Counter.class);

  public LinkCounters() {
    for (Counter counter : Counter.values()) {
      counts.put(counter, new LongAdder());
    }
  }

  public void add(Counter counter, long amount) {
    counts.get(counter).add(amount);
  }

  public void increment(Counter counter) {
    counts.get(counter).increment();
  }

  public long get(Counter counter) {
    return counts.get(counter).sum();
  }

  /** All counts at this moment, by name. */
  public Map<Counter, Long> snapshot() {
    EnumMap<Counter, Long> result = new EnumMap<>(Counter.class);
    counts.forEach((counter, count) -> result.put(counter, count.sum()));
    return result;
  }
}
