package org.mptcp4j.tcp;

import org.mptcp4j.spi.RateSample;

/**
 * Samples of the rate at which the path delivers (draft-cheng-iccrg-delivery-rate-estimation). Each
 * segment carries away what was delivered when it was sent; its acknowledgment tells how much more
 * was delivered since, and in what time. That time is the longer of two, between the sendings and
 * between the acknowledgments, so that ACKs which come in a heap make no rate that never was.
 */
final class DeliveryRate implements RateSample {
  /** C.delivered and C.delivered_time. */
  private long delivered;

  private long deliveredAt;

  /** C.first_sent_time: when what was delivered last had been sent. */
  private long firstSentAt;

  /** C.app_limited: samples of what is sent before so much is delivered are limited; 0 for none. */
  private long limitedUntil;

  /** Of the acknowledgment in hand. */
  private boolean known;

  private long latestOrder;
  private long deliveredAtBegin;
  private long priorDelivered;
  private long priorDeliveredAt;
  private long sendNanos;
  private boolean limited;
  private long rate;
  private long rttNanos;
  private long lostSoFar;
  private long newlyLost;
  private long inFlight;

  /** {@code s} went out; {@code first} when nothing was outstanding before. */
  void onSent(long now, SentSegment s, boolean first) {
    if (first) {
      firstSentAt = now;
      deliveredAt = now;
    }
    s.deliveredBefore = delivered;
    s.deliveredBeforeAt = deliveredAt;
    s.firstSentAt = firstSentAt;
    s.applicationLimited = limitedUntil > 0;
  }

  /** Another acknowledgment is taken in. */
  void begin() {
    known = false;
    deliveredAtBegin = delivered;
  }

  /** Bytes of {@code s} arrived that were not known to have. */
  void onDelivered(long now, SentSegment s, int bytes) {
    delivered += bytes;
    deliveredAt = now;
    if (!known || s.sentOrder > latestOrder) {
      known = true;
      latestOrder = s.sentOrder;
      priorDelivered = s.deliveredBefore;
      priorDeliveredAt = s.deliveredBeforeAt;
      sendNanos = s.sentNanos - s.firstSentAt;
      limited = s.applicationLimited;
      firstSentAt = s.sentNanos;
    }
  }

  /** The acknowledgment is taken in. */
  void end(long ackRttNanos, long minRttNanos, long everLostBytes, long bytesInFlight) {
    rttNanos = ackRttNanos;
    newlyLost = everLostBytes - lostSoFar;
    lostSoFar = everLostBytes;
    inFlight = bytesInFlight;
    if (limitedUntil > 0 && delivered > limitedUntil) {
      limitedUntil = 0;
    }
    long interval = Math.max(sendNanos, deliveredAt - priorDeliveredAt);
    // Less than a round trip there cannot be between the sending and now.
    rate =
        !known || interval <= 0 || interval < minRttNanos
            ? 0
            : (long) ((delivered - priorDelivered) * 1e9 / interval);
  }

  /** There is room in the window, and nobody has anything to send. */
  void limitedByApplication(long bytesInFlight) {
    limitedUntil = Math.max(1, delivered + bytesInFlight);
  }

  @Override
  public long deliveredBytes() {
    return delivered;
  }

  @Override
  public long newlyDeliveredBytes() {
    return delivered - deliveredAtBegin;
  }

  @Override
  public long priorDeliveredBytes() {
    return priorDelivered;
  }

  @Override
  public long rateBytesPerSecond() {
    return rate;
  }

  @Override
  public boolean isApplicationLimited() {
    return limited;
  }

  @Override
  public long rttNanos() {
    return rttNanos;
  }

  @Override
  public long newlyLostBytes() {
    return newlyLost;
  }

  @Override
  public long bytesInFlight() {
    return inFlight;
  }
}
