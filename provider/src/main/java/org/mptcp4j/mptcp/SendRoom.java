package org.mptcp4j.mptcp;

import org.mptcp4j.tcp.TcpEndpoint;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.TcpFlags;

/** How much a subflow can take now: what TCP allows and the peer's window on the subflow itself. */
final class SendRoom {
  private final TcpEndpoint endpoint;
  private int windowEdge;
  private boolean windowKnown;
  private int allowance;
  private boolean paused;

  SendRoom(TcpEndpoint endpoint) {
    this.endpoint = endpoint;
  }

  /** What {@link #prepare} found. */
  int allowance() {
    return allowance;
  }

  void close() {
    allowance = 0;
  }

  /** The path is backed up: nothing more until the next round. */
  void pause() {
    paused = true;
    allowance = 0;
  }

  void resume() {
    paused = false;
  }

  void onPeerWindow(IncomingSegment segment, long windowBytes) {
    int from =
        segment.has(TcpFlags.ACK)
            ? segment.acknowledgmentNumber()
            : endpoint.initialSendSequenceNumber() + 1;
    int edge = from + (int) Math.min(windowBytes, 1 << 30);
    if (!windowKnown || edge - windowEdge > 0) {
      windowKnown = true;
      windowEdge = edge;
    }
  }

  /**
   * Works out the allowance for someone who has {@code wanted} bytes to send.
   *
   * @param ownWindow whether the window of the subflow counts beside the connection's: the peer's
   *     TCP drops what lies beyond it, though it may lag behind
   * @param oneSegment whether no more than one segment may be sent
   */
  void prepare(long now, long wanted, boolean idle, boolean ownWindow, boolean oneSegment) {
    allowance = 0;
    int allowed = paused ? 0 : endpoint.sendAllowance(now);
    if (allowed <= 0) {
      return;
    }
    int segment = endpoint.segmentPayloadLimit();
    if (ownWindow) {
      // On an idle subflow, a segment makes the peer say its window anew.
      int room = windowEdge - endpoint.sendNext();
      allowed = Math.min(allowed, idle ? Math.max(room, segment) : room);
    }
    if (oneSegment) {
      allowed = Math.min(allowed, segment);
    }
    // Less than a segment is worth sending when it is all there is, or nothing else is on its way.
    if (idle || allowed >= Math.min(wanted, segment)) {
      allowance = Math.max(0, allowed);
    }
  }
}
