package org.mptcp4j.samples.demo;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.mptcp4j.samples.transfer.KernelMptcpSocket;

/**
 * Serves one file over the Linux kernel's own MPTCP: {@code KernelMptcpFileServer PORT FILE}. As
 * much HTTP as that takes: each connection gets the file once, or {@code ?bytes=N} of it.
 */
public final class KernelMptcpFileServer {
  private static final String END_OF_REQUEST = "\r\n\r\n";
  private static final int LONGEST_REQUEST = 64 << 10;

  private KernelMptcpFileServer() {}

  public static void main(String[] args) throws IOException {
    Path file = Path.of(args[1]);
    try (KernelMptcpSocket server = KernelMptcpSocket.listen(Integer.parseInt(args[0]))) {
      System.out.println("ready");
      while (true) {
        try (KernelMptcpSocket client = server.accept()) {
          serve(client, file);
        } catch (IOException e) {
          System.err.println("a client was lost: " + e.getMessage());
        }
      }
    }
  }

  private static void serve(KernelMptcpSocket client, Path file) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(64 << 10);
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    while (!request.toString(StandardCharsets.ISO_8859_1).contains(END_OF_REQUEST)) {
      if (client.read(buffer.clear()) < 0 || request.size() > LONGEST_REQUEST) {
        throw new IOException("no whole HTTP request came");
      }
      buffer.flip();
      byte[] piece = new byte[buffer.remaining()];
      buffer.get(piece);
      request.writeBytes(piece);
    }
    try (FileChannel content = FileChannel.open(file)) {
      long size = FileServer.wanted(query(request), content.size());
      String head =
          "HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\nConnection: close" + END_OF_REQUEST;
      buffer.clear().put(head.getBytes(StandardCharsets.ISO_8859_1)).flip();
      writeAll(client, buffer);
      long left = size;
      while (left > 0) {
        buffer.clear().limit((int) Math.min(buffer.capacity(), left));
        if (content.read(buffer) < 0) {
          throw new EOFException("the file became shorter");
        }
        left -= buffer.flip().remaining();
        writeAll(client, buffer);
      }
    }
    client.shutdownOutput();
    // The client closes when it has read all; closing first with its bytes unread would reset.
    int read;
    do {
      read = client.read(buffer.clear());
    } while (read >= 0);
  }

  /** What follows the question mark in the request's first line; null when there is none. */
  private static String query(ByteArrayOutputStream request) {
    String target = request.toString(StandardCharsets.ISO_8859_1).split(" ", 3)[1];
    int mark = target.indexOf('?');
    return mark < 0 ? null : target.substring(mark + 1);
  }

  private static void writeAll(KernelMptcpSocket client, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      client.write(buffer);
    }
  }
}
