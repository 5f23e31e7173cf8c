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
 * @param firstSendBufferBytes what the send buffer begins with; it grows with the congestion
 *     windows up to {@code sendBufferBytes}
 * @param firstReceiveBufferBytes what the receive buffer begins with; it grows with what the
 *     application reads in a round trip up to {@code receiveBufferBytes}
 * @param maxSubflows most subflows at a time, 1 to 32
 * @param maxAnnouncedAddresses most addresses of the peer that are remembered
 * @param boundToAddress whether the application bound a specific address: then only that one is
 *     used (RFC 6897 §3.1.1)
 * @param closeTimeoutNanos how long a closed connection may take for the rest, and one without
 *     subflows waits for another
 * @param fastcloseByAck whether a connection that is aborted says so by an ACK with MP_FASTCLOSE,
 *     until the peer answers, and not by RSTs only (RFC 8684 §3.5, options A and R)
 * @param opening what an active open does about paths that do not answer
 */
public record ConnectionConfig(
    TcpConfig tcp,
    boolean multipath,
    boolean checksum,
    int sendBufferBytes,
    int receiveBufferBytes,
    int firstSendBufferBytes,
    int firstReceiveBufferBytes,
    int maxSubflows,
    int maxAnnouncedAddresses,
    boolean boundToAddress,
    long closeTimeoutNanos,
    boolean fastcloseByAck,
    OpeningConfig opening) {
  /** Buffers of fixed sizes, and no path but the first to open with. */
  public ConnectionConfig(
      TcpConfig tcp,
      boolean multipath,
      boolean checksum,
      int sendBufferBytes,
      int receiveBufferBytes,
      int maxSubflows,
      int maxAnnouncedAddresses,
      boolean boundToAddress,
      long closeTimeoutNanos) {
    this(
        tcp,
        multipath,
        checksum,
        sendBufferBytes,
        receiveBufferBytes,
        sendBufferBytes,
        receiveBufferBytes,
        maxSubflows,
        maxAnnouncedAddresses,
        boundToAddress,
        closeTimeoutNanos,
        false,
        OpeningConfig.ONE_PATH);
  }

  /** The same, with or without option A of RFC 8684 §3.5. */
  public ConnectionConfig withFastcloseByAck(boolean value) {
    return new ConnectionConfig(
        tcp,
        multipath,
        checksum,
        sendBufferBytes,
        receiveBufferBytes,
        firstSendBufferBytes,
        firstReceiveBufferBytes,
        maxSubflows,
        maxAnnouncedAddresses,
        boundToAddress,
        closeTimeoutNanos,
        value,
        opening);
  }

  /**
   * The same with buffers that begin with so many bytes, or with their limit where that is less.
   */
  public ConnectionConfig withFirstBuffers(int sendBytes, int receiveBytes) {
    return new ConnectionConfig(
        tcp,
        multipath,
        checksum,
        sendBufferBytes,
        receiveBufferBytes,
        Math.min(sendBytes, sendBufferBytes),
        Math.min(receiveBytes, receiveBufferBytes),
        maxSubflows,
        maxAnnouncedAddresses,
        boundToAddress,
        closeTimeoutNanos,
        fastcloseByAck,
        opening);
  }

  /** The same with another way of opening. */
  public ConnectionConfig withOpening(OpeningConfig other) {
    return new ConnectionConfig(
        tcp,
        multipath,
        checksum,
        sendBufferBytes,
        receiveBufferBytes,
        firstSendBufferBytes,
        firstReceiveBufferBytes,
        maxSubflows,
        maxAnnouncedAddresses,
        boundToAddress,
        closeTimeoutNanos,
        fastcloseByAck,
        other);
  }
}
