package org.mptcp4j.tcp;

/**
 * Congestion window validation (RFC 7661), for algorithms that keep a window: whether what arrives
 * in a round trip bears the window out. A window that is not used is kept for five minutes, does
 * not grow, is paced out when it is used again, and counts for little when that meets a loss.
 *
 * <p>This takes the place of RFC 5681 §4.1, which lets the window fall to the initial one after a
 * retransmission timeout of idleness, and of what Linux does (RFC 2861: half for each such
 * timeout). Only a window that no round trip has borne out, at the beginning and after a recovery,
 * falls at once.
 */
final class WindowValidation {
  /** RFC 7661 §4.4: NVP. */
  static final long PERIOD_NANOS = 300_000_000_000L;

  /** RFC 7661 §4.2, §4.5.1. */
  private static final long LEAST_SAMPLING_NANOS = 1_000_000_000L;

  private static final int SLICES = 5;

  /** Twice the window in a round trip, as slow start has it. */
  private static final double PACING_GAIN = 2;

  private final RecentMaximum samples = new RecentMaximum(SLICES);
  private final int mss;
  private long slice;
  private long sliceStart;
  private boolean sliceStarted;
  private long smoothedRtt;

  /** Whether pipeACK is defined. */
  private boolean known;

  /** An ACK came since pipeACK became undefined: what is in flight from now on tells something. */
  private boolean started;

  private boolean inRound;
  private long roundBytes;
  private long ackedInRound;

  private boolean nonValidated;
  private long since;
  private boolean restarting;

  /** Max(pipeACK, LossFlightSize) of a loss in the non-validated phase; 0 for none. */
  private long lossBytes;

  WindowValidation(int mss) {
    this.mss = mss;
  }

  boolean isNonValidated() {
    return nonValidated;
  }

  /** RFC 7661 §4.2; 0 where it is undefined, too. */
  long pipeAck() {
    return samples.maximum();
  }

  /**
   * An ACK outside of recovery. A sample is what a round trip acknowledges: all that was in flight
   * when it began (§4.5.1 leaves the way open).
   */
  void onAck(long now, long bytesAcked, long rttNanos, long bytesInFlight, long window) {
    if (rttNanos > 0) {
      smoothedRtt = smoothedRtt == 0 ? rttNanos : smoothedRtt + (rttNanos - smoothedRtt) / 8;
    }
    advance(now);
    if (!started) {
      started = true;
      return;
    }
    if (!inRound) {
      inRound = true;
      roundBytes = bytesInFlight;
      ackedInRound = 0;
    }
    ackedInRound += bytesAcked;
    if (ackedInRound >= roundBytes) {
      inRound = false;
      restarting = false;
      known = true;
      samples.add(slice, ackedInRound);
      judge(now, window);
    }
  }

  private void advance(long now) {
    long length = Math.max(3 * smoothedRtt, LEAST_SAMPLING_NANOS) / SLICES;
    if (!sliceStarted) {
      sliceStarted = true;
      sliceStart = now;
    }
    long passed = Math.max(0, now - sliceStart) / length;
    slice += passed;
    sliceStart += passed * length;
    samples.advance(slice);
  }

  /** RFC 7661 §4.3. What of the window would not take a segment does not count as unused. */
  private void judge(long now, long window) {
    boolean valid = !known || 2 * samples.maximum() + 2L * mss >= window;
    if (!valid && !nonValidated) {
      since = now;
    }
    nonValidated = !valid;
  }

  /**
   * Nothing was sent for a while.
   *
   * @return whether the window is worth nothing: no round trip has borne it out
   */
  boolean onIdle(long now, long idleNanos, long window) {
    inRound = false;
    if (!known) {
      return true;
    }
    advance(now);
    boolean before = nonValidated;
    judge(now, window);
    if (nonValidated && !before) {
      since = now - idleNanos;
    }
    restarting = true;
    return false;
  }

  /** RFC 7661 §4.4.3: how many periods of non-validation have passed, each told once. */
  int takePeriodsOver(long now) {
    int periods = 0;
    while (nonValidated && now - since >= PERIOD_NANOS && periods < Long.SIZE) {
      since += PERIOD_NANOS;
      periods++;
    }
    return periods;
  }

  /** RFC 7661 §4.4: whether an ACK that found so much in flight may let the window grow. */
  boolean mayGrow(long window, long bytesInFlight) {
    return !nonValidated || bytesInFlight + mss > window;
  }

  /**
   * A loss. RFC 7661 §4.4.1: twice the window that recovery begins with in the non-validated phase;
   * 0 in the validated one, where the algorithm's own rule holds.
   */
  long onLoss(long bytesInFlight) {
    lossBytes = nonValidated ? Math.max(samples.maximum(), bytesInFlight) : 0;
    nonValidated = false;
    return lossBytes;
  }

  /**
   * Recovery is over, and {@code bytesSentAgain} were lost. RFC 7661 §4.4.1: the window to go on
   * with; 0 where the algorithm's own rule holds.
   */
  long onRecovered(long bytesSentAgain) {
    long window = lossBytes == 0 ? 0 : Math.max(mss, (lossBytes - bytesSentAgain) / 2);
    forget();
    return window;
  }

  /** After recovery, or a timeout, pipeACK is undefined. */
  void forget() {
    samples.clear();
    known = false;
    started = false;
    inRound = false;
    nonValidated = false;
    restarting = false;
    lossBytes = 0;
  }

  /**
   * RFC 7661 §4.4.2: no burst of a window that is not borne out; bytes a second, 0 for no bound.
   */
  long pacingRateBytesPerSecond(long window) {
    if (!nonValidated && !restarting || smoothedRtt == 0) {
      return 0;
    }
    return (long) (PACING_GAIN * window * 1e9 / smoothedRtt);
  }
}
