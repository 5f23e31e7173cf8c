package org.mptcp4j.tcp;

/**
 * What endpoints between two addresses have learned of the path, for those that come after them
 * (RFC 9040). The congestion window is not among it.
 *
 * @param smoothedRttNanos smoothed round-trip time
 * @param rttVarianceNanos its variation (RFC 6298)
 * @param slowStartThreshold bytes; {@link Long#MAX_VALUE} when it is not known
 */
public record PathEstimate(long smoothedRttNanos, long rttVarianceNanos, long slowStartThreshold) {
  private static final long MOST_NANOS = 60_000_000_000L;

  /** Whether the figures make sense. */
  public boolean isPlausible() {
    return smoothedRttNanos > 0
        && smoothedRttNanos <= MOST_NANOS
        && rttVarianceNanos >= 0
        && rttVarianceNanos <= MOST_NANOS
        && slowStartThreshold > 0;
  }

  /** Both taken together: the means, and the threshold of the one that knows it. */
  public PathEstimate mergedWith(PathEstimate other) {
    return new PathEstimate(
        mean(smoothedRttNanos, other.smoothedRttNanos),
        mean(rttVarianceNanos, other.rttVarianceNanos),
        mergedThreshold(other.slowStartThreshold));
  }

  private long mergedThreshold(long other) {
    if (slowStartThreshold == Long.MAX_VALUE || other == Long.MAX_VALUE) {
      return Math.min(slowStartThreshold, other);
    }
    return mean(slowStartThreshold, other);
  }

  private static long mean(long a, long b) {
    return a / 2 + b / 2 + (a & b & 1);
  }
}
