package org.mptcp4j.engine;

import java.util.List;
import org.mptcp4j.mptcp.MptcpConnection;
import org.mptcp4j.mptcp.Subflow;
import org.mptcp4j.tcp.TcpState;

/**
 * What must have happened before the program may end: a kernel's sockets outlive it, ours cannot.
 */
final class Drain {
  private Drain() {}

  /**
   * @param closed whether the application closed the connection, so that the end of the stream must
   *     be delivered as well
   */
  static boolean isDrained(MptcpConnection connection, boolean closed) {
    if (connection.isClosed() || connection.failure().isPresent()) {
      return true;
    }
    if (connection.unacknowledgedBytes() > 0) {
      return false;
    }
    if (!closed) {
      return true;
    }
    List<Subflow> subflows = connection.subflows();
    for (int i = 0; i < subflows.size(); i++) {
      TcpState state = subflows.get(i).endpoint().state();
      // FIN-WAIT-2 and after: the peer has acknowledged our FIN.
      if (state != TcpState.FIN_WAIT_2 && state != TcpState.TIME_WAIT && state != TcpState.CLOSED) {
        return false;
      }
    }
    return true;
  }
}
