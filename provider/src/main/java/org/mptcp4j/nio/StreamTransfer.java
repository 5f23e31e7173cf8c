package org.mptcp4j.nio;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.mptcp4j.engine.StreamSocket;

/**
 * Moves bytes between buffers and a socket of the engine; in blocking mode waits until there are
 * some, or all are written. The caller holds the channel's read or write lock.
 */
final class StreamTransfer {
  private StreamTransfer() {}

  static void checkWritable(ByteBuffer[] targets, int offset, int length) {
    for (int i = offset; i < offset + length; i++) {
      if (targets[i].isReadOnly()) {
        throw new IllegalArgumentException("Read-only buffer");
      }
    }
  }

  static boolean hasRemaining(ByteBuffer[] buffers, int offset, int length) {
    for (int i = offset; i < offset + length; i++) {
      if (buffers[i].hasRemaining()) {
        return true;
      }
    }
    return false;
  }

  /**
   * @param timeoutMillis 0: as long as it takes
   * @return bytes read; -1 at the end of stream; 0 when there are none, in non-blocking mode or
   *     because the channel was closed
   */
  static long read(
      MptcpSocketChannel channel,
      StreamSocket stream,
      ByteBuffer[] targets,
      int offset,
      int length,
      boolean blocking,
      int timeoutMillis)
      throws IOException {
    if (!hasRemaining(targets, offset, length)) {
      return 0;
    }
    long n = scatter(stream, targets, offset, length);
    if (n != 0 || !blocking) {
      return n;
    }
    long timeoutNanos = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    long start = timeoutMillis > 0 ? System.nanoTime() : 0;
    while (n == 0 && channel.isOpen()) {
      if (channel.isInputShut()) {
        return -1;
      }
      long remaining = 0;
      if (timeoutMillis > 0) {
        remaining = timeoutNanos - (System.nanoTime() - start);
        if (remaining <= 0) {
          throw new SocketTimeoutException("Read timed out");
        }
      }
      stream.awaitReady(StreamSocket.READABLE, remaining);
      if (channel.isOpen()) {
        n = scatter(stream, targets, offset, length);
      }
    }
    return n;
  }

  private static long scatter(StreamSocket stream, ByteBuffer[] targets, int offset, int length)
      throws IOException {
    long total = 0;
    for (int i = offset; i < offset + length; i++) {
      ByteBuffer target = targets[i];
      if (!target.hasRemaining()) {
        continue;
      }
      int n = stream.read(target);
      if (n < 0) {
        return total > 0 ? total : -1;
      }
      total += n;
      if (target.hasRemaining()) {
        break;
      }
    }
    return total;
  }

  /**
   * @return bytes written: all in blocking mode, unless the channel was closed or the connection
   *     broke meanwhile
   */
  static long write(
      MptcpSocketChannel channel,
      StreamSocket stream,
      ByteBuffer[] sources,
      int offset,
      int length,
      boolean blocking)
      throws IOException {
    long total = 0;
    for (int i = offset; i < offset + length; i++) {
      ByteBuffer source = sources[i];
      while (source.hasRemaining()) {
        int n;
        try {
          n = stream.write(source);
        } catch (IOException e) {
          if (total > 0) {
            return total; // the next write tells why
          }
          throw e;
        }
        total += n;
        if (!source.hasRemaining()) {
          break;
        }
        if (!blocking) {
          return total;
        }
        if (n == 0) {
          stream.awaitReady(StreamSocket.WRITABLE, 0);
        }
        if (!channel.isOpen() || channel.isOutputShut()) {
          return total;
        }
      }
    }
    return total;
  }
}
