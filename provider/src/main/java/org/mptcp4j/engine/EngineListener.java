package org.mptcp4j.engine;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.mptcp4j.wire.IpAddress;

/** A {@link StreamListener} of an {@link Engine}. Its monitor is a leaf. */
final class EngineListener implements StreamListener {
  private static final int DEFAULT_BACKLOG = 50;

  private final Engine engine;
  private final SocketSettings settings;
  private final int backlog;
  private final Waiters waiters;

  // Guarded by this object's monitor.
  private final ArrayDeque<Accepted> queue = new ArrayDeque<>();
  private int halfOpen;
  private boolean kernelHasMore;
  private boolean closed;

  private volatile AcceptListener listener;

  /** Set once, before anybody else knows of this listener. */
  private GuardedPort port;

  EngineListener(
      Engine engine,
      SocketSettings settings,
      InetSocketAddress local,
      int backlog,
      PortSharing sharing)
      throws IOException {
    this.engine = engine;
    this.settings = settings;
    waiters = new Waiters(engine);
    this.backlog = backlog > 0 ? backlog : DEFAULT_BACKLOG;
    IpAddress address = IpAddress.of(local.getAddress());
    engine.ports().takeForListener(address, local.getPort(), sharing, this);
    GuardedPort taken = port;
    taken.guard.setAcceptListener(() -> localClientsWait(taken));
    localClientsWait(taken);
  }

  void placedAt(GuardedPort taken) {
    port = taken;
  }

  private void localClientsWait(GuardedPort at) {
    EngineListener next = at.listeners.next();
    if (next != null) {
      next.takeFromKernel();
    } else {
      refuseFromKernel(at);
    }
  }

  SocketSettings settings() {
    return settings;
  }

  boolean isBoundToAddress() {
    return !port.local.isAny();
  }

  /** What becomes of a SYN. */
  enum Admission {
    /** A handshake begins; it counts until {@link #enqueue} or {@link #handshakeFailed}. */
    HANDSHAKE,
    /** Too many are under way: it is answered, and not remembered. */
    COOKIE,
    /** Too many connections wait to be accepted. */
    NONE
  }

  synchronized Admission admit() {
    if (closed || queue.size() > backlog) {
      return Admission.NONE;
    }
    int most = Math.min(backlog, HalfOpenConnections.MOST_OF_LISTENER);
    if (halfOpen >= most || !engine.halfOpen().tryBegin()) {
      return Admission.COOKIE;
    }
    halfOpen++;
    return Admission.HANDSHAKE;
  }

  /** Whether a peer that was answered with a cookie may be taken; as {@code HANDSHAKE} if so. */
  synchronized boolean admitAnswered() {
    if (closed || queue.size() > backlog) {
      return false;
    }
    engine.halfOpen().begin();
    halfOpen++;
    return true;
  }

  /** A handshake that was admitted came to nothing. */
  synchronized void handshakeFailed() {
    handshakeEnded();
  }

  private void handshakeEnded() {
    halfOpen--;
    engine.halfOpen().ended();
  }

  /** A connection is established and waits to be accepted. Called outside of all locks. */
  void enqueue(EngineSocket socket) {
    synchronized (this) {
      handshakeEnded();
      if (!closed) {
        queue.add(new Accepted(Optional.of(socket), Optional.empty()));
      }
    }
    if (isClosed()) {
      socket.abort();
    } else {
      signal();
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  /** Local clients' connections, which the kernel has established, come into the same queue. */
  private void takeFromKernel() {
    boolean some = false;
    synchronized (this) {
      try {
        while (!closed && queue.size() <= backlog) {
          Optional<SocketChannel> arrived = port.guard.accept();
          if (arrived.isEmpty()) {
            break;
          }
          queue.add(new Accepted(Optional.empty(), arrived));
          some = true;
        }
        kernelHasMore = queue.size() > backlog;
      } catch (IOException e) {
        // The thread that accepts shall see it: accept() tries again and throws.
        kernelHasMore = true;
        some = true;
      }
    }
    if (some) {
      signal();
    }
  }

  private void signal() {
    waiters.signal(1);
    AcceptListener current = listener;
    if (current != null) {
      current.onAcceptable(this);
    }
  }

  @Override
  public Optional<Accepted> accept() throws IOException {
    Accepted next;
    synchronized (this) {
      if (closed) {
        throw new ClosedChannelException();
      }
      next = queue.poll();
      if (next == null && kernelHasMore) {
        Optional<SocketChannel> arrived = port.guard.accept();
        kernelHasMore = arrived.isPresent();
        next = arrived.map(c -> new Accepted(Optional.empty(), Optional.of(c))).orElse(null);
      }
    }
    if (next != null && next.kernel().isPresent()) {
      engine.counters().kernelConnectionsAccepted.increment();
    }
    return Optional.ofNullable(next);
  }

  @Override
  public synchronized boolean isAcceptable() {
    return !queue.isEmpty() || kernelHasMore;
  }

  @Override
  public void setAcceptListener(AcceptListener newListener) {
    listener = newListener;
  }

  @Override
  public boolean awaitAcceptable(long timeoutNanos) {
    return waiters.await(() -> isAcceptable() || isClosed() ? 1 : 0, 1, timeoutNanos) != 0
        && !isClosed();
  }

  @Override
  public void wakeup() {
    waiters.dismissAll();
  }

  @Override
  public InetSocketAddress localAddress() {
    return new InetSocketAddress(port.local.toInetAddress(), port.port);
  }

  @Override
  public void close() throws IOException {
    List<Accepted> unaccepted;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      unaccepted = new ArrayList<>(queue);
      queue.clear();
    }
    engine.ports().stopListening(port, this);
    localClientsWait(port);
    for (Accepted accepted : unaccepted) {
      accepted.engine().ifPresent(socket -> ((EngineSocket) socket).abort());
      if (accepted.kernel().isPresent()) {
        accepted.kernel().get().close();
      }
    }
    for (EngineConnection connection : engine.flows().connections()) {
      if (connection.listener() == this) {
        connection.abandonIfHalfOpen();
      }
    }
    engine.ports().release(port);
    waiters.dismissAll();
  }

  /** While connections keep the port, the kernel goes on to take local clients in. */
  private void refuseFromKernel(GuardedPort kept) {
    try {
      Optional<SocketChannel> arrived = kept.guard.accept();
      while (arrived.isPresent()) {
        arrived.get().close();
        arrived = kept.guard.accept();
      }
    } catch (IOException e) {
      engine.told("a local client of a closed listener was not refused", e);
    }
  }

  @Override
  public <T> void setOption(SocketOption<T> option, T value) throws IOException {
    settings.set(option, value);
  }

  @Override
  public <T> T getOption(SocketOption<T> option) throws IOException {
    return settings.get(option);
  }
}
