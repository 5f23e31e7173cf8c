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
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.mptcp4j.link.JdkProvider;
import org.mptcp4j.nio.ChannelFactory;
import org.mptcp4j.nio.Prerequisites;

/**
 * Makes the socket channels of a program Multipath TCP (RFC 8684), with one flag and no change to
 * the program:
 *
 * <pre>
 * java -Djava.nio.channels.spi.SelectorProvider=org.mptcp4j.MptcpSelectorProvider -cp … Main
 * </pre>
 *
 * <p>Needs Linux and CAP_NET_RAW. Where one of them is missing, the provider says so once, through
 * the logger {@code org.mptcp4j}, and the program gets the JDK's own channels. The engine begins to
 * start, on a thread of its own, when the first selector or channel of TCP is opened.
 *
 * <p>What is set from outside is in {@link Settings}; which connections are multipath is ruled by
 * {@code mptcp4j.rules} and {@code mptcp4j.policy}, one rule a line (or separated by {@code ;}), of
 * which the first that matches counts, and everything else is multipath and accepted:
 *
 * <pre>
 * use multipath|tcp|kernel for connect HOST PORTS   # by destination
 * use multipath|tcp|kernel for listen  HOST PORTS   # by the address that is bound
 * accept from HOST on PORTS                         # by peer, and port of ours
 * refuse from HOST on PORTS
 * </pre>
 *
 * with HOST as {@code *}, {@code 192.0.2.1} or {@code 2001:db8::/32}, and PORTS as {@code *},
 * {@code 80} or {@code 8000-8099}.
 *
 * <p>Datagram, pipe and Unix-domain channels are the JDK's. Thread-safe.
 */
public final class MptcpSelectorProvider extends SelectorProvider {
  private static final System.Logger LOG = System.getLogger("org.mptcp4j");

  private final SelectorProvider jdk = JdkProvider.get();
  private final Optional<String> missing = Prerequisites.missing();
  private final AtomicBoolean missingTold = new AtomicBoolean();
  private final ChannelFactory channels;

  /**
   * Called by {@link SelectorProvider#provider}.
   *
   * @throws IllegalArgumentException when a setting has a name or value that is not allowed
   */
  public MptcpSelectorProvider() {
    channels = ChannelFactory.create(this, Settings.fromSystemProperties());
  }

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
    return missing.isPresent() ? jdk.openSelector() : channels.openSelector();
  }

  @Override
  public ServerSocketChannel openServerSocketChannel() throws IOException {
    return kernelOnly() ? jdk.openServerSocketChannel() : channels.openServerSocketChannel();
  }

  @Override
  public ServerSocketChannel openServerSocketChannel(ProtocolFamily family) throws IOException {
    return isUnix(family) || kernelOnly()
        ? jdk.openServerSocketChannel(family)
        : channels.openServerSocketChannel(family);
  }

  @Override
  public SocketChannel openSocketChannel() throws IOException {
    return kernelOnly() ? jdk.openSocketChannel() : channels.openSocketChannel();
  }

  @Override
  public SocketChannel openSocketChannel(ProtocolFamily family) throws IOException {
    return isUnix(family) || kernelOnly()
        ? jdk.openSocketChannel(family)
        : channels.openSocketChannel(family);
  }

  @Override
  public Channel inheritedChannel() throws IOException {
    return jdk.inheritedChannel();
  }

  /** Whether there can be no engine; says so when first asked for a channel of TCP. */
  private boolean kernelOnly() {
    if (missing.isEmpty()) {
      return false;
    }
    if (missingTold.compareAndSet(false, true)) {
      LOG.log(System.Logger.Level.WARNING, missing.get());
    }
    return true;
  }

  private static boolean isUnix(ProtocolFamily family) {
    return family == StandardProtocolFamily.UNIX;
  }
}
