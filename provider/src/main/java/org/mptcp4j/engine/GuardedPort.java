package org.mptcp4j.engine;

import org.mptcp4j.link.PortGuard;
import org.mptcp4j.wire.IpAddress;

/**
 * A local port that a guard keeps for this engine, with the count of those who need it: the socket
 * that bound it, the listeners on it, and every flow. Changed by {@link PortBook} only.
 */
final class GuardedPort {
  final IpAddress local;
  final int port;
  final PortGuard guard;
  final boolean listening;

  final ListenerGroup listeners = new ListenerGroup();

  /** What those who bound it agreed to; null when nobody did. */
  PortSharing sharing;

  int holders = 1;

  GuardedPort(IpAddress local, PortGuard guard, boolean listening) {
    this.local = local;
    this.port = guard.port();
    this.guard = guard;
    this.listening = listening;
  }

  /** Whether segments to this address are the engine's. The IPv6 wildcard is that of both. */
  boolean covers(long high, long low) {
    if (local.isAny()) {
      return local.isIpv6() || IpAddress.isIpv4(high, low);
    }
    return local.high() == high && local.low() == low;
  }
}
