package org.mptcp4j;

import java.io.IOException;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.nio.channels.Channel;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import org.mptcp4j.link.JdkProvider;
import org.mptcp4j.nio.ChannelFactory;

/**
 * Makes the socket channels of a program Multipath TCP (RFC 8684), with one flag and no change to
 * the program:
 *
 * <pre>
 * java -Djava.nio.channels.spi.SelectorProvider=org.mptcp4j.MptcpSelectorProvider -cp … Main
 * </pre>
 *
 * <p>Needs Linux and CAP_NET_RAW. Where one of them is missing, the provider says so once, through
 * the logger {@code org.mptcp4j}, and the program gets the JDK's own channels. Thread-safe.
 */
public final class MptcpSelectorProvider extends SelectorProvider {
  private final SelectorProvider jdk = JdkProvider.get();
  private final ChannelFactory channels = ChannelFactory.kernelOnly(this);

  /** Called by {@link SelectorProvider#provider}. */
  public MptcpSelectorProvider() {}

  @Override
  public DatagramChannel openDatagramChannel() throws IOException {
    return jdk.openDatagramChannel();
  }

  @Override
  public DatagramChannel openDatagramChannel(ProtocolFamily family) throws IOException {
    return jdk.openDatagramChannel(family);
  }

  @Override
  public Pipe openPipe() throws IOException {
    return jdk.openPipe();
  }

  @Override
  public AbstractSelector openSelector() throws IOException {
    return channels.openSelector();
  }

  @Override
  public ServerSocketChannel openServerSocketChannel() throws IOException {
    return channels.openServerSocketChannel();
  }

  @Override
  public ServerSocketChannel openServerSocketChannel(ProtocolFamily family) throws IOException {
    return isUnix(family)
        ? jdk.openServerSocketChannel(family)
        : channels.openServerSocketChannel(family);
  }

  @Override
  public SocketChannel openSocketChannel() throws IOException {
    return channels.openSocketChannel();
  }

  @Override
  public SocketChannel openSocketChannel(ProtocolFamily family) throws IOException {
    return isUnix(family) ? jdk.openSocketChannel(family) : channels.openSocketChannel(family);
  }

  @Override
  public Channel inheritedChannel() throws IOException {
    return jdk.inheritedChannel();
  }

  private static boolean isUnix(ProtocolFamily family) {
    return family == StandardProtocolFamily.UNIX;
  }
}
