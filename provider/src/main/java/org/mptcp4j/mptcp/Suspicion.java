package org.mptcp4j.mptcp;

import org.mptcp4j.tcp.SegmentSink;
import org.mptcp4j.tcp.TcpEndpoint;

/**
 * Whether a subflow is avoided, since what was sent on it stays unacknowledged: other subflows take
 * over its data, and it is probed, until acknowledgments come again.
 */
final class Suspicion {
  private final MptcpConnection connection;
  private final Subflow subflow;
  private boolean raised;
  private boolean probeAwaitsAnswer;
  private int lastUnacknowledged;

  Suspicion(MptcpConnection connection, Subflow subflow) {
    this.connection = connection;
    this.subflow = subflow;
  }

  boolean isRaised() {
    return raised;
  }

  void onEstablished() {
    lastUnacknowledged = subflow.endpoint().initialSendSequenceNumber() + 1;
  }

  void raise(long now) {
    subflow.reinjectOutstanding(false);
    if (!raised) {
      raised = true;
      subflow.timers().startProbing(now, subflow.endpoint().smoothedRttNanos());
    }
  }

  void probeIfDue(long now, SegmentSink sink) {
    TcpEndpoint endpoint = subflow.endpoint();
    if (subflow.timers().isProbeDue(now)) {
      subflow.timers().startProbing(now, endpoint.smoothedRttNanos());
      probeAwaitsAnswer = endpoint.sendWindowProbe(now, sink);
    }
  }

  /** After a segment was taken in: an acknowledgment that moves on clears all suspicion. */
  void noteProgress(long now) {
    TcpEndpoint endpoint = subflow.endpoint();
    if (probeAwaitsAnswer) {
      probeAwaitsAnswer = false;
      endpoint.pathRecovered(now);
    }
    int una = endpoint.sendUnacknowledged();
    if (una != lastUnacknowledged || subflow.outstanding().isEmpty()) {
      lastUnacknowledged = una;
      if (raised) {
        raised = false;
        subflow.timers().stopProbing();
        connection.sender().reinjection().recovered(subflow);
        subflow.outstanding().clearReinjected();
      }
    }
  }
}
