package org.mptcp4j.mptcp;

/**
 * The penalty of a slow subflow that held up the shared window: half its congestion window, once in
 * a round trip (Raiciu et al., NSDI 2012).
 */
final class Penalty {
  private final Subflow subflow;
  private boolean imposedOnce;
  private long imposedAt;

  Penalty(Subflow subflow) {
    this.subflow = subflow;
  }

  /**
   * Imposes it unless the last one is too young, or a loss has made the window smaller just now.
   */
  boolean impose(long now) {
    if (imposedOnce && now - imposedAt < subflow.smoothedRttNanos()) {
      return false;
    }
    if (!subflow.endpoint().reduceWindow(now)) {
      return false;
    }
    imposedOnce = true;
    imposedAt = now;
    return true;
  }
}
