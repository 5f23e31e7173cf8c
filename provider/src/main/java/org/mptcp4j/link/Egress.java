package org.mptcp4j.link;

import org.mptcp4j.wire.IpAddress;

/**
 * A way out of this host for one pair of addresses: interface, next hop and offloads, kept up to
 * date by the link. Asked for with {@link PacketLink#egress}; stays usable until {@link #isUsable}
 * says otherwise. Thread-safe.
 */
public interface Egress {
  IpAddress source();

  IpAddress destination();

  int interfaceIndex();

  /** MTU of route or interface, bytes of IP packet. */
  int mtu();

  /** Most payload bytes in one send: one packet's worth without offload, up to 64 KB with it. */
  int maxPayloadPerSend();

  /** False once the source address, the route or the interface is gone. */
  boolean isUsable();
}
