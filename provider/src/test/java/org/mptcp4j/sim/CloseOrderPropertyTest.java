package org.mptcp4j.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.sim.SimConfig.MILLI;
import static org.mptcp4j.sim.SimConfig.SECOND;

import java.nio.ByteBuffer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Both ends write, shut down, close and abort at random times over paths that lose, hold back and
 * duplicate; in the end each of them has closed or aborted. Then nothing is left: no connection, no
 * flow, no token.
 */
class CloseOrderPropertyTest {
  private static final int PORT = 80;

  /** One end of the connection, which does random things until it closes. */
  private static final class Program {
    private final SimSocket socket;
    private final SimRandom random;
    private final ByteBuffer scratch = ByteBuffer.allocate(20_000);
    private final boolean reads;
    private boolean gone;
    private boolean atEnd;

    Program(SimSocket socket, SimRandom random) {
      this.socket = socket;
      this.random = random;
      this.reads = random.chance(0.8);
      SimNetwork network = socket.host().network();
      int actions = (int) random.below(5);
      for (int i = 0; i < actions; i++) {
        network.after(whenever(), this::act);
      }
      network.after(whenever(), this::leave);
      socket.onReady(s -> readAll());
    }

    /** Often within the handshake, sometimes long after everything else. */
    private long whenever() {
      return random.below(
          random.chance(0.5) ? 100 * MILLI : random.chance(0.9) ? 2 * SECOND : 100 * SECOND);
    }

    private void act() {
      if (gone) {
        return;
      }
      switch ((int) random.below(5)) {
        case 0 -> socket.shutdownOutput();
        case 1 -> socket.shutdownInput();
        case 2 -> leave();
        default -> socket.write(ByteBuffer.allocate(1 + (int) random.below(200_000)));
      }
    }

    private void leave() {
      if (!gone) {
        gone = true;
        if (random.chance(0.3)) {
          socket.abort();
        } else {
          socket.close();
        }
      }
    }

    private void readAll() {
      while (reads && !gone && !atEnd && socket.isReadable()) {
        scratch.clear();
        // The end of input is read once only: to read again would never come to rest.
        atEnd = socket.read(scratch) < 0;
      }
    }
  }

  @Property(tries = 1_000)
  void whateverTheOrderOfClosingNothingIsLeft(@ForAll long seed, @ForAll boolean multipath) {
    SimNetwork network = new SimNetwork(seed);
    SimRandom random = new SimRandom(seed);
    SimHost client = network.host("client");
    SimHost server = network.host("server");
    for (int i = 1; i <= 1 + random.below(3); i++) {
      double loss = random.chance(0.5) ? 0 : random.below(30) / 100.0;
      long late = random.chance(0.3) ? 50 * MILLI : 0;
      network
          .path(client, "10.0." + i + ".1", server, "10.0." + i + ".2")
          .rate(1_000_000 * (1 + random.below(100)))
          .delay(MILLI * random.below(50))
          .queue(10_000 + random.below(200_000))
          .both(link -> link.loss(Loss.random(loss)).reorder(0.05, late).duplicate(0.05));
    }
    SimConfig config = multipath ? SimConfig.multipathTcp() : SimConfig.plainTcp();
    SimConfig sized = config.withBuffers(16_384 + (int) random.below(500_000));
    SimRandom serverRandom = random.split();
    server.listen(PORT, sized.toConnectionConfig(), socket -> new Program(socket, serverRandom));
    new Program(client.connect("10.0.1.2", PORT, sized.toConnectionConfig()), random.split());

    // An end that never accepted has its handshake time out; a closed one waits for 120 s, and all
    // that is retransmitted then for some minutes more.
    network.runFor(3_600 * SECOND);

    assertThat(client.sockets()).as("sockets of the client, seed %d", seed).isEmpty();
    assertThat(server.sockets()).as("sockets of the server, seed %d", seed).isEmpty();
    assertThat(client.flowCount() + server.flowCount()).as("flows, seed %d", seed).isZero();
    assertThat(client.tokenCount() + server.tokenCount()).as("tokens, seed %d", seed).isZero();
  }
}
