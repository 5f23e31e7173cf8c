package org.mptcp4j.nio;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketImpl;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.util.Set;

/** The {@link Socket} of a channel. Thread-safe, as the channel is. */
@SuppressWarnings("UnsynchronizedOverridesSynchronized") // the channel has locks of its own
final class SocketAdaptor extends Socket {
  private static final int TRAFFIC_CLASS_LIMIT = 255;

  private final MptcpSocketChannel channel;
  private volatile int timeoutMillis;

  private SocketAdaptor(MptcpSocketChannel channel) throws SocketException {
    super((SocketImpl) null); // no implementation behind it: every method goes to the channel
    this.channel = channel;
  }

  static SocketAdaptor of(MptcpSocketChannel channel) {
    try {
      return new SocketAdaptor(channel);
    } catch (SocketException e) {
      throw new AssertionError("a socket without implementation is always made", e);
    }
  }

  @Override
  public void connect(SocketAddress endpoint) throws IOException {
    connect(endpoint, 0);
  }

  @Override
  public void connect(SocketAddress endpoint, int timeout) throws IOException {
    if (endpoint == null) {
      throw new IllegalArgumentException("connect: The address can't be null");
    }
    if (timeout < 0) {
      throw new IllegalArgumentException("connect: timeout can't be negative");
    }
    if (endpoint instanceof InetSocketAddress address && address.isUnresolved()) {
      ensureOpen();
      if (channel.isConnected()) {
        throw new SocketException("Already connected");
      }
      close();
      throw new UnknownHostException(address.getHostName());
    }
    SocketErrors.io(
        () -> {
          channel.connectTimed(endpoint, timeout);
          return null;
        });
  }

  @Override
  public void bind(SocketAddress bindpoint) throws IOException {
    SocketErrors.io(() -> channel.bind(bindpoint));
  }

  @Override
  public InetAddress getInetAddress() {
    InetSocketAddress remote = connectedRemote();
    return remote == null ? null : remote.getAddress();
  }

  @Override
  public InetAddress getLocalAddress() {
    InetSocketAddress local = channel.localOrNull();
    return channel.isOpen() && local != null
        ? local.getAddress()
        : new InetSocketAddress(0).getAddress();
  }

  @Override
  public int getPort() {
    InetSocketAddress remote = connectedRemote();
    return remote == null ? 0 : remote.getPort();
  }

  @Override
  public int getLocalPort() {
    InetSocketAddress local = channel.localOrNull();
    return local == null ? -1 : local.getPort();
  }

  @Override
  public SocketAddress getRemoteSocketAddress() {
    return connectedRemote();
  }

  @Override
  public SocketAddress getLocalSocketAddress() {
    return channel.localOrNull();
  }

  private InetSocketAddress connectedRemote() {
    return channel.remoteOrNull();
  }

  @Override
  public SocketChannel getChannel() {
    return channel;
  }

  @Override
  public InputStream getInputStream() throws IOException {
    ensureConnected();
    if (channel.isInputShut()) {
      throw new SocketException("Socket input is shutdown");
    }
    return new ChannelInputStream(channel, () -> timeoutMillis);
  }

  @Override
  public OutputStream getOutputStream() throws IOException {
    ensureConnected();
    if (channel.isOutputShut()) {
      throw new SocketException("Socket output is shutdown");
    }
    return new ChannelOutputStream(channel);
  }

  private <T> void set(SocketOption<T> option, T value) throws SocketException {
    SocketErrors.socket(() -> channel.setOption(option, value));
  }

  private <T> T get(SocketOption<T> option) throws SocketException {
    return SocketErrors.socket(() -> channel.getOption(option));
  }

  @Override
  public void setTcpNoDelay(boolean on) throws SocketException {
    set(StandardSocketOptions.TCP_NODELAY, on);
  }

  @Override
  public boolean getTcpNoDelay() throws SocketException {
    return get(StandardSocketOptions.TCP_NODELAY);
  }

  @Override
  public void setSoLinger(boolean on, int linger) throws SocketException {
    if (on && linger < 0) {
      throw new IllegalArgumentException("invalid value for SO_LINGER");
    }
    set(StandardSocketOptions.SO_LINGER, on ? linger : -1);
  }

  @Override
  public int getSoLinger() throws SocketException {
    return get(StandardSocketOptions.SO_LINGER);
  }

  @Override
  public void sendUrgentData(int data) throws IOException {
    ensureConnected();
    channel.sendUrgent(data);
  }

  @Override
  public void setOOBInline(boolean on) throws SocketException {
    set(JdkOptions.outOfBandInline(), on);
  }

  @Override
  public boolean getOOBInline() throws SocketException {
    return get(JdkOptions.outOfBandInline());
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
  public int getSoTimeout() throws SocketException {
    ensureOpen();
    return timeoutMillis;
  }

  @Override
  public void setSendBufferSize(int size) throws SocketException {
    if (size <= 0) {
      throw new IllegalArgumentException("Invalid send size");
    }
    set(StandardSocketOptions.SO_SNDBUF, size);
  }

  @Override
  public int getSendBufferSize() throws SocketException {
    return get(StandardSocketOptions.SO_SNDBUF);
  }

  @Override
  public void setReceiveBufferSize(int size) throws SocketException {
    if (size <= 0) {
      throw new IllegalArgumentException("Invalid receive size");
    }
    set(StandardSocketOptions.SO_RCVBUF, size);
  }

  @Override
  public int getReceiveBufferSize() throws SocketException {
    return get(StandardSocketOptions.SO_RCVBUF);
  }

  @Override
  public void setKeepAlive(boolean on) throws SocketException {
    set(StandardSocketOptions.SO_KEEPALIVE, on);
  }

  @Override
  public boolean getKeepAlive() throws SocketException {
    return get(StandardSocketOptions.SO_KEEPALIVE);
  }

  @Override
  public void setTrafficClass(int tc) throws SocketException {
    if (tc < 0 || tc > TRAFFIC_CLASS_LIMIT) {
      throw new IllegalArgumentException("tc is not in range 0 -- 255");
    }
    set(StandardSocketOptions.IP_TOS, tc);
  }

  @Override
  public int getTrafficClass() throws SocketException {
    return get(StandardSocketOptions.IP_TOS);
  }

  @Override
  public void setReuseAddress(boolean on) throws SocketException {
    set(StandardSocketOptions.SO_REUSEADDR, on);
  }

  @Override
  public boolean getReuseAddress() throws SocketException {
    return get(StandardSocketOptions.SO_REUSEADDR);
  }

  @Override
  public void setPerformancePreferences(int connectionTime, int latency, int bandwidth) {
    // A hint that TCP has no use for; the JDK's sockets ignore it too.
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  @Override
  public void shutdownInput() throws IOException {
    SocketErrors.io(channel::shutdownInput);
  }

  @Override
  public void shutdownOutput() throws IOException {
    SocketErrors.io(channel::shutdownOutput);
  }

  @Override
  public boolean isConnected() {
    return channel.isConnected();
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
  public boolean isInputShutdown() {
    return channel.isInputShut();
  }

  @Override
  public boolean isOutputShutdown() {
    return channel.isOutputShut();
  }

  @Override
  public <T> Socket setOption(SocketOption<T> name, T value) throws IOException {
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

  private void ensureConnected() throws SocketException {
    ensureOpen();
    if (!channel.isConnected()) {
      throw new SocketException("Socket is not connected");
    }
  }

  @Override
  public String toString() {
    return channel.isConnected()
        ? "Socket[addr="
            + getInetAddress()
            + ",port="
            + getPort()
            + ",localport="
            + getLocalPort()
            + "]"
        : "Socket[unconnected]";
  }
}
