package org.mptcp4j.nio;

import java.io.IOException;
import java.net.ProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.mptcp4j.link.JdkProvider;

/** Opens the JDK's channels that serve ours. */
final class JdkChannels {
  private JdkChannels() {}

  /**
   * @param family null for none in particular
   */
  static SocketChannel openSocketChannel(ProtocolFamily family) throws IOException {
    return family == null
        ? JdkProvider.get().openSocketChannel()
        : JdkProvider.get().openSocketChannel(family);
  }

  /**
   * @param family null for none in particular
   */
  static ServerSocketChannel openServerSocketChannel(ProtocolFamily family) throws IOException {
    return family == null
        ? JdkProvider.get().openServerSocketChannel()
        : JdkProvider.get().openServerSocketChannel(family);
  }
}
