package org.mptcp4j.tcp;

import org.mptcp4j.spi.CongestionControl;

/** An algorithm that lets another do the work, for tests that listen in. */
class ForwardingControl implements CongestionControl {
  private final CongestionControl to;

  ForwardingControl(CongestionControl to) {
    this.to = to;
  }

  @Override
  public String name() {
    return to.name();
  }

  @Override
  public void init(long now, int mss, int initialWindow) {
    to.init(now, mss, initialWindow);
  }

  @Override
  public void onAck(long now, long bytesAcked, long rttNanos, long bytesInFlight) {
    to.onAck(now, bytesAcked, rttNanos, bytesInFlight);
  }

  @Override
  public void onLoss(long now, long bytesInFlight) {
    to.onLoss(now, bytesInFlight);
  }

  @Override
  public void onRetransmissionTimeout(long now, long bytesInFlight) {
    to.onRetransmissionTimeout(now, bytesInFlight);
  }

  @Override
  public long congestionWindow() {
    return to.congestionWindow();
  }

  @Override
  public long slowStartThreshold() {
    return to.slowStartThreshold();
  }
}
