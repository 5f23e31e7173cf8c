package org.mptcp4j;

import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.List;
import org.mptcp4j.nio.ChannelSubflows;

/** What programs can ask about their connections beyond java.nio. Thread-safe. */
public final class Multipath {
  private Multipath() {}

  /**
   * The subflows of {@code channel} at this moment, in the order in which they came; one for plain
   * TCP.
   *
   * @return empty where the kernel serves the channel, before it connects, and after it is closed
   */
  public static List<Subflow> subflows(SocketChannel channel) {
    return ChannelSubflows.of(channel);
  }

  /**
   * Has a subflow carry data only while no other can, in both directions, or again like the others.
   * The peer is told with MP_PRIO (RFC 8684 §3.3.8). Does nothing on plain TCP, and when the
   * subflow is gone.
   *
   * @param subflow one of those that {@link #subflows} gave
   */
  public static void setBackup(SocketChannel channel, Subflow subflow, boolean backup) {
    ChannelSubflows.setBackup(channel, subflow, backup);
  }

  /**
   * Announces an address of this host to the peer, which may then open subflows to it (ADD_ADDR,
   * RFC 8684 §3.4.1). A server announces its addresses by itself, with the port of the first
   * subflow; this is for a port of their own, on which the connection then takes subflows until its
   * end, and for clients. What was announced before is not announced again.
   *
   * @param address address and port; port 0 for that of the first subflow
   * @return false where nothing is announced: on plain TCP and where the kernel serves the channel,
   *     before it connects and after it is closed; when the port is in use by somebody else or not
   *     permitted (the log says so); when 128 were announced; when the address is not this host's,
   *     excluded from subflows, or not the one that the channel is bound to
   * @throws IllegalArgumentException when the address is unresolved
   */
  public static boolean announce(SocketChannel channel, InetSocketAddress address) {
    return ChannelSubflows.announce(channel, address);
  }
}
