package org.mptcp4j.tcp;

import org.mptcp4j.spi.CongestionControl;

/** Slow start and congestion avoidance of RFC 5681, with byte counting (RFC 3465). */
public final class NewReno implements CongestionControl {
  private int mss = 1;
  private long initialWindow;
  private long window;
  private long threshold = Long.MAX_VALUE;
  private long ackedSinceGrowth;
  private long windowBeforeLoss;
  private long thresholdBeforeLoss;
  private WindowValidation validation = new WindowValidation(mss);

  @Override
  public String name() {
    return "reno";
  }

  @Override
  public void init(long now, int segmentSize, int firstWindow) {
    mss = segmentSize;
    validation = new WindowValidation(segmentSize);
    initialWindow = firstWindow;
    window = firstWindow;
  }

  @Override
  public void onLearnedThreshold(long bytes) {
    threshold = Math.max(bytes, initialWindow);
  }

  /**
   * A window that is not used does not grow. What is left of it and would not take a segment counts
   * as used.
   */
  static boolean isWindowUsed(long window, long threshold, long bytesInFlight, int mss) {
    return bytesInFlight + mss > window
        || (window < threshold ? 2 * bytesInFlight >= window : 4 * bytesInFlight >= 3 * window);
  }

  @Override
  public void onAck(long now, long bytesAcked, long rttNanos, long bytesInFlight) {
    validation.onAck(now, bytesAcked, rttNanos, bytesInFlight, window);
    decay(now);
    if (!isWindowUsed(window, threshold, bytesInFlight, mss)
        || !validation.mayGrow(window, bytesInFlight)) {
      return;
    }
    long bytes = bytesAcked;
    if (window < threshold) {
      long grown = Math.min(window + bytes, Math.max(threshold, window));
      bytes -= grown - window;
      window = grown;
    }
    ackedSinceGrowth += bytes;
    if (ackedSinceGrowth >= window) {
      ackedSinceGrowth -= window;
      window += mss;
    }
  }

  private void remember() {
    windowBeforeLoss = window;
    thresholdBeforeLoss = threshold;
    ackedSinceGrowth = 0;
  }

  @Override
  public void onLoss(long now, long bytesInFlight) {
    remember();
    // RFC 5681 §3.1, equation 4.
    long base = validation.onLoss(bytesInFlight);
    threshold = Math.max((base > 0 ? base : Math.min(window, bytesInFlight)) / 2, 2L * mss);
    window = threshold;
  }

  @Override
  public void onRecovered(long now, long bytesSentAgain) {
    long validated = validation.onRecovered(bytesSentAgain);
    if (validated > 0) {
      window = validated;
      threshold = Math.max(validated, 2L * mss);
    }
  }

  @Override
  public void onRetransmissionTimeout(long now, long bytesInFlight) {
    remember();
    threshold = Math.max(Math.min(window, bytesInFlight) / 2, 2L * mss);
    window = mss;
    validation.forget();
  }

  @Override
  public void onSpuriousLoss(long now) {
    window = Math.max(window, windowBeforeLoss);
    threshold = thresholdBeforeLoss;
    validation.forget();
  }

  @Override
  public void onPenalty(long now) {
    boolean inSlowStart = window < threshold;
    window = penalized(window, mss);
    ackedSinceGrowth = 0;
    if (!inSlowStart) {
      threshold = window;
    }
  }

  /** Half, but no less than what makes the peer acknowledge at once. */
  static long penalized(long window, int mss) {
    return Math.min(window, Math.max(window / 2, 2L * mss));
  }

  @Override
  public void onIdle(long now, long idleNanos) {
    if (validation.onIdle(now, idleNanos, window)) {
      // RFC 5681 §4.1.
      window = Math.min(window, initialWindow);
    }
    decay(now);
  }

  /** RFC 7661 §4.4.3. */
  private void decay(long now) {
    for (int i = validation.takePeriodsOver(now); i > 0; i--) {
      threshold = Math.max(threshold, window * 3 / 4);
      window = Math.min(window, Math.max(window / 2, initialWindow));
    }
  }

  @Override
  public long pacingRateBytesPerSecond() {
    return validation.pacingRateBytesPerSecond(window);
  }

  @Override
  public long congestionWindow() {
    return window;
  }

  @Override
  public long slowStartThreshold() {
    return threshold;
  }
}
