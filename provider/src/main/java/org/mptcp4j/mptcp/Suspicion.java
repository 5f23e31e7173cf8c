package org.mptcp4j.mptcp;

import org.mptcp4j.tcp.SegmentSink;
import org.mptcp4j.tcp.TcpEndpoint;

/**
 * Whether a subflow is avoided, since what was sent on it stays unacknowledged: other subflows take
 * over its data, and it is probed, until acknowledgments come again.
 */
final class Suspicion {
  /** Probes are answered at most so often, by Linux as by ourselves (RFC 5961 §7). */
  private static final long ANSWER_INTERVAL_NANOS = 500_000_000L;

  private final MptcpConnection connection;
  private final Subflow subflow;
  private boolean raised;
  private long raisedAt;
  private boolean probeAwaitsAnswer;
  private long answeredAt;

  /** What is outstanding went out again after an answer, and nothing was silent since. */
  private boolean triedAgain;

  private int lastUnacknowledged;

  Suspicion(MptcpConnection connection, Subflow subflow) {
    this.connection = connection;
    this.subflow = subflow;
  }

  boolean isRaised() {
    return raised;
  }

  /** Since when nothing has come, while it {@link #isRaised}. */
  long silentSince() {
    return Math.max(raisedAt, subflow.heardAt());
  }

  void onEstablished() {
    lastUnacknowledged = subflow.endpoint().sendUnacknowledged();
  }

  void raise(long now) {
    subflow.reinjectOutstanding(false);
    if (!raised) {
      raised = true;
      raisedAt = now;
      connection.paths().onSilence(now);
      mayProbe(now);
    }
  }

  /** Probes where there is a need, and a way. */
  void mayProbe(long now) {
    if (raised && subflow.hasPath()) {
      subflow.timers().startProbing(now, subflow.endpoint().smoothedRttNanos());
    }
  }

  void probeIfDue(long now, SegmentSink sink) {
    TcpEndpoint endpoint = subflow.endpoint();
    if (subflow.timers().isProbeDue(now)) {
      long rttNanos = endpoint.smoothedRttNanos();
      subflow.timers().startProbing(now, rttNanos);
      long patience = ANSWER_INTERVAL_NANOS + 2 * SubflowTimers.probeInterval(rttNanos);
      // Silence again: the next answer is news.
      triedAgain &= !probeAwaitsAnswer || now - answeredAt < patience;
      probeAwaitsAnswer = endpoint.sendWindowProbe(now, sink);
    }
  }

  /** After a segment was taken in: an acknowledgment that moves on clears all suspicion. */
  void noteProgress(long now) {
    TcpEndpoint endpoint = subflow.endpoint();
    if (probeAwaitsAnswer) {
      probeAwaitsAnswer = false;
      answeredAt = now;
      if (!triedAgain) {
        // Once: a path that answers and takes no data is left to TCP, which backs off.
        triedAgain = true;
        endpoint.pathRecovered(now);
      }
    }
    int una = endpoint.sendUnacknowledged();
    if (una != lastUnacknowledged || subflow.outstanding().isEmpty()) {
      lastUnacknowledged = una;
      triedAgain = false;
      if (raised) {
        raised = false;
        subflow.timers().stopProbing();
        connection.sender().reinjection().recovered(subflow);
        subflow.outstanding().clearReinjected();
        connection.subflowSet().reinjectFromSilent();
        connection.subflowSet().giveUpJoinsInPlaceOf(now, subflow);
      }
    }
  }
}
