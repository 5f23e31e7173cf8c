package org.mptcp4j.wire;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/**
 * An IPv4 or IPv6 address as two longs. IPv4 is held in its IPv4-mapped form (RFC 4291 §2.5.5.2),
 * so that one pair of longs names any address; scope identifiers are not part of it. Immutable.
 *
 * @param high the first eight bytes
 * @param low the last eight bytes
 */
public record IpAddress(long high, long low) {
  private static final long V4_PREFIX = 0x0000_ffff_0000_0000L;

  /** 0.0.0.0. */
  public static final IpAddress ANY_V4 = ofIpv4(0);

  /** The unspecified IPv6 address. */
  public static final IpAddress ANY_V6 = new IpAddress(0, 0);

  /** The IPv4 address with these 32 bits. */
  public static IpAddress ofIpv4(int bits) {
    return new IpAddress(0, lowOfIpv4(bits));
  }

  /** The low long of an IPv4 address in mapped form. */
  public static long lowOfIpv4(int bits) {
    return V4_PREFIX | (bits & 0xffff_ffffL);
  }

  /** The same address as the JDK has it; an IPv6 scope is dropped. */
  public static IpAddress of(InetAddress address) {
    return of(address.getAddress());
  }

  /**
   * From 4 or 16 bytes in network order.
   *
   * @throws IllegalArgumentException when there are neither 4 nor 16
   */
  public static IpAddress of(byte[] bytes) {
    ByteBuffer b = ByteBuffer.wrap(bytes);
    return switch (bytes.length) {
      case 4 -> ofIpv4(b.getInt(0));
      case 16 -> new IpAddress(b.getLong(0), b.getLong(8));
      default ->
          throw new IllegalArgumentException(
              "an IP address has 4 or 16 bytes, not " + bytes.length);
    };
  }

  /**
   * From a literal such as {@code 10.0.0.1} or {@code fd00::1}.
   *
   * @throws IllegalArgumentException when it is not a literal; names are never looked up
   */
  public static IpAddress parse(String literal) {
    if (literal.indexOf(':') < 0) {
      return parseIpv4(literal);
    }
    boolean couldBeLiteral =
        literal.chars().allMatch(c -> Character.digit(c, 16) >= 0 || c == '.' || c == ':');
    if (!couldBeLiteral) {
      throw notAnAddress(literal);
    }
    try {
      // With a colon in it the JDK takes it for a literal and does not ask a name service.
      return of(InetAddress.getByName(literal));
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("not an IP address: '" + literal + "'", e);
    }
  }

  private static IpAddress parseIpv4(String literal) {
    int bits = 0;
    int octet = -1;
    int octets = 0;
    for (int i = 0; i <= literal.length(); i++) {
      char c = i < literal.length() ? literal.charAt(i) : '.';
      if (c >= '0' && c <= '9' && octet != 0) {
        octet = Math.max(octet, 0) * 10 + (c - '0');
      } else if (c == '.' && octet >= 0) {
        bits = bits << 8 | octet;
        octet = -1;
        octets++;
      } else {
        throw notAnAddress(literal);
      }
      if (octet > 255 || octets > 4) {
        throw notAnAddress(literal);
      }
    }
    if (octets != 4) {
      throw notAnAddress(literal);
    }
    return ofIpv4(bits);
  }

  private static IllegalArgumentException notAnAddress(String literal) {
    return new IllegalArgumentException("not an IP address: '" + literal + "'");
  }

  public boolean isIpv4() {
    return isIpv4(high, low);
  }

  /** Whether the pair of longs is an IPv4 address in mapped form. */
  public static boolean isIpv4(long high, long low) {
    return high == 0 && (low & 0xffff_ffff_0000_0000L) == V4_PREFIX;
  }

  public boolean isIpv6() {
    return !isIpv4();
  }

  /** The 32 bits of an IPv4 address. */
  public int ipv4Bits() {
    return (int) low;
  }

  /** 0.0.0.0 or ::. */
  public boolean isAny() {
    return high == 0 && (low == 0 || low == V4_PREFIX);
  }

  /** 127.0.0.0/8 or ::1. */
  public boolean isLoopback() {
    return isIpv4() ? (ipv4Bits() >>> 24) == 127 : high == 0 && low == 1;
  }

  /** 169.254.0.0/16 or fe80::/10. */
  public boolean isLinkLocal() {
    return isIpv4() ? (ipv4Bits() >>> 16) == 0xa9fe : (high >>> 54) == (0xfe80L << 48 >>> 54);
  }

  /** 224.0.0.0/4 or ff00::/8. */
  public boolean isMulticast() {
    return isIpv4() ? (ipv4Bits() >>> 28) == 14 : (high >>> 56) == 0xff;
  }

  /** Four or sixteen bytes in network order. */
  public byte[] toBytes() {
    return isIpv4()
        ? ByteBuffer.allocate(4).putInt(ipv4Bits()).array()
        : ByteBuffer.allocate(16).putLong(high).putLong(low).array();
  }

  public InetAddress toInetAddress() {
    try {
      return InetAddress.getByAddress(toBytes());
    } catch (UnknownHostException e) {
      throw new AssertionError("4 or 16 bytes are always an address", e);
    }
  }

  /** Whether {@code address} belongs to the same family. */
  public boolean sameFamily(IpAddress address) {
    return isIpv4() == address.isIpv4();
  }

  @Override
  public String toString() {
    return toInetAddress().getHostAddress();
  }
}
