package org.mptcp4j.mptcp;

import org.mptcp4j.tcp.SegmentSink;

/**
 * Asks after subflows of which nothing is heard while others carry data. A peer that has reset one
 * says so once, and that may get lost; who sends nothing on it would take it for alive for ever and
 * never open another one. A peer that knows the subflow answers with an ACK, one that does not with
 * RST.
 */
final class SilenceCheck {
  private static final long PATIENCE = 10_000_000_000L;

  private final SubflowSet subflows;
  private long nextAt;
  private boolean begun;

  SilenceCheck(SubflowSet subflows) {
    this.subflows = subflows;
  }

  /** A segment has come on one of the subflows. */
  void run(long now, SegmentSink sink) {
    if (subflows.size() < 2 || (begun && nextAt - now > 0)) {
      return;
    }
    if (begun) {
      for (int i = 0; i < subflows.size(); i++) {
        Subflow subflow = subflows.get(i);
        if (subflow.isOpener() && subflow.isUsable() && now - subflow.heardAt() >= PATIENCE) {
          subflow.endpoint().sendWindowProbe(now, sink);
        }
      }
    }
    begun = true;
    nextAt = now + PATIENCE;
  }
}
