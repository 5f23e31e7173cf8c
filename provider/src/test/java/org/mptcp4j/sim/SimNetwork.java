package org.mptcp4j.sim;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.function.BooleanSupplier;
import org.mptcp4j.wire.IpAddress;

/** Hosts, paths, and the virtual clock with its queue of events. Not thread-safe. */
public final class SimNetwork {
  private static final int POOLED_CAPACITY = 2_048;

  /** An arrival of a packet, or anything else to be done at a time. */
  private record Event(long time, long order, SimHost host, ByteBuffer packet, Runnable action)
      implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(time, other.time);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }
  }

  private final long seed;
  private final SimRandom random;
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private final Map<String, SimHost> hosts = new LinkedHashMap<>();
  private final List<SimPath> paths = new ArrayList<>();
  private final ArrayDeque<ByteBuffer> pool = new ArrayDeque<>();
  private long now;
  private long eventOrder;

  public SimNetwork(long seed) {
    this.seed = seed;
    this.random = new SimRandom(seed);
    // Clocks start anywhere; near the wrap of 32-bit milliseconds a wrong comparison shows.
    this.now = 0xffff_ff00L * 1_000_000L;
  }

  public SimHost host(String name) {
    return hosts.computeIfAbsent(name, n -> new SimHost(n, this, random.split()));
  }

  /**
   * Lays a path: {@code address} becomes the first host's, {@code farAddress} the second's (unless
   * they are already).
   */
  public SimPath path(SimHost host, String address, SimHost farHost, String farAddress) {
    IpAddress access = IpAddress.parse(address);
    host.addAddress(access);
    farHost.addAddress(IpAddress.parse(farAddress));
    SimPath path =
        new SimPath(
            paths.size() + 1,
            access,
            host,
            farHost,
            new SimLink(this, farHost, random.split()),
            new SimLink(this, host, random.split()));
    paths.add(path);
    return path;
  }

  List<SimPath> paths() {
    return paths;
  }

  /** Virtual time, nanoseconds; it does not start at 0. */
  public long now() {
    return now;
  }

  public long seed() {
    return seed;
  }

  /** Does something at a moment of virtual time. */
  public void at(long time, Runnable action) {
    events.add(new Event(Math.max(time, now), eventOrder++, null, null, action));
  }

  /** Does something after some virtual time. */
  public void after(long nanos, Runnable action) {
    at(now + nanos, action);
  }

  void deliver(long time, SimHost host, ByteBuffer packet) {
    events.add(new Event(time, eventOrder++, host, packet, null));
  }

  /** Runs until the condition holds, for at most {@code limitNanos} of virtual time. */
  public void runUntil(BooleanSupplier condition, long limitNanos) {
    long limit = now + limitNanos;
    while (!condition.getAsBoolean()) {
      Event event = events.peek();
      if (event == null || event.time > limit) {
        throw new AssertionError(
            (event == null ? "nothing more happens" : "it takes longer than allowed")
                + " (seed "
                + seed
                + ", "
                + limitNanos / 1_000_000
                + " ms of virtual time allowed)\n"
                + describe());
      }
      step();
    }
  }

  /** Runs for some virtual time. */
  public void runFor(long nanos) {
    long end = now + nanos;
    while (!events.isEmpty() && events.peek().time <= end) {
      step();
    }
    now = end;
  }

  private void step() {
    Event event = events.poll();
    now = event.time;
    if (event.packet == null) {
      event.action.run();
    } else {
      event.host.receive(event.packet);
      recycle(event.packet);
    }
  }

  ByteBuffer buffer(int length) {
    ByteBuffer buffer =
        length > POOLED_CAPACITY || pool.isEmpty()
            ? ByteBuffer.allocate(Math.max(length, POOLED_CAPACITY))
            : pool.pop();
    return buffer.clear().limit(length);
  }

  ByteBuffer copy(ByteBuffer packet) {
    return buffer(packet.limit()).put(0, packet, 0, packet.limit());
  }

  void recycle(ByteBuffer packet) {
    if (packet.capacity() == POOLED_CAPACITY && pool.size() < 4_096) {
      pool.push(packet);
    }
  }

  /** Packets that arrived with a bit changed, twice where they were duplicated. */
  long corruptedPackets() {
    long count = 0;
    for (SimPath path : paths) {
      count += path.forward().corruptedPackets() + path.backward().corruptedPackets();
    }
    return count;
  }

  /** What is going on, for the message of a failed test. */
  public String describe() {
    StringBuilder text = new StringBuilder();
    for (SimPath path : paths) {
      text.append("path ").append(path.index()).append(" forward: ").append(path.forward());
      text.append("; backward: ").append(path.backward()).append('\n');
    }
    for (SimHost host : hosts.values()) {
      text.append(host.describe());
    }
    return text.toString();
  }
}
