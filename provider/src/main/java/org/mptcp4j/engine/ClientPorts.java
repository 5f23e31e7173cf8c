package org.mptcp4j.engine;

import java.io.IOException;
import org.mptcp4j.tcp.TcpEndpoint;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IpAddress;

/**
 * Finds local ports for outgoing connections: free ones while there are any, then those of
 * connections to the same destination that only wait for TIME-WAIT to end. Takes locks of
 * connections, so it is called with none held.
 */
final class ClientPorts {
  private final Engine engine;

  ClientPorts(Engine engine) {
    this.engine = engine;
  }

  /**
   * A port from which the destination can be connected to.
   *
   * @throws IOException the system has no free port, and none in TIME-WAIT may be used again yet
   */
  GuardedPort take(IpAddress source, IpAddress destination, int remotePort) throws IOException {
    try {
      return engine.ports().take(source, 0);
    } catch (IOException noneFree) {
      GuardedPort port = takeFromTimeWait(source, destination, remotePort);
      if (port == null) {
        throw noneFree;
      }
      return port;
    }
  }

  private GuardedPort takeFromTimeWait(IpAddress source, IpAddress destination, int remotePort) {
    for (FlowTable.Entry entry : engine.flows().flows()) {
      FlowKey flow = entry.subflow().info().flow();
      if (flow.remotePort() == remotePort
          && flow.remote().equals(destination)
          && flow.local().equals(source)
          && !entry.port().listening
          && mayFollow(flow, entry.subflow().endpoint())) {
        GuardedPort port = takeOver(entry);
        if (port != null) {
          return port;
        }
      }
    }
    return null;
  }

  private boolean mayFollow(FlowKey flow, TcpEndpoint old) {
    long now = engine.now();
    return old.mayBeFollowedBy(now, engine.sequenceNumbers().next(now, flow));
  }

  private GuardedPort takeOver(FlowTable.Entry old) {
    GuardedPort port = old.port();
    if (!engine.ports().retainIfHeld(port)) {
      return null;
    }
    if (old.owner().yieldTimeWait()) {
      engine.counters().timeWaitsReused.increment();
      return port;
    }
    engine.ports().release(port);
    return null;
  }
}
