package org.mptcp4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.engine.BlockingCalls.PATIENCE;
import static org.mptcp4j.engine.BlockingCalls.accept;
import static org.mptcp4j.engine.BlockingCalls.await;
import static org.mptcp4j.engine.BlockingCalls.readFully;
import static org.mptcp4j.engine.BlockingCalls.writeAll;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/** SYNs by the thousand that nobody follows up, and those who really want to connect. */
@Timeout(60)
class SynFloodTest {
  private static final int PORT = 8080;
  private static final int BACKLOG = 100;

  private final TwoEngines hosts = new TwoEngines(2);
  private final MemoryLink clientLink = hosts.clientLink;
  private final MemoryLink serverLink = hosts.serverLink;
  private final Engine client = hosts.client;
  private final Engine server = hosts.server;
  private final Random random = new Random(7);
  private final OutgoingSegment segment = new OutgoingSegment();

  @AfterEach
  void noFault() throws IOException {
    hosts.closeAndCheck();
  }

  private StreamListener listen(int backlog) throws IOException {
    return server.listen(new InetSocketAddress("0.0.0.0", PORT), backlog, true);
  }

  private StreamSocket connect(boolean multipath) throws IOException {
    return BlockingCalls.connect(client, hosts.serverAddress(PORT), multipath);
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
    writeAll(socket, bytes);
    assertThat(readFully(accepted, bytes.length)).isEqualTo(bytes);
    writeAll(accepted, bytes);
    assertThat(readFully(socket, bytes.length)).isEqualTo(bytes);
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
    writeAll(accepted, bytes);
    assertThat(readFully(socket, bytes.length)).isEqualTo(bytes);
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
      socket.connect(hosts.serverAddress(PORT));
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
                  writeAll(socket, new byte[] {1});
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              }
            });
    for (int i = 0; i < sockets.size(); i++) {
      StreamSocket accepted = accept(listener);
      assertThat(readFully(accepted, 1)).containsExactly(1);
      writeAll(accepted, new byte[] {2});
    }
    requests.get(20, TimeUnit.SECONDS);
    for (StreamSocket socket : sockets) {
      assertThat(readFully(socket, 1)).containsExactly(2);
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
