package org.mptcp4j.nio;

import java.net.BindException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.mptcp4j.engine.Doorbell;
import org.mptcp4j.engine.PortSharing;
import org.mptcp4j.engine.StreamListener;
import org.mptcp4j.engine.StreamSocket;

/**
 * Stands in for the engine: sockets that pass their bytes on in memory. Every address is one host;
 * a listener is found by its port.
 */
final class MemoryNetwork implements StreamTransport {
  /** Nobody answers connections to this port, until somebody does. */
  static final int SILENT_PORT = 9;

  private final Map<Integer, MemoryListener> listeners = new ConcurrentHashMap<>();
  private final AtomicInteger nextPort = new AtomicInteger(40_000);
  private volatile Route route = Route.MULTIPATH;

  void setRoute(Route route) {
    this.route = route;
  }

  @Override
  public Route routeTo(InetSocketAddress remote) {
    return route;
  }

  @Override
  public Route routeForListening(InetSocketAddress local) {
    return route;
  }

  @Override
  public Optional<Doorbell> newDoorbell() {
    return Optional.empty();
  }

  @Override
  public StreamSocket openSocket(boolean multipath) {
    return new MemorySocket(this);
  }

  @Override
  public boolean isShared(InetSocketAddress local, PortSharing sharing) {
    return false;
  }

  @Override
  public StreamListener listen(
      InetSocketAddress local, int backlog, boolean multipath, PortSharing sharing)
      throws BindException {
    InetSocketAddress taken = withPort(local);
    MemoryListener listener = new MemoryListener(this, taken, sharing);
    MemoryListener first = listeners.putIfAbsent(taken.getPort(), listener);
    if (first != null && !(first.sharing().reusePort() && sharing.reusePort())) {
      throw new BindException("Address already in use");
    }
    return listener;
  }

  InetSocketAddress withPort(InetSocketAddress local) {
    return local.getPort() != 0
        ? local
        : new InetSocketAddress(local.getAddress(), nextPort.getAndIncrement());
  }

  MemoryListener listenerOn(int port) {
    return listeners.get(port);
  }

  void closed(MemoryListener listener) {
    listeners.remove(listener.localAddress().getPort(), listener);
  }
}
