package org.mptcp4j.engine;

/**
 * Whom a socket lets use the port that it binds.
 *
 * @param reuseAddress SO_REUSEADDR: the port may be bound again while connections of an earlier
 *     listener are left on it; and clients may share one, if all of them want it
 * @param reusePort SO_REUSEPORT: several listeners of this program, or several clients, may be
 *     bound to the port, if all of them want it; each new connection goes to one of the listeners
 */
public record PortSharing(boolean reuseAddress, boolean reusePort) {
  /** What a server channel of the JDK's has on Linux. */
  public static final PortSharing DEFAULT = new PortSharing(true, false);

  /** What is left of this where another one shares the port. */
  PortSharing and(PortSharing other) {
    return new PortSharing(reuseAddress && other.reuseAddress, reusePort && other.reusePort);
  }

  /** Whether a listener with {@code other} may follow one with this, whose connections live on. */
  boolean allowsSuccessor(PortSharing other) {
    return (reuseAddress && other.reuseAddress) || (reusePort && other.reusePort);
  }
}
