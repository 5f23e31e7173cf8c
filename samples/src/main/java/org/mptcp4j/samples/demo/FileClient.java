package org.mptcp4j.samples.demo;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Fetches a URL with the JDK's own HTTP client: {@code FileClient URL}. Prints {@code progress
 * BYTES} ten times a second and at the end {@code result BYTES NANOSECONDS WORST_STALL_NANOSECONDS
 * SHA-256}.
 */
public final class FileClient {
  private FileClient() {}

  public static void main(String[] args)
      throws IOException, InterruptedException, NoSuchAlgorithmException {
    HttpClient client = HttpClient.newHttpClient();
    HttpRequest request = HttpRequest.newBuilder(URI.create(args[0])).build();
    Sink sink = new Sink();
    long start = System.nanoTime();
    HttpResponse<Void> response =
        client.send(request, HttpResponse.BodyHandlers.ofByteArrayConsumer(sink));
    long nanos = System.nanoTime() - start;
    if (response.statusCode() != 200) {
      throw new IOException("HTTP status " + response.statusCode());
    }
    System.out.println(
        "result " + sink.bytes + " " + nanos + " " + sink.worstStallNanos + " " + sink.hash());
  }

  /** Counts, hashes and times what comes. */
  private static final class Sink implements Consumer<Optional<byte[]>> {
    private static final long PROGRESS_NANOS = 100_000_000;

    private final MessageDigest digest = MessageDigest.getInstance("SHA-256");
    private long bytes;
    private long worstStallNanos;
    private long lastReadNanos;
    private long lastProgressNanos;

    Sink() throws NoSuchAlgorithmException {}

    @Override
    public void accept(Optional<byte[]> piece) {
      long now = System.nanoTime();
      if (bytes > 0) {
        worstStallNanos = Math.max(worstStallNanos, now - lastReadNanos);
      }
      lastReadNanos = now;
      if (piece.isPresent()) {
        bytes += piece.get().length;
        digest.update(piece.get());
      }
      if (now - lastProgressNanos >= PROGRESS_NANOS) {
        lastProgressNanos = now;
        System.out.println("progress " + bytes);
      }
    }

    String hash() {
      return HexFormat.of().formatHex(digest.digest());
    }
  }
}
