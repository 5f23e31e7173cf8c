package org.mptcp4j.engine;

import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.Optional;

/**
 * A listening port of the engine. Connections arrive from two sides: those of the engine, and those
 * of local clients, which the kernel serves on the guard's own listening socket. Thread-safe.
 */
public interface StreamListener {
  /** A connection that was accepted: exactly one of the two is present. */
  record Accepted(Optional<StreamSocket> engine, Optional<SocketChannel> kernel) {}

  /**
   * Called, outside all locks of the engine, after a connection became ready to accept; must be
   * quick and not block.
   */
  @FunctionalInterface
  interface AcceptListener {
    void onAcceptable(StreamListener listener);
  }

  /** The next established connection; empty when there is none now. */
  Optional<Accepted> accept() throws java.io.IOException;

  /** Whether {@link #accept} would give a connection. */
  boolean isAcceptable();

  /** Replaces the listener; null for none. */
  void setAcceptListener(AcceptListener listener);

  /** Waits like {@link StreamSocket#awaitReady}; true when a connection is there. */
  boolean awaitAcceptable(long timeoutNanos);

  /** Makes every thread in {@link #awaitAcceptable} return. */
  void wakeup();

  /** The address and port that it listens on. */
  InetSocketAddress localAddress();

  /** Stops listening; connections not yet accepted are reset. Idempotent. */
  void close() throws java.io.IOException;

  /** Sets a socket option, inherited by accepted connections where the kernel does so. */
  <T> void setOption(java.net.SocketOption<T> option, T value) throws java.io.IOException;

  /** The option's value. */
  <T> T getOption(java.net.SocketOption<T> option) throws java.io.IOException;
}
