package org.mptcp4j.nio;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.mptcp4j.Subflow;
import org.mptcp4j.engine.StreamSocket;

/** A socket of {@link MemoryNetwork}; both ends of a connection share one lock. */
final class MemorySocket implements StreamSocket {
  private static final int CAPACITY = 64 * 1024;

  private final MemoryNetwork network;
  private final ByteBuffer received = ByteBuffer.allocate(CAPACITY); // filled from 0 to position
  private final Map<SocketOption<?>, Object> options = new HashMap<>();
  private final Object lock;
  private InetSocketAddress local;
  private InetSocketAddress remote;
  private MemorySocket peer;
  private IOException failure;
  private boolean peerFinished;
  private boolean inputShut;
  private boolean outputShut;
  private boolean closed;
  private int wakeups;
  private ReadinessListener listener;

  MemorySocket(MemoryNetwork network) {
    this(network, new Object());
  }

  private MemorySocket(MemoryNetwork network, Object lock) {
    this.network = network;
    this.lock = lock;
  }

  @Override
  public void bind(InetSocketAddress wanted) {
    synchronized (lock) {
      local = network.withPort(wanted);
    }
  }

  @Override
  public void connect(InetSocketAddress to) {
    MemoryListener server;
    MemorySocket accepted;
    synchronized (lock) {
      if (local == null) {
        local = network.withPort(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      }
      remote = to;
      if (to.getPort() == MemoryNetwork.SILENT_PORT) {
        return;
      }
      server = network.listenerOn(to.getPort());
      if (server == null) {
        failure = new ConnectException("Connection refused");
        lock.notifyAll();
        accepted = null;
      } else {
        accepted = new MemorySocket(network, lock);
        accepted.local = to;
        accepted.remote = local;
        accepted.peer = this;
        peer = accepted;
      }
    }
    if (accepted != null) {
      server.offer(accepted);
    }
    tell(this);
  }

  @Override
  public boolean finishConnect() throws IOException {
    synchronized (lock) {
      if (failure != null) {
        throw failure;
      }
      return peer != null;
    }
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    int n;
    synchronized (lock) {
      if (failure != null) {
        throw failure;
      }
      if (inputShut) {
        return -1;
      }
      received.flip();
      n = Math.min(received.remaining(), target.remaining());
      target.put(target.position(), received, 0, n).position(target.position() + n);
      received.position(n).compact();
      if (n == 0) {
        return peerFinished ? -1 : 0;
      }
      lock.notifyAll();
    }
    tell(peer);
    return n;
  }

  @Override
  public int available() {
    synchronized (lock) {
      return inputShut ? 0 : received.position();
    }
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    int n;
    synchronized (lock) {
      if (failure != null || outputShut || closed || peer.closed) {
        throw new SocketException("Broken pipe");
      }
      n = Math.min(peer.received.remaining(), source.remaining());
      peer.received.put(source.slice(source.position(), n));
      source.position(source.position() + n);
      lock.notifyAll();
    }
    if (n > 0) {
      tell(peer);
    }
    return n;
  }

  @Override
  public void shutdownOutput() {
    synchronized (lock) {
      outputShut = true;
      peer.peerFinished = true;
      lock.notifyAll();
    }
    tell(peer);
  }

  @Override
  public void shutdownInput() {
    synchronized (lock) {
      inputShut = true;
      lock.notifyAll();
    }
    tell(this);
  }

  @Override
  public void close() {
    MemorySocket other;
    synchronized (lock) {
      closed = true;
      other = peer;
      if (other != null) {
        other.peerFinished = true;
      }
      lock.notifyAll();
    }
    tell(other);
  }

  /** What the peer has not read counts as not delivered. */
  @Override
  public boolean awaitDelivered(long timeoutNanos) {
    synchronized (lock) {
      BooleanSupplier delivered = () -> peer == null || peer.received.position() == 0;
      long deadline = System.nanoTime() + timeoutNanos;
      boolean interrupted = false;
      while (!delivered.getAsBoolean() && deadline - System.nanoTime() > 0) {
        interrupted |= Thread.interrupted();
        await(lock, deadline - System.nanoTime() + 1, delivered);
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      return delivered.getAsBoolean();
    }
  }

  @Override
  public int readiness() {
    synchronized (lock) {
      int bits = 0;
      if (closed || failure != null || inputShut || peerFinished || received.position() > 0) {
        bits |= READABLE;
      }
      boolean room = peer != null && (peer.closed || peer.received.hasRemaining());
      if (closed || failure != null || outputShut || room) {
        bits |= WRITABLE;
      }
      if (closed || failure != null || peer != null) {
        bits |= CONNECTABLE;
      }
      return bits;
    }
  }

  @Override
  public void setReadinessListener(ReadinessListener listener) {
    synchronized (lock) {
      this.listener = listener;
    }
  }

  private static void tell(MemorySocket socket) {
    if (socket == null) {
      return;
    }
    ReadinessListener told;
    synchronized (socket.lock) {
      told = socket.listener;
    }
    if (told != null) {
      told.onReadiness(socket);
    }
  }

  @Override
  public int awaitReady(int interest, long timeoutNanos) {
    synchronized (lock) {
      int seen = wakeups;
      await(lock, timeoutNanos, () -> (readiness() & interest) != 0 || wakeups != seen);
      return readiness() & interest;
    }
  }

  /** Waits on the lock, which is held, until the condition or the end of the time. */
  static void await(Object lock, long timeoutNanos, BooleanSupplier condition) {
    long deadline = System.nanoTime() + timeoutNanos;
    while (!condition.getAsBoolean()) {
      long remaining = deadline - System.nanoTime();
      if (timeoutNanos > 0 && remaining <= 0) {
        return;
      }
      try {
        lock.wait(timeoutNanos > 0 ? remaining / 1_000_000 + 1 : 0);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  @Override
  public void wakeup() {
    synchronized (lock) {
      wakeups++;
      lock.notifyAll();
    }
  }

  @Override
  public Optional<InetSocketAddress> localAddress() {
    synchronized (lock) {
      return Optional.ofNullable(local);
    }
  }

  @Override
  public List<Subflow> subflows() {
    return List.of();
  }

  @Override
  public void setBackup(Subflow subflow, boolean backup) {
    throw new AssertionError("no subflow is here");
  }

  @Override
  public boolean announce(InetSocketAddress address) {
    return false;
  }

  @Override
  public Optional<InetSocketAddress> remoteAddress() {
    synchronized (lock) {
      return peer == null ? Optional.empty() : Optional.of(remote);
    }
  }

  @Override
  public <T> void setOption(SocketOption<T> option, T value) {
    synchronized (lock) {
      options.put(option, value);
    }
  }

  @Override
  public <T> T getOption(SocketOption<T> option) {
    synchronized (lock) {
      Object value = options.get(option);
      return value != null
          ? option.type().cast(value)
          : KernelDefaults.ofSocketChannel().value(option).orElse(null);
    }
  }
}
