package org.mptcp4j.samples.transfer;

import java.io.IOException;
import java.net.InetSocketAddress;

/**
 * What {@link Questions} does, over the Linux kernel's own sockets: the client with
 * TCP_FASTOPEN_CONNECT, over {@code tcp} or {@code mptcp}; the server over MPTCP, where Fast Open
 * is the matter of {@code net.ipv4.tcp_fastopen}.
 */
public final class KernelQuestions {
  private KernelQuestions() {}

  public static void main(String[] args) throws IOException {
    if (args.length == 3 && args[0].equals("server")) {
      try (KernelMptcpSocket server = KernelMptcpSocket.listen(Integer.parseInt(args[1]))) {
        System.out.println("ready");
        for (int i = 0; i < Integer.parseInt(args[2]); i++) {
          try (KernelMptcpSocket client = server.accept()) {
            Question.answer(client);
          }
        }
      }
    } else if (args.length == 5 && args[0].equals("client")) {
      InetSocketAddress address = new InetSocketAddress(args[1], Integer.parseInt(args[2]));
      boolean multipath = args[4].equals("mptcp");
      for (int i = 0; i < Integer.parseInt(args[3]); i++) {
        byte[] question = Question.bytes(i);
        try (KernelMptcpSocket socket = KernelMptcpSocket.connectFast(address, multipath)) {
          Question.ask(socket, question);
        }
      }
      System.out.println("done");
    } else {
      System.err.println(
          "usage: KernelQuestions server PORT COUNT | client HOST PORT COUNT tcp|mptcp");
      System.exit(2);
    }
  }
}
