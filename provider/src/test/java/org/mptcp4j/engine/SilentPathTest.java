package org.mptcp4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.engine.BlockingCalls.PATIENCE;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.mptcp4j.Settings;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.TcpFlags;

/** Connections over paths that drop SYNs, or those that offer MPTCP. */
@Timeout(60)
class SilentPathTest {
  private static final int PORT = 8080;

  private final MemoryLink clientLink;
  private final MemoryLink serverLink;
  private final AtomicLong clockAdvance = new AtomicLong();
  private Engine client;
  private Engine server;

  SilentPathTest() {
    MemoryLink[] links = MemoryLink.pair(2);
    clientLink = links[0];
    serverLink = links[1];
    clientLink.crossed = true;
    serverLink.crossed = true;
  }

  private StreamListener start(String... settings) throws IOException {
    Map<String, String> map = new HashMap<>();
    for (int i = 0; i < settings.length; i += 2) {
      map.put("mptcp4j." + settings[i], settings[i + 1]);
    }
    client =
        new Engine(
            clientLink,
            EngineConfig.of(Settings.of(map)),
            () -> System.nanoTime() + clockAdvance.get());
    server = new Engine(serverLink, EngineConfig.of(Settings.of(Map.of())));
    return server.listen(new InetSocketAddress("0.0.0.0", PORT), 10, true);
  }

  @AfterEach
  void noFault() throws IOException {
    client.close();
    server.close();
    assertThat(client.counters().faults.sum()).isZero();
    assertThat(server.counters().faults.sum()).isZero();
  }

  private StreamSocket connect() throws IOException {
    InetSocketAddress remote = new InetSocketAddress(serverLink.address(0).toInetAddress(), PORT);
    return BlockingCalls.connect(client, remote, true);
  }

  /** A byte there and back; which way the client's SYNs went is for others to tell. */
  private static void exchange(StreamListener listener, StreamSocket socket) throws IOException {
    StreamSocket accepted = BlockingCalls.accept(listener);
    for (StreamSocket[] way : new StreamSocket[][] {{socket, accepted}, {accepted, socket}}) {
      assertThat(way[0].write(ByteBuffer.wrap(new byte[] {7}))).isEqualTo(1);
      assertThat(way[1].awaitReady(StreamSocket.READABLE, PATIENCE)).isNotZero();
      assertThat(way[1].read(ByteBuffer.allocate(10))).isEqualTo(1);
    }
    socket.close();
    accepted.close();
  }

  private long plainSoFar() {
    return client.mptcpCounters().plainConnections.sum();
  }

  private long multipathSoFar() {
    return client.mptcpCounters().multipathConnections.sum();
  }

  @Test
  void whereOffersAreDroppedTheNextConnectionIsPlainAtOnceUntilTheTimeIsOver() throws Exception {
    StreamListener listener = start("syn.offers", "1", "syn.memory", "10m", "syn.alone", "0");
    AtomicInteger offers = new AtomicInteger();
    clientLink.loses =
        Optional.of(
            segment -> {
              boolean offer =
                  segment.has(TcpFlags.SYN) && segment.mptcp().has(MptcpOption.MP_CAPABLE);
              offers.addAndGet(offer ? 1 : 0);
              return offer;
            });
    exchange(listener, connect());
    assertThat(plainSoFar()).isEqualTo(1);
    assertThat(offers).hasValue(1);

    exchange(listener, connect());
    assertThat(plainSoFar()).isEqualTo(2);
    assertThat(offers).as("no offer was made").hasValue(1);
    assertThat(client.counters().snapshot())
        .containsEntry("mptcp.blackholes", 1L)
        .containsEntry("mptcp.blackholes.avoided", 1L);

    clockAdvance.addAndGet(TimeUnit.MINUTES.toNanos(11));
    clientLink.loses = Optional.empty();
    exchange(listener, connect());
    assertThat(multipathSoFar()).isEqualTo(1);
    exchange(listener, connect());
    assertThat(multipathSoFar()).isEqualTo(2);
  }

  @Test
  void anOrdinaryConnectSucceedsOverTheSecondInterface() throws Exception {
    StreamListener listener = start("syn.alone", "1");
    clientLink.loses = Optional.of(segment -> segment.source().equals(clientLink.address(0)));
    StreamSocket socket = client.openSocket(true);
    socket.connect(new InetSocketAddress(serverLink.address(0).toInetAddress(), PORT));
    assertThat(socket.localAddress().orElseThrow().getAddress())
        .isEqualTo(clientLink.address(0).toInetAddress());
    assertThat(socket.awaitReady(StreamSocket.CONNECTABLE, PATIENCE)).isNotZero();
    assertThat(socket.finishConnect()).isTrue();
    assertThat(socket.localAddress().orElseThrow().getAddress())
        .as("the address that answered")
        .isEqualTo(clientLink.address(1).toInetAddress());
    assertThat(clientLink.guardedPorts()).as("one port for all attempts").hasSize(1);
    assertThat(client.counters().snapshot()).containsEntry("mptcp.firstpath.others", 1L);
    exchange(listener, socket);
    assertThat(multipathSoFar()).isEqualTo(1);
  }

  @Test
  void anAddressThatTheApplicationBoundIsTheOnlyOne() throws Exception {
    start("syn.alone", "1");
    AtomicInteger syns = new AtomicInteger();
    clientLink.loses =
        Optional.of(
            segment -> {
              assertThat(segment.source()).isEqualTo(clientLink.address(0));
              syns.incrementAndGet();
              return true;
            });
    StreamSocket socket = client.openSocket(true);
    socket.bind(new InetSocketAddress(clientLink.address(0).toInetAddress(), 0));
    socket.connect(new InetSocketAddress(serverLink.address(0).toInetAddress(), PORT));
    long end = System.nanoTime() + PATIENCE;
    while (syns.get() < 2) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.onSpinWait();
    }
    assertThat(client.flows().flowCount()).isEqualTo(1);
    assertThat(client.counters().snapshot()).containsEntry("mptcp.firstpath.others", 0L);
    socket.close();
  }
}
