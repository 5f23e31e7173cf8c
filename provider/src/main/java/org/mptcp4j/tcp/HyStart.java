package org.mptcp4j.tcp;

/**
 * HyStart++ (RFC 9406): leaves slow start when round trips grow, before the queue overflows. Rounds
 * are counted in acknowledged bytes: one round is what was in flight when it began. Conservative
 * slow start also begins when ACKs come in one unbroken train for half a round trip (the second
 * test of the original HyStart, Ha and Rhee 2011): then half the path is full.
 */
final class HyStart {
  private static final long MIN_RTT_THRESHOLD_NANOS = 4_000_000L;
  private static final long MAX_RTT_THRESHOLD_NANOS = 16_000_000L;
  private static final int MIN_RTT_DIVISOR = 8;
  private static final int RTT_SAMPLES = 8;
  private static final int CSS_GROWTH_DIVISOR = 4;
  private static final int CSS_ROUNDS = 5;
  private static final long TRAIN_SPACING_NANOS = 2_000_000L;

  /**
   * On a shorter path a train says how fast the receiving program is, not the path: a JVM that has
   * just started fills half a round trip with ACKs for a handful of segments.
   */
  private static final long LEAST_RTT_FOR_TRAIN_NANOS = 8_000_000L;

  private long lastRoundMinRtt = Long.MAX_VALUE;
  private long currentRoundMinRtt = Long.MAX_VALUE;
  private long cssBaselineMinRtt = Long.MAX_VALUE;
  private int samples;
  private long roundBytesLeft;
  private boolean conservative;
  private int conservativeRounds;
  private long minRtt = Long.MAX_VALUE;
  private long trainStart;
  private long trainEnd;
  private boolean trainKnown;
  private boolean trainTells = true;

  /**
   * An ACK in slow start.
   *
   * @return by how much the window grows for {@code bytesAcked}; -1 when slow start is over
   */
  long onAck(long now, long bytesAcked, long rttNanos, long bytesInFlight) {
    roundBytesLeft -= bytesAcked;
    if (rttNanos > 0) {
      minRtt = Math.min(minRtt, rttNanos);
      currentRoundMinRtt = Math.min(currentRoundMinRtt, rttNanos);
      samples++;
    }
    judge();
    followTrain(now);
    if (roundBytesLeft <= 0) {
      if (conservative && ++conservativeRounds >= CSS_ROUNDS) {
        return -1;
      }
      lastRoundMinRtt = currentRoundMinRtt;
      currentRoundMinRtt = Long.MAX_VALUE;
      samples = 0;
      roundBytesLeft = Math.max(bytesInFlight, bytesAcked);
      trainKnown = true;
      trainStart = now;
      trainEnd = now;
    }
    return conservative ? Math.max(1, bytesAcked / CSS_GROWTH_DIVISOR) : bytesAcked;
  }

  private void followTrain(long now) {
    if (!trainKnown || !trainTells || conservative) {
      return;
    }
    if (now - trainEnd > Math.max(TRAIN_SPACING_NANOS, minRtt / 16)) {
      trainKnown = false;
      return;
    }
    trainEnd = now;
    if (minRtt != Long.MAX_VALUE
        && minRtt >= LEAST_RTT_FOR_TRAIN_NANOS
        && now - trainStart > minRtt / 2) {
      // No baseline: round trips that shrink do not disprove a full train.
      conservative = true;
      conservativeRounds = 0;
      cssBaselineMinRtt = 0;
    }
  }

  private void judge() {
    if (samples < RTT_SAMPLES || currentRoundMinRtt == Long.MAX_VALUE) {
      return;
    }
    if (conservative) {
      if (currentRoundMinRtt < cssBaselineMinRtt) {
        // The round trips shrank again: it was no queue.
        conservative = false;
        cssBaselineMinRtt = Long.MAX_VALUE;
      }
    } else if (lastRoundMinRtt != Long.MAX_VALUE) {
      long threshold =
          Math.max(
              MIN_RTT_THRESHOLD_NANOS,
              Math.min(lastRoundMinRtt / MIN_RTT_DIVISOR, MAX_RTT_THRESHOLD_NANOS));
      if (currentRoundMinRtt >= lastRoundMinRtt + threshold) {
        conservative = true;
        conservativeRounds = 0;
        cssBaselineMinRtt = currentRoundMinRtt;
      }
    }
  }

  /**
   * Slow start begins again.
   *
   * @param paced whether a whole window is spread over the first round trip: then how long ACKs
   *     follow one another says nothing of the path, in this round and in those that its ACKs clock
   */
  void restart(boolean paced) {
    trainTells = !paced;
    lastRoundMinRtt = Long.MAX_VALUE;
    currentRoundMinRtt = Long.MAX_VALUE;
    cssBaselineMinRtt = Long.MAX_VALUE;
    samples = 0;
    roundBytesLeft = 0;
    conservative = false;
    conservativeRounds = 0;
    trainKnown = false;
  }
}
