package org.mptcp4j.sim;

import java.util.function.Consumer;
import org.mptcp4j.wire.IpAddress;

/**
 * A way between two hosts: the access line of the first host's address, over which it reaches every
 * address of the second host. The setters set both directions; {@link #forward} is the one from the
 * first host.
 */
public final class SimPath implements BoxedPath {
  private final IpAddress accessAddress;
  private final SimHost accessHost;
  private final SimHost farHost;
  private final SimLink forward;
  private final SimLink backward;
  private final int index;
  private IpAddress outsideAddress;

  SimPath(
      int index,
      IpAddress accessAddress,
      SimHost accessHost,
      SimHost farHost,
      SimLink forward,
      SimLink backward) {
    this.index = index;
    forward.reverse(backward);
    backward.reverse(forward);
    this.accessAddress = accessAddress;
    this.outsideAddress = accessAddress;
    this.accessHost = accessHost;
    this.farHost = farHost;
    this.forward = forward;
    this.backward = backward;
  }

  /** From the host named first. */
  @Override
  public SimLink forward() {
    return forward;
  }

  /** To the host named first. */
  @Override
  public SimLink backward() {
    return backward;
  }

  public SimPath both(Consumer<SimLink> change) {
    change.accept(forward);
    change.accept(backward);
    return this;
  }

  public SimPath rate(long bitsPerSecond) {
    return both(link -> link.rate(bitsPerSecond));
  }

  public SimPath delay(long nanos) {
    return both(link -> link.delay(nanos));
  }

  public SimPath queue(long bytes) {
    return both(link -> link.queue(bytes));
  }

  public SimPath mtu(int bytes) {
    return both(link -> link.mtu(bytes));
  }

  /** As {@link SimLink#hop}, both ways. */
  public SimPath hop(int bytes, boolean reports) {
    return both(link -> link.hop(bytes, reports));
  }

  public SimPath outage(long fromNanos, long toNanos) {
    return both(link -> link.outage(fromNanos, toNanos));
  }

  public void setUp(boolean up) {
    both(link -> link.setUp(up));
  }

  /** The far host knows the access line by this address: that of an address translator. */
  @Override
  public SimPath outsideAddress(String address) {
    outsideAddress = IpAddress.parse(address);
    return this;
  }

  int index() {
    return index;
  }

  /** Whether packets between these two addresses take this path, {@code local} being on host. */
  boolean carries(SimHost host, IpAddress local, IpAddress remote) {
    return host == accessHost
        ? local.equals(accessAddress) && farHost.hasAddress(remote)
        : host == farHost && remote.equals(outsideAddress);
  }

  SimLink from(SimHost host) {
    return host == accessHost ? forward : backward;
  }
}
