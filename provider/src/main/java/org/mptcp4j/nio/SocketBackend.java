package org.mptcp4j.nio;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.TimeUnit;
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

  // Keeps the port that was bound until it is known who serves the channel.
  private SocketChannel reservation;

  // First neither, then one of the two.
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
   * Takes the port, from the kernel: who will use it is known only with the destination.
   *
   * @throws AlreadyBoundException when the channel has a port
   */
  void bind(InetSocketAddress wanted) throws IOException {
    if (bound) {
      throw new AlreadyBoundException();
    }
    try {
      reservation = openKernel(wanted);
    } catch (BindException taken) {
      if (!transport.isShared(wanted, options.portSharing())) {
        throw taken;
      }
      local = wanted;
    }
    bound = true;
  }

  /** The destination is known: decides, for good. */
  void decideFor(InetSocketAddress to, boolean blocking) throws IOException {
    remote = to;
    Route route = transport.routeTo(to);
    SocketChannel reserved = reservation;
    reservation = null;
    if (route == Route.KERNEL) {
      kernel = reserved != null ? reserved : openKernel(local);
      keyRing.servedBy(kernel, blocking);
    } else {
      if (reserved != null) {
        reserved.close(); // the engine takes the same port
      }
      serveByEngine(route == Route.MULTIPATH, local);
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

  /**
   * @param toBind null: to no port yet
   */
  private SocketChannel openKernel(InetSocketAddress toBind) throws IOException {
    SocketChannel channel = JdkChannels.openSocketChannel(family);
    boolean taken = false;
    try {
      options.applyTo(channel);
      if (toBind != null) {
        channel.bind(toBind);
        local = (InetSocketAddress) channel.getLocalAddress();
      }
      taken = true;
    } finally {
      if (!taken) {
        channel.close();
      }
    }
    return channel;
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
    SocketChannel channel = kernel != null ? kernel : reservation;
    if (channel != null) {
      channel.setOption(option, checked);
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

  /**
   * Closes, but for the waiting that SO_LINGER asks for: that is {@link #linger}.
   *
   * @return how long to wait for delivery, nanoseconds; 0 for not at all
   */
  long close() throws IOException {
    long linger = 0;
    if (kernel != null) {
      kernel.close();
    } else if (stream != null) {
      linger = TimeUnit.SECONDS.toNanos(stream.getOption(StandardSocketOptions.SO_LINGER));
      stream.close();
      stream.wakeup();
    } else if (reservation != null) {
      reservation.close();
    }
    return Math.max(0, linger);
  }

  /**
   * Waits until the peer has all, so long at most; called with no lock held. As on Linux, the end
   * of the time does not end the delivery: that goes on in the background.
   */
  void linger(long nanos) {
    if (nanos > 0) {
      stream.awaitDelivered(nanos);
    }
  }
}
