package org.mptcp4j.mptcp;

import org.mptcp4j.wire.MptcpOption;

/**
 * Whether a subflow is busy with data that is of no use any more: it goes on sending again what was
 * acknowledged at data level through others. Its sequence numbers have no gaps, so it cannot leave
 * that out; while its path is up it is rather reset and opened anew (RFC 8041 §2.2, figure 1; RFC
 * 8684 §3.3.6 and §3.6). A path of which nothing is heard is left to {@link Suspicion}: a new
 * subflow would do no better there, before it speaks again.
 */
final class Staleness {
  /** Timeouts; one or two happen on a good path. */
  private static final int PATIENCE = 3;

  /** What one burst of a new subflow would have carried meanwhile. */
  private static final int MUCH = 10;

  private final MptcpConnection connection;
  private final Subflow subflow;

  /** Since it last carried anything that others had not delivered. */
  private int timeouts;

  /** Something came over the path since the first of them. */
  private boolean answered;

  private int lastUnacknowledged;

  Staleness(MptcpConnection connection, Subflow subflow) {
    this.connection = connection;
    this.subflow = subflow;
  }

  void onTimeout() {
    timeouts++;
    if (answered && isDue()) {
      // RFC 8684 §3.3.6.
      reset(MptcpOption.RESET_UNACCEPTABLE_PERFORMANCE);
    }
  }

  /** After a segment was taken in. */
  void noteSegment() {
    if (timeouts == 0) {
      return;
    }
    answered = true;
    int una = subflow.endpoint().sendUnacknowledged();
    // Where the path was silent and speaks again, TCP would deliver the rest. A new subflow is
    // ready sooner, if we are the one who can open it.
    int outstanding = subflow.endpoint().sendNext() - una;
    boolean much = outstanding > MUCH * subflow.segmentPayloadLimit();
    if (subflow.isOpener() && much && isDue()) {
      reset(MptcpOption.RESET_TOO_MUCH_OUTSTANDING_DATA);
    } else if (una != lastUnacknowledged && !isAllStale()) {
      timeouts = 0;
      answered = false;
    }
    lastUnacknowledged = una;
  }

  private boolean isAllStale() {
    OutstandingMappings outstanding = subflow.outstanding();
    return !outstanding.isEmpty() && outstanding.isAllBefore(connection.sender().unacknowledged());
  }

  private boolean isDue() {
    return timeouts >= PATIENCE
        && connection.session().isMultipath()
        && subflow.isUsable()
        && subflow.hasPath()
        && isAllStale()
        && connection.subflowSet().hasOtherHealthy(subflow)
        && connection.paths().expectsReopening(subflow);
  }

  private void reset(int reason) {
    connection.counters().staleResets.increment();
    connection.paths().awaitReopening(subflow);
    subflow.wantReset(reason, true);
  }
}
