package org.mptcp4j.spi;

import java.net.InetAddress;
import java.util.List;

/**
 * Decides which subflows a connection has and which addresses it announces; one instance for each
 * connection. Not thread-safe: calls are serialised.
 */
public interface PathManager {
  /** Returned by {@link #manage} when only an event should bring the next call. */
  long NEVER = Long.MAX_VALUE;

  /**
   * An address of the peer.
   *
   * @param address the address
   * @param port the port to open subflows to
   */
  record Remote(InetAddress address, int port) {}

  /**
   * A subflow that exists or is being opened.
   *
   * @param local address on this side
   * @param remote address on the peer's side
   * @param remotePort port on the peer's side
   * @param established whether data can flow
   */
  record Existing(InetAddress local, InetAddress remote, int remotePort, boolean established) {}

  /** What a path manager may see and do. */
  interface Connection {
    /** Whether this side opened the connection. */
    boolean isClient();

    /** Whether the application bound an address: then only that one may be used. */
    boolean isBoundToAddress();

    /** The address of this side in the first subflow. */
    InetAddress initialLocalAddress();

    /** The peer's address and port in the first subflow. */
    Remote initialRemote();

    /** Most subflows at a time. */
    int maxSubflows();

    /** This host's addresses that can be used. */
    List<InetAddress> localAddresses();

    /**
     * The peer's addresses that accept subflows, the first subflow's before announced ones. While
     * no subflow delivers, those follow that the peer has withdrawn: it could not say that they are
     * back.
     */
    List<Remote> remoteAddresses();

    /**
     * Subflows that exist or are being opened; without those that have been silent for long, where
     * none delivers: a box on the way may have forgotten them, and others may pass.
     */
    List<Existing> subflows();

    /** Whether there is a way from the one address to the other. */
    boolean hasPath(InetAddress local, InetAddress remote);

    /** Opens a subflow; false when it could not be begun. */
    default boolean open(InetAddress local, Remote remote) {
      return open(local, remote, /* backup= */ false);
    }

    /**
     * Opens a subflow.
     *
     * @param backup whether it carries data only while no other can, in both directions
     * @return false when it could not be begun
     */
    boolean open(InetAddress local, Remote remote, boolean backup);

    /** Announces an address to the peer; does nothing when it was announced before. */
    void announce(InetAddress local);

    /**
     * Announces an address with a port of its own, to which the peer shall open subflows instead of
     * the first one's (RFC 8684 §3.4.1). The port is taken for the life of the connection, unless
     * it is this program's already; does nothing when it was announced before.
     *
     * @param port 1 to 65535
     * @return false when the port cannot be had, or the address may not be used
     */
    boolean announce(InetAddress local, int port);
  }

  /**
   * Something may have changed: the connection became able to have further subflows, an address
   * came or went, a route changed, a subflow was established or ended, or the time that the last
   * call asked for has come.
   *
   * @param now nanoseconds of a monotonic clock
   * @return when to call again at the latest, or {@link #NEVER}
   */
  long manage(long now, Connection connection);

  /**
   * A subflow is gone.
   *
   * @param wasEstablished whether it had ever been able to carry data
   * @param permanent whether the peer said that trying again is of no use (RFC 8684 §3.6)
   */
  default void onSubflowEnded(
      long now, InetAddress local, Remote remote, boolean wasEstablished, boolean permanent) {}
}
