package org.mptcp4j.sim;

import static org.mptcp4j.sim.SimConfig.SECOND;

import java.util.HashSet;
import java.util.Set;
import org.mptcp4j.mptcp.SubflowInfo;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IpAddress;

/** A client and a server that write to each other without pause, with a box on one of the paths. */
public final class MiddleboxSite implements BoxSite {
  /** Where the box stands. */
  public enum Place {
    ONLY_SUBFLOW,
    JOINED_SUBFLOW,
    FIRST_OF_TWO
  }

  /** What became of the connection. */
  public enum Outcome {
    MULTIPATH("stays multipath"),
    FALLBACK("falls back"),
    SUBFLOW_CLOSED("subflow closed, connection goes on"),
    CONNECTION_RESET("connection reset");

    private final String words;

    Outcome(String words) {
      this.words = words;
    }

    @Override
    public String toString() {
      return words;
    }
  }

  private static final long SAMPLE_INTERVAL = 20_000_000L;
  private static final String[] CLIENT_ADDRESSES = {"10.0.1.1", "10.0.2.1"};

  private final SimNetwork network;
  private final SimHost client;
  private final SimHost server;
  private final Place place;
  private final int seed;
  private final SimPath boxed;
  private final String boxedAddress;
  private StreamEdit edit = StreamEdit.NONE;
  private final Set<FlowKey> lived = new HashSet<>();
  private boolean died;

  @SuppressWarnings("EnumOrdinal") // each place has its own seeds
  MiddleboxSite(Place place, int seed, long bitsPerSecond) {
    this.place = place;
    this.seed = seed;
    network = new SimNetwork(seed);
    client = network.host("client");
    server = network.host("server");
    SimPath first = network.path(client, CLIENT_ADDRESSES[0], server, "10.0.1.2");
    first.rate(bitsPerSecond).delay(10_000_000).queue(50_000);
    SimPath second = null;
    if (place != Place.ONLY_SUBFLOW) {
      second = network.path(client, CLIENT_ADDRESSES[1], server, "10.0.2.2");
      second.rate(bitsPerSecond).delay(15_000_000).queue(50_000);
    }
    boxed = place == Place.JOINED_SUBFLOW ? second : first;
    boxedAddress = CLIENT_ADDRESSES[boxed == first ? 0 : 1];
    if (seed > 4) {
      boxed.both(link -> link.loss(Loss.random(0.003)));
    }
    if (seed % 3 == 0) {
      client.offload(16_000);
      server.offload(16_000);
    }
  }

  @Override
  public SimPath path() {
    return boxed;
  }

  @Override
  public String clientAddress() {
    return boxedAddress;
  }

  /** The client's or the server's direction. */
  @Override
  public SimLink there() {
    return seed % 2 == 0 ? boxed.forward() : boxed.backward();
  }

  @Override
  public SimLink back() {
    return seed % 2 == 0 ? boxed.backward() : boxed.forward();
  }

  @Override
  public void expect(StreamEdit change) {
    if (place == Place.ONLY_SUBFLOW || (place == Place.FIRST_OF_TWO && change.at() == 0)) {
      // Before there is a second subflow, the first one's bytes are the connection's.
      edit = change;
    }
  }

  /** Runs a connection, compares every byte, and says what became of it. */
  Outcome run(boolean checksum, long nanos) {
    SimConfig config = SimConfig.multipathTcp().withBuffers(262_144);
    config = checksum ? config.withChecksum() : config;
    config = seed % 4 < 2 ? config : config.withoutTimestamps();
    StreamEdit none = StreamEdit.NONE;
    boolean up = seed % 2 == 0;
    Transfer atServer = Transfer.endless(false).mayFail().expect(up ? edit : none);
    Transfer atClient = Transfer.endless(true).mayFail().expect(up ? none : edit);
    SimSocket[] accepted = new SimSocket[1];
    server.listen(
        80,
        config.toConnectionConfig(),
        s -> {
          accepted[0] = s;
          atServer.on(s);
        });
    SimSocket socket = client.connect("10.0.1.2", 80, config.toConnectionConfig());
    atClient.on(socket);
    sample(socket);
    long end = network.now() + nanos;
    network.runFor(Math.min(nanos, 2 * SECOND));
    long received = -1;
    while (network.now() < end && !hasFailed(atClient, atServer)) {
      network.runFor(SECOND / 2);
      if (died && received < 0) {
        received = Math.max(atClient.received(), atServer.received());
      }
      // More than two buffers after the end of a subflow: the connection goes on.
      if (died && Math.min(atClient.received(), atServer.received()) - received > 600_000) {
        break;
      }
    }
    Outcome outcome = outcome(socket, accepted[0], atClient, atServer);
    finish(accepted[0], atClient, atServer);
    return outcome;
  }

  private static boolean hasFailed(Transfer a, Transfer b) {
    return a.hasFailed() && b.hasFailed();
  }

  private void sample(SimSocket socket) {
    Set<FlowKey> now = new HashSet<>();
    socket.connection().subflows().stream()
        .map(subflow -> subflow.info())
        .filter(SubflowInfo::established)
        .map(SubflowInfo::flow)
        .filter(flow -> flow.local().equals(IpAddress.parse(boxedAddress)))
        .forEach(flow -> now.add(flow.copy()));
    died |= !now.containsAll(lived);
    lived.addAll(now);
    if (!socket.isClosed()) {
      network.after(SAMPLE_INTERVAL, () -> sample(socket));
    }
  }

  private Outcome outcome(SimSocket socket, SimSocket accepted, Transfer a, Transfer b) {
    if (accepted == null || a.hasFailed() || b.hasFailed()) {
      return Outcome.CONNECTION_RESET;
    }
    if (socket.connection().isFallback() != accepted.connection().isFallback()) {
      throw new AssertionError("one end has fallen back, the other has not\n" + network.describe());
    }
    if (socket.connection().isFallback()) {
      return Outcome.FALLBACK;
    }
    return died || lived.isEmpty() ? Outcome.SUBFLOW_CLOSED : Outcome.MULTIPATH;
  }

  private void finish(SimSocket accepted, Transfer a, Transfer b) {
    if (accepted != null && !a.hasFailed() && !b.hasFailed()) {
      Transfer.finish(a, b);
      network.runUntil(() -> a.isOver() && b.isOver(), 900 * SECOND);
      if (a.hasFailed() || b.hasFailed()) {
        throw new AssertionError("it failed in the end\n" + network.describe());
      }
    }
    network.runUntil(
        () -> client.sockets().isEmpty() && server.sockets().isEmpty(), 1_800 * SECOND);
    if (client.flowCount() + server.flowCount() + client.tokenCount() + server.tokenCount() != 0) {
      throw new AssertionError("something is left behind\n" + network.describe());
    }
  }
}
