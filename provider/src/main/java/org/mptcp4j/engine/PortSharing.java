package org.mptcp4j.engine;

/**
 * Whom a listener lets use its port.
 *
 * @param reuseAddress SO_REUSEADDR: the port may be bound again while connections of an earlier
 *     listener are left on it
 * @param reusePort SO_REUSEPORT: several listeners of this program may be bound to the port, if all
 *     of them want it; each new connection goes to one of them
 */
public record PortSharing(boolean reuseAddress, boolean reusePort) {
  /** What a server channel of the JDK's has on Linux. */
  public static final PortSharing DEFAULT = new PortSharing(true, false);

  /** Whether a listener with {@code other} may follow one with this, whose connections live on. */
  boolean allowsSuccessor(PortSharing other) {
    return (reuseAddress && other.reuseAddress) || (reusePort && other.reusePort);
  }
}
