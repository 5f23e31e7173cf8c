package org.mptcp4j.nio;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.net.SocketImpl;

/**
 * {@link java.net.ServerSocket} wants an implementation, also where a subclass has all methods
 * overridden. This one is never called.
 */
final class UnusedSocketImpl extends SocketImpl {
  static final UnusedSocketImpl INSTANCE = new UnusedSocketImpl();

  private UnusedSocketImpl() {}

  private static IllegalStateException called() {
    return new IllegalStateException("the channel does this");
  }

  @Override
  protected void create(boolean stream) {
    throw called();
  }

  @Override
  protected void connect(String host, int port) {
    throw called();
  }

  @Override
  protected void connect(InetAddress address, int port) {
    throw called();
  }

  @Override
  protected void connect(SocketAddress address, int timeout) {
    throw called();
  }

  @Override
  protected void bind(InetAddress host, int port) {
    throw called();
  }

  @Override
  protected void listen(int backlog) {
    throw called();
  }

  @Override
  protected void accept(SocketImpl s) {
    throw called();
  }

  @Override
  protected InputStream getInputStream() throws IOException {
    throw called();
  }

  @Override
  protected OutputStream getOutputStream() throws IOException {
    throw called();
  }

  @Override
  protected int available() {
    throw called();
  }

  @Override
  protected void close() {
    throw called();
  }

  @Override
  protected void sendUrgentData(int data) {
    throw called();
  }

  @Override
  public void setOption(int optID, Object value) {
    throw called();
  }

  @Override
  public Object getOption(int optID) {
    throw called();
  }
}
