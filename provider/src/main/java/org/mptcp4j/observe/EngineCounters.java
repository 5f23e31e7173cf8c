package org.mptcp4j.observe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * What an engine did since it began. Every counter only grows, but for the gauges that an engine
 * adds itself ({@link #add}). Thread-safe.
 */
public final class EngineCounters {
  private final Map<String, LongSupplier> byName = new ConcurrentHashMap<>();

  /** Connections that this host began. */
  public final LongAdder connectionsOpened = counter("connections.opened");

  /** Connections that took the port of one in TIME-WAIT, since no other was free. */
  public final LongAdder timeWaitsReused = counter("connections.timewait.reused");

  /** Connections that a listener accepted. */
  public final LongAdder connectionsAccepted = counter("connections.accepted");

  /** Local clients' connections, which the kernel serves, that a listener accepted. */
  public final LongAdder kernelConnectionsAccepted = counter("connections.accepted.kernel");

  /** Packets that the link handed over; with offload one may hold many segments. */
  public final LongAdder packetsReceived = counter("packets.received");

  /** Payload bytes in them. */
  public final LongAdder payloadBytesReceived = counter("payload.received");

  /** Packets given to the link; with offload one may become many segments. */
  public final LongAdder packetsSent = counter("packets.sent");

  /** Payload bytes in them. */
  public final LongAdder payloadBytesSent = counter("payload.sent");

  /** Packets that the link dropped for local congestion or the want of a path. */
  public final LongAdder sendsDropped = counter("sends.dropped");

  /** Sends that a full path refused and that were tried again later. */
  public final LongAdder sendsBusy = counter("sends.busy");

  /** Packets whose headers make no sense. */
  public final LongAdder malformed = counter("packets.malformed");

  /** Packets that are fragments. */
  public final LongAdder fragments = counter("packets.fragments");

  /** Packets with a wrong TCP checksum. */
  public final LongAdder badChecksum = counter("packets.badchecksum");

  /** TCP options whose length makes no sense. */
  public final LongAdder malformedOptions = counter("options.malformed");

  /** Packets that belong to no flow and no listener. */
  public final LongAdder unmatched = counter("packets.unmatched");

  /** ICMP errors about segments from our ports. */
  public final LongAdder icmpErrors = counter("icmp.received");

  /** Those of them that were not looked at because there were too many. */
  public final LongAdder icmpSuppressed = counter("icmp.suppressed");

  /** Those with a wrong checksum. */
  public final LongAdder icmpBadChecksum = counter("icmp.badchecksum");

  /** Those about segments of no flow. */
  public final LongAdder icmpUnmatched = counter("icmp.unmatched");

  /** SYNs of peers that may not connect. */
  public final LongAdder peersRefused = counter("peers.refused");

  /** Resets sent in answer to such packets. */
  public final LongAdder resetsSent = counter("resets.sent");

  /** Resets not sent because there were too many. */
  public final LongAdder resetsSuppressed = counter("resets.suppressed");

  /** SYNs dropped because a listener's backlog was full. */
  public final LongAdder backlogOverflows = counter("backlog.overflows");

  /** SYNs answered with a cookie, because too many handshakes were under way. */
  public final LongAdder synCookiesSent = counter("syn.cookies.sent");

  /** Connections that began with a cookie. */
  public final LongAdder synCookiesAccepted = counter("syn.cookies.accepted");

  /** ACKs at a listener, while cookies are out, that acknowledge none and were dropped. */
  public final LongAdder synCookiesFailed = counter("syn.cookies.failed");

  /** MP_JOIN SYNs with a token that no connection has. */
  public final LongAdder joinsUnknown = counter("joins.unknown");

  /** MP_JOIN SYNs dropped because too many joins were half-open. */
  public final LongAdder joinsSuppressed = counter("joins.suppressed");

  /** MP_JOIN SYNs dropped because too many came with the same token. */
  public final LongAdder joinsRateLimited = counter("joins.ratelimited");

  /** Packets queued to a thread that held the connection. */
  public final LongAdder packetsQueued = counter("packets.queued");

  /** Packets that waited for the holder because that queue was full. */
  public final LongAdder queueOverflows = counter("packets.queue.overflows");

  /** Pauses of the whole program that the engine noticed and did not take for loss. */
  public final LongAdder pauses = counter("pauses");

  /** Faults of the engine itself, caught so that it goes on. */
  public final LongAdder faults = counter("faults");

  /** Adds a counter or gauge kept elsewhere. */
  public void add(String name, LongSupplier value) {
    byName.put(name, value);
  }

  /** All counters by name, in the order of their names. */
  public Map<String, Long> snapshot() {
    Map<String, Long> values = new LinkedHashMap<>();
    byName.keySet().stream()
        .sorted()
        .forEach(name -> values.put(name, byName.get(name).getAsLong()));
    return values;
  }

  /** Writes all counters to {@code file}, one {@code name=value} on a line. */
  public void writeTo(Path file) throws IOException {
    List<String> lines = new ArrayList<>();
    snapshot().forEach((name, value) -> lines.add(name + "=" + value));
    Files.write(file, lines);
  }

  private LongAdder counter(String name) {
    LongAdder adder = new LongAdder();
    byName.put(name, adder::sum);
    return adder;
  }
}
