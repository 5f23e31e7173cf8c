package org.mptcp4j.mptcp;

import java.util.List;
import org.mptcp4j.wire.AddressRange;
import org.mptcp4j.wire.IpAddress;

/**
 * Which addresses additional subflows may use, on either side. What hosts announce in the wild is
 * full of addresses that lead nowhere (Hesmans et al., TMA 2015): link-local ones, those of
 * examples. Immutable.
 */
public final class AddressFilter {
  private final List<AddressRange> excluded;

  /**
   * Keeps out {@code excluded}, and always what no packet can go to.
   *
   * @param excluded addresses, with /prefix or without, separated by commas
   * @throws IllegalArgumentException when it is anything else
   */
  public AddressFilter(String excluded) {
    this.excluded = AddressRange.parseList(excluded);
  }

  /** Whether a subflow may begin or end there. */
  public boolean admits(IpAddress address) {
    return !address.isAny()
        && !address.isLoopback()
        && !address.isMulticast()
        && excluded.stream().noneMatch(range -> range.contains(address));
  }
}
