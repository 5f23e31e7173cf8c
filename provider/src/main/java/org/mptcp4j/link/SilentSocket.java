package org.mptcp4j.link;

import java.io.IOException;
import java.net.BindException;
import java.nio.ByteBuffer;
import org.mptcp4j.wire.IpAddress;

/**
 * A kernel socket that keeps a port and answers nobody: it listens, and its filter discards all
 * that comes, which the kernel therefore does not reset. Thread-safe.
 */
final class SilentSocket implements AutoCloseable {
  private final int fd;
  private final int port;
  private boolean closed;

  private SilentSocket(int fd, int port) {
    this.fd = fd;
    this.port = port;
  }

  /**
   * Takes the port; on the IPv6 wildcard for both families. Port 0 lets the kernel choose.
   *
   * @throws BindException when it is another's or privileged
   */
  static SilentSocket open(IpAddress local, int port) throws IOException {
    boolean ipv6 = local.isIpv6();
    int type = Native.SOCK_STREAM | Native.SOCK_CLOEXEC | Native.SOCK_NONBLOCK;
    int fd = Native.C.socket(ipv6 ? Native.AF_INET6 : Native.AF_INET, type, 0);
    if (fd < 0 && local.isAny() && Native.errno() == Native.EAFNOSUPPORT) {
      ipv6 = false;
      fd = Native.C.socket(Native.AF_INET, type, 0);
    }
    Native.check(fd, "cannot open a socket to guard port " + port);
    try {
      // As the JDK does for servers: connections of the past in TIME-WAIT do not stand in the way.
      Native.setOption(
          fd, Native.SOL_SOCKET, Native.SO_REUSEADDR, 1, "cannot allow reuse of port " + port);
      if (ipv6) {
        Native.setOption(
            fd,
            Native.IPPROTO_IPV6,
            Native.IPV6_V6ONLY,
            local.isAny() ? 0 : 1,
            "cannot choose the families of port " + port);
      }
      // Before the socket listens: not one packet may be answered in between.
      Native.attachFilter(fd, PortFilter.dropAll());
      bind(fd, ipv6, local, port);
      if (Native.C.listen(fd, 1) < 0) {
        throw bindFailure(local, port);
      }
      return new SilentSocket(fd, port == 0 ? boundPort(fd) : port);
    } catch (IOException | RuntimeException e) {
      Native.C.close(fd);
      throw e;
    }
  }

  private static void bind(int fd, boolean ipv6, IpAddress local, int port) throws IOException {
    ByteBuffer memory = Native.allocate(28);
    memory.putShort(0, (short) (ipv6 ? Native.AF_INET6 : Native.AF_INET));
    memory.put(2, (byte) (port >>> 8)).put(3, (byte) port);
    if (!local.isAny()) {
      memory.put(ipv6 ? 8 : 4, local.toBytes());
    }
    int rc = Native.C.bind(fd, Native.address(memory), ipv6 ? 28 : 16);
    Native.keep(memory);
    if (rc < 0) {
      throw bindFailure(local, port);
    }
  }

  private static IOException bindFailure(IpAddress local, int port) {
    int errno = Native.errno();
    return switch (errno) {
      case Native.EADDRINUSE, Native.EADDRNOTAVAIL, Native.EACCES ->
          new BindException(Native.describe(errno));
      default ->
          new IOException(
              "cannot reserve port " + port + " on " + local + ": " + Native.describe(errno));
    };
  }

  private static int boundPort(int fd) throws IOException {
    ByteBuffer memory = Native.allocate(48);
    memory.putInt(32, 28);
    long address = Native.address(memory);
    Native.check(Native.C.getsockname(fd, address, address + 32), "cannot read a socket's port");
    return (memory.get(2) & 0xff) << 8 | memory.get(3) & 0xff;
  }

  int port() {
    return port;
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      Native.C.close(fd);
    }
  }
}
