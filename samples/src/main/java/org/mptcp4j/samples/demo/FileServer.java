package org.mptcp4j.samples.demo;

import com.sun.net.httpserver.HttpServer;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Serves one file with the JDK's own HTTP server: {@code FileServer PORT FILE}. The query {@code
 * ?bytes=N} asks for the first N bytes of it.
 */
public final class FileServer {
  private static final int COPY_BYTES = 16 << 10;

  private FileServer() {}

  public static void main(String[] args) throws IOException {
    Path file = Path.of(args[1]);
    HttpServer server = HttpServer.create(new InetSocketAddress(Integer.parseInt(args[0])), 0);
    server.createContext(
        "/",
        exchange -> {
          long size = wanted(exchange.getRequestURI().getQuery(), Files.size(file));
          exchange.sendResponseHeaders(200, size);
          try (InputStream content = Files.newInputStream(file);
              OutputStream body = exchange.getResponseBody()) {
            copy(content, body, size);
          }
        });
    server.start();
    System.out.println("ready");
  }

  /** How many bytes a request with {@code query}, which may be null, is to get of {@code size}. */
  static long wanted(String query, long size) {
    if (query == null || !query.matches("bytes=\\d{1,18}")) {
      return size;
    }
    return Math.min(size, Long.parseLong(query.substring("bytes=".length())));
  }

  private static void copy(InputStream from, OutputStream to, long bytes) throws IOException {
    byte[] buffer = new byte[COPY_BYTES];
    long left = bytes;
    while (left > 0) {
      int count = from.read(buffer, 0, (int) Math.min(buffer.length, left));
      if (count < 0) {
        throw new EOFException("the file became shorter");
      }
      to.write(buffer, 0, count);
      left -= count;
    }
  }
}
