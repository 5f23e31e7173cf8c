package org.mptcp4j.benchmarks.network;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * An ordinary blocking NIO program: accepts one connection, reads until its end and prints how many
 * bytes came in each second. It uses nothing but the JDK, so the same class runs over whatever
 * provider the JVM was started with.
 *
 * <p>Arguments: port.
 */
public final class BulkReceiver {
  private static final int BUFFER_BYTES = 256 * 1024;

  private BulkReceiver() {}

  public static void main(String[] args) throws IOException {
    try (ServerSocketChannel server = ServerSocketChannel.open()) {
      server.bind(new InetSocketAddress(Integer.parseInt(args[0])));
      System.out.println("READY");
      try (SocketChannel channel = server.accept()) {
        receive(channel);
      }
    }
  }

  private static void receive(SocketChannel channel) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    long second = System.nanoTime();
    long total = 0;
    long inThisSecond = 0;
    while (true) {
      buffer.clear();
      int read = channel.read(buffer);
      long now = System.nanoTime();
      if (now - second >= 1_000_000_000L) {
        System.out.println("RATE " + Math.round(inThisSecond * 1e9 / (now - second)));
        second = now;
        inThisSecond = 0;
      }
      if (read < 0) {
        break;
      }
      total += read;
      inThisSecond += read;
    }
    System.out.println("TOTAL " + total);
  }
}
