package org.mptcp4j;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.spi.SelectorProvider;
import java.util.Arrays;
import java.util.Random;

/** A program that knows nothing of us: the JDK's HTTP server and client, in one process. */
final class UnmodifiedProgram {
  private static final byte[] BODY = new byte[1_000_000];

  private UnmodifiedProgram() {}

  public static void main(String[] args) throws Exception {
    new Random(1).nextBytes(BODY);
    HttpServer server = HttpServer.create(new InetSocketAddress(args[0], 0), 0);
    server.createContext("/", UnmodifiedProgram::answer);
    server.start();
    String host = InetAddress.getLoopbackAddress().getHostAddress();
    URI uri = URI.create("http://" + host + ":" + server.getAddress().getPort() + "/");
    HttpClient client = HttpClient.newHttpClient();
    HttpRequest request =
        HttpRequest.newBuilder(uri).POST(HttpRequest.BodyPublishers.ofByteArray(BODY)).build();
    for (int i = 0; i < 10; i++) {
      byte[] received = client.send(request, HttpResponse.BodyHandlers.ofByteArray()).body();
      if (!Arrays.equals(received, BODY)) {
        throw new IllegalStateException("the body came back different");
      }
    }
    server.stop(0);
    System.out.println("10 bodies came back through " + SelectorProvider.provider().getClass());
  }

  private static void answer(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    exchange.sendResponseHeaders(200, body.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(body);
    }
  }
}
