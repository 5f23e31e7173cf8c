package org.mptcp4j.benchmarks.network;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * An ordinary blocking NIO program: connects and writes for a while as fast as it can.
 *
 * <p>Arguments: host, port, seconds.
 */
public final class BulkSender {
  private static final int BUFFER_BYTES = 256 * 1024;

  private BulkSender() {}

  public static void main(String[] args) throws IOException {
    long duration = Long.parseLong(args[2]) * 1_000_000_000L;
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    try (SocketChannel channel =
        SocketChannel.open(new InetSocketAddress(args[0], Integer.parseInt(args[1])))) {
      long start = System.nanoTime();
      while (System.nanoTime() - start < duration) {
        buffer.clear();
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
      }
    }
    System.out.println("DONE");
  }
}
