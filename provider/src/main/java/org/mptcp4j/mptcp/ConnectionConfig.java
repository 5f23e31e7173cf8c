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
  /**
   * Begins with MPTCP without checksums, buffers of 2 MB that are there from the beginning, 8
   * subflows, 16 addresses of the peer, a close timeout of a minute, option R of RFC 8684 §3.5, and
   * no path but the first to open with.
   */
  public static Builder builder(TcpConfig tcp) {
    return new Builder(tcp);
  }

  /** Begins with all that this one has. */
  public Builder toBuilder() {
    Builder builder = new Builder(tcp);
    builder.multipath = multipath;
    builder.checksum = checksum;
    builder.sendBufferBytes = sendBufferBytes;
    builder.receiveBufferBytes = receiveBufferBytes;
    builder.firstSendBufferBytes = firstSendBufferBytes;
    builder.firstReceiveBufferBytes = firstReceiveBufferBytes;
    builder.maxSubflows = maxSubflows;
    builder.maxAnnouncedAddresses = maxAnnouncedAddresses;
    builder.boundToAddress = boundToAddress;
    builder.closeTimeoutNanos = closeTimeoutNanos;
    builder.fastcloseByAck = fastcloseByAck;
    builder.opening = opening;
    return builder;
  }

  /** Makes a {@link ConnectionConfig}; see its components. Not thread-safe. */
  public static final class Builder {
    private static final int BUFFER_BYTES = 2 << 20;

    private TcpConfig tcp;
    private boolean multipath = true;
    private boolean checksum;
    private int sendBufferBytes = BUFFER_BYTES;
    private int receiveBufferBytes = BUFFER_BYTES;
    private int firstSendBufferBytes = BUFFER_BYTES;
    private int firstReceiveBufferBytes = BUFFER_BYTES;
    private int maxSubflows = 8;
    private int maxAnnouncedAddresses = 16;
    private boolean boundToAddress;
    private long closeTimeoutNanos = 60_000_000_000L;
    private boolean fastcloseByAck;
    private OpeningConfig opening = OpeningConfig.ONE_PATH;

    private Builder(TcpConfig tcp) {
      this.tcp = tcp;
    }

    public Builder tcp(TcpConfig other) {
      tcp = other;
      return this;
    }

    public Builder multipath(boolean offered) {
      multipath = offered;
      return this;
    }

    public Builder checksum(boolean required) {
      checksum = required;
      return this;
    }

    /** Buffers that are of these sizes from the beginning. */
    public Builder buffers(int sendBytes, int receiveBytes) {
      sendBufferBytes = sendBytes;
      receiveBufferBytes = receiveBytes;
      return firstBuffers(sendBytes, receiveBytes);
    }

    /** Buffers that begin with so many bytes, or with their limit where that is less. */
    public Builder firstBuffers(int sendBytes, int receiveBytes) {
      firstSendBufferBytes = Math.min(sendBytes, sendBufferBytes);
      firstReceiveBufferBytes = Math.min(receiveBytes, receiveBufferBytes);
      return this;
    }

    public Builder maxSubflows(int most) {
      maxSubflows = most;
      return this;
    }

    public Builder maxAnnouncedAddresses(int most) {
      maxAnnouncedAddresses = most;
      return this;
    }

    public Builder boundToAddress(boolean bound) {
      boundToAddress = bound;
      return this;
    }

    public Builder closeTimeout(long nanos) {
      closeTimeoutNanos = nanos;
      return this;
    }

    public Builder fastcloseByAck(boolean byAck) {
      fastcloseByAck = byAck;
      return this;
    }

    public Builder opening(OpeningConfig other) {
      opening = other;
      return this;
    }

    public ConnectionConfig build() {
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
          opening);
    }
  }
}
