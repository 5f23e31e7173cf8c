package org.mptcp4j.tcp;

import org.mptcp4j.spi.CongestionControl;

/** CUBIC (RFC 9438), with HyStart++ (RFC 9406) in the first slow start. */
public final class Cubic implements CongestionControl {
  private static final double C = 0.4;
  private static final double BETA = 0.7;

  /** RFC 9438 §4.3. */
  private static final double ALPHA = 3.0 * (1.0 - BETA) / (1.0 + BETA);

  private final HyStart hyStart = new HyStart();
  private int mss = 1;
  private long initialWindow;
  private long threshold = Long.MAX_VALUE;

  /** Congestion window, in bytes, with the fractions that slow growth needs. */
  private double window;

  /** RFC 9438 §4.1.2, windows in segments, K in seconds. */
  private double windowMax;

  private double k;
  private double renoWindow;
  private double windowPrior;
  private boolean epochStarted;
  private long epochStart;
  private long lastAckAt;
  private boolean firstSlowStart = true;
  private WindowValidation validation = new WindowValidation(mss);

  private double undoWindow;
  private double undoWindowMax;
  private long undoThreshold = Long.MAX_VALUE;

  @Override
  public String name() {
    return "cubic";
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

  @Override
  public void onAck(long now, long bytesAcked, long rttNanos, long bytesInFlight) {
    validation.onAck(now, bytesAcked, rttNanos, bytesInFlight, (long) window);
    decay(now);
    if (!NewReno.isWindowUsed((long) window, threshold, bytesInFlight, mss)
        || !validation.mayGrow((long) window, bytesInFlight)) {
      // RFC 9438 §5.8: time without use of the window does not count.
      if (epochStarted) {
        epochStart += Math.max(0, now - lastAckAt);
      }
      lastAckAt = now;
      return;
    }
    lastAckAt = now;
    long bytes = bytesAcked;
    if (window < threshold) {
      bytes = slowStart(now, bytes, rttNanos, bytesInFlight);
    }
    if (bytes > 0) {
      avoidCongestion(now, bytes, rttNanos);
    }
  }

  /** Returns what of {@code bytes} is left for congestion avoidance. */
  private long slowStart(long now, long bytes, long rttNanos, long bytesInFlight) {
    long growth = bytes;
    if (firstSlowStart) {
      growth = hyStart.onAck(now, bytes, rttNanos, bytesInFlight);
      if (growth < 0) {
        firstSlowStart = false;
        threshold = (long) window;
        return bytes;
      }
    }
    double grown = Math.min(window + growth, Math.max((double) threshold, window));
    long used = (long) (grown - window);
    window = grown;
    return window < threshold ? 0 : Math.max(0, growth - used);
  }

  private void avoidCongestion(long now, long bytes, long rttNanos) {
    double segments = window / mss;
    if (!epochStarted) {
      epochStarted = true;
      epochStart = now;
      renoWindow = segments;
      if (segments < windowMax) {
        // RFC 9438 §4.2, equation 2; strict, so that a simulation is the same on every machine.
        k = StrictMath.cbrt((windowMax - segments) / C);
      } else {
        windowMax = segments;
        k = 0;
      }
    }
    double seconds = Math.max(0, now - epochStart) / 1e9;
    double rtt = rttNanos / 1e9;
    double target = cubicAt(seconds + rtt);
    target = Math.max(segments, Math.min(target, 1.5 * segments));
    double acked = (double) bytes / mss;
    // RFC 9438 §4.3: no slower than Reno would be.
    double alpha = renoWindow >= windowPrior ? 1.0 : ALPHA;
    renoWindow += alpha * acked / segments;
    double next;
    if (cubicAt(seconds) < renoWindow) {
      next = Math.max(segments, renoWindow);
    } else {
      next = segments + (target - segments) / segments * acked;
    }
    // Stretch ACKs do not let the window jump.
    window = Math.min(next, segments + acked / 2 + 1) * mss;
  }

  private double cubicAt(double seconds) {
    double d = seconds - k;
    return C * d * d * d + windowMax;
  }

  /** Remembers the state, and {@code before} as the window that was too large. */
  private void reduce(double before) {
    undoWindow = window;
    undoWindowMax = windowMax;
    undoThreshold = threshold;
    firstSlowStart = false;
    double segments = before / mss;
    windowPrior = segments;
    // RFC 9438 §4.7: fast convergence.
    windowMax = segments < windowMax ? segments * (1 + BETA) / 2 : segments;
    epochStarted = false;
  }

  private long reducedThreshold(long bytesInFlight) {
    // RFC 9438 §4.6: by what was in flight where the window was not used.
    double base = Math.min(window, Math.max((double) bytesInFlight, window / 2));
    return Math.max((long) (base * BETA), 2L * mss);
  }

  @Override
  public void onLoss(long now, long bytesInFlight) {
    long base = validation.onLoss(bytesInFlight);
    if (base > 0) {
      reduce(Math.min(window, (double) base));
      threshold = Math.max(base / 2, 2L * mss);
    } else {
      reduce(window);
      threshold = reducedThreshold(bytesInFlight);
    }
    window = threshold;
  }

  @Override
  public void onRecovered(long now, long bytesSentAgain) {
    long validated = validation.onRecovered(bytesSentAgain);
    if (validated > 0) {
      window = validated;
      threshold = Math.max(validated, 2L * mss);
      epochStarted = false;
    }
  }

  @Override
  public void onRetransmissionTimeout(long now, long bytesInFlight) {
    validation.forget();
    reduce(window);
    threshold = reducedThreshold(bytesInFlight);
    // RFC 9438 §4.8.
    window = mss;
  }

  @Override
  public void onSpuriousLoss(long now) {
    validation.forget();
    // RFC 9438 §4.9.
    if (undoWindow > window) {
      window = undoWindow;
      windowMax = undoWindowMax;
      threshold = undoThreshold;
      epochStarted = false;
    }
  }

  @Override
  public void onPenalty(long now) {
    boolean inSlowStart = window < threshold;
    window = NewReno.penalized((long) window, mss);
    epochStarted = false;
    if (!inSlowStart) {
      threshold = (long) window;
    }
  }

  @Override
  public void onIdle(long now, long idleNanos) {
    boolean worthless = validation.onIdle(now, idleNanos, (long) window);
    if (worthless) {
      // RFC 5681 §4.1.
      window = Math.min(window, (double) initialWindow);
    }
    decay(now);
    // RFC 9438 §5.8: time without use of the window does not count.
    epochStarted = false;
    if (firstSlowStart) {
      hyStart.restart(/* paced= */ !worthless);
    }
  }

  /** RFC 7661 §4.4.3. */
  private void decay(long now) {
    for (int i = validation.takePeriodsOver(now); i > 0; i--) {
      threshold = Math.max(threshold, (long) (window * 3 / 4));
      window = Math.min(window, Math.max(window / 2, (double) initialWindow));
      epochStarted = false;
    }
  }

  @Override
  public long pacingRateBytesPerSecond() {
    return validation.pacingRateBytesPerSecond((long) window);
  }

  @Override
  public long congestionWindow() {
    return (long) window;
  }

  @Override
  public long slowStartThreshold() {
    return threshold;
  }
}
