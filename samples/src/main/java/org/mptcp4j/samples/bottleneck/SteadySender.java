package org.mptcp4j.samples.bottleneck;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * An ordinary blocking NIO program: connects, waits for a line on its standard input, and writes as
 * fast as it can until the connection ends.
 *
 * <p>Arguments: host, port.
 */
public final class SteadySender {
  /** What it prints when it is connected. */
  static final String CONNECTED = "CONNECTED";

  private static final int BUFFER_BYTES = 256 * 1024;

  private SteadySender() {}

  public static void main(String[] args) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    try (SocketChannel channel =
        SocketChannel.open(new InetSocketAddress(args[0], Integer.parseInt(args[1])))) {
      System.out.println(CONNECTED);
      if (System.in.read() < 0) {
        return;
      }
      while (true) {
        buffer.clear();
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
      }
    }
  }
}
