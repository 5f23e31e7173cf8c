package org.mptcp4j.tcp;

import org.mptcp4j.spi.CongestionControl;

/** A congestion window, and a rate, that stay what a test makes them. */
final class FixedWindow implements CongestionControl {
  private final int segments;
  long rateBytesPerSecond;
  int spuriousLosses;
  private int mss;

  FixedWindow(int segments) {
    this.segments = segments;
  }

  @Override
  public String name() {
    return "fixed";
  }

  @Override
  public void init(long now, int segmentSize, int initialWindow) {
    mss = segmentSize;
  }

  @Override
  public void onAck(long now, long bytesAcked, long rttNanos, long bytesInFlight) {
    // It stays.
  }

  @Override
  public void onLoss(long now, long bytesInFlight) {
    // It stays.
  }

  @Override
  public void onRetransmissionTimeout(long now, long bytesInFlight) {
    // It stays.
  }

  @Override
  public void onSpuriousLoss(long now) {
    spuriousLosses++;
  }

  @Override
  public long congestionWindow() {
    return (long) segments * mss;
  }

  @Override
  public long slowStartThreshold() {
    return Long.MAX_VALUE;
  }

  @Override
  public long pacingRateBytesPerSecond() {
    return rateBytesPerSecond;
  }
}
