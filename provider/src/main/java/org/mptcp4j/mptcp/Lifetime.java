package org.mptcp4j.mptcp;

import org.mptcp4j.mptcp.MptcpConnection.Failure;
import org.mptcp4j.tcp.TcpUser.CloseReason;

/**
 * Whether a connection lives: established, waiting for another subflow after the last one is gone,
 * failed and why, over; and the token by which its joins find it.
 */
final class Lifetime {
  private final MptcpConnection connection;
  private final Session session;
  private boolean tokenRegistered;
  private boolean established;
  private boolean handshakeOver;
  private boolean abandoned;
  private boolean over;
  private Failure failure;
  private long rejoinBy = Long.MAX_VALUE;

  /** Whether ICMP told why a subflow stayed unanswered, and no other has joined since. */
  private boolean unreachable;

  /** Whether the peer has said that it knows no such connection, since the last subflow went. */
  private boolean denied;

  Lifetime(MptcpConnection connection, Session session) {
    this.connection = connection;
    this.session = session;
  }

  /**
   * Whether the application may use it, or might, whatever came later: the handshake ended well, or
   * does not matter yet (RFC 7413).
   */
  boolean isEstablished() {
    return established;
  }

  void establish() {
    established = true;
  }

  /** Whether the handshake of the first subflow ended well. */
  boolean isHandshakeOver() {
    return handshakeOver;
  }

  void handshakeOver() {
    established = true;
    handshakeOver = true;
  }

  /** Every subflow is CLOSED, and nothing is to be done. */
  boolean isOver() {
    return over;
  }

  /** Why it failed; null while it has not. */
  Failure failure() {
    return failure;
  }

  boolean hasFailed() {
    return failure != null;
  }

  /** The first reason counts. */
  void fail(Failure reason) {
    if (failure == null) {
      failure = reason;
    }
  }

  /** The patience with a peer that does not let the connection end is exhausted. */
  void abandon() {
    abandoned = true;
  }

  /** Has the token lead here; false when another connection has it. */
  boolean registerToken() {
    tokenRegistered = connection.host().registerToken(session.local().token(), connection);
    return tokenRegistered;
  }

  void releaseToken() {
    if (tokenRegistered) {
      tokenRegistered = false;
      connection.host().unregisterToken(session.local().token());
    }
  }

  void onJoined() {
    unreachable = false;
    denied = false;
    if (!connection.sender().isOutstanding()) {
      // There is nothing by which it could show that it is of use.
      rejoinBy = Long.MAX_VALUE;
    }
  }

  /**
   * Data was acknowledged, or came while none of ours was under way: a subflow that joined is of
   * use.
   */
  void onProgress() {
    rejoinBy = Long.MAX_VALUE;
  }

  long nextDeadline() {
    return rejoinBy;
  }

  void onDeadline(long now) {
    if (rejoinBy <= now) {
      rejoinBy = Long.MAX_VALUE;
      if (connection.sender().isOutstanding() || connection.subflowSet().anyUsable() == null) {
        fail(unreachable ? Failure.UNREACHABLE : Failure.TIMED_OUT);
      }
    }
  }

  /** Fails where either side wants the connection to end at once. */
  void endAtOnceWhereWanted(long now) {
    if (hasFailed()) {
      return;
    }
    Closing closing = connection.closing();
    if (closing.isFastcloseReceived()) {
      connection.counters().fastclosesReceived.increment();
      fail(Failure.RESET);
    } else if (closing.isLateData()) {
      closing.fastClose(now);
      fail(Failure.ABORTED);
    } else if (abandoned) {
      closing.fastClose();
      fail(Failure.ABORTED);
    }
  }

  void onSubflowGone(long now, Subflow subflow) {
    SubflowSet subflows = connection.subflowSet();
    CloseReason reason = subflow.closeReason();
    if (!subflow.isInitial() && !subflow.everCarriedData()) {
      connection.counters().joinFailures.increment();
    }
    if (subflow.isInitial() && !handshakeOver) {
      connection.first().onAttemptGone(now, subflow);
      return;
    }
    if (session.isPlain()) {
      // After a fallback the subflows that were joining have to go; the connection is the other
      // one.
      if (subflows.isEmpty()) {
        failFor(reason);
      }
      return;
    }
    connection.paths().onSubflowEnded(now, subflow);
    if (subflow.hasSent()) {
      connection.onSubflowLost(now);
    }
    unreachable |= reason == CloseReason.UNREACHABLE;
    boolean finished = connection.closing().isFinished();
    boolean unanswered = reason == CloseReason.TIMED_OUT || reason == CloseReason.UNREACHABLE;
    if (unanswered
        && connection.endpointOptions().boundsSilence()
        && !finished
        && !subflows.hasEstablished()) {
      // The application has said how long a silent peer is to be borne with: there is no waiting
      // for another subflow.
      failFor(reason);
    }
    // Those that are being opened all the while do not count.
    if (subflows.hasEstablished() || finished || hasFailed()) {
      return;
    }
    denied |= subflow.isUnknownToPeer();
    if (denied && subflows.isEmpty()) {
      // The last one is gone and the peer knows nothing of the connection any more. Where it only
      // has no room for another subflow now, or gives up a join of its own, it may still hold it.
      fail(Failure.RESET);
    } else if (rejoinBy == Long.MAX_VALUE) {
      rejoinBy = now + connection.config().closeTimeoutNanos();
    }
  }

  /** Fails for what ended its last subflow. */
  void failFor(CloseReason reason) {
    switch (reason) {
      case REFUSED -> fail(Failure.REFUSED);
      case PEER_RESET -> fail(Failure.RESET);
      case TIMED_OUT -> fail(Failure.TIMED_OUT);
      case UNREACHABLE -> fail(Failure.UNREACHABLE);
      case ABORTED -> fail(Failure.ABORTED);
      case FINISHED -> {
        // Both directions were closed in order.
      }
    }
  }

  /** Ends a connection that has nothing left to do. */
  void finishIfOver() {
    Closing closing = connection.closing();
    if (closing.isFinished()) {
      releaseToken();
    }
    boolean nothingLeft = hasFailed() || closing.isFinished() || session.isPlain();
    if (connection.subflowSet().isEmpty() && nothingLeft) {
      over = true;
      releaseToken();
      connection.sender().clear();
      if (closing.isApplicationGone()) {
        connection.receiver().clear();
      }
    }
  }
}
