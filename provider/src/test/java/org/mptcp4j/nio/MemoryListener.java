package org.mptcp4j.nio;

import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.mptcp4j.engine.PortSharing;
import org.mptcp4j.engine.StreamListener;

/** A listener of {@link MemoryNetwork}. */
final class MemoryListener implements StreamListener {
  private final MemoryNetwork network;
  private final InetSocketAddress local;
  private final PortSharing sharing;
  private final Deque<Accepted> queue = new ArrayDeque<>();
  private final Map<SocketOption<?>, Object> options = new HashMap<>();
  private AcceptListener acceptListener;
  private boolean closed;
  private int wakeups;

  MemoryListener(MemoryNetwork network, InetSocketAddress local, PortSharing sharing) {
    this.network = network;
    this.local = local;
    this.sharing = sharing;
  }

  PortSharing sharing() {
    return sharing;
  }

  void offer(MemorySocket socket) {
    offer(new Accepted(Optional.of(socket), Optional.empty()));
  }

  /** A local client that the kernel serves. */
  void offer(SocketChannel kernel) {
    offer(new Accepted(Optional.empty(), Optional.of(kernel)));
  }

  private void offer(Accepted accepted) {
    AcceptListener told;
    synchronized (this) {
      queue.add(accepted);
      notifyAll();
      told = acceptListener;
    }
    if (told != null) {
      told.onAcceptable(this);
    }
  }

  @Override
  public synchronized Optional<Accepted> accept() {
    return Optional.ofNullable(queue.poll());
  }

  @Override
  public synchronized boolean isAcceptable() {
    return !queue.isEmpty();
  }

  @Override
  public synchronized void setAcceptListener(AcceptListener listener) {
    acceptListener = listener;
  }

  @Override
  public synchronized boolean awaitAcceptable(long timeoutNanos) {
    int seen = wakeups;
    MemorySocket.await(this, timeoutNanos, () -> !queue.isEmpty() || closed || wakeups != seen);
    return !queue.isEmpty();
  }

  @Override
  public synchronized void wakeup() {
    wakeups++;
    notifyAll();
  }

  @Override
  public InetSocketAddress localAddress() {
    return local;
  }

  @Override
  public synchronized void close() {
    closed = true;
    notifyAll();
    network.closed(this);
  }

  @Override
  public synchronized <T> void setOption(SocketOption<T> option, T value) {
    options.put(option, value);
  }

  @Override
  public synchronized <T> T getOption(SocketOption<T> option) {
    Object value = options.get(option);
    return value != null
        ? option.type().cast(value)
        : KernelDefaults.ofServerSocketChannel().value(option).orElse(null);
  }
}
