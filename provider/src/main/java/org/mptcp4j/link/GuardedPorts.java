package org.mptcp4j.link;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.mptcp4j.wire.IpAddress;

/**
 * Which (address, port) pairs this process guards. What is not here is another's: its packets are
 * never shown to the engine, which therefore cannot answer them. Written under its monitor, read by
 * any thread.
 */
final class GuardedPorts {
  /** Stands for all addresses of both families. */
  private static final long[] ANY = {};

  /** Stands for all IPv4 addresses. */
  private static final long[] ANY_IPV4 = {};

  /** Ports enter the filter in whole aligned blocks of this many, so that it seldom changes. */
  static final int BLOCK = 16;

  /** Per port: null, one of the above, or the addresses as pairs of longs. */
  private final AtomicReferenceArray<long[]> addresses = new AtomicReferenceArray<>(65_536);

  private final BitSet blocks = new BitSet(65_536 / BLOCK);
  private final int[] guardsInBlock = new int[65_536 / BLOCK];

  boolean isGuarded(long high, long low, int port) {
    long[] pairs = addresses.get(port);
    if (pairs == null || pairs == ANY) {
      return pairs != null;
    }
    if (pairs == ANY_IPV4) {
      return IpAddress.isIpv4(high, low);
    }
    for (int i = 0; i < pairs.length; i += 2) {
      if (pairs[i] == high && pairs[i + 1] == low) {
        return true;
      }
    }
    return false;
  }

  /** Enters a guard; true when the filter must change. */
  synchronized boolean add(IpAddress address, int port) {
    if (address.isAny()) {
      addresses.set(port, address.isIpv4() ? ANY_IPV4 : ANY);
    } else {
      long[] before = addresses.get(port);
      int length = before == null ? 0 : before.length;
      long[] after = before == null ? new long[2] : Arrays.copyOf(before, length + 2);
      after[length] = address.high();
      after[length + 1] = address.low();
      addresses.set(port, after);
    }
    int block = port / BLOCK;
    boolean first = guardsInBlock[block]++ == 0;
    blocks.set(block);
    return first;
  }

  /** Takes a guard out; true when the filter must change. */
  synchronized boolean remove(IpAddress address, int port) {
    long[] before = addresses.get(port);
    if (before == null) {
      return false;
    }
    if (address.isAny() || before.length == 2) {
      addresses.set(port, null);
    } else {
      addresses.set(port, without(before, address));
    }
    int block = port / BLOCK;
    boolean last = --guardsInBlock[block] == 0;
    if (last) {
      blocks.clear(block);
    }
    return last;
  }

  private static long[] without(long[] pairs, IpAddress address) {
    for (int i = 0; i < pairs.length; i += 2) {
      if (pairs[i] == address.high() && pairs[i + 1] == address.low()) {
        long[] after = new long[pairs.length - 2];
        System.arraycopy(pairs, 0, after, 0, i);
        System.arraycopy(pairs, i + 2, after, i, pairs.length - i - 2);
        return after;
      }
    }
    return pairs;
  }

  /** What the filter must pass, ascending; neighbouring blocks joined. */
  synchronized List<PortFilter.PortRange> ranges() {
    List<PortFilter.PortRange> result = new ArrayList<>();
    int first = blocks.nextSetBit(0);
    while (first >= 0) {
      int end = blocks.nextClearBit(first);
      result.add(new PortFilter.PortRange(first * BLOCK, end * BLOCK - 1));
      first = blocks.nextSetBit(end);
    }
    return result;
  }
}
