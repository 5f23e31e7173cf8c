package org.mptcp4j.samples.ends;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import org.mptcp4j.Multipath;
import org.mptcp4j.Subflow;
import org.mptcp4j.sim.StreamEdit;

/**
 * Our stack's end of one connection after the other, as {@link OurEnd} orders it, line by line;
 * each order is answered with one line.
 */
final class OurEndProgram {
  private static final long SAMPLE_MILLIS = 10;

  private Attempt attempt = new Attempt(Set.of());

  private OurEndProgram() {}

  public static void main(String[] args) throws IOException {
    OurEndProgram program = new OurEndProgram();
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String order = orders.readLine(); order != null; order = orders.readLine()) {
      System.out.println(OurEnd.ANSWER + program.carryOut(order.split(" ", -1)));
    }
    // The lab is gone, or done with us.
    System.exit(0);
  }

  private String carryOut(String[] order) throws IOException {
    switch (order[0]) {
      case "listen" -> listen(order);
      case "connect" -> connect(order);
      case "finish" -> attempt.finish();
      case "abort" -> attempt.abort();
      case "backup" -> attempt.backup(order[1], Boolean.parseBoolean(order[2]));
      case "announce" -> attempt.announce(order[1], Integer.parseInt(order[2]));
      case "progress" -> {
        return attempt.describe();
      }
      default -> throw new IllegalArgumentException("no such order: " + order[0]);
    }
    return "";
  }

  /** What becomes of one connection. */
  private static final class Attempt {
    /** The client's addresses on the path that is watched. */
    private final Set<String> watched;

    /** The client's ends of the subflows seen, with the payload that they had moved. */
    private final Map<InetSocketAddress, Long> seen = new HashMap<>();

    private final Set<InetSocketAddress> lived = ConcurrentHashMap.newKeySet();
    private volatile boolean died;
    private volatile boolean aborted;
    private volatile String failure = "";
    private volatile Conversation conversation;
    private volatile SocketChannel connected;

    Attempt(Set<String> watched) {
      this.watched = watched;
    }

    void begin(SocketChannel channel, Conversation.Plan plan, boolean client) {
      Conversation begun = new Conversation(new OurLine(channel), plan, client);
      connected = channel;
      conversation = begun;
      begun.start();
      if (aborted) {
        begun.abort();
      }
      inBackground(
          () -> {
            while (sample(channel, client)) {
              Thread.sleep(SAMPLE_MILLIS);
            }
            return null;
          });
    }

    /** Notes which subflows of the watched path there are; false when there are none any more. */
    private boolean sample(SocketChannel channel, boolean client) {
      Conversation.Progress progress = conversation.progress();
      if (progress.over() || !progress.failure().isEmpty()) {
        return false;
      }
      Map<InetSocketAddress, Long> present = new HashMap<>();
      Set<InetSocketAddress> established = new HashSet<>();
      for (Subflow subflow : Multipath.subflows(channel)) {
        InetSocketAddress end = client ? subflow.local() : subflow.remote();
        if (watched.contains(end.getAddress().getHostAddress())) {
          present.put(end, subflow.tcp().sentBytes() + subflow.tcp().receivedBytes());
          if (subflow.established()) {
            established.add(end);
          }
        }
      }
      if (conversation.isFinishing()) {
        // They end now as they should.
        return false;
      }
      // One that has moved less than before is another with the same ports, joined anew at once.
      if (seen.entrySet().stream()
          .anyMatch(s -> present.getOrDefault(s.getKey(), -1L) < s.getValue())) {
        died = true;
      }
      seen.putAll(present);
      lived.addAll(established);
      return true;
    }

    void inBackground(Callable<Void> task) {
      Thread thread =
          new Thread(
              () -> {
                try {
                  task.call();
                } catch (Exception e) {
                  failure = e.toString();
                }
              },
              "our-end");
      thread.setDaemon(true);
      thread.start();
    }

    void finish() {
      if (conversation != null) {
        conversation.finish();
      }
    }

    void abort() {
      aborted = true;
      if (conversation != null) {
        conversation.abort();
      }
    }

    /** Makes the subflow that begins at our {@code address} a backup, or none again. */
    void backup(String address, boolean backup) {
      for (Subflow subflow : Multipath.subflows(connected)) {
        if (subflow.local().getAddress().getHostAddress().equals(address)) {
          Multipath.setBackup(connected, subflow, backup);
        }
      }
    }

    /** Tells the peer of an address and port of ours. */
    void announce(String address, int port) {
      if (!Multipath.announce(connected, new InetSocketAddress(address, port))) {
        throw new IllegalStateException("not announced: " + address + " " + port);
      }
    }

    String describe() {
      Conversation.Progress p =
          conversation == null
              ? new Conversation.Progress(0, false, -1, false, !failure.isEmpty(), failure)
              : conversation.progress();
      return String.join(
          " ",
          Long.toString(p.received()),
          Boolean.toString(p.complete()),
          Long.toString(p.wrongAt()),
          Boolean.toString(p.over()),
          Integer.toString(lived.size()),
          Boolean.toString(died),
          Boolean.toString(p.anew()),
          p.failure());
    }
  }

  // listen|connect LOCAL ADDRESS PORT BYTES EDIT-AT EDIT-REMOVED EDIT-INSERTED WATCHED,…
  private static Conversation.Plan plan(String[] order) {
    byte[] inserted = HexFormat.of().parseHex(order[7]);
    StreamEdit edit =
        new StreamEdit(Long.parseLong(order[5]), Integer.parseInt(order[6]), inserted);
    return new Conversation.Plan(Long.parseLong(order[4]), edit);
  }

  private void listen(String[] order) throws IOException {
    Attempt now = new Attempt(Set.of(order[8].split(",", -1)));
    attempt = now;
    ServerSocketChannel server = ServerSocketChannel.open();
    int port = Integer.parseInt(order[3]);
    server.bind(
        order[2].isEmpty() ? new InetSocketAddress(port) : new InetSocketAddress(order[2], port));
    now.inBackground(
        () -> {
          try (server) {
            now.begin(server.accept(), plan(order), false);
          }
          return null;
        });
  }

  private void connect(String[] order) {
    Attempt now = new Attempt(Set.of(order[8].split(",", -1)));
    attempt = now;
    now.inBackground(
        () -> {
          SocketChannel channel = SocketChannel.open();
          if (!order[1].isEmpty()) {
            channel.bind(new InetSocketAddress(order[1], 0));
          }
          channel.connect(new InetSocketAddress(order[2], Integer.parseInt(order[3])));
          now.begin(channel, plan(order), true);
          return null;
        });
  }

  /** A channel as a line. */
  private record OurLine(SocketChannel channel) implements Conversation.Line {
    @Override
    public int read(ByteBuffer target) throws IOException {
      return channel.read(target);
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
      return channel.write(source);
    }

    @Override
    public void shutdownOutput() throws IOException {
      channel.shutdownOutput();
    }

    @Override
    public void resetOnClose() throws IOException {
      channel.setOption(StandardSocketOptions.SO_LINGER, 0);
      // Nothing else wakes who reads or writes.
      channel.close();
    }

    @Override
    public boolean isOpen() {
      return channel.isOpen();
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
