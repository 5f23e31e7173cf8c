package org.mptcp4j.engine;

import org.mptcp4j.wire.IpAddress;

/**
 * Says which peers may connect. Packet sockets lie below the kernel's firewall, which therefore
 * cannot say it. Called on the engine's thread for each SYN: must be quick and not block.
 */
@FunctionalInterface
public interface PeerFilter {
  /** Whether {@code peer} may open connections and subflows to {@code localPort}. */
  boolean accepts(IpAddress peer, int localPort);
}
