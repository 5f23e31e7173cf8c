package org.mptcp4j.engine;

/** So many of something a second, and no more than that at once. Used by one thread at a time. */
final class RateLimit {
  private final int perSecond;
  private double allowance;
  private long lastNanos;

  RateLimit(int perSecond, long now) {
    this.perSecond = perSecond;
    allowance = perSecond;
    lastNanos = now;
  }

  /** Whether there may be one more. */
  boolean take(long now) {
    allowance = Math.min(perSecond, allowance + (now - lastNanos) * 1e-9 * perSecond);
    lastNanos = now;
    if (allowance < 1) {
      return false;
    }
    allowance--;
    return true;
  }
}
