package org.mptcp4j.nio;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketImpl;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Set;

/** The {@link ServerSocket} of a channel. Thread-safe, as the channel is. */
@SuppressWarnings("UnsynchronizedOverridesSynchronized") // the channel has locks of its own
final class ServerSocketAdaptor extends ServerSocket {
  private static final int DEFAULT_BACKLOG = 50;

  private final MptcpServerSocketChannel channel;
  private volatile int timeoutMillis;

  private ServerSocketAdaptor(MptcpServerSocketChannel channel, SocketImpl none) {
    super(none);
    this.channel = channel;
  }

  static ServerSocketAdaptor of(MptcpServerSocketChannel channel) {
    return new ServerSocketAdaptor(channel, UnusedSocketImpl.INSTANCE);
  }

  @Override
  public void bind(SocketAddress endpoint) throws IOException {
    bind(endpoint, DEFAULT_BACKLOG);
  }

  @Override
  public void bind(SocketAddress endpoint, int backlog) throws IOException {
    SocketAddress wanted = endpoint == null ? new InetSocketAddress(0) : endpoint;
    SocketErrors.io(() -> channel.bind(wanted, backlog));
  }

  @Override
  public InetAddress getInetAddress() {
    InetSocketAddress local = channel.localOrNull();
    return local == null ? null : local.getAddress();
  }

  @Override
  public int getLocalPort() {
    InetSocketAddress local = channel.localOrNull();
    return local == null ? -1 : local.getPort();
  }

  @Override
  public SocketAddress getLocalSocketAddress() {
    return channel.localOrNull();
  }

  @Override
  public Socket accept() throws IOException {
    int timeout = timeoutMillis;
    SocketChannel accepted =
        SocketErrors.io(() -> timeout > 0 ? channel.acceptTimed(timeout) : channel.accept());
    if (accepted == null) {
      throw new IllegalBlockingModeException();
    }
    return accepted.socket();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  @Override
  public ServerSocketChannel getChannel() {
    return channel;
  }

  @Override
  public boolean isBound() {
    return channel.localOrNull() != null;
  }

  @Override
  public boolean isClosed() {
    return !channel.isOpen();
  }

  @Override
  public void setSoTimeout(int timeout) throws SocketException {
    ensureOpen();
    if (timeout < 0) {
      throw new IllegalArgumentException("timeout < 0");
    }
    timeoutMillis = timeout;
  }

  @Override
  public int getSoTimeout() throws IOException {
    ensureOpen();
    return timeoutMillis;
  }

  @Override
  public void setReuseAddress(boolean on) throws SocketException {
    SocketErrors.socket(() -> channel.setOption(StandardSocketOptions.SO_REUSEADDR, on));
  }

  @Override
  public boolean getReuseAddress() throws SocketException {
    return SocketErrors.socket(() -> channel.getOption(StandardSocketOptions.SO_REUSEADDR));
  }

  @Override
  public void setReceiveBufferSize(int size) throws SocketException {
    if (size <= 0) {
      throw new IllegalArgumentException("size cannot be 0 or negative");
    }
    SocketErrors.socket(() -> channel.setOption(StandardSocketOptions.SO_RCVBUF, size));
  }

  @Override
  public int getReceiveBufferSize() throws SocketException {
    return SocketErrors.socket(() -> channel.getOption(StandardSocketOptions.SO_RCVBUF));
  }

  @Override
  public void setPerformancePreferences(int connectionTime, int latency, int bandwidth) {
    // A hint that TCP has no use for; the JDK's sockets ignore it too.
  }

  @Override
  public <T> ServerSocket setOption(SocketOption<T> name, T value) throws IOException {
    channel.setOption(name, value);
    return this;
  }

  @Override
  public <T> T getOption(SocketOption<T> name) throws IOException {
    return channel.getOption(name);
  }

  @Override
  public Set<SocketOption<?>> supportedOptions() {
    return channel.supportedOptions();
  }

  private void ensureOpen() throws SocketException {
    if (!channel.isOpen()) {
      throw new SocketException("Socket is closed");
    }
  }

  @Override
  public String toString() {
    return isBound()
        ? "ServerSocket[addr=" + getInetAddress() + ",localport=" + getLocalPort() + "]"
        : "ServerSocket[unbound]";
  }
}
