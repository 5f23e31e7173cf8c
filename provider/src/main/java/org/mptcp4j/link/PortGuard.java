package org.mptcp4j.link;

import java.io.Closeable;
import java.nio.channels.SocketChannel;
import java.util.Optional;

/**
 * The kernel socket that keeps a port for the engine (see {@link PacketLink#guard}). Closing it
 * frees the port.
 */
public interface PortGuard extends Closeable {
  int port();

  /** The next local client's connection, which the kernel serves; empty when there is none now. */
  Optional<SocketChannel> accept() throws java.io.IOException;

  /** Called on the engine's thread when {@link #accept} may give something; null for none. */
  void setAcceptListener(Runnable listener);
}
