package org.mptcp4j.samples.demo;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;

/** Serves one file with the JDK's own HTTP server: {@code FileServer PORT FILE}. */
public final class FileServer {
  private FileServer() {}

  public static void main(String[] args) throws IOException {
    Path file = Path.of(args[1]);
    HttpServer server = HttpServer.create(new InetSocketAddress(Integer.parseInt(args[0])), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, Files.size(file));
          try (OutputStream body = exchange.getResponseBody()) {
            Files.copy(file, body);
          }
        });
    server.start();
    System.out.println("ready");
  }
}
