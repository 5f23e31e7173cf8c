package org.mptcp4j.tcp;

/**
 * What the application may change about an endpoint at any time of its life; immutable.
 *
 * @param keepAlive whether a silent peer is probed
 * @param userTimeoutNanos how long what was sent may stay unacknowledged before the connection ends
 *     (RFC 5482 §3); 0: as long as the retransmissions last
 * @param trafficClass type of service or traffic class of what is sent, 0 to 255; its low two bits
 *     do not count
 * @param ackMode how soon in-order data is acknowledged
 * @param userTimeoutAdvised whether the peer is told the user timeout, and its word is taken where
 *     there is none here (RFC 5482)
 * @param urgentInline whether urgent data stays in line with the other (SO_OOBINLINE)
 */
public record EndpointOptions(
    KeepAlive keepAlive,
    long userTimeoutNanos,
    int trafficClass,
    AckMode ackMode,
    boolean userTimeoutAdvised,
    boolean urgentInline) {
  /** What holds where the application says nothing. */
  public static final EndpointOptions DEFAULT =
      new EndpointOptions(KeepAlive.OFF, 0, 0, AckMode.ADAPTIVE, false, false);

  /** The same with other keep-alive. */
  public EndpointOptions withKeepAlive(KeepAlive other) {
    return new EndpointOptions(
        other, userTimeoutNanos, trafficClass, ackMode, userTimeoutAdvised, urgentInline);
  }

  /** The same with another user timeout; 0 for none. */
  public EndpointOptions withUserTimeout(long nanos) {
    return new EndpointOptions(
        keepAlive, nanos, trafficClass, ackMode, userTimeoutAdvised, urgentInline);
  }

  /** The same with another traffic class. */
  public EndpointOptions withTrafficClass(int value) {
    return new EndpointOptions(
        keepAlive, userTimeoutNanos, value, ackMode, userTimeoutAdvised, urgentInline);
  }

  /** The same with acknowledgments as {@code mode} says. */
  public EndpointOptions withAckMode(AckMode mode) {
    return new EndpointOptions(
        keepAlive, userTimeoutNanos, trafficClass, mode, userTimeoutAdvised, urgentInline);
  }

  /** The same with urgent data in line or not. */
  public EndpointOptions withUrgentInline(boolean inline) {
    return new EndpointOptions(
        keepAlive, userTimeoutNanos, trafficClass, ackMode, userTimeoutAdvised, inline);
  }

  /** The same with the User Timeout Option in use or not. */
  public EndpointOptions withUserTimeoutAdvised(boolean advised) {
    return new EndpointOptions(
        keepAlive, userTimeoutNanos, trafficClass, ackMode, advised, urgentInline);
  }

  /** Whether the application has said how long a silent peer is to be borne with. */
  public boolean boundsSilence() {
    return keepAlive.enabled() || userTimeoutNanos > 0;
  }
}
