package org.mptcp4j.nio;

import java.io.IOException;
import java.net.SocketException;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NotYetBoundException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;

/** What channels throw, said as sockets say it: as {@link SocketException}. */
final class SocketErrors {
  /** An operation on a channel. */
  @FunctionalInterface
  interface Operation<T> {
    T run() throws IOException;
  }

  private SocketErrors() {}

  /** Runs what may throw any I/O exception. */
  static <T> T io(Operation<T> operation) throws IOException {
    try {
      return operation.run();
    } catch (ClosedChannelException e) {
      throw e; // an I/O exception: the adaptors of the JDK leave it too
    } catch (RuntimeException e) {
      throw translated(e);
    }
  }

  /** Runs what may throw {@link SocketException} only. */
  static <T> T socket(Operation<T> operation) throws SocketException {
    try {
      return operation.run();
    } catch (SocketException e) {
      throw e;
    } catch (ClosedChannelException e) {
      throw because("Socket is closed", e);
    } catch (IOException e) {
      throw because(e.getMessage(), e);
    } catch (RuntimeException e) {
      throw translated(e);
    }
  }

  private static SocketException translated(RuntimeException e) {
    if (e instanceof NotYetConnectedException) {
      return because("Socket is not connected", e);
    }
    if (e instanceof AlreadyBoundException) {
      return because("Already bound", e);
    }
    if (e instanceof AlreadyConnectedException) {
      return because("Already connected", e);
    }
    if (e instanceof NotYetBoundException) {
      return because("Socket is not bound yet", e);
    }
    if (e instanceof UnsupportedAddressTypeException) {
      return because("Unsupported address type", e);
    }
    if (e instanceof UnresolvedAddressException) {
      return because("Unresolved address", e);
    }
    throw e;
  }

  private static SocketException because(String message, Exception cause) {
    SocketException e = new SocketException(message);
    e.initCause(cause);
    return e;
  }
}
