package org.mptcp4j.tcp;

import java.util.function.Supplier;
import org.mptcp4j.spi.CongestionControl;

/**
 * What an endpoint is made with; immutable.
 *
 * @param mss most payload that we announce to take in one segment, bytes (MTU less fixed headers,
 *     RFC 6691)
 * @param receiveBufferLimit largest window that will ever be announced, bytes; chooses the window
 *     scale
 * @param timestamps whether timestamps are offered and accepted (RFC 7323)
 * @param sack whether SACK is offered and accepted (RFC 2018)
 * @param noDelay whether Nagle's algorithm is off; the user of the endpoint reads it
 * @param minRtoNanos least retransmission timeout
 * @param synRetries how often SYN and SYN/ACK are sent again before the attempt is given up
 * @param retries how many retransmission timeouts in a row end the connection
 * @param timeWaitNanos how long TIME-WAIT lasts
 * @param finWait2Nanos how long FIN-WAIT-2 lasts once the user has closed both directions
 * @param congestionControl makes the algorithm of one endpoint
 * @param options what it begins with of that which can be changed later
 * @param ecn whether explicit congestion notification is used (RFC 3168)
 */
public record TcpConfig(
    int mss,
    int receiveBufferLimit,
    boolean timestamps,
    boolean sack,
    boolean noDelay,
    long minRtoNanos,
    int synRetries,
    int retries,
    long timeWaitNanos,
    long finWait2Nanos,
    Supplier<CongestionControl> congestionControl,
    EndpointOptions options,
    EcnMode ecn) {
  /** With {@link EndpointOptions#DEFAULT}, and without explicit congestion notification. */
  public TcpConfig(
      int mss,
      int receiveBufferLimit,
      boolean timestamps,
      boolean sack,
      boolean noDelay,
      long minRtoNanos,
      int synRetries,
      int retries,
      long timeWaitNanos,
      long finWait2Nanos,
      Supplier<CongestionControl> congestionControl) {
    this(
        mss,
        receiveBufferLimit,
        timestamps,
        sack,
        noDelay,
        minRtoNanos,
        synRetries,
        retries,
        timeWaitNanos,
        finWait2Nanos,
        congestionControl,
        EndpointOptions.DEFAULT,
        EcnMode.OFF);
  }

  /** The same with a segment size of at most {@code most} bytes. */
  public TcpConfig withMssAtMost(int most) {
    return mss <= most ? this : with(most, options);
  }

  /** The same with other options to begin with. */
  public TcpConfig withOptions(EndpointOptions others) {
    return with(mss, others);
  }

  private TcpConfig with(int newMss, EndpointOptions newOptions) {
    return new TcpConfig(
        newMss,
        receiveBufferLimit,
        timestamps,
        sack,
        noDelay,
        minRtoNanos,
        synRetries,
        retries,
        timeWaitNanos,
        finWait2Nanos,
        congestionControl,
        newOptions,
        ecn);
  }
}
