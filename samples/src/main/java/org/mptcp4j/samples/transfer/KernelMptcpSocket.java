package org.mptcp4j.samples.transfer;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ByteChannel;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.mptcp4j.samples.lab.LibC;

/**
 * A blocking socket of the Linux kernel's own MPTCP ({@code socket(family, SOCK_STREAM, 262)}),
 * which the JDK has no way to open. One thread may read while another writes; buffers must be
 * direct.
 */
public final class KernelMptcpSocket implements ByteChannel {
  private final LibC c = LibC.get();
  private final int fd;
  private final AtomicBoolean closed = new AtomicBoolean();

  private KernelMptcpSocket(int fd) {
    this.fd = fd;
  }

  /** A socket that listens on all addresses of both families. */
  public static KernelMptcpSocket listen(int port) throws IOException {
    KernelMptcpSocket socket = open(LibC.AF_INET6, LibC.IPPROTO_MPTCP);
    LibC.setOption(socket.fd, LibC.SOL_SOCKET, LibC.SO_REUSEADDR, 1);
    ByteBuffer any = address6(new byte[16], port);
    socket.check(socket.c.bind(socket.fd, LibC.address(any), any.capacity()), "bind");
    socket.check(socket.c.listen(socket.fd, 128), "listen");
    return socket;
  }

  /** A connection to {@code server}. */
  public static KernelMptcpSocket connect(InetSocketAddress server) throws IOException {
    KernelMptcpSocket socket = open(family(server), LibC.IPPROTO_MPTCP);
    socket.connectTo(server);
    return socket;
  }

  /**
   * A connection to {@code server} with TCP_FASTOPEN_CONNECT: where the kernel has a cookie, the
   * SYN waits for the first bytes that are written.
   *
   * @param multipath whether of the kernel's MPTCP; else of its TCP
   */
  public static KernelMptcpSocket connectFast(InetSocketAddress server, boolean multipath)
      throws IOException {
    KernelMptcpSocket socket =
        open(family(server), multipath ? LibC.IPPROTO_MPTCP : LibC.IPPROTO_TCP);
    boolean set = LibC.setOption(socket.fd, LibC.IPPROTO_TCP, LibC.TCP_FASTOPEN_CONNECT, 1);
    socket.check(set ? 0 : -1, "set TCP_FASTOPEN_CONNECT");
    socket.connectTo(server);
    return socket;
  }

  private static int family(InetSocketAddress server) {
    return server.getAddress() instanceof Inet6Address ? LibC.AF_INET6 : LibC.AF_INET;
  }

  private void connectTo(InetSocketAddress server) throws IOException {
    InetAddress ip = server.getAddress();
    boolean six = ip instanceof Inet6Address;
    ByteBuffer address =
        six ? address6(ip.getAddress(), server.getPort()) : address4(ip, server.getPort());
    check(c.connect(fd, LibC.address(address), address.capacity()), "connect to " + server);
  }

  private static KernelMptcpSocket open(int family, int protocol) throws IOException {
    int fd = LibC.get().socket(family, LibC.SOCK_STREAM | LibC.SOCK_CLOEXEC, protocol);
    if (fd < 0) {
      throw new IOException("the kernel gives no such socket: " + LibC.lastError());
    }
    return new KernelMptcpSocket(fd);
  }

  // struct sockaddr_in
  private static ByteBuffer address4(InetAddress ip, int port) {
    ByteBuffer address = ByteBuffer.allocateDirect(16).order(ByteOrder.nativeOrder());
    address.putShort(0, (short) LibC.AF_INET);
    address.order(ByteOrder.BIG_ENDIAN).putShort(2, (short) port);
    return address.put(4, ip.getAddress());
  }

  // struct sockaddr_in6
  private static ByteBuffer address6(byte[] ip, int port) {
    ByteBuffer address = ByteBuffer.allocateDirect(28).order(ByteOrder.nativeOrder());
    address.putShort(0, (short) LibC.AF_INET6);
    address.order(ByteOrder.BIG_ENDIAN).putShort(2, (short) port);
    return address.put(8, ip);
  }

  private void check(int result, String what) throws IOException {
    if (result < 0) {
      String error = LibC.lastError();
      close();
      throw new IOException("cannot " + what + ": " + error);
    }
  }

  /**
   * From now on reading, writing and accepting wait no longer than this, and then throw a {@link
   * SocketTimeoutException}.
   */
  public void setTimeout(Duration longest) {
    // struct timeval
    ByteBuffer value = ByteBuffer.allocateDirect(16).order(ByteOrder.nativeOrder());
    value.putLong(0, longest.toSeconds());
    value.putLong(8, longest.toNanosPart() / 1_000);
    c.setsockopt(fd, LibC.SOL_SOCKET, LibC.SO_RCVTIMEO, LibC.address(value), value.capacity());
    c.setsockopt(fd, LibC.SOL_SOCKET, LibC.SO_SNDTIMEO, LibC.address(value), value.capacity());
  }

  /** Closing will not wait for what was written, and tells the peer so. */
  public void resetOnClose() {
    // struct linger
    ByteBuffer value = ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder());
    value.putInt(0, 1);
    c.setsockopt(fd, LibC.SOL_SOCKET, LibC.SO_LINGER, LibC.address(value), value.capacity());
  }

  /**
   * Whether this connection, which began as one of MPTCP, is plain TCP; the kernel then answers
   * questions on its MPTCP no more.
   */
  public boolean isFallback() {
    // struct mptcp_info; bit 0 of the flags, which stand behind six counts of a byte: fallback.
    ByteBuffer info = ByteBuffer.allocateDirect(128).order(ByteOrder.nativeOrder());
    ByteBuffer length = ByteBuffer.allocateDirect(4).order(ByteOrder.nativeOrder());
    length.putInt(0, info.capacity());
    int result =
        c.getsockopt(fd, LibC.SOL_MPTCP, LibC.MPTCP_INFO, LibC.address(info), LibC.address(length));
    return result != 0 || (info.getInt(8) & 1) != 0;
  }

  /** Waits for the next client. */
  public KernelMptcpSocket accept() throws IOException {
    int client = c.accept4(fd, 0, 0, LibC.SOCK_CLOEXEC);
    if (client < 0) {
      throw failure("accept");
    }
    return new KernelMptcpSocket(client);
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    long memory = LibC.address(target.slice());
    long count = c.recv(fd, memory, target.remaining(), 0);
    if (count < 0) {
      throw failure("read");
    }
    target.position(target.position() + (int) count);
    return count == 0 ? -1 : (int) count;
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    long memory = LibC.address(source.slice());
    long count = c.send(fd, memory, source.remaining(), LibC.MSG_NOSIGNAL);
    if (count < 0) {
      throw failure("write");
    }
    source.position(source.position() + (int) count);
    return (int) count;
  }

  private static IOException failure(String what) {
    int number = LibC.lastErrorNumber();
    String text = "cannot " + what + ": " + LibC.get().strerror(number);
    return number == LibC.EAGAIN ? new SocketTimeoutException(text) : new IOException(text);
  }

  /** Sends the end of the stream; reading goes on. */
  public void shutdownOutput() throws IOException {
    if (c.shutdown(fd, LibC.SHUT_WR) < 0) {
      throw new IOException("cannot shut down output: " + LibC.lastError());
    }
  }

  @Override
  public boolean isOpen() {
    return !closed.get();
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      c.close(fd);
    }
  }
}
