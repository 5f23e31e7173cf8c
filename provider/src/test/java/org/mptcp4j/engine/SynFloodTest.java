package org.mptcp4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.mptcp4j.Settings;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/** SYNs by the thousand that nobody follows up, and those who really want to connect. */
@Timeout(60)
class SynFloodTest {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);
  private static final int PORT = 8080;
  private static final int BACKLOG = 100;

  private final MemoryLink clientLink;
  private final MemoryLink serverLink;
  private final Engine client;
  private final Engine server;
  private final Random random = new Random(7);
  private final OutgoingSegment segment = new OutgoingSegment();

  SynFloodTest() {
    MemoryLink[] links = MemoryLink.pair(2);
    clientLink = links[0];
    serverLink = links[1];
    EngineConfig config = EngineConfig.of(Settings.of(Map.of()));
    client = new Engine(clientLink, config);
    server = new Engine(serverLink, config);
  }

  @AfterEach
  void noFault() throws IOException {
    client.close();
    server.close();
    assertThat(client.counters().faults.sum()).isZero();
    assertThat(server.counters().faults.sum()).isZero();
  }

  private InetSocketAddress serverAddress() {
    return new InetSocketAddress(serverLink.address(0).toInetAddress(), PORT);
  }

  private StreamListener listen(int backlog) throws IOException {
    return server.listen(new InetSocketAddress("0.0.0.0", PORT), backlog, true);
  }

  private StreamSocket connect(boolean multipath) throws IOException {
    StreamSocket socket = client.openSocket(multipath);
    socket.connect(serverAddress());
    assertThat(socket.awaitReady(StreamSocket.CONNECTABLE, PATIENCE)).isNotZero();
    assertThat(socket.finishConnect()).isTrue();
    return socket;
  }

  private StreamSocket accept(StreamListener listener) throws IOException {
    assertThat(listener.awaitAcceptable(PATIENCE)).isTrue();
    return listener.accept().orElseThrow().engine().orElseThrow();
  }

  private static byte[] read(StreamSocket socket, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    while (buffer.hasRemaining()) {
      if (socket.read(buffer) == 0) {
        assertThat(socket.awaitReady(StreamSocket.READABLE, PATIENCE)).isNotZero();
      }
    }
    return buffer.array();
  }

  private static void write(StreamSocket socket, byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      if (socket.write(buffer) == 0) {
        assertThat(socket.awaitReady(StreamSocket.WRITABLE, PATIENCE)).isNotZero();
      }
    }
  }

  private static void await(String what, java.util.function.BooleanSupplier condition) {
    long end = System.nanoTime() + PATIENCE;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited for: " + what).isLessThan(end);
      Thread.onSpinWait();
    }
  }

  private void inject(int count, boolean syn) {
    byte[] scratch = new byte[OutgoingSegment.MAX_HEADER_LENGTH];
    for (int i = 0; i < count; i++) {
      // Half of them from an address that no path leads to from there.
      IpAddress source = clientLink.address(i & 1);
      segment
          .begin(source, 1 + random.nextInt(30_000), serverLink.address(0), PORT)
          .sequenceNumber(random.nextInt())
          .acknowledgmentNumber(syn ? 0 : random.nextInt())
          .flags(syn ? TcpFlags.SYN : TcpFlags.ACK)
          .window(60_000);
      if (syn) {
        segment.options().maximumSegmentSize(1460);
        segment.options().sackPermitted();
        segment.options().timestamps(random.nextInt(), 0);
        segment.options().windowScale(7);
        segment.options().mpCapableSyn(1, MptcpOption.CAPABLE_HMAC_SHA256);
      }
      int length =
          segment.encodeHeaders(ByteBuffer.wrap(scratch), 0, OutgoingSegment.ChecksumMode.FULL);
      serverLink.inject(Arrays.copyOf(scratch, length));
    }
  }

  /** Floods the server; nobody can be more than half-way in, whatever comes. */
  private void flood(int syns) {
    long before = server.counters().packetsReceived.sum();
    int round = 1_000;
    for (int sent = round; sent <= syns; sent += round) {
      inject(round, true);
      long seen = before + sent;
      await("the SYNs are seen", () -> server.counters().packetsReceived.sum() >= seen);
      assertThat(server.halfOpen().count()).isLessThanOrEqualTo(BACKLOG + 1);
      assertThat(server.flows().connections()).hasSizeLessThanOrEqualTo(BACKLOG + 1);
      assertThat(server.flows().flowCount()).isLessThanOrEqualTo(BACKLOG + 2);
    }
  }

  @Test
  void aFloodOfSynsTakesBoundedMemoryAndAnHonestClientConnects() throws Exception {
    StreamListener listener = listen(BACKLOG);
    flood(50_000);
    StreamSocket socket = connect(true);
    StreamSocket accepted = accept(listener);
    flood(50_000);
    byte[] bytes = new byte[300_000];
    random.nextBytes(bytes);
    write(socket, bytes);
    assertThat(read(accepted, bytes.length)).isEqualTo(bytes);
    write(accepted, bytes);
    assertThat(read(socket, bytes.length)).isEqualTo(bytes);
    assertThat(server.counters().synCookiesSent.sum()).isGreaterThan(40_000);
    assertThat(server.counters().synCookiesAccepted.sum()).isEqualTo(1);
    assertThat(server.mptcpCounters().multipathConnections.sum()).isEqualTo(1);
    await("a second subflow", () -> server.mptcpCounters().joins.sum() == 1);
  }

  @Test
  void aConnectionThatBeganWithACookieMayBePlainTcp() throws Exception {
    StreamListener listener = listen(BACKLOG);
    flood(1_000);
    StreamSocket socket = connect(false);
    StreamSocket accepted = accept(listener);
    byte[] bytes = new byte[300_000];
    random.nextBytes(bytes);
    write(accepted, bytes);
    assertThat(read(socket, bytes.length)).isEqualTo(bytes);
    assertThat(server.counters().synCookiesAccepted.sum()).isEqualTo(1);
    assertThat(server.mptcpCounters().plainConnections.sum()).isEqualTo(1);
  }

  @Test
  void acksThatFollowNoCookieBeginNothing() throws Exception {
    StreamListener listener = listen(BACKLOG);
    inject(100, false);
    await("they are seen", () -> server.counters().packetsReceived.sum() == 100);
    assertThat(server.counters().synCookiesFailed.sum()).isZero();
    assertThat(server.counters().resetsSent.sum()).isPositive();
    flood(1_000);
    inject(100, false);
    await("they are seen", () -> server.counters().packetsReceived.sum() == 1_200);
    assertThat(server.counters().synCookiesFailed.sum()).isPositive();
    assertThat(server.counters().synCookiesAccepted.sum()).isZero();
    assertThat(listener.isAcceptable()).isFalse();
  }

  @Test
  void aCrowdLargerThanTheBacklogIsServedInTheEnd() throws Exception {
    StreamListener listener = listen(5);
    List<StreamSocket> sockets = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      StreamSocket socket = client.openSocket(true);
      socket.connect(serverAddress());
      sockets.add(socket);
    }
    // Where a peer's ACK found no room, its data brings the cookie again.
    CompletableFuture<Void> requests =
        CompletableFuture.runAsync(
            () -> {
              for (StreamSocket socket : sockets) {
                try {
                  socket.awaitReady(StreamSocket.CONNECTABLE, PATIENCE);
                  socket.finishConnect();
                  write(socket, new byte[] {1});
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              }
            });
    for (int i = 0; i < sockets.size(); i++) {
      StreamSocket accepted = accept(listener);
      assertThat(read(accepted, 1)).containsExactly(1);
      write(accepted, new byte[] {2});
    }
    requests.get(20, TimeUnit.SECONDS);
    for (StreamSocket socket : sockets) {
      assertThat(read(socket, 1)).containsExactly(2);
    }
  }

  @Test
  void whatAFloodBeganIsForgottenWithItsListener() throws Exception {
    StreamListener listener = listen(BACKLOG);
    flood(1_000);
    assertThat(server.halfOpen().count()).isEqualTo(BACKLOG);
    listener.close();
    await("nothing is half-open", () -> server.halfOpen().count() == 0);
    await("nothing is left", () -> server.flows().connections().isEmpty());
    assertThat(server.flows().flowCount()).isZero();
  }
}
