package org.mptcp4j.samples.bottleneck;

import java.time.Duration;

/**
 * What two flows got of a bottleneck.
 *
 * @param time in which they got it
 * @param first bytes that the receiver of the first flow read
 * @param second bytes that the receiver of the second flow read
 */
public record Shares(Duration time, long first, long second) {
  /** Jain's index: 1 when both get the same, 1/2 when one gets all. */
  public double jain() {
    double sum = (double) first + second;
    double squares = (double) first * first + (double) second * second;
    return squares == 0 ? 0 : sum * sum / (2 * squares);
  }

  public double firstMegabitsPerSecond() {
    return first * 8e3 / time.toNanos();
  }

  public double secondMegabitsPerSecond() {
    return second * 8e3 / time.toNanos();
  }
}
