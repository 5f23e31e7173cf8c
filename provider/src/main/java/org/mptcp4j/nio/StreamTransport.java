package org.mptcp4j.nio;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Optional;
import org.mptcp4j.engine.Doorbell;
import org.mptcp4j.engine.PortSharing;
import org.mptcp4j.engine.StreamListener;
import org.mptcp4j.engine.StreamSocket;

/**
 * What the channels need of the engine: the decision who serves an address, and the engine's
 * sockets. Thread-safe.
 */
interface StreamTransport {
  /** Who serves connections to {@code remote}. */
  Route routeTo(InetSocketAddress remote);

  /** Who serves a listener on {@code local}. */
  Route routeForListening(InetSocketAddress local);

  /**
   * A new, unbound socket of the engine.
   *
   * @param multipath whether it offers Multipath TCP
   */
  StreamSocket openSocket(boolean multipath) throws IOException;

  /**
   * Whether clients of the engine are bound to {@code local} who share it with one that wants
   * {@code sharing}: to the kernel it is taken.
   */
  boolean isShared(InetSocketAddress local, PortSharing sharing);

  /**
   * Listens.
   *
   * @param multipath whether it accepts Multipath TCP
   * @param sharing whom it lets use the port
   * @throws java.net.BindException as the kernel says
   */
  StreamListener listen(
      InetSocketAddress local, int backlog, boolean multipath, PortSharing sharing)
      throws IOException;

  /**
   * Where a selector that has only channels of the engine waits; empty where there is no engine.
   */
  Optional<Doorbell> newDoorbell();
}
