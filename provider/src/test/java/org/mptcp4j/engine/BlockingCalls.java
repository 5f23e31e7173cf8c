package org.mptcp4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** What a program with one thread would do with sockets of an engine, and wait for. */
final class BlockingCalls {
  /** How long anything may take, nanoseconds. */
  static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);

  private BlockingCalls() {}

  static StreamSocket connect(Engine engine, InetSocketAddress remote, boolean multipath)
      throws IOException {
    StreamSocket socket = engine.openSocket(multipath);
    socket.connect(remote);
    finishConnect(socket);
    return socket;
  }

  static void finishConnect(StreamSocket socket) throws IOException {
    assertThat(socket.awaitReady(StreamSocket.CONNECTABLE, PATIENCE)).isNotZero();
    assertThat(socket.finishConnect()).isTrue();
  }

  static StreamSocket accept(StreamListener listener) throws IOException {
    assertThat(listener.awaitAcceptable(PATIENCE)).isTrue();
    return listener.accept().orElseThrow().engine().orElseThrow();
  }

  static void writeAll(StreamSocket socket, byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      if (socket.write(buffer) == 0) {
        assertThat(socket.awaitReady(StreamSocket.WRITABLE, PATIENCE)).isNotZero();
      }
    }
  }

  /** Waits for bytes, or the end of the stream. */
  static int read(StreamSocket socket, ByteBuffer into) throws IOException {
    int count;
    while ((count = socket.read(into)) == 0) {
      assertThat(socket.awaitReady(StreamSocket.READABLE, PATIENCE)).isNotZero();
    }
    return count;
  }

  /** Reads so many bytes. */
  static byte[] readFully(StreamSocket socket, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    while (buffer.hasRemaining()) {
      assertThat(read(socket, buffer)).as("bytes").isPositive();
    }
    return buffer.array();
  }

  /**
   * Reads to the end of the stream.
   *
   * @param expected bytes; no more than one beyond them is read
   */
  static byte[] readToEnd(StreamSocket socket, int expected) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(expected + 1);
    while (buffer.hasRemaining() && read(socket, buffer) >= 0) {
      // There is more.
    }
    return Arrays.copyOf(buffer.array(), buffer.position());
  }

  static void await(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + PATIENCE;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited for: " + what).isLessThan(end);
      Thread.onSpinWait();
    }
  }
}
