package org.mptcp4j.engine;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.mptcp4j.Subflow;

/**
 * One connection of the engine, as a channel sees it. Thread-safe. No method but {@link
 * #awaitReady} and {@link #awaitDelivered} blocks for longer than it takes to copy bytes and send
 * segments. Errors are those that a {@link java.nio.channels.SocketChannel} of the JDK throws in
 * the same case, with the same message where the JDK has one: {@link java.net.ConnectException},
 * {@link java.net.NoRouteToHostException}, {@link java.net.SocketException} ("Connection reset",
 * "Broken pipe"), {@link java.net.BindException}.
 */
public interface StreamSocket {
  /** Bits of {@link #readiness}. */
  int READABLE = 1;

  int WRITABLE = 2;

  /**
   * The connection attempt has ended, well or badly: {@link #finishConnect} will not return false.
   */
  int CONNECTABLE = 4;

  /**
   * Called, outside all locks of the engine, after readiness bits may have turned on; must be quick
   * and not block.
   */
  @FunctionalInterface
  interface ReadinessListener {
    void onReadiness(StreamSocket socket);
  }

  /** Takes a local address and port (0: an ephemeral one) before {@link #connect}. */
  void bind(InetSocketAddress local) throws IOException;

  /**
   * Begins to connect and returns at once; {@link #CONNECTABLE} tells when {@link #finishConnect}
   * is due.
   */
  void connect(InetSocketAddress remote) throws IOException;

  /** True when connected, false while still trying; throws what made the attempt fail. */
  boolean finishConnect() throws IOException;

  /**
   * Copies received bytes into {@code target}: their number, 0 when there are none now, -1 at the
   * end of stream.
   */
  int read(ByteBuffer target) throws IOException;

  /** How many bytes {@link #read} would give now. */
  int available() throws IOException;

  /** Takes bytes of {@code source} for sending: their number, 0 when the send buffer is full. */
  int write(ByteBuffer source) throws IOException;

  /** Sends the end of the stream after what was written. */
  void shutdownOutput() throws IOException;

  /** Reads give -1 from now on; what still arrives is dropped. */
  void shutdownInput() throws IOException;

  /**
   * Lets go of the connection: what was written is still delivered, then it is closed in the
   * background; with linger 0, or with unread data, it is reset as Linux does. Idempotent. Does not
   * wait, whatever the linger: {@link #awaitDelivered} does.
   */
  void close() throws IOException;

  /**
   * After {@link #close}: waits until the peer has acknowledged what was written and its end, or
   * nothing more can be delivered. An interrupt does not end it, as it does not end the kernel's
   * waiting; the thread stays interrupted.
   *
   * @param timeoutNanos at most this long, more than 0
   * @return false when the time was over before; delivering goes on in the background
   */
  boolean awaitDelivered(long timeoutNanos);

  /**
   * The readiness bits at this moment; an error pending or the end of stream counts as readable and
   * writable.
   */
  int readiness();

  /** Replaces the listener; null for none. */
  void setReadinessListener(ReadinessListener listener);

  /**
   * Waits until one of the bits of {@code interest} is on, running the engine in the caller's
   * thread meanwhile when nobody else does.
   *
   * @param timeoutNanos at most this long; 0 or less: as long as it takes
   * @return the readiness bits; 0 when the time is over, the thread was interrupted or {@link
   *     #wakeup} was called
   */
  int awaitReady(int interest, long timeoutNanos);

  /** Makes every thread in {@link #awaitReady} return. */
  void wakeup();

  /** Local address and port, once bound or connected. */
  Optional<InetSocketAddress> localAddress();

  /** The subflows at this moment; empty before the connection begins and after its end. */
  List<Subflow> subflows();

  /** Makes a subflow a backup, or none again; does nothing when it is gone. */
  void setBackup(Subflow subflow, boolean backup);

  /**
   * Announces an address and port of this host to the peer; port 0 for that of the first subflow.
   *
   * @return false when that cannot be, as {@link org.mptcp4j.Multipath#announce} says
   */
  boolean announce(InetSocketAddress address);

  /** The peer's address and port, once connected. */
  Optional<InetSocketAddress> remoteAddress();

  /**
   * Sets a socket option from {@link java.net.StandardSocketOptions} or {@code
   * jdk.net.ExtendedSocketOptions}.
   */
  <T> void setOption(java.net.SocketOption<T> option, T value) throws IOException;

  /** The option's value. */
  <T> T getOption(java.net.SocketOption<T> option) throws IOException;
}
