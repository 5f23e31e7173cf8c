package org.mptcp4j.nio;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketOption;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.SocketChannel;
import java.util.Set;
import org.mptcp4j.engine.StreamSocket;

/**
 * Who serves a socket channel, once that is decided: a socket of the engine or a channel of the
 * JDK; with the options and addresses that are known before and after. What changes something is
 * called with the channel's state lock held; getters are for any thread.
 */
final class SocketBackend {
  private final StreamTransport transport;
  private final ProtocolFamily family;
  private final KeyRing keyRing;
  private final ChannelOptions options = new ChannelOptions(KernelDefaults.ofSocketChannel());
  private boolean bound;

  // First neither, then one of the two; a port that was bound may move from engine to kernel.
  private volatile StreamSocket stream;
  private volatile SocketChannel kernel;
  private volatile InetSocketAddress local;
  private volatile InetSocketAddress remote;

  /**
   * @param family null for none in particular
   */
  SocketBackend(StreamTransport transport, ProtocolFamily family, KeyRing keyRing) {
    this.transport = transport;
    this.family = family;
    this.keyRing = keyRing;
  }

  /** Null while the engine does not serve the channel. */
  StreamSocket stream() {
    return stream;
  }

  /** Null while the kernel does not serve the channel. */
  SocketChannel kernel() {
    return kernel;
  }

  /** Null before the channel is bound. */
  InetSocketAddress local() {
    return local;
  }

  /** Null before the channel connects. */
  InetSocketAddress remote() {
    return remote;
  }

  void accepted(StreamSocket socket) {
    bound = true;
    stream = socket;
    connectedByEngine();
    listenTo(socket);
  }

  void accepted(SocketChannel channel) throws IOException {
    bound = true;
    kernel = channel;
    keyRing.servedBy(channel, true);
    connectedByKernel();
  }

  /**
   * @throws AlreadyBoundException when the channel has a port
   */
  void bind(InetSocketAddress wanted, boolean blocking) throws IOException {
    if (bound) {
      throw new AlreadyBoundException();
    }
    if (transport.routeForBinding(wanted) == Route.KERNEL) {
      serveByKernel(wanted, blocking);
    } else {
      serveByEngine(true, wanted);
    }
    bound = true;
  }

  /** The destination is known: decides, for good. */
  void decideFor(InetSocketAddress to, boolean blocking) throws IOException {
    remote = to;
    if (kernel != null) {
      return;
    }
    Route route = transport.routeTo(to);
    if (stream != null && route == Route.MULTIPATH) {
      return;
    }
    InetSocketAddress reserved = null;
    if (stream != null) {
      // The port was taken before the destination was known; now another has to take it.
      reserved = local;
      stream.close();
      stream = null;
    }
    if (route == Route.KERNEL) {
      serveByKernel(reserved, blocking);
    } else {
      serveByEngine(route == Route.MULTIPATH, reserved);
    }
  }

  private void serveByEngine(boolean multipath, InetSocketAddress toBind) throws IOException {
    StreamSocket socket = transport.openSocket(multipath);
    boolean taken = false;
    try {
      options.applyTo(socket::setOption);
      if (toBind != null) {
        socket.bind(toBind);
        local = socket.localAddress().orElse(toBind);
      }
      listenTo(socket);
      stream = socket;
      taken = true;
    } finally {
      if (!taken) {
        socket.close();
      }
    }
  }

  private void listenTo(StreamSocket socket) {
    keyRing.servedByEngine();
    socket.setReadinessListener(ready -> keyRing.signal());
  }

  private void serveByKernel(InetSocketAddress toBind, boolean blocking) throws IOException {
    SocketChannel channel = JdkChannels.openSocketChannel(family);
    boolean taken = false;
    try {
      options.applyTo(channel);
      if (toBind != null) {
        channel.bind(toBind);
        local = (InetSocketAddress) channel.getLocalAddress();
      }
      kernel = channel;
      taken = true;
    } finally {
      if (!taken) {
        channel.close();
      }
    }
    keyRing.servedBy(channel, blocking);
  }

  void connectedByEngine() {
    local = stream.localAddress().orElse(local);
    remote = stream.remoteAddress().orElse(remote);
  }

  void connectedByKernel() throws IOException {
    local = (InetSocketAddress) kernel.getLocalAddress();
    remote = (InetSocketAddress) kernel.getRemoteAddress();
  }

  Set<SocketOption<?>> supportedOptions() {
    return options.supported();
  }

  void checkSupported(SocketOption<?> option) {
    options.checkSupported(option);
  }

  <T> void setOption(SocketOption<T> option, T value) throws IOException {
    T checked = ChannelOptions.checkedValue(option, value);
    if (stream != null) {
      options.set(option, checked, stream::setOption);
      return;
    }
    if (kernel != null) {
      kernel.setOption(option, checked);
    }
    options.set(option, checked);
  }

  <T> T getOption(SocketOption<T> option) throws IOException {
    if (kernel != null) {
      return kernel.getOption(option);
    }
    return stream != null ? options.get(option, stream::getOption) : options.get(option);
  }

  void shutdownInput() throws IOException {
    if (kernel != null) {
      kernel.shutdownInput();
    } else {
      stream.shutdownInput();
    }
  }

  void shutdownOutput() throws IOException {
    if (kernel != null) {
      kernel.shutdownOutput();
    } else {
      stream.shutdownOutput();
    }
  }

  void configureBlocking(boolean block) throws IOException {
    if (kernel != null) {
      keyRing.configureBlocking(kernel, block);
    }
  }

  void close() throws IOException {
    if (kernel != null) {
      kernel.close();
    } else if (stream != null) {
      stream.close();
      stream.wakeup();
    }
  }
}
