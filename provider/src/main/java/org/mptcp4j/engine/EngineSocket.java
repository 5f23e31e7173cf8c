package org.mptcp4j.engine;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.mptcp4j.Subflow;
import org.mptcp4j.mptcp.ConnectionOpener;
import org.mptcp4j.mptcp.MptcpConnection;
import org.mptcp4j.mptcp.MptcpConnection.Failure;
import org.mptcp4j.tcp.NetworkPath;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IpAddress;

/** A {@link StreamSocket} of an {@link Engine}. */
final class EngineSocket implements StreamSocket {
  private final Engine engine;
  private final SocketSettings settings;
  private final Waiters waiters;

  // Set under this object's monitor, which is taken before a connection's lock.
  private GuardedPort port;
  private IpAddress boundAddress;
  private volatile boolean closed;
  private volatile FlowKey flow;
  private volatile EngineConnection connection;

  private volatile ReadinessListener listener;
  private volatile boolean inputShutdown;
  private volatile boolean outputShutdown;
  private volatile boolean broken;
  private volatile boolean failureTold;

  EngineSocket(Engine engine, SocketSettings settings) {
    this.engine = engine;
    this.settings = settings;
    waiters = new Waiters(engine);
  }

  /** For a connection that arrived at a listener. */
  void accepted(EngineConnection arrived, FlowKey arrivedFlow) {
    flow = arrivedFlow;
    connection = arrived;
  }

  /** Addresses and ports of the first subflow: another path may have been the one to answer. */
  void firstSubflow(FlowKey chosen) {
    if (!chosen.equals(flow)) {
      flow = chosen;
    }
  }

  @Override
  public synchronized void bind(InetSocketAddress local) throws IOException {
    checkOpen();
    if (port != null) {
      throw new SocketException("Invalid argument");
    }
    IpAddress address = IpAddress.of(local.getAddress());
    if (!address.isAny() && !engine.isLocal(address)) {
      throw new BindException("Cannot assign requested address");
    }
    port = engine.ports().takeForClient(address, local.getPort(), settings.portSharing());
    boundAddress = address;
  }

  @Override
  public synchronized void connect(InetSocketAddress remote) throws IOException {
    checkOpen();
    if (connection != null) {
      throw new SocketException("Socket is already connected");
    }
    IpAddress destination = IpAddress.of(remote.getAddress());
    boolean boundToAddress = boundAddress != null && !boundAddress.isAny();
    IpAddress source =
        boundToAddress
            ? boundAddress
            : engine
                .link()
                .preferredSource(destination)
                .orElseThrow(() -> new NoRouteToHostException("Network is unreachable"));
    if (!source.sameFamily(destination)) {
      throw new NoRouteToHostException("Network is unreachable");
    }
    NetworkPath path =
        engine
            .path(source, destination)
            .orElseThrow(() -> new NoRouteToHostException("No route to host"));
    if (port == null) {
      port = new ClientPorts(engine).take(source, destination, remote.getPort());
    }
    FlowKey key = FlowKey.of(source, port.port, destination, remote.getPort());
    GuardedPort shared = port;
    // Others who share the port may want the same flow.
    synchronized (shared) {
      if (engine.flows().find(key) != null) {
        throw new BindException("Cannot assign requested address");
      }
      begin(key, path, boundToAddress);
    }
  }

  private void begin(FlowKey key, NetworkPath path, boolean boundToAddress) {
    EngineConnection began = new EngineConnection(engine, this, null);
    flow = key;
    connection = began;
    engine.flows().add(began);
    began.acquire();
    try {
      began.open(
          ConnectionOpener.connect(
              engine.now(),
              began.host(),
              engine.connectionConfig(settings, boundToAddress),
              key,
              path,
              engine.fastOpenAttempt(key),
              began));
      engine.counters().connectionsOpened.increment();
    } catch (RuntimeException | Error e) {
      broken = true;
      engine.forget(began);
      began.host().close();
      throw e;
    } finally {
      began.release();
    }
  }

  @Override
  public boolean finishConnect() throws IOException {
    EngineConnection current = connected();
    boolean established;
    Optional<Failure> failure;
    MptcpConnection held = current.acquire();
    try {
      established = held.isEstablished();
      failure = held.failure();
    } finally {
      current.release();
    }
    checkBroken();
    if (failure.isPresent()) {
      throw connectError(failure.get());
    }
    return established || (readiness() & CONNECTABLE) != 0;
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    EngineConnection current = connected();
    if (inputShutdown) {
      return -1;
    }
    checkBroken();
    int count;
    Optional<Failure> failure = Optional.empty();
    MptcpConnection held = current.acquire();
    try {
      count = held.read(engine.now(), target, current);
      if (count < 0) {
        failure = held.failure();
      }
    } finally {
      current.release();
    }
    if (failure.isPresent()) {
      failureTold = true;
      throw dataError(failure.get());
    }
    return count;
  }

  @Override
  public int available() throws IOException {
    EngineConnection current = connected();
    MptcpConnection held = current.acquire();
    try {
      return inputShutdown ? 0 : held.available();
    } finally {
      current.release();
    }
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    EngineConnection current = connected();
    checkBroken();
    int count;
    Optional<Failure> failure = Optional.empty();
    MptcpConnection held = current.acquire();
    try {
      count = outputShutdown ? -1 : held.write(engine.now(), source, current);
      if (count < 0) {
        failure = held.failure();
      }
    } finally {
      current.release();
    }
    if (count < 0) {
      // As with the kernel's sockets: what went wrong is told once, then the pipe is broken.
      if (failure.isPresent() && !failureTold) {
        failureTold = true;
        throw dataError(failure.get());
      }
      throw new SocketException("Broken pipe");
    }
    return count;
  }

  @Override
  public void shutdownOutput() throws IOException {
    EngineConnection current = connected();
    outputShutdown = true;
    MptcpConnection held = current.acquire();
    try {
      held.shutdownOutput(engine.now(), current);
    } finally {
      current.release();
    }
    signal(WRITABLE);
  }

  @Override
  public void shutdownInput() throws IOException {
    EngineConnection current = connected();
    inputShutdown = true;
    MptcpConnection held = current.acquire();
    try {
      held.shutdownInput(engine.now());
    } finally {
      current.release();
    }
    signal(READABLE);
  }

  @Override
  public void close() throws IOException {
    end(settings.linger() == 0);
  }

  @Override
  public boolean awaitDelivered(long timeoutNanos) {
    EngineConnection current = connection;
    return current == null
        || waiters.awaitPatiently(current::readiness, EngineConnection.DELIVERED, timeoutNanos);
  }

  /** Resets the connection: nobody will accept it. */
  void abort() {
    end(true);
  }

  /** The program ends: what it wrote is delivered, and the end of the stream. */
  void closeAtExit() {
    end(false);
  }

  private synchronized void end(boolean abort) {
    if (closed) {
      return;
    }
    closed = true;
    EngineConnection current = connection;
    if (current != null) {
      MptcpConnection held = current.acquire();
      try {
        current.markClosedByUser();
        if (held != null && abort) {
          held.abort(engine.now(), current);
        } else if (held != null) {
          held.close(engine.now(), current);
        }
      } finally {
        current.release();
      }
    }
    if (port != null) {
      engine.ports().release(port);
      port = null;
    }
    waiters.dismissAll();
  }

  @Override
  public int readiness() {
    if (closed) {
      // Who looks whether the socket is open and then waits must not wait for ever.
      return READABLE | WRITABLE | CONNECTABLE;
    }
    EngineConnection current = connection;
    if (current == null) {
      return 0;
    }
    int bits = current.readiness();
    if (inputShutdown) {
      bits |= READABLE;
    }
    if (outputShutdown) {
      bits |= WRITABLE;
    }
    return bits;
  }

  @Override
  public void setReadinessListener(ReadinessListener newListener) {
    listener = newListener;
  }

  @Override
  public int awaitReady(int interest, long timeoutNanos) {
    return waiters.await(this::readiness, interest, timeoutNanos);
  }

  @Override
  public void wakeup() {
    waiters.dismissAll();
  }

  @Override
  public List<Subflow> subflows() {
    EngineConnection current = connection;
    return current == null || closed ? List.of() : current.describeSubflows();
  }

  @Override
  public void setBackup(Subflow subflow, boolean backup) {
    EngineConnection current = connection;
    if (current != null && !closed) {
      current.setBackup(subflow, backup);
    }
  }

  @Override
  public boolean announce(InetSocketAddress address) {
    EngineConnection current = connection;
    return current != null && !closed && current.announce(address);
  }

  /** Readiness bits turned on; called outside of all locks. */
  void signal(int bits) {
    waiters.signal(bits);
    ReadinessListener current = listener;
    if (current != null) {
      current.onReadiness(this);
    }
  }

  /** The engine had a fault with this connection. */
  void breakDown() {
    broken = true;
  }

  @Override
  public synchronized Optional<InetSocketAddress> localAddress() {
    FlowKey current = flow;
    if (current != null) {
      return Optional.of(
          new InetSocketAddress(current.local().toInetAddress(), current.localPort()));
    }
    if (port == null) {
      return Optional.empty();
    }
    return Optional.of(new InetSocketAddress(boundAddress.toInetAddress(), port.port));
  }

  @Override
  public Optional<InetSocketAddress> remoteAddress() {
    FlowKey current = flow;
    return current == null
        ? Optional.empty()
        : Optional.of(
            new InetSocketAddress(current.remote().toInetAddress(), current.remotePort()));
  }

  @Override
  public <T> void setOption(SocketOption<T> option, T value) throws IOException {
    settings.set(option, value);
    EngineConnection current = connection;
    boolean concernsEndpoints = SocketSettings.isEndpointOption(option);
    if (current == null || !(concernsEndpoints || option == StandardSocketOptions.TCP_NODELAY)) {
      return;
    }
    MptcpConnection held = current.acquire();
    try {
      if (held == null) {
        return; // it begins just now, with the new value
      }
      if (concernsEndpoints) {
        held.setEndpointOptions(engine.now(), settings.endpointOptions());
      } else {
        held.setNoDelay(engine.now(), (Boolean) value, current);
      }
    } finally {
      current.release();
    }
  }

  @Override
  public <T> T getOption(SocketOption<T> option) throws IOException {
    return settings.get(option);
  }

  private void checkOpen() throws SocketException {
    if (closed) {
      throw new SocketException("Socket closed");
    }
  }

  private void checkBroken() throws SocketException {
    if (broken) {
      throw new SocketException("Software caused connection abort");
    }
  }

  private EngineConnection connected() throws SocketException {
    EngineConnection current = connection;
    if (current == null) {
      throw new SocketException("Socket is not connected");
    }
    return current;
  }

  private static IOException connectError(Failure failure) {
    return switch (failure) {
      case REFUSED -> new ConnectException("Connection refused");
      case TIMED_OUT -> new ConnectException("Connection timed out");
      case UNREACHABLE -> new NoRouteToHostException("No route to host");
      case RESET -> new SocketException("Connection reset");
      case ABORTED -> new SocketException("Software caused connection abort");
    };
  }

  private static IOException dataError(Failure failure) {
    return switch (failure) {
      // Of a connection that was open for use before its handshake was over (RFC 7413).
      case REFUSED -> new ConnectException("Connection refused");
      case RESET -> new SocketException("Connection reset");
      case TIMED_OUT -> new SocketException("Connection timed out");
      case UNREACHABLE -> new NoRouteToHostException("No route to host");
      case ABORTED -> new SocketException("Software caused connection abort");
    };
  }
}
