package org.mptcp4j.mptcp;

import org.mptcp4j.tcp.TcpEndpoint;
import org.mptcp4j.wire.FlowKey;

/** One subflow: what joins a {@link TcpEndpoint} to its {@link MptcpConnection}. */
public final class Subflow {
  public MptcpConnection connection() {
    throw new IllegalStateException("skeleton");
  }

  public FlowKey flow() {
    throw new IllegalStateException("skeleton");
  }

  public TcpEndpoint endpoint() {
    throw new IllegalStateException("skeleton");
  }
}
