package org.mptcp4j.mptcp;

import org.mptcp4j.tcp.TcpConfig;

/**
 * What a connection is made with; immutable.
 *
 * @param tcp for each subflow; its {@code mss} is an upper bound that the path's MTU lowers
 * @param multipath whether MPTCP is offered and accepted; false gives plain TCP
 * @param checksum whether DSS checksums are required (RFC 8684 §3.1, flag A)
 * @param sendBufferBytes most bytes written and not acknowledged at data level
 * @param receiveBufferBytes most bytes received and not read
 * @param maxSubflows most subflows at a time, 1 to 32
 * @param maxAnnouncedAddresses most addresses of the peer that are remembered
 * @param boundToAddress whether the application bound a specific address: then only that one is
 *     used (RFC 6897 §3.1.1)
 * @param closeTimeoutNanos how long a closed connection may take for the rest
 */
public record ConnectionConfig(
    TcpConfig tcp,
    boolean multipath,
    boolean checksum,
    int sendBufferBytes,
    int receiveBufferBytes,
    int maxSubflows,
    int maxAnnouncedAddresses,
    boolean boundToAddress,
    long closeTimeoutNanos) {}
