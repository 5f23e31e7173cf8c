package org.mptcp4j.tcp;

/** Round-trip time and retransmission timeout (RFC 6298), in nanoseconds. */
final class RttEstimator {
  /** RFC 6298 §2.1: before the first sample. */
  static final long INITIAL_RTO_NANOS = 1_000_000_000L;

  /** RFC 6298 §2.5 allows a maximum of at least 60 s. */
  static final long MAX_RTO_NANOS = 60_000_000_000L;

  private static final long LEAST_NANOS = 1_000L;

  private static final long MIN_RTT_WINDOW_NANOS = 300_000_000_000L;

  private final long minRtoNanos;
  private long smoothedNanos;
  private long varianceNanos;
  private long latestNanos;
  private long minNanos = Long.MAX_VALUE;
  private long minTakenAt;
  private long rtoNanos = INITIAL_RTO_NANOS;
  private int backoff;
  private long samples;
  private long learnedNanos;
  private long learnedVarianceNanos;

  RttEstimator(long minRtoNanos) {
    this.minRtoNanos = minRtoNanos;
  }

  /**
   * Earlier connections over the path had these figures (RFC 9040). Until the first sample they
   * change nothing; then they count where the sample agrees with them.
   */
  void learned(long smoothed, long variance) {
    learnedNanos = smoothed;
    learnedVarianceNanos = variance;
  }

  private boolean agreesWithLearned(long rtt) {
    long margin = Math.max(4 * learnedVarianceNanos, learnedNanos / 4);
    return learnedNanos > 0 && Math.abs(rtt - learnedNanos) <= margin;
  }

  /** How many samples there were. */
  long samples() {
    return samples;
  }

  /** Takes a sample of a segment that was not retransmitted, or of an echoed timestamp. */
  void sample(long now, long rttNanos) {
    // Arrival times come from the kernel's clock: a hair off, they may lie before the sending.
    long rtt = Math.max(LEAST_NANOS, rttNanos);
    latestNanos = rtt;
    if (rtt <= minNanos || now - minTakenAt > MIN_RTT_WINDOW_NANOS) {
      minNanos = rtt;
      minTakenAt = now;
    }
    samples++;
    if (smoothedNanos == 0 && agreesWithLearned(rtt)) {
      smoothedNanos = learnedNanos;
      varianceNanos = learnedVarianceNanos;
    }
    if (smoothedNanos == 0) {
      smoothedNanos = rtt;
      varianceNanos = rtt / 2;
    } else {
      varianceNanos += (Math.abs(smoothedNanos - rtt) - varianceNanos) / 4;
      smoothedNanos += (rtt - smoothedNanos) / 8;
      smoothedNanos = Math.max(1, smoothedNanos);
    }
    // The floor is on the variance's part, so that a long steady path keeps a margin for delayed
    // ACKs.
    rtoNanos = Math.min(MAX_RTO_NANOS, smoothedNanos + Math.max(minRtoNanos, 4 * varianceNanos));
    backoff = 0;
  }

  /** RFC 6298 §5.5. */
  void backOff() {
    if (backoff < 16) {
      backoff++;
    }
  }

  /** New data was acknowledged, whether or not it gave a sample. */
  void resetBackoff() {
    backoff = 0;
  }

  long rtoNanos() {
    return Math.min(MAX_RTO_NANOS, rtoNanos << backoff);
  }

  /** 0 before the first sample. */
  long smoothedNanos() {
    return smoothedNanos;
  }

  long varianceNanos() {
    return varianceNanos;
  }

  /** The last sample, 0 before the first. */
  long latestNanos() {
    return latestNanos;
  }

  /** The least sample of the last minutes; {@link Long#MAX_VALUE} before the first. */
  long minNanos() {
    return minNanos;
  }
}
