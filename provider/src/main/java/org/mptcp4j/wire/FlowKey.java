package org.mptcp4j.wire;

import java.security.SecureRandom;

/**
 * The four values that name a TCP flow, seen from this host. Mutable so that a receive loop can
 * look a flow up without allocating: keep one scratch key, {@link #setIncoming} it for each packet,
 * and store only a {@link #copy}. Not thread-safe; a key that is in a map must not be changed.
 */
public final class FlowKey {
  // A peer that could predict the hash could make all its flows collide.
  private static final long SEED = new SecureRandom().nextLong() | 1;

  private long localHigh;
  private long localLow;
  private long remoteHigh;
  private long remoteLow;
  private int ports;

  public static FlowKey of(IpAddress local, int localPort, IpAddress remote, int remotePort) {
    FlowKey key = new FlowKey();
    key.set(local.high(), local.low(), localPort, remote.high(), remote.low(), remotePort);
    return key;
  }

  private void set(
      long localHigh,
      long localLow,
      int localPort,
      long remoteHigh,
      long remoteLow,
      int remotePort) {
    this.localHigh = localHigh;
    this.localLow = localLow;
    this.remoteHigh = remoteHigh;
    this.remoteLow = remoteLow;
    this.ports = localPort << 16 | remotePort & 0xffff;
  }

  /** The flow that a received segment belongs to: its destination is local, its source remote. */
  public FlowKey setIncoming(IncomingSegment segment) {
    set(
        segment.destinationHigh(),
        segment.destinationLow(),
        segment.destinationPort(),
        segment.sourceHigh(),
        segment.sourceLow(),
        segment.sourcePort());
    return this;
  }

  /** The flow of the segment that an ICMP error quotes: its source is local. */
  public FlowKey setQuoted(IcmpError error) {
    set(
        error.localHigh(),
        error.localLow(),
        error.localPort(),
        error.remoteHigh(),
        error.remoteLow(),
        error.remotePort());
    return this;
  }

  public FlowKey copy() {
    FlowKey key = new FlowKey();
    key.set(localHigh, localLow, localPort(), remoteHigh, remoteLow, remotePort());
    return key;
  }

  public IpAddress local() {
    return new IpAddress(localHigh, localLow);
  }

  public IpAddress remote() {
    return new IpAddress(remoteHigh, remoteLow);
  }

  public int localPort() {
    return ports >>> 16;
  }

  public int remotePort() {
    return ports & 0xffff;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FlowKey k
        && ports == k.ports
        && remoteLow == k.remoteLow
        && localLow == k.localLow
        && remoteHigh == k.remoteHigh
        && localHigh == k.localHigh;
  }

  @Override
  public int hashCode() {
    long h = SEED ^ ports;
    h = mix(h ^ remoteLow);
    h = mix(h ^ remoteHigh);
    h = mix(h ^ localLow);
    h = mix(h ^ localHigh);
    return (int) (h ^ h >>> 32);
  }

  private static long mix(long h) {
    h *= 0x9e3779b97f4a7c15L;
    return h ^ h >>> 29;
  }

  @Override
  public String toString() {
    return endpoint(local(), localPort()) + " -> " + endpoint(remote(), remotePort());
  }

  private static String endpoint(IpAddress address, int port) {
    return (address.isIpv4() ? address.toString() : "[" + address + "]") + ":" + port;
  }
}
