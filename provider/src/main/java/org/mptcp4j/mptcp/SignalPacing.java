package org.mptcp4j.mptcp;

import org.mptcp4j.tcp.TcpEndpoint;

/**
 * When ACKs may go out that carry nothing but an option: no more than two in a row (RFC 8684 §3 and
 * §3.4.1), for whoever does not see the options would take more of them for the sign of a loss.
 * What the peer had under way arrives within a round trip, so that after one the row is broken.
 */
final class SignalPacing {
  private static final long NEVER = Long.MAX_VALUE;
  private static final int MOST_IN_A_ROW = 2;
  private static final long SHORTEST_PAUSE = 10_000_000L;

  private final TcpEndpoint endpoint;
  private int inARow;
  private int sendNext;
  private int receiveNext;
  private long lastAt;
  private long resumeAt = NEVER;

  SignalPacing(TcpEndpoint endpoint) {
    this.endpoint = endpoint;
  }

  /** Whether another may go out now; if not, {@link #takeDue} will be true when it may. */
  boolean mayGo(long now) {
    long pause = Math.max(SHORTEST_PAUSE, endpoint.smoothedRttNanos());
    if (endpoint.sendNext() != sendNext
        || endpoint.receiveNext() != receiveNext
        || now - lastAt >= pause) {
      restart();
    }
    if (inARow < MOST_IN_A_ROW) {
      return true;
    }
    resumeAt = lastAt + pause;
    return false;
  }

  /** One went out. */
  void went(long now) {
    lastAt = now;
    sendNext = endpoint.sendNext();
    receiveNext = endpoint.receiveNext();
    inARow++;
  }

  private void restart() {
    inARow = 0;
    resumeAt = NEVER;
  }

  long nextDeadline() {
    return resumeAt;
  }

  /** Whether the pause is over; says so once. */
  boolean takeDue(long now) {
    boolean due = resumeAt <= now;
    if (due) {
      restart();
    }
    return due;
  }
}
