package org.mptcp4j;

import java.net.InetSocketAddress;

/**
 * One subflow of a connection at one moment; of a connection that is plain TCP, its only one.
 * Immutable.
 *
 * @param local address and port of this side
 * @param remote address and port of the peer
 * @param localAddressId the address identifier of this side (RFC 8684 §3.4), 0 for the first
 *     subflow
 * @param remoteAddressId the address identifier of the peer's side
 * @param backup whether this side or the peer wants it used only when no other is there (RFC 8684
 *     §3.3.8)
 * @param established whether data can flow on it
 * @param tcp the figures of its TCP
 */
public record Subflow(
    InetSocketAddress local,
    InetSocketAddress remote,
    int localAddressId,
    int remoteAddressId,
    boolean backup,
    boolean established,
    TcpInfo tcp) {}
