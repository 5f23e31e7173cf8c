package org.mptcp4j.samples.transfer;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.security.MessageDigest;

/**
 * A client that writes, closes and exits at once, while most of what it wrote is still in the send
 * buffer: the kernel's sockets deliver it all the same, and so must ours. {@code server PORT}
 * prints {@code received=BYTES:SHA-256}; {@code client HOST PORT BYTES} prints {@code
 * sent=BYTES:SHA-256} and is gone.
 */
public final class WriteAndExit {
  private WriteAndExit() {}

  public static void main(String[] args) throws IOException {
    if (args.length == 2 && args[0].equals("server")) {
      receive(Integer.parseInt(args[1]));
    } else if (args.length == 4 && args[0].equals("client")) {
      send(new InetSocketAddress(args[1], Integer.parseInt(args[2])), Integer.parseInt(args[3]));
    } else {
      System.err.println("usage: WriteAndExit server PORT | client HOST PORT BYTES");
      System.exit(2);
    }
  }

  private static void receive(int port) throws IOException {
    try (ServerSocketChannel server = ServerSocketChannel.open()) {
      server.bind(new InetSocketAddress(port));
      System.out.println("ready");
      try (SocketChannel channel = server.accept()) {
        MessageDigest digest = Exchange.sha256();
        ByteBuffer buffer = ByteBuffer.allocate(64 << 10);
        long received = 0;
        while (channel.read(buffer.clear()) >= 0) {
          received += buffer.flip().remaining();
          digest.update(buffer);
        }
        System.out.println("received=" + received + ":" + Exchange.hex(digest));
      }
    }
  }

  private static void send(InetSocketAddress server, int bytes) throws IOException {
    byte[] data = new byte[bytes];
    new java.util.Random(7).nextBytes(data);
    MessageDigest digest = Exchange.sha256();
    digest.update(data);
    SocketChannel channel = SocketChannel.open(server);
    ByteBuffer buffer = ByteBuffer.wrap(data);
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
    channel.close();
    System.out.println("sent=" + bytes + ":" + Exchange.hex(digest));
    System.exit(0);
  }
}
