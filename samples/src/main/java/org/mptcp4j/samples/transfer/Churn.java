package org.mptcp4j.samples.transfer;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Many connections at a time that end in every way there is. {@code server PORT} serves until it is
 * ended and prints {@code whole} or {@code cut} for each connection; {@code client HOST PORT
 * CONNECTIONS SEED} opens as many at once and one more at the end, and prints {@code done whole=N}
 * with the number of streams that the server must have got whole.
 *
 * <p>A stream is its length in 8 bytes and that many random ones; the answer to a whole one is its
 * SHA-256.
 */
public final class Churn {
  private static final int LONGEST_STREAM = 2_000_000;
  private static final int LENGTH_BYTES = 8;
  private static final int HASH_BYTES = 32;

  /** How a connection ends. */
  private enum Ending {
    AFTER_THE_ANSWER(true),
    HALF_CLOSE_THEN_ANSWER(true),
    WITHOUT_WAITING_FOR_THE_ANSWER(true),
    CLOSE_HALF_WAY(false),
    RESET_HALF_WAY(false);

    private final boolean whole;

    Ending(boolean whole) {
      this.whole = whole;
    }
  }

  private Churn() {}

  public static void main(String[] args) throws IOException {
    if (args.length == 2 && args[0].equals("server")) {
      serve(Integer.parseInt(args[1]));
    } else if (args.length == 5 && args[0].equals("client")) {
      connect(
          new InetSocketAddress(args[1], Integer.parseInt(args[2])),
          Integer.parseInt(args[3]),
          Long.parseLong(args[4]));
    } else {
      System.err.println("usage: Churn server PORT | client HOST PORT CONNECTIONS SEED");
      System.exit(2);
    }
  }

  private static void serve(int port) throws IOException {
    ExecutorService executor = Executors.newCachedThreadPool();
    try (ServerSocketChannel server = ServerSocketChannel.open()) {
      server.bind(new InetSocketAddress(port));
      System.out.println("ready");
      while (true) {
        SocketChannel client = server.accept();
        executor.execute(() -> System.out.println(serve(client) ? "whole" : "cut"));
      }
    }
  }

  private static boolean serve(SocketChannel client) {
    boolean whole = false;
    try (client) {
      ByteBuffer buffer = ByteBuffer.allocate(64 << 10).limit(LENGTH_BYTES);
      if (!fill(client, buffer)) {
        return false;
      }
      MessageDigest digest = Exchange.sha256();
      for (long left = buffer.flip().getLong(); left > 0; ) {
        buffer.clear().limit((int) Math.min(left, buffer.capacity()));
        if (client.read(buffer) < 0) {
          return false;
        }
        left -= buffer.position();
        digest.update(buffer.flip());
      }
      whole = true;
      writeAll(client, ByteBuffer.wrap(digest.digest()));
      return true;
    } catch (IOException e) {
      // A reset, or a client that does not wait for the answer.
      return whole;
    }
  }

  private static void connect(InetSocketAddress server, int connections, long seed)
      throws IOException {
    ExecutorService executor = Executors.newFixedThreadPool(connections);
    try {
      List<Future<Boolean>> all = new ArrayList<>();
      for (int i = 0; i < connections; i++) {
        Random random = new Random(seed * 31 + i);
        Ending ending = Ending.values()[random.nextInt(Ending.values().length)];
        all.add(executor.submit(() -> converse(server, random, ending)));
      }
      int whole = 0;
      for (Future<Boolean> one : all) {
        whole += one.get() ? 1 : 0;
      }
      whole += converse(server, new Random(seed), Ending.AFTER_THE_ANSWER) ? 1 : 0;
      System.out.println("done whole=" + whole);
    } catch (ExecutionException e) {
      throw new IOException("a connection failed: " + e.getCause(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      executor.shutdownNow();
    }
  }

  /** One connection; returns whether the server must have got the stream whole. */
  private static boolean converse(InetSocketAddress server, Random random, Ending ending)
      throws IOException {
    byte[] data = new byte[random.nextInt(LONGEST_STREAM)];
    random.nextBytes(data);
    int sent = ending.whole ? data.length : data.length / 2;
    try (SocketChannel channel = SocketChannel.open(server)) {
      writeAll(channel, ByteBuffer.allocate(LENGTH_BYTES).putLong(0, data.length));
      writeAll(channel, ByteBuffer.wrap(data, 0, sent));
      switch (ending) {
        case AFTER_THE_ANSWER -> checkAnswer(channel, data);
        case HALF_CLOSE_THEN_ANSWER -> {
          channel.shutdownOutput();
          checkAnswer(channel, data);
        }
        case RESET_HALF_WAY -> channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        case WITHOUT_WAITING_FOR_THE_ANSWER, CLOSE_HALF_WAY -> {}
      }
    }
    return ending.whole;
  }

  private static void checkAnswer(SocketChannel channel, byte[] data) throws IOException {
    ByteBuffer answer = ByteBuffer.allocate(HASH_BYTES);
    if (!fill(channel, answer)
        || !MessageDigest.isEqual(answer.array(), Exchange.sha256().digest(data))) {
      throw new IOException("the server did not get what was sent");
    }
  }

  private static boolean fill(SocketChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        return false;
      }
    }
    return true;
  }

  private static void writeAll(SocketChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }
}
