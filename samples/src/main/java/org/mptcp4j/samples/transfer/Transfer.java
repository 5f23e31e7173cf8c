package org.mptcp4j.samples.transfer;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * One connection, data both ways at once. {@code server PORT BYTES} waits for one client; {@code
 * client HOST PORT BYTES} connects; each sends that many bytes, expects as many, and prints the
 * SHA-256 of both streams (see {@link Exchange#run}).
 */
public final class Transfer {
  private Transfer() {}

  public static void main(String[] args) throws IOException {
    if (args.length == 3 && args[0].equals("server")) {
      serve(Integer.parseInt(args[1]), Long.parseLong(args[2]));
    } else if (args.length == 4 && args[0].equals("client")) {
      connect(new InetSocketAddress(args[1], Integer.parseInt(args[2])), Long.parseLong(args[3]));
    } else {
      System.err.println("usage: Transfer server PORT BYTES | client HOST PORT BYTES");
      System.exit(2);
    }
  }

  private static void serve(int port, long bytes) throws IOException {
    try (ServerSocketChannel server = ServerSocketChannel.open()) {
      server.bind(new InetSocketAddress(port));
      System.out.println("ready");
      try (SocketChannel channel = server.accept()) {
        Exchange.run(channel, channel::shutdownOutput, bytes, bytes, 2);
      }
    }
  }

  private static void connect(InetSocketAddress server, long bytes) throws IOException {
    try (SocketChannel channel = SocketChannel.open(server)) {
      Exchange.run(channel, channel::shutdownOutput, bytes, bytes, 1);
    }
  }
}
