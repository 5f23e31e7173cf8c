package org.mptcp4j.samples.demo;

import java.util.List;

/**
 * What came of a leg.
 *
 * @param warmUpNanos what the fetch before took, with both JVMs cold
 * @param pathBytes what host a's interfaces received, by path, Ethernet headers included
 * @param kernelSubflows subflows that the kernel MPTCP server counted; 0 when it was not asked
 * @param problems sentences; empty when all is right
 */
record LegResult(
    Leg leg,
    long bytes,
    long nanos,
    long warmUpNanos,
    long worstStallNanos,
    boolean hashEqual,
    List<Long> pathBytes,
    int kernelSubflows,
    List<String> problems) {
  double seconds() {
    return nanos / 1e9;
  }

  double goodputBitsPerSecond() {
    return bytes * 8 / seconds();
  }

  /** A path's part of all bytes, 0 to 1. */
  double share(int path) {
    long all = pathBytes.stream().mapToLong(Long::longValue).sum();
    return all == 0 ? 0 : (double) pathBytes.get(path - 1) / all;
  }
}
