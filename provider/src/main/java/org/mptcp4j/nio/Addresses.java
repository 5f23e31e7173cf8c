package org.mptcp4j.nio;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.Objects;

/** Addresses as the JDK's channels take and give them. */
final class Addresses {
  private static final InetAddress ANY_V4 = of(new byte[4]);
  private static final InetAddress ANY_V6 = of(new byte[16]);
  private static final InetAddress LOOPBACK_V4 = of(new byte[] {127, 0, 0, 1});
  private static final InetAddress LOOPBACK_V6 =
      of(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});

  private Addresses() {}

  /**
   * @param family null for a channel of no particular family
   * @throws UnsupportedAddressTypeException not an internet address, or IPv6 for an IPv4 channel
   * @throws UnresolvedAddressException a name without address
   */
  static InetSocketAddress check(SocketAddress address, ProtocolFamily family) {
    Objects.requireNonNull(address);
    if (!(address instanceof InetSocketAddress internet)) {
      throw new UnsupportedAddressTypeException();
    }
    if (internet.isUnresolved()) {
      throw new UnresolvedAddressException();
    }
    if (isIpv4Only(family) && !(internet.getAddress() instanceof Inet4Address)) {
      throw new UnsupportedAddressTypeException();
    }
    return internet;
  }

  /** Where to connect: the wildcard address means this host. */
  static InetSocketAddress remote(SocketAddress address, ProtocolFamily family) {
    InetSocketAddress checked = check(address, family);
    InetAddress host = checked.getAddress();
    if (!host.isAnyLocalAddress()) {
      return checked;
    }
    return new InetSocketAddress(
        host instanceof Inet4Address ? LOOPBACK_V4 : LOOPBACK_V6, checked.getPort());
  }

  /**
   * Where to bind: null means any address and port, and the wildcard address of a channel of no
   * particular family is that of both.
   */
  static InetSocketAddress local(SocketAddress address, ProtocolFamily family) {
    if (address == null) {
      return wildcard(0, family);
    }
    InetSocketAddress checked = check(address, family);
    return checked.getAddress().isAnyLocalAddress() ? wildcard(checked.getPort(), family) : checked;
  }

  static InetSocketAddress wildcard(int port, ProtocolFamily family) {
    boolean v4 = isIpv4Only(family) || !KernelDefaults.ipv6Available();
    return new InetSocketAddress(v4 ? ANY_V4 : ANY_V6, port);
  }

  static void checkFamily(ProtocolFamily family) {
    Objects.requireNonNull(family, "family");
    boolean known =
        family == StandardProtocolFamily.INET
            || (family == StandardProtocolFamily.INET6 && KernelDefaults.ipv6Available());
    if (!known) {
      throw new UnsupportedOperationException("Protocol family not supported: " + family);
    }
  }

  private static boolean isIpv4Only(ProtocolFamily family) {
    return family == StandardProtocolFamily.INET;
  }

  private static InetAddress of(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new AssertionError("4 or 16 bytes are always an address", e);
    }
  }
}
