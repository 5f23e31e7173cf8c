package org.mptcp4j.nio;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ConnectionPendingException;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.NoConnectionPendingException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.mptcp4j.Subflow;
import org.mptcp4j.engine.StreamSocket;

/**
 * A socket channel that does not know yet who serves it: connect decides (see {@link Route}). From
 * then on it either speaks to a socket of the engine, or hands everything to a channel of the JDK.
 *
 * <p>Locks, in this order: {@link #readLock}, {@link #writeLock} (each held through a blocking
 * operation, as in the JDK), {@link #stateLock} (never while blocking), then those of the engine or
 * of the JDK's channel.
 */
final class MptcpSocketChannel extends SocketChannel implements StreamSelectable {
  private enum State {
    UNCONNECTED,
    PENDING,
    CONNECTED
  }

  private final ProtocolFamily family;
  private final KeyRing keyRing = new KeyRing();
  private final SocketBackend backend;

  private final ReentrantLock readLock = new ReentrantLock();
  private final ReentrantLock writeLock = new ReentrantLock();
  private final Object stateLock = new Object();

  private volatile State state = State.UNCONNECTED;
  private volatile boolean inputShut;
  private volatile boolean outputShut;
  private volatile boolean blockingMode = true;
  // Guarded by stateLock.
  private Socket adaptor;

  /**
   * @param family null for none in particular
   */
  MptcpSocketChannel(SelectorProvider provider, StreamTransport transport, ProtocolFamily family) {
    super(provider);
    this.family = family;
    backend = new SocketBackend(transport, family, keyRing);
  }

  /** A connection that the engine accepted. */
  MptcpSocketChannel(SelectorProvider provider, StreamTransport transport, StreamSocket accepted) {
    this(provider, transport, (ProtocolFamily) null);
    backend.accepted(accepted);
    state = State.CONNECTED;
  }

  /** A connection that the kernel accepted. */
  MptcpSocketChannel(SelectorProvider provider, StreamTransport transport, SocketChannel accepted)
      throws IOException {
    this(provider, transport, (ProtocolFamily) null);
    backend.accepted(accepted);
  }

  // ---- options and addresses

  @Override
  public Set<SocketOption<?>> supportedOptions() {
    return backend.supportedOptions();
  }

  @Override
  public <T> SocketChannel setOption(SocketOption<T> name, T value) throws IOException {
    backend.checkSupported(name);
    synchronized (stateLock) {
      ensureOpen();
      backend.setOption(name, value);
    }
    return this;
  }

  @Override
  public <T> T getOption(SocketOption<T> name) throws IOException {
    backend.checkSupported(name);
    synchronized (stateLock) {
      ensureOpen();
      return backend.getOption(name);
    }
  }

  @Override
  public SocketAddress getLocalAddress() throws IOException {
    ensureOpen();
    return backend.local();
  }

  @Override
  public SocketAddress getRemoteAddress() throws IOException {
    ensureOpen();
    return backend.remote();
  }

  /** What serves the connection, where the engine does. */
  List<Subflow> subflows() {
    StreamSocket socket = backend.stream();
    return socket == null ? List.of() : socket.subflows();
  }

  void setBackup(Subflow subflow, boolean backup) {
    StreamSocket socket = backend.stream();
    if (socket != null) {
      socket.setBackup(subflow, backup);
    }
  }

  boolean announce(InetSocketAddress address) {
    StreamSocket socket = backend.stream();
    return socket != null && socket.announce(address);
  }

  InetSocketAddress localOrNull() {
    return backend.local();
  }

  InetSocketAddress remoteOrNull() {
    return backend.remote();
  }

  @Override
  public Socket socket() {
    synchronized (stateLock) {
      if (adaptor == null) {
        adaptor = SocketAdaptor.of(this);
      }
      return adaptor;
    }
  }

  // ---- bind and connect

  @Override
  public SocketChannel bind(SocketAddress address) throws IOException {
    readLock.lock();
    writeLock.lock();
    try {
      synchronized (stateLock) {
        ensureOpen();
        if (isConnectionPending()) {
          throw new ConnectionPendingException();
        }
        if (isConnected()) {
          throw new AlreadyBoundException();
        }
        backend.bind(Addresses.local(address, family));
      }
    } finally {
      writeLock.unlock();
      readLock.unlock();
    }
    return this;
  }

  @Override
  public boolean connect(SocketAddress address) throws IOException {
    return connect(address, 0, false);
  }

  /**
   * Connects for {@link Socket#connect(SocketAddress, int)}.
   *
   * @param timeoutMillis 0: as long as it takes
   */
  void connectTimed(SocketAddress address, int timeoutMillis) throws IOException {
    connect(address, timeoutMillis, true);
  }

  private boolean connect(SocketAddress address, int timeoutMillis, boolean mustBlock)
      throws IOException {
    InetSocketAddress to = Addresses.remote(address, family);
    readLock.lock();
    writeLock.lock();
    try {
      if (mustBlock && !blockingMode) {
        throw new IllegalBlockingModeException();
      }
      return connectLocked(to, timeoutMillis);
    } catch (IOException e) {
      close();
      throw e;
    } finally {
      writeLock.unlock();
      readLock.unlock();
    }
  }

  private boolean connectLocked(InetSocketAddress to, int timeoutMillis) throws IOException {
    synchronized (stateLock) {
      ensureOpen();
      if (isConnected()) {
        throw new AlreadyConnectedException();
      }
      if (isConnectionPending()) {
        throw new ConnectionPendingException();
      }
      backend.decideFor(to, blockingMode);
      if (backend.stream() != null) {
        state = State.PENDING; // before the engine can tell of the end of the attempt
      }
    }
    SocketChannel inner = backend.kernel();
    if (inner != null) {
      return connectKernel(inner, to, timeoutMillis);
    }
    boolean done = false;
    if (blockingMode) {
      begin();
    }
    try {
      backend.stream().connect(to);
      backend.connectedByEngine();
      done = awaitConnected(timeoutMillis);
    } finally {
      if (blockingMode) {
        end(done);
      }
    }
    return done;
  }

  private boolean connectKernel(SocketChannel inner, InetSocketAddress to, int timeoutMillis)
      throws IOException {
    boolean done;
    if (timeoutMillis > 0) {
      inner.socket().connect(to, timeoutMillis);
      done = true;
    } else {
      done = inner.connect(to);
    }
    backend.connectedByKernel();
    return done;
  }

  @Override
  public boolean finishConnect() throws IOException {
    readLock.lock();
    writeLock.lock();
    try {
      if (isConnected()) {
        return true;
      }
      ensureOpen();
      if (!isConnectionPending()) {
        throw new NoConnectionPendingException();
      }
      SocketChannel inner = backend.kernel();
      if (inner != null) {
        boolean done = inner.finishConnect();
        backend.connectedByKernel();
        return done;
      }
      boolean done = false;
      if (blockingMode) {
        begin();
      }
      try {
        done = awaitConnected(0);
      } finally {
        if (blockingMode) {
          end(done);
        }
      }
      return done;
    } catch (IOException e) {
      close();
      throw e;
    } finally {
      writeLock.unlock();
      readLock.unlock();
    }
  }

  /** In blocking mode waits for the end of the attempt, else only looks. */
  private boolean awaitConnected(int timeoutMillis) throws IOException {
    long timeoutNanos = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    long start = timeoutMillis > 0 ? System.nanoTime() : 0;
    StreamSocket stream = backend.stream();
    boolean done = stream.finishConnect();
    while (!done && blockingMode && isOpen()) {
      long remaining = 0;
      if (timeoutMillis > 0) {
        remaining = timeoutNanos - (System.nanoTime() - start);
        if (remaining <= 0) {
          throw new SocketTimeoutException("Connect timed out");
        }
      }
      stream.awaitReady(StreamSocket.CONNECTABLE, remaining);
      done = isOpen() && stream.finishConnect();
    }
    if (done) {
      synchronized (stateLock) {
        backend.connectedByEngine();
        state = State.CONNECTED;
      }
      keyRing.signal();
    }
    return done;
  }

  @Override
  public boolean isConnected() {
    SocketChannel inner = backend.kernel();
    return inner != null ? inner.isConnected() : isOpen() && state == State.CONNECTED;
  }

  @Override
  public boolean isConnectionPending() {
    SocketChannel inner = backend.kernel();
    return inner != null ? inner.isConnectionPending() : isOpen() && state == State.PENDING;
  }

  // ---- data

  @Override
  public int read(ByteBuffer target) throws IOException {
    Objects.requireNonNull(target);
    return (int) read(new ByteBuffer[] {target}, 0, 1, 0);
  }

  @Override
  public long read(ByteBuffer[] targets, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, targets.length);
    return read(targets, offset, length, 0);
  }

  /**
   * Reads for the stream of the socket adaptor.
   *
   * @param timeoutMillis 0: as long as it takes
   */
  int readTimed(byte[] target, int offset, int length, int timeoutMillis) throws IOException {
    readLock.lock();
    try {
      ensureConnected();
      if (!blockingMode) {
        throw new IllegalBlockingModeException();
      }
      SocketChannel inner = backend.kernel();
      if (inner != null && timeoutMillis > 0) {
        inner.socket().setSoTimeout(timeoutMillis);
        return inner.socket().getInputStream().read(target, offset, length);
      }
      ByteBuffer[] one = {ByteBuffer.wrap(target, offset, length)};
      return (int) read(one, 0, 1, timeoutMillis);
    } finally {
      readLock.unlock();
    }
  }

  private long read(ByteBuffer[] targets, int offset, int length, int timeoutMillis)
      throws IOException {
    readLock.lock();
    try {
      SocketChannel inner = backend.kernel();
      if (inner != null) {
        return readKernel(inner, targets, offset, length);
      }
      ensureConnected();
      StreamTransfer.checkWritable(targets, offset, length);
      if (inputShut) {
        return -1;
      }
      boolean blocking = blockingMode;
      long n = 0;
      if (blocking) {
        begin();
      }
      try {
        n =
            StreamTransfer.read(
                this, backend.stream(), targets, offset, length, blocking, timeoutMillis);
      } finally {
        if (blocking) {
          end(n > 0);
        }
      }
      return n;
    } finally {
      readLock.unlock();
    }
  }

  private long readKernel(SocketChannel inner, ByteBuffer[] targets, int offset, int length)
      throws IOException {
    try {
      return length == 1 ? inner.read(targets[offset]) : inner.read(targets, offset, length);
    } catch (ClosedChannelException e) {
      throw closedInside(inner, e);
    }
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    Objects.requireNonNull(source);
    return (int) writeAny(new ByteBuffer[] {source}, 0, 1);
  }

  @Override
  public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, sources.length);
    return writeAny(sources, offset, length);
  }

  private long writeAny(ByteBuffer[] sources, int offset, int length) throws IOException {
    writeLock.lock();
    try {
      SocketChannel inner = backend.kernel();
      if (inner != null) {
        return writeKernel(inner, sources, offset, length);
      }
      ensureConnected();
      if (outputShut) {
        throw new ClosedChannelException();
      }
      boolean blocking = blockingMode;
      long n = 0;
      if (blocking) {
        begin();
      }
      try {
        n = StreamTransfer.write(this, backend.stream(), sources, offset, length, blocking);
      } finally {
        if (blocking) {
          end(n > 0);
        }
      }
      if (n == 0
          && blocking
          && outputShut
          && StreamTransfer.hasRemaining(sources, offset, length)) {
        throw new AsynchronousCloseException();
      }
      return n;
    } finally {
      writeLock.unlock();
    }
  }

  /** Writes all for the stream of the socket adaptor. */
  void writeFully(byte[] source, int offset, int length) throws IOException {
    writeLock.lock();
    try {
      ensureConnected();
      if (!blockingMode) {
        throw new IllegalBlockingModeException();
      }
      ByteBuffer[] one = {ByteBuffer.wrap(source, offset, length)};
      while (one[0].hasRemaining()) {
        writeAny(one, 0, 1);
      }
    } finally {
      writeLock.unlock();
    }
  }

  /** Bytes that the socket adaptor's stream gives without waiting. */
  int available() throws IOException {
    ensureConnected();
    SocketChannel inner = backend.kernel();
    return inner != null
        ? inner.socket().getInputStream().available()
        : backend.stream().available();
  }

  /**
   * Sends a byte as TCP urgent data.
   *
   * @throws IOException when the engine serves the connection: urgent data has no place in the data
   *     sequence of Multipath TCP (RFC 8684 §3.3.1)
   */
  void sendUrgent(int data) throws IOException {
    SocketChannel inner = backend.kernel();
    if (inner == null) {
      throw new SocketException("urgent data cannot be sent on a Multipath TCP connection");
    }
    inner.socket().sendUrgentData(data);
  }

  private long writeKernel(SocketChannel inner, ByteBuffer[] sources, int offset, int length)
      throws IOException {
    try {
      return length == 1 ? inner.write(sources[offset]) : inner.write(sources, offset, length);
    } catch (ClosedChannelException e) {
      throw closedInside(inner, e);
    }
  }

  /** An interrupt closes the JDK's channel: then ours is closed too. */
  private ClosedChannelException closedInside(SocketChannel inner, ClosedChannelException e)
      throws IOException {
    if (!inner.isOpen()) {
      close();
    }
    return e;
  }

  @Override
  public SocketChannel shutdownInput() throws IOException {
    synchronized (stateLock) {
      ensureConnected();
      if (!inputShut) {
        backend.shutdownInput();
      }
      inputShut = true;
    }
    wakeupStream();
    return this;
  }

  @Override
  public SocketChannel shutdownOutput() throws IOException {
    synchronized (stateLock) {
      ensureConnected();
      if (!outputShut) {
        backend.shutdownOutput();
      }
      outputShut = true;
    }
    wakeupStream();
    return this;
  }

  private void wakeupStream() {
    StreamSocket socket = backend.stream();
    if (socket != null) {
      socket.wakeup();
    }
    keyRing.signal();
  }

  boolean isInputShut() {
    return inputShut;
  }

  boolean isOutputShut() {
    return outputShut;
  }

  // ---- selection and close

  @Override
  public KeyRing keyRing() {
    return keyRing;
  }

  @Override
  public int readyOps() {
    StreamSocket socket = backend.stream();
    State now = state;
    if (socket == null || now == State.UNCONNECTED || !isOpen()) {
      return 0;
    }
    int bits = socket.readiness();
    if (now == State.PENDING) {
      return (bits & StreamSocket.CONNECTABLE) != 0 ? SelectionKey.OP_CONNECT : 0;
    }
    int ops = 0;
    if ((bits & StreamSocket.READABLE) != 0 || inputShut) {
      ops |= SelectionKey.OP_READ;
    }
    if ((bits & StreamSocket.WRITABLE) != 0 || outputShut) {
      ops |= SelectionKey.OP_WRITE;
    }
    return ops;
  }

  @Override
  protected void implConfigureBlocking(boolean block) throws IOException {
    readLock.lock();
    writeLock.lock();
    try {
      synchronized (stateLock) {
        ensureOpen();
        backend.configureBlocking(block);
        blockingMode = block;
      }
    } finally {
      writeLock.unlock();
      readLock.unlock();
    }
  }

  @Override
  protected void implCloseSelectableChannel() throws IOException {
    long linger;
    synchronized (stateLock) {
      linger = backend.close();
    }
    // As the JDK: a selector's thread that closes a channel of its own is not to wait.
    if (blockingMode || !isRegistered()) {
      backend.linger(linger);
    }
  }

  private void ensureOpen() throws ClosedChannelException {
    if (!isOpen()) {
      throw new ClosedChannelException();
    }
  }

  private void ensureConnected() throws ClosedChannelException {
    ensureOpen();
    if (!isConnected()) {
      throw new NotYetConnectedException();
    }
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("java.nio.channels.SocketChannel[");
    if (!isOpen()) {
      return text.append("closed]").toString();
    }
    if (isConnected()) {
      text.append("connected");
      text.append(inputShut ? " ishut" : "").append(outputShut ? " oshut" : "");
    } else {
      text.append(isConnectionPending() ? "connection-pending" : "unconnected");
    }
    if (backend.local() != null) {
      text.append(" local=").append(backend.local());
    }
    if (backend.remote() != null) {
      text.append(" remote=").append(backend.remote());
    }
    return text.append(']').toString();
  }
}
