package org.mptcp4j.samples.transfer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Sends and receives at the same time over one connection, and says what went and what came. */
final class Exchange {
  private static final int BUFFER_BYTES = 64 << 10;

  /** Ends the sending half of a connection. */
  interface HalfClose {
    void shutdownOutput() throws IOException;
  }

  private Exchange() {}

  /**
   * Sends {@code bytesToSend} of a stream that {@code seed} determines, receives to the end, and
   * prints {@code half} when half of {@code bytesExpected} is here, then {@code sent=BYTES:SHA-256
   * received=BYTES:SHA-256}.
   */
  static void run(
      ByteChannel channel, HalfClose halfClose, long bytesToSend, long bytesExpected, long seed)
      throws IOException {
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try {
      Future<String> sent =
          executor.submit(
              (Callable<String>)
                  () -> {
                    String result = send(channel, bytesToSend, seed);
                    halfClose.shutdownOutput();
                    return result;
                  });
      String received = receive(channel, bytesExpected);
      System.out.println("sent=" + sent.get() + " received=" + received);
    } catch (ExecutionException e) {
      throw new IOException("sending failed: " + e.getCause(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      executor.shutdownNow();
    }
  }

  private static String send(ByteChannel channel, long bytes, long seed) throws IOException {
    MessageDigest digest = sha256();
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    long state = seed;
    for (long left = bytes; left > 0; ) {
      buffer.clear();
      while (buffer.hasRemaining()) {
        // Marsaglia's xorshift: any stream that does not repeat will do.
        state ^= state << 13;
        state ^= state >>> 7;
        state ^= state << 17;
        buffer.putLong(state);
      }
      buffer.flip().limit((int) Math.min(left, buffer.capacity()));
      digest.update(buffer.duplicate());
      left -= buffer.remaining();
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    }
    return bytes + ":" + hex(digest);
  }

  private static String receive(ByteChannel channel, long expected) throws IOException {
    MessageDigest digest = sha256();
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    long received = 0;
    boolean halfTold = false;
    while (channel.read(buffer.clear()) >= 0) {
      buffer.flip();
      received += buffer.remaining();
      digest.update(buffer);
      if (!halfTold && received >= expected / 2) {
        halfTold = true;
        System.out.println("half");
      }
    }
    return received + ":" + hex(digest);
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }
}
