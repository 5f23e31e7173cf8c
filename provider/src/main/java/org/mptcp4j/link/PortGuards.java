package org.mptcp4j.link;

import java.io.IOException;
import java.lang.System.Logger;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.mptcp4j.wire.IpAddress;

/** Makes the guards of ports and keeps the receive filter in step with them. Thread-safe. */
final class PortGuards implements AutoCloseable {
  private static final Logger LOG = System.getLogger("org.mptcp4j");
  private static final int BACKLOG = 1024;

  /** Puts the filter in place. */
  interface FilterSetter {
    void setPorts(List<PortFilter.PortRange> ranges) throws IOException;
  }

  private final GuardedPorts ports;
  private final FilterSetter filter;
  private final Runnable changed;
  private final int loopbackIndex;
  private final boolean loopbackOnEngine;
  private final List<Listening> listening = new CopyOnWriteArrayList<>();
  private final EphemeralPorts ephemeral;
  private final List<PortGuard> all = new CopyOnWriteArrayList<>();

  /** {@code changed} is run when the descriptors to poll have changed. */
  PortGuards(
      GuardedPorts ports,
      FilterSetter filter,
      Runnable changed,
      int loopbackIndex,
      boolean loopbackOnEngine) {
    this.ports = ports;
    this.filter = filter;
    this.changed = changed;
    this.loopbackIndex = loopbackIndex;
    this.loopbackOnEngine = loopbackOnEngine;
    ephemeral = new EphemeralPorts(this::enter, this::leave);
  }

  /** The guards that serve local clients. */
  List<Listening> listening() {
    return listening;
  }

  PortGuard guard(IpAddress local, int port, boolean forListening) throws IOException {
    if (forListening && !loopbackOnEngine) {
      return openListening(local, port);
    }
    SilentSocket socket = SilentSocket.open(local, port);
    try {
      enter(local, socket.port());
    } catch (IOException e) {
      socket.close();
      throw e;
    }
    return new Silent(
        socket.port(),
        () -> {
          leave(local, socket.port());
          socket.close();
        });
  }

  PortGuard guardEphemeral() throws IOException {
    int port = ephemeral.take();
    return new Silent(port, () -> ephemeral.giveBack(port));
  }

  private PortGuard openListening(IpAddress local, int port) throws IOException {
    ServerSocketChannel channel = open(local);
    try {
      channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      channel.configureBlocking(false);
      int fd = JdkProvider.descriptorOf(channel);
      // The JDK binds and listens in one call, so the filter comes first.
      Native.attachFilter(fd, PortFilter.loopbackOnly(loopbackIndex));
      // The JDK's own wildcard is that of both families, or of IPv4 where that is all there is.
      InetSocketAddress address =
          local.equals(IpAddress.ANY_V6)
              ? new InetSocketAddress(port)
              : new InetSocketAddress(local.toInetAddress(), port);
      channel.bind(address, BACKLOG);
      int bound = ((InetSocketAddress) channel.getLocalAddress()).getPort();
      enter(local, bound);
      Listening guard = new Listening(channel, fd, local, bound);
      listening.add(guard);
      changed.run();
      return guard;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static ServerSocketChannel open(IpAddress local) throws IOException {
    if (local.isIpv4()) {
      return JdkProvider.get().openServerSocketChannel(StandardProtocolFamily.INET);
    }
    return JdkProvider.get().openServerSocketChannel();
  }

  private void enter(IpAddress local, int port) throws IOException {
    synchronized (ports) {
      if (ports.add(local, port)) {
        filter.setPorts(ports.ranges());
      }
    }
  }

  private void leave(IpAddress local, int port) {
    synchronized (ports) {
      if (ports.remove(local, port)) {
        try {
          filter.setPorts(ports.ranges());
        } catch (IOException e) {
          // The old filter shows too much, which the look at each packet's port puts right.
          LOG.log(Logger.Level.DEBUG, "the filter keeps port " + port + ": " + e.getMessage());
        }
      }
    }
  }

  @Override
  public void close() {
    for (PortGuard guard : all) {
      closeQuietly(guard);
    }
    ephemeral.close();
  }

  private static void closeQuietly(PortGuard guard) {
    try {
      guard.close();
    } catch (IOException e) {
      LOG.log(Logger.Level.DEBUG, "closing the guard of port " + guard.port(), e);
    }
  }

  /** A guard for connections that we open or accepted: nobody may connect. */
  private final class Silent implements PortGuard {
    private final int port;
    private final Runnable free;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Silent(int port, Runnable free) {
      this.port = port;
      this.free = free;
      all.add(this);
    }

    @Override
    public int port() {
      return port;
    }

    @Override
    public Optional<SocketChannel> accept() {
      return Optional.empty();
    }

    @Override
    public void setAcceptListener(Runnable listener) {
      // Nobody can connect, so there is nothing to tell.
    }

    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        all.remove(this);
        free.run();
      }
    }
  }

  /** A guard through which the kernel serves clients of this host. */
  final class Listening implements PortGuard {
    private final ServerSocketChannel channel;
    private final int fd;
    private final IpAddress local;
    private final int port;
    private volatile Runnable listener;
    private volatile boolean armed = true;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Listening(ServerSocketChannel channel, int fd, IpAddress local, int port) {
      this.channel = channel;
      this.fd = fd;
      this.local = local;
      this.port = port;
      all.add(this);
    }

    @Override
    public int port() {
      return port;
    }

    int descriptor() {
      return fd;
    }

    /** Whether to poll it: not between telling the listener and the next accept. */
    boolean isArmed() {
      return armed && listener != null;
    }

    /** A client waits. */
    void ready() {
      armed = false;
      Runnable told = listener;
      if (told != null) {
        told.run();
      }
    }

    @Override
    public Optional<SocketChannel> accept() throws IOException {
      try {
        return Optional.ofNullable(channel.accept());
      } catch (ClosedChannelException closing) {
        return Optional.empty();
      } finally {
        if (!armed) {
          armed = true;
          changed.run();
        }
      }
    }

    @Override
    public void setAcceptListener(Runnable newListener) {
      listener = newListener;
      changed.run();
    }

    @Override
    public void close() throws IOException {
      if (closed.compareAndSet(false, true)) {
        all.remove(this);
        listening.remove(this);
        changed.run();
        leave(local, port);
        channel.close();
      }
    }
  }
}
