package org.mptcp4j.mptcp;

import java.util.Optional;
import org.mptcp4j.mptcp.MptcpConnection.Failure;
import org.mptcp4j.tcp.NetworkPath;
import org.mptcp4j.tcp.SegmentSink;
import org.mptcp4j.tcp.TcpUser.CloseReason;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IpAddress;

/**
 * Which subflow is the connection's first. On the active side there may be several attempts at it:
 * where the first path stays silent (RFC 8041 §3.10), SYNs go out on other interfaces as well, and
 * whichever is answered first is the one; the others are given up. A peer that answers one of those
 * as well is told by RST that nobody waits for it, as for any segment that belongs to no flow.
 */
final class FirstSubflow {
  private final MptcpConnection connection;
  private FlowKey flow;
  private boolean anotherWanted;
  private boolean refused;

  FirstSubflow(MptcpConnection connection, FlowKey flow) {
    this.connection = connection;
    this.flow = flow;
  }

  /** The flow of the attempt that was answered; while none was, of the first attempt. */
  FlowKey flow() {
    return flow;
  }

  /** The {@code unanswered}th SYN of an attempt stayed without answer. */
  void onSynTimeout(Subflow attempt, int unanswered) {
    ConnectionConfig config = connection.config();
    int alone = config.opening().alone();
    // RFC 6897 §3.1.1: an address that the application bound is the only one to be used.
    if (alone > 0
        && unanswered >= alone
        && !config.boundToAddress()
        && attempt.flow().equals(flow)) {
      anotherWanted = true;
    }
  }

  /** Begins another attempt where one is wanted: one at a time, with each SYN of the first. */
  void run(long now, SegmentSink sink) {
    if (!anotherWanted) {
      return;
    }
    anotherWanted = false;
    if (connection.lifetime().isEstablished() || connection.lifetime().hasFailed()) {
      return;
    }
    MptcpHost host = connection.host();
    for (IpAddress local : host.localAddresses()) {
      Optional<NetworkPath> path =
          local.sameFamily(flow.remote()) && host.addressFilter().admits(local)
              ? host.path(local, flow.remote())
              : Optional.empty();
      if (path.isPresent() && isUntried(path.get())) {
        begin(now, local, path.get(), sink);
        return;
      }
    }
  }

  private boolean isUntried(NetworkPath path) {
    for (int i = 0; i < connection.subflowCount(); i++) {
      if (connection.subflowAt(i).endpoint().path().interfaceIndex() == path.interfaceIndex()) {
        return false;
      }
    }
    return connection.subflowCount() < connection.config().maxSubflows();
  }

  private void begin(long now, IpAddress local, NetworkPath path, SegmentSink sink) {
    MptcpHost host = connection.host();
    int port = host.allocatePort(local, flow.remote(), flow.remotePort());
    if (port < 0) {
      return;
    }
    FlowKey other = FlowKey.of(local, port, flow.remote(), flow.remotePort());
    Subflow attempt = new Subflow(now, connection, other, path, true, true);
    if (!host.offersMultipath(now, local, flow.remote())) {
      attempt.offers().withhold();
    }
    if (host.register(other, attempt)) {
      connection.counters().otherFirstPaths.increment();
      connection.subflowSet().add(attempt);
      attempt.endpoint().connect(now, sink);
    }
  }

  /** The peer answered this attempt: it is the first subflow. */
  void answered(long now, Subflow chosen) {
    if (connection.subflowCount() > 1) {
      flow = chosen.flow();
      connection.addresses().initial(flow.local(), flow.remote(), flow.remotePort());
      giveUpAllBut(now, chosen);
    }
  }

  /** An attempt ended before the connection was established. */
  void onAttemptGone(long now, Subflow attempt) {
    CloseReason reason = attempt.closeReason();
    refused |= reason == CloseReason.REFUSED;
    boolean unanswered = reason == CloseReason.TIMED_OUT || reason == CloseReason.UNREACHABLE;
    if (unanswered && attempt.flow().equals(flow)) {
      // The time that a connect may take is over, however late the others began.
      giveUpAllBut(now, attempt);
    } else if (connection.subflowCount() > 0) {
      return;
    }
    if (refused) {
      connection.lifetime().fail(Failure.REFUSED);
    } else {
      connection.lifetime().failFor(reason);
    }
  }

  private void giveUpAllBut(long now, Subflow one) {
    for (int i = 0; i < connection.subflowCount(); i++) {
      if (connection.subflowAt(i) != one) {
        connection.subflowAt(i).giveUp(now);
      }
    }
  }
}
