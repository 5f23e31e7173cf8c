package org.mptcp4j.tcp;

/**
 * What the application may change about an endpoint at any time of its life; immutable.
 *
 * @param keepAlive whether a silent peer is probed
 */
public record EndpointOptions(KeepAlive keepAlive) {
  /** What holds where the application says nothing. */
  public static final EndpointOptions DEFAULT = new EndpointOptions(KeepAlive.OFF);

  /** The same with other keep-alive. */
  public EndpointOptions withKeepAlive(KeepAlive other) {
    return new EndpointOptions(other);
  }
}
