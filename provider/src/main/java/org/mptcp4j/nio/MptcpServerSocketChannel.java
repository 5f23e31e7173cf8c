package org.mptcp4j.nio;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.SocketTimeoutException;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.NotYetBoundException;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.mptcp4j.engine.StreamListener;

/**
 * A listening channel; {@link #bind} decides who serves it: a channel of the JDK for a loopback
 * address, else the engine, whose listener hands over local clients as kernel channels.
 *
 * <p>Locks, in this order: {@link #acceptLock} (held through a blocking accept), {@link #stateLock}
 * (never while blocking).
 */
final class MptcpServerSocketChannel extends ServerSocketChannel implements StreamSelectable {
  private static final int DEFAULT_BACKLOG = 50;

  private final StreamTransport transport;
  private final ProtocolFamily family;
  private final KeyRing keyRing = new KeyRing();
  private final ReentrantLock acceptLock = new ReentrantLock();
  private final Object stateLock = new Object();

  // Written with stateLock held; at most one of the two, for good.
  private volatile StreamListener listener;
  private volatile ServerSocketChannel kernel;
  private volatile InetSocketAddress local;
  private volatile boolean blockingMode = true;
  // Guarded by stateLock.
  private final ChannelOptions options = new ChannelOptions(KernelDefaults.ofServerSocketChannel());
  private ServerSocket adaptor;

  /**
   * @param family null for none in particular
   */
  MptcpServerSocketChannel(
      SelectorProvider provider, StreamTransport transport, ProtocolFamily family) {
    super(provider);
    this.transport = transport;
    this.family = family;
  }

  @Override
  public ServerSocketChannel bind(SocketAddress address, int backlog) throws IOException {
    synchronized (stateLock) {
      ensureOpen();
      if (local != null) {
        throw new AlreadyBoundException();
      }
      InetSocketAddress wanted = Addresses.local(address, family);
      int queue = backlog < 1 ? DEFAULT_BACKLOG : backlog;
      Route route = transport.routeForListening(wanted);
      if (route == Route.KERNEL) {
        listenInKernel(wanted, queue);
      } else {
        listenInEngine(wanted, queue, route == Route.MULTIPATH);
      }
    }
    return this;
  }

  private void listenInEngine(InetSocketAddress wanted, int backlog, boolean multipath)
      throws IOException {
    StreamListener opened = transport.listen(wanted, backlog, multipath, options.portSharing());
    boolean taken = false;
    try {
      options.applyTo(opened::setOption);
      InetSocketAddress given = opened.localAddress();
      local =
          given.getAddress().isAnyLocalAddress()
              ? Addresses.wildcard(given.getPort(), family)
              : given;
      listener = opened;
      taken = true;
    } finally {
      if (!taken) {
        opened.close();
      }
    }
    keyRing.servedByEngine();
    opened.setAcceptListener(ready -> keyRing.signal());
    keyRing.signal();
  }

  private void listenInKernel(InetSocketAddress wanted, int backlog) throws IOException {
    ServerSocketChannel channel = JdkChannels.openServerSocketChannel(family);
    boolean taken = false;
    try {
      options.applyTo(channel);
      channel.bind(wanted, backlog);
      local = (InetSocketAddress) channel.getLocalAddress();
      kernel = channel;
      taken = true;
    } finally {
      if (!taken) {
        channel.close();
      }
    }
    keyRing.servedBy(channel, blockingMode);
  }

  @Override
  public SocketChannel accept() throws IOException {
    return accept(0);
  }

  /**
   * Accepts for {@link ServerSocket#accept}.
   *
   * @throws IllegalBlockingModeException when the channel is non-blocking
   */
  SocketChannel acceptTimed(int timeoutMillis) throws IOException {
    if (!blockingMode) {
      throw new IllegalBlockingModeException();
    }
    return accept(timeoutMillis);
  }

  private SocketChannel accept(int timeoutMillis) throws IOException {
    acceptLock.lock();
    try {
      ensureOpen();
      if (local == null) {
        throw new NotYetBoundException();
      }
      ServerSocketChannel inner = kernel;
      return inner != null ? acceptKernel(inner, timeoutMillis) : acceptEngine(timeoutMillis);
    } finally {
      acceptLock.unlock();
    }
  }

  private SocketChannel acceptKernel(ServerSocketChannel inner, int timeoutMillis)
      throws IOException {
    SocketChannel accepted;
    try {
      if (timeoutMillis > 0) {
        inner.socket().setSoTimeout(timeoutMillis);
        accepted = inner.socket().accept().getChannel();
      } else {
        accepted = inner.accept();
      }
    } catch (ClosedChannelException e) {
      if (!inner.isOpen()) {
        close(); // an interrupt closed the JDK's channel: then ours is closed too
      }
      throw e;
    }
    return accepted == null ? null : new MptcpSocketChannel(provider(), transport, accepted);
  }

  private SocketChannel acceptEngine(int timeoutMillis) throws IOException {
    boolean blocking = blockingMode;
    SocketChannel accepted = null;
    if (blocking) {
      begin();
    }
    try {
      accepted = awaitAccepted(blocking, timeoutMillis);
    } finally {
      if (blocking) {
        end(accepted != null);
      }
    }
    return accepted;
  }

  private SocketChannel awaitAccepted(boolean blocking, int timeoutMillis) throws IOException {
    long timeoutNanos = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    long start = timeoutMillis > 0 ? System.nanoTime() : 0;
    while (isOpen()) {
      Optional<StreamListener.Accepted> next = listener.accept();
      if (next.isPresent()) {
        return wrap(next.get());
      }
      if (!blocking) {
        return null;
      }
      long remaining = 0;
      if (timeoutMillis > 0) {
        remaining = timeoutNanos - (System.nanoTime() - start);
        if (remaining <= 0) {
          throw new SocketTimeoutException("Accept timed out");
        }
      }
      listener.awaitAcceptable(remaining);
    }
    return null;
  }

  private SocketChannel wrap(StreamListener.Accepted accepted) throws IOException {
    return accepted.engine().isPresent()
        ? new MptcpSocketChannel(provider(), transport, accepted.engine().get())
        : new MptcpSocketChannel(provider(), transport, accepted.kernel().orElseThrow());
  }

  // ---- options and address

  @Override
  public Set<SocketOption<?>> supportedOptions() {
    return options.supported();
  }

  @Override
  public <T> ServerSocketChannel setOption(SocketOption<T> name, T value) throws IOException {
    options.checkSupported(name);
    synchronized (stateLock) {
      ensureOpen();
      T checked = ChannelOptions.checkedValue(name, value);
      if (kernel != null) {
        kernel.setOption(name, checked);
      } else if (listener != null) {
        options.set(name, checked, listener::setOption);
        return this;
      }
      options.set(name, checked);
    }
    return this;
  }

  @Override
  public <T> T getOption(SocketOption<T> name) throws IOException {
    options.checkSupported(name);
    synchronized (stateLock) {
      ensureOpen();
      if (kernel != null) {
        return kernel.getOption(name);
      }
      return listener != null ? options.get(name, listener::getOption) : options.get(name);
    }
  }

  @Override
  public SocketAddress getLocalAddress() throws IOException {
    ensureOpen();
    return local;
  }

  InetSocketAddress localOrNull() {
    return local;
  }

  @Override
  public ServerSocket socket() {
    synchronized (stateLock) {
      if (adaptor == null) {
        adaptor = ServerSocketAdaptor.of(this);
      }
      return adaptor;
    }
  }

  // ---- selection and close

  @Override
  public KeyRing keyRing() {
    return keyRing;
  }

  @Override
  public int readyOps() {
    StreamListener now = listener;
    return now != null && isOpen() && now.isAcceptable() ? SelectionKey.OP_ACCEPT : 0;
  }

  @Override
  protected void implConfigureBlocking(boolean block) throws IOException {
    acceptLock.lock();
    try {
      synchronized (stateLock) {
        ensureOpen();
        if (kernel != null) {
          keyRing.configureBlocking(kernel, block);
        }
        blockingMode = block;
      }
    } finally {
      acceptLock.unlock();
    }
  }

  @Override
  protected void implCloseSelectableChannel() throws IOException {
    synchronized (stateLock) {
      if (kernel != null) {
        kernel.close();
      } else if (listener != null) {
        listener.close();
        listener.wakeup();
      }
    }
  }

  private void ensureOpen() throws ClosedChannelException {
    if (!isOpen()) {
      throw new ClosedChannelException();
    }
  }

  @Override
  public String toString() {
    InetSocketAddress address = local;
    String text = !isOpen() ? "closed" : address == null ? "unbound" : address.toString();
    return getClass().getName() + "[" + text + "]"; // the JDK, too, names its own class here
  }
}
