package org.mptcp4j.link;

import java.util.Objects;
import org.mptcp4j.wire.IpAddress;

/**
 * A way out, resolved to interface, neighbour and sockets; resolved again when the host's tables
 * have changed since.
 */
final class LinuxEgress implements Egress {
  /** Under a storm of route changes a sender asks no more often than this. */
  private static final long MIN_RESOLVE_NANOS = 20_000_000;

  /** Room for the longest headers, so that no frame exceeds what 16-bit lengths can say. */
  private static final int MAX_HEADERS = 40 + 60;

  /**
   * What the way comes to at present.
   *
   * @param neighbour the next hop; null where the link has no addresses
   * @param slowOnly whether only the kernel can send here
   */
  record Way(
      int generation,
      Device device,
      InterfaceSender sender,
      Neighbour neighbour,
      int mtu,
      boolean slowOnly) {}

  /** Finds the way at present; null when there is none. */
  interface Resolver {
    Way resolve(IpAddress source, IpAddress destination);

    int generation();
  }

  private final IpAddress source;
  private final IpAddress destination;
  private final Resolver resolver;
  private volatile Way way;
  private volatile int askedGeneration;
  private volatile long askedAt;
  private final int interfaceIndex;
  private final int firstMtu;

  LinuxEgress(IpAddress source, IpAddress destination, Way way, Resolver resolver) {
    this.source = source;
    this.destination = destination;
    this.resolver = resolver;
    this.way = Objects.requireNonNull(way);
    askedGeneration = way.generation;
    askedAt = System.nanoTime() - MIN_RESOLVE_NANOS;
    interfaceIndex = way.device.index();
    firstMtu = way.mtu;
  }

  /** The way, possibly a little old; null when there is none. */
  Way current() {
    if (askedGeneration != resolver.generation()
        && System.nanoTime() - askedAt > MIN_RESOLVE_NANOS) {
      resolve();
    }
    return way;
  }

  private synchronized void resolve() {
    askedGeneration = resolver.generation();
    askedAt = System.nanoTime();
    Way found = resolver.resolve(source, destination);
    way = found != null && found.device.index() == interfaceIndex ? found : null;
  }

  @Override
  public IpAddress source() {
    return source;
  }

  @Override
  public IpAddress destination() {
    return destination;
  }

  @Override
  public int interfaceIndex() {
    return interfaceIndex;
  }

  @Override
  public int mtu() {
    Way now = way;
    return now == null ? firstMtu : now.mtu;
  }

  @Override
  public int maxPayloadPerSend() {
    Way now = way;
    int onePacket = mtu() - (source.isIpv4() ? 20 : 40) - 20;
    if (now == null || now.slowOnly || !now.sender.takesOffload()) {
      return onePacket;
    }
    int frame = Math.min(now.device.gsoMaxSize(), 65_535) - MAX_HEADERS - 14;
    return Math.max(onePacket, Math.min(frame, now.sender.payloadLimit()));
  }

  @Override
  public boolean isUsable() {
    if (askedGeneration != resolver.generation()) {
      resolve();
    }
    return way != null;
  }

  @Override
  public String toString() {
    return source + " -> " + destination + " by interface " + interfaceIndex;
  }
}
