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
  /**
   * Begins with timestamps and SACK, Nagle's algorithm, a retransmission timeout of 200 ms at
   * least, 6 retries of a SYN and 15 of all else, a minute of TIME-WAIT and of FIN-WAIT-2, CUBIC,
   * {@link EndpointOptions#DEFAULT}, and without explicit congestion notification.
   *
   * @param mss of Ethernet's MTU, say 1460
   * @param receiveBufferLimit bytes
   */
  public static Builder builder(int mss, int receiveBufferLimit) {
    return new Builder(mss, receiveBufferLimit);
  }

  /** Begins with all that this one has. */
  public Builder toBuilder() {
    Builder builder = new Builder(mss, receiveBufferLimit);
    builder.timestamps = timestamps;
    builder.sack = sack;
    builder.noDelay = noDelay;
    builder.minRtoNanos = minRtoNanos;
    builder.synRetries = synRetries;
    builder.retries = retries;
    builder.timeWaitNanos = timeWaitNanos;
    builder.finWait2Nanos = finWait2Nanos;
    builder.congestionControl = congestionControl;
    builder.options = options;
    builder.ecn = ecn;
    return builder;
  }

  /** The same with a segment size of at most {@code most} bytes. */
  public TcpConfig withMssAtMost(int most) {
    return mss <= most ? this : toBuilder().mss(most).build();
  }

  /** Makes a {@link TcpConfig}; see its components. Not thread-safe. */
  public static final class Builder {
    private static final long MINUTE = 60_000_000_000L;

    private int mss;
    private final int receiveBufferLimit;
    private boolean timestamps = true;
    private boolean sack = true;
    private boolean noDelay;
    private long minRtoNanos = 200_000_000L;
    private int synRetries = 6;
    private int retries = 15;
    private long timeWaitNanos = MINUTE;
    private long finWait2Nanos = MINUTE;
    private Supplier<CongestionControl> congestionControl = Cubic::new;
    private EndpointOptions options = EndpointOptions.DEFAULT;
    private EcnMode ecn = EcnMode.OFF;

    private Builder(int mss, int receiveBufferLimit) {
      this.mss = mss;
      this.receiveBufferLimit = receiveBufferLimit;
    }

    public Builder mss(int bytes) {
      mss = bytes;
      return this;
    }

    public Builder timestamps(boolean used) {
      timestamps = used;
      return this;
    }

    public Builder sack(boolean used) {
      sack = used;
      return this;
    }

    public Builder noDelay(boolean on) {
      noDelay = on;
      return this;
    }

    public Builder minRto(long nanos) {
      minRtoNanos = nanos;
      return this;
    }

    public Builder synRetries(int most) {
      synRetries = most;
      return this;
    }

    public Builder retries(int most) {
      retries = most;
      return this;
    }

    public Builder timeWait(long nanos) {
      timeWaitNanos = nanos;
      return this;
    }

    public Builder congestionControl(Supplier<CongestionControl> algorithm) {
      congestionControl = algorithm;
      return this;
    }

    public Builder options(EndpointOptions begun) {
      options = begun;
      return this;
    }

    public Builder ecn(EcnMode mode) {
      ecn = mode;
      return this;
    }

    public TcpConfig build() {
      return new TcpConfig(
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
          options,
          ecn);
    }
  }
}
