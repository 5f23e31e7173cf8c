package org.mptcp4j.samples.transfer;

import java.io.IOException;
import java.net.InetSocketAddress;

/** What {@link Transfer} does, over the Linux kernel's own MPTCP. */
public final class KernelMptcpTransfer {
  private KernelMptcpTransfer() {}

  public static void main(String[] args) throws IOException {
    if (args.length == 3 && args[0].equals("server")) {
      long bytes = Long.parseLong(args[2]);
      try (KernelMptcpSocket server = KernelMptcpSocket.listen(Integer.parseInt(args[1]))) {
        System.out.println("ready");
        try (KernelMptcpSocket client = server.accept()) {
          Exchange.run(client, client::shutdownOutput, bytes, bytes, 2);
        }
      }
    } else if (args.length == 4 && args[0].equals("client")) {
      long bytes = Long.parseLong(args[3]);
      InetSocketAddress address = new InetSocketAddress(args[1], Integer.parseInt(args[2]));
      try (KernelMptcpSocket socket = KernelMptcpSocket.connect(address)) {
        Exchange.run(socket, socket::shutdownOutput, bytes, bytes, 1);
      }
    } else {
      System.err.println("usage: KernelMptcpTransfer server PORT BYTES | client HOST PORT BYTES");
      System.exit(2);
    }
  }
}
