package org.mptcp4j.link;

import java.io.Closeable;
import java.util.List;
import java.util.Optional;
import org.mptcp4j.observe.LinkCounters;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.OutgoingSegment;

/**
 * The seam between the engine and the network. {@link #receive} and {@link #await} are called by
 * one thread at a time; everything else by any.
 */
public interface PacketLink extends Closeable {
  /** What became of a segment. */
  enum SendResult {
    SENT,
    /**
     * The interface's queue is full: try again when {@link #await} reports it writable, or after 1
     * ms.
     */
    BUSY,
    /** Dropped by local congestion, or the path is gone: to the protocol it is a loss. */
    DROPPED
  }

  /** A local address with what the path manager must know of it. */
  record LocalAddress(
      IpAddress address, int interfaceIndex, String interfaceName, int prefixLength) {}

  /** Told of changes on the thread that runs {@link #receive}. */
  interface NetworkListener {
    void onAddressAdded(LocalAddress address);

    void onAddressRemoved(LocalAddress address);

    /** Routes, neighbours or links changed so that an {@link #egress} answer may differ now. */
    void onRoutesChanged();
  }

  /**
   * Hands up to {@code limit} waiting packets to {@code receiver}; returns their number, 0 when
   * none waits.
   */
  int receive(PacketReceiver receiver, int limit);

  /**
   * Waits until packets, network changes, writable interfaces or {@link #wakeup}; at most {@code
   * timeoutNanos}.
   */
  void await(long timeoutNanos);

  /** What this link has counted since it was opened. */
  LinkCounters counters();

  /** Makes a waiting {@link #await} return. */
  void wakeup();

  /**
   * Sends one segment, cut by offload when it {@linkplain OutgoingSegment#needsSegmentation needs}
   * it. Never blocks.
   */
  SendResult send(OutgoingSegment segment, Egress egress);

  /**
   * Permanent, usable addresses of devices without a master: no loopback, link-local, tentative or
   * deprecated ones.
   */
  List<LocalAddress> localAddresses();

  /**
   * Whether {@code address} belongs to this host (route type local), so that the kernel serves it.
   */
  boolean isLocal(IpAddress address);

  /**
   * Whether only the kernel's sockets may talk to {@code address}, since what a packet socket sends
   * there would evade an IPsec policy of this host.
   */
  boolean isKernelOnly(IpAddress address);

  /**
   * The way from {@code source} to {@code destination}; empty when no route exists from that
   * source's interface, or an IPsec policy is for what goes there.
   */
  Optional<Egress> egress(IpAddress source, IpAddress destination);

  /** The source address that the kernel's routing would choose; empty when unreachable. */
  Optional<IpAddress> preferredSource(IpAddress destination);

  /**
   * Reserves {@code port} on {@code local} (the IPv6 wildcard stands for both families) in the
   * kernel, so that the kernel neither answers segments to it with RST nor gives it away; from then
   * on packets to it come to {@link #receive}.
   *
   * @param listening whether local clients may connect: the guard then accepts what arrives by
   *     loopback
   * @throws java.net.BindException as the kernel says ("Address already in use", "Permission
   *     denied")
   */
  PortGuard guard(IpAddress local, int port, boolean listening) throws java.io.IOException;

  /**
   * An ephemeral port, guarded on the wildcard addresses of both families, from a block taken in
   * advance.
   *
   * @throws java.net.BindException when none is left
   */
  PortGuard guardEphemeral() throws java.io.IOException;

  void setNetworkListener(NetworkListener listener);
}
