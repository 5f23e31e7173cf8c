package org.mptcp4j.nio;

import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Objects;
import org.mptcp4j.Subflow;

/** The way from a channel of a program to the subflows behind it. */
public final class ChannelSubflows {
  private ChannelSubflows() {}

  /** The subflows of {@code channel}; empty where it is not one of ours, or not connected. */
  public static List<Subflow> of(SocketChannel channel) {
    Objects.requireNonNull(channel);
    return channel instanceof MptcpSocketChannel ours && ours.isOpen()
        ? ours.subflows()
        : List.of();
  }

  /** As {@link org.mptcp4j.Multipath#setBackup}. */
  public static void setBackup(SocketChannel channel, Subflow subflow, boolean backup) {
    Objects.requireNonNull(subflow);
    if (Objects.requireNonNull(channel) instanceof MptcpSocketChannel ours && ours.isOpen()) {
      ours.setBackup(subflow, backup);
    }
  }

  /** As {@link org.mptcp4j.Multipath#announce}. */
  public static boolean announce(SocketChannel channel, InetSocketAddress address) {
    Objects.requireNonNull(channel);
    if (address.isUnresolved()) {
      throw new IllegalArgumentException("an unresolved address cannot be announced: " + address);
    }
    return channel instanceof MptcpSocketChannel ours && ours.isOpen() && ours.announce(address);
  }
}
