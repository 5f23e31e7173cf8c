package org.mptcp4j.wire;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Addresses with a common prefix. Immutable.
 *
 * @param address the prefix; empty for every address of both families
 * @param prefixLength leading bits that count: 0 to 32 for IPv4, 0 to 128 for IPv6
 */
public record AddressRange(Optional<IpAddress> address, int prefixLength) {
  private static final Pattern COMMA = Pattern.compile(",");
  private static final int V4_BITS = 32;
  private static final int V6_BITS = 128;
  private static final int MAPPED_BITS = V6_BITS - V4_BITS;

  /**
   * From {@code *}, an address, or an address with {@code /prefix}.
   *
   * @throws IllegalArgumentException when it is none of these
   */
  public static AddressRange parse(String text) {
    if (text.equals("*")) {
      return new AddressRange(Optional.empty(), 0);
    }
    int slash = text.indexOf('/');
    IpAddress address = IpAddress.parse(slash < 0 ? text : text.substring(0, slash));
    int bits = address.isIpv4() ? V4_BITS : V6_BITS;
    String length = slash < 0 ? String.valueOf(bits) : text.substring(slash + 1);
    if (!length.matches("\\d{1,3}") || Integer.parseInt(length) > bits) {
      throw new IllegalArgumentException(
          "a prefix length here is a number from 0 to " + bits + ", not '" + length + "'");
    }
    return new AddressRange(Optional.of(address), Integer.parseInt(length));
  }

  /**
   * From ranges separated by commas.
   *
   * @throws IllegalArgumentException when one of them is none
   */
  public static List<AddressRange> parseList(String text) {
    return COMMA
        .splitAsStream(text)
        .map(String::strip)
        .filter(range -> !range.isEmpty())
        .map(AddressRange::parse)
        .toList();
  }

  /** Whether {@code other} begins with the prefix; IPv4 addresses are in no range of IPv6. */
  public boolean contains(IpAddress other) {
    if (address.isEmpty()) {
      return true;
    }
    IpAddress prefix = address.get();
    if (!prefix.sameFamily(other)) {
      return false;
    }
    // IPv4 addresses are held in their mapped form: their bits are the last 32.
    int bits = prefix.isIpv4() ? MAPPED_BITS + prefixLength : prefixLength;
    long differentHigh = (prefix.high() ^ other.high()) & leadingOnes(bits);
    long differentLow = (prefix.low() ^ other.low()) & leadingOnes(bits - Long.SIZE);
    return (differentHigh | differentLow) == 0;
  }

  private static long leadingOnes(int count) {
    return count <= 0 ? 0 : count >= Long.SIZE ? -1L : -1L << (Long.SIZE - count);
  }
}
