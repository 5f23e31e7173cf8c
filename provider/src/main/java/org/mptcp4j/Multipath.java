package org.mptcp4j;

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
}
