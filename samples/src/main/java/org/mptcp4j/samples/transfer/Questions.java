package org.mptcp4j.samples.transfer;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * Short connections one after another, for which TCP Fast Open (RFC 7413) is made. {@code server
 * PORT COUNT} answers so many questions; {@code client HOST PORT COUNT} asks them, and prints
 * {@code done} when all answers were right.
 */
public final class Questions {
  private Questions() {}

  public static void main(String[] args) throws IOException {
    if (args.length == 3 && args[0].equals("server")) {
      try (ServerSocketChannel server = ServerSocketChannel.open()) {
        server.bind(new InetSocketAddress(Integer.parseInt(args[1])));
        System.out.println("ready");
        for (int i = 0; i < Integer.parseInt(args[2]); i++) {
          try (SocketChannel channel = server.accept()) {
            Question.answer(channel);
          }
        }
      }
    } else if (args.length == 4 && args[0].equals("client")) {
      InetSocketAddress address = new InetSocketAddress(args[1], Integer.parseInt(args[2]));
      for (int i = 0; i < Integer.parseInt(args[3]); i++) {
        byte[] question = Question.bytes(i);
        try (SocketChannel channel = SocketChannel.open(address)) {
          Question.ask(channel, question);
        }
      }
      System.out.println("done");
    } else {
      System.err.println("usage: Questions server PORT COUNT | client HOST PORT COUNT");
      System.exit(2);
    }
  }
}
