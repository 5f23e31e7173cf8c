package org.mptcp4j.mptcp;

import java.util.List;
import java.util.Optional;
import org.mptcp4j.tcp.NetworkPath;
import org.mptcp4j.tcp.PathEstimate;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IpAddress;

/**
 * The host that connections live on, as they see it: addresses, paths, ports, and the tables by
 * which arriving segments find them. The engine implements it over the real network, the simulation
 * over a simulated one. Thread-safe.
 */
public interface MptcpHost {
  /** Fills {@code target} with bytes nobody can predict (keys, nonces). */
  void random(byte[] target);

  /** An initial sequence number by RFC 6528. */
  int initialSequenceNumber(long now, FlowKey flow);

  /**
   * What the timestamps of connections between these addresses are moved by ({@link
   * org.mptcp4j.tcp.TcpUser#timestampOffset}).
   */
  int timestampOffset(IpAddress local, IpAddress remote);

  /**
   * Addresses that new subflows may start from: up, permanent, not loopback, not link-local, not
   * tentative.
   */
  List<IpAddress> localAddresses();

  /** Which addresses, of either side, subflows beside the first may use. */
  AddressFilter addressFilter();

  /** The way from {@code local} to {@code remote}; empty when there is none. */
  Optional<NetworkPath> path(IpAddress local, IpAddress remote);

  /**
   * Takes a local port for a flow to {@code remote} and {@code remotePort}; it is given back with
   * {@link #unregister} when the last flow on it is gone.
   *
   * @return the port, or -1 when none is free
   */
  int allocatePort(IpAddress local, IpAddress remote, int remotePort);

  /**
   * Segments of {@code flow} go to {@code subflow} from now on; false when the flow exists already.
   */
  boolean register(FlowKey flow, Subflow subflow);

  /** Ends what {@link #register} began. */
  void unregister(FlowKey flow);

  /** MP_JOIN with {@code token} goes to {@code connection}; false when the token is taken. */
  boolean registerToken(int token, MptcpConnection connection);

  /** Ends what {@link #registerToken} began. */
  void unregisterToken(int token);

  /**
   * For a server: whether a join to {@code local}:{@code port} would reach this host's engine, so
   * that the address may be announced.
   */
  boolean acceptsJoins(IpAddress local, int port);

  /**
   * Sees to it that joins to {@code local}:{@code port} reach this host's engine, until the last
   * flow of the connection is gone: takes the port, unless the host has it already.
   *
   * @return false when it cannot be had
   */
  boolean holdPort(IpAddress local, int port);

  /**
   * Whether SYNs from {@code local} to {@code remote} shall offer MPTCP: not where, of late, those
   * that did stayed unanswered.
   */
  boolean offersMultipath(long now, IpAddress local, IpAddress remote);

  /** SYNs that offered MPTCP stayed unanswered, and one without was answered. */
  void multipathBlocked(long now, IpAddress local, IpAddress remote);

  /** A SYN that offered MPTCP was answered with MPTCP. */
  void multipathPassed(IpAddress local, IpAddress remote);

  /** What earlier subflows between these addresses have learned (RFC 9040); empty for nothing. */
  default Optional<PathEstimate> learnedPath(IpAddress local, IpAddress remote) {
    return Optional.empty();
  }

  /** A subflow between these addresses is over, and has learned this. */
  default void pathLearned(IpAddress local, IpAddress remote, PathEstimate estimate) {}

  /** Where this host's connections count what happens. */
  MptcpCounters counters();
}
