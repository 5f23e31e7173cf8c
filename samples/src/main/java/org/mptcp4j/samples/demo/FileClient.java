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
 * Fetches a URL with the JDK's own HTTP client: {@code FileClient URL BYTES}.
 *
 * <p>First it fetches so many bytes of it over a connection of their own, so that the second and
 * more that two JVMs spend on loading and compiling are not taken for the network's; it prints
 * {@code warm NANOSECONDS}. Then it fetches all over a new connection, prints {@code progress
 * BYTES} ten times a second and at the end {@code result BYTES NANOSECONDS WORST_STALL_NANOSECONDS
 * SHA-256}. The time is that from the request, before the connection is opened, to the last byte.
 */
public final class FileClient {
  private FileClient() {}

  public static void main(String[] args)
      throws IOException, InterruptedException, NoSuchAlgorithmException {
    long warmUpNanos = fetch(args[0] + "?bytes=" + args[1], new Sink(false));
    System.out.println("warm " + warmUpNanos);
    Sink sink = new Sink(true);
    long nanos = fetch(args[0], sink);
    System.out.println(
        "result " + sink.bytes + " " + nanos + " " + sink.worstStallNanos + " " + sink.hash());
  }

  /** A client of its own has no connection of another to use again. */
  private static long fetch(String url, Sink sink) throws IOException, InterruptedException {
    HttpClient client = HttpClient.newHttpClient();
    HttpRequest request = HttpRequest.newBuilder(URI.create(url)).build();
    long start = System.nanoTime();
    HttpResponse<Void> response =
        client.send(request, HttpResponse.BodyHandlers.ofByteArrayConsumer(sink));
    long nanos = System.nanoTime() - start;
    if (response.statusCode() != 200) {
      throw new IOException("HTTP status " + response.statusCode());
    }
    return nanos;
  }

  /** Counts, hashes and times what comes. */
  private static final class Sink implements Consumer<Optional<byte[]>> {
    private static final long PROGRESS_NANOS = 100_000_000;

    private final MessageDigest digest = MessageDigest.getInstance("SHA-256");
    private long bytes;
    private long worstStallNanos;
    private long lastReadNanos;
    private long lastProgressNanos;

    private final boolean reports;

    Sink(boolean reports) throws NoSuchAlgorithmException {
      this.reports = reports;
    }

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
      if (reports && now - lastProgressNanos >= PROGRESS_NANOS) {
        lastProgressNanos = now;
        System.out.println("progress " + bytes);
      }
    }

    String hash() {
      return HexFormat.of().formatHex(digest.digest());
    }
  }
}
