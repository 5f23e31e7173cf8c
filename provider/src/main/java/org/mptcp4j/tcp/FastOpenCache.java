package org.mptcp4j.tcp;

import java.util.LinkedHashMap;
import java.util.Map;
import org.mptcp4j.wire.FastOpenCookie;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;

/**
 * What a client knows of its destinations for TCP Fast Open (RFC 7413 §4.1.3): cookie and MSS, and
 * until when Fast Open is not tried since it did harm. Bounded: the destination that was used
 * longest ago is forgotten first. Thread-safe.
 */
public final class FastOpenCache {
  private static final int MOST_DESTINATIONS = 1024;

  /** §4.1.3: what is larger may be fragmented, or confuse a box on the path. */
  private static final int LARGEST_MSS_IPV4 = 1460;

  private static final int LARGEST_MSS_IPV6 = 1440;

  /** How long Fast Open is not tried after it failed; twice as long after each further time. */
  private static final long BACK_OFF_NANOS = 60L * 1_000_000_000L;

  private static final int MOST_DOUBLINGS = 10;

  /** Cookies depend on both addresses; whether a server gives any depends on the port. */
  record Destination(IpAddress local, IpAddress remote, int remotePort) {
    static Destination of(FlowKey flow) {
      return new Destination(flow.local(), flow.remote(), flow.remotePort());
    }
  }

  private static final class Entry {
    FastOpenCookie cookie = FastOpenCookie.REQUEST;
    int mss;
    int failures;
    long blockedUntil;
  }

  private final TcpCounters counters;
  private final Map<Destination, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

  public FastOpenCache(TcpCounters counters) {
    this.counters = counters;
  }

  /** How to open {@code flow}. */
  public synchronized FastOpenAttempt attempt(long now, FlowKey flow) {
    Destination destination = Destination.of(flow);
    Entry entry = entries.get(destination);
    if (entry == null) {
      return new FastOpenAttempt(this, destination, FastOpenCookie.REQUEST, 0);
    }
    if (entry.failures > 0 && now - entry.blockedUntil < 0) {
      return FastOpenAttempt.NONE;
    }
    return new FastOpenAttempt(this, destination, entry.cookie, entry.mss);
  }

  TcpCounters counters() {
    return counters;
  }

  synchronized void learnCookie(Destination destination, IncomingSegment synAck) {
    Entry entry = entry(destination);
    entry.cookie = synAck.fastOpenCookie();
    int largest = synAck.isIpv4() ? LARGEST_MSS_IPV4 : LARGEST_MSS_IPV6;
    int mss = synAck.mss() < 0 ? Tcb.defaultMss(synAck.isIpv4()) : synAck.mss();
    entry.mss = Math.min(largest, mss);
    entry.failures = 0;
  }

  /** Data in a SYN was acknowledged. */
  synchronized void succeeded(Destination destination) {
    Entry entry = entries.get(destination);
    if (entry != null) {
      entry.failures = 0;
    }
  }

  /** §4.1.3.1: a negative response. */
  synchronized void failed(long now, Destination destination) {
    Entry entry = entry(destination);
    entry.blockedUntil = now + (BACK_OFF_NANOS << Math.min(entry.failures, MOST_DOUBLINGS));
    entry.failures++;
  }

  private Entry entry(Destination destination) {
    Entry entry = entries.computeIfAbsent(destination, d -> new Entry());
    if (entries.size() > MOST_DESTINATIONS) {
      entries.remove(entries.keySet().iterator().next());
    }
    return entry;
  }

  synchronized int size() {
    return entries.size();
  }
}
