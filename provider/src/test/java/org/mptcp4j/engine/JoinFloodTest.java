package org.mptcp4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.engine.BlockingCalls.PATIENCE;
import static org.mptcp4j.engine.BlockingCalls.await;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.mptcp4j.Settings;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/** SYNs with MP_JOIN by the thousand, of somebody who knows a token, or none. */
@Timeout(60)
class JoinFloodTest {
  private static final int PORT = 8080;

  private final MemoryLink clientLink;
  private final MemoryLink serverLink;
  private final AtomicLong clockAdvance = new AtomicLong();

  /** Where the server's clock stands still: nothing is too late, however slow this machine is. */
  private volatile OptionalLong frozenAt = OptionalLong.empty();

  private final Engine client;
  private final Engine server;
  private final StreamListener listener;
  private final Random random = new Random(8);
  private final OutgoingSegment segment = new OutgoingSegment();

  /** The token that the joins of the client's last connection carried. */
  private final AtomicInteger token = new AtomicInteger();

  JoinFloodTest() throws IOException {
    MemoryLink[] links = MemoryLink.pair(2);
    clientLink = links[0];
    serverLink = links[1];
    EngineConfig config = EngineConfig.of(Settings.of(Map.of("mptcp4j.subflows.max", "32")));
    client = new Engine(clientLink, config);
    server = new Engine(serverLink, config, this::serverClock);
    listener = server.listen(new InetSocketAddress("0.0.0.0", PORT), 200, true);
    clientLink.loses =
        Optional.of(
            sent -> {
              if (sent.has(TcpFlags.SYN) && sent.mptcp().has(MptcpOption.MP_JOIN)) {
                token.set(sent.mptcp().joinToken());
              }
              return false;
            });
  }

  private long serverClock() {
    return frozenAt.orElse(System.nanoTime()) + clockAdvance.get();
  }

  @AfterEach
  void noFault() throws IOException {
    client.close();
    server.close();
    assertThat(client.counters().faults.sum()).isZero();
    assertThat(server.counters().faults.sum()).isZero();
  }

  /** A connection whose second subflow is there; its token is known then. */
  private StreamSocket[] connect() throws IOException {
    long joined = server.mptcpCounters().joins.sum();
    StreamSocket socket =
        BlockingCalls.connect(
            client, new InetSocketAddress(serverLink.address(0).toInetAddress(), PORT), true);
    assertThat(socket.write(ByteBuffer.wrap(new byte[] {7}))).isEqualTo(1);
    await(
        "it is joined, or there is no room",
        () ->
            server.mptcpCounters().joins.sum() == joined + 1
                || server.counters().joinsSuppressed.sum() > 0);
    StreamSocket accepted = BlockingCalls.accept(listener);
    return new StreamSocket[] {socket, accepted};
  }

  /** Injects joins from ports that no subflow has, and waits until the server has seen them. */
  private void flood(int count, boolean rightToken) {
    int known = token.get();
    long seen = server.counters().packetsReceived.sum();
    for (int i = 0; i < count; i++) {
      segment
          .begin(clientLink.address(0), 1 + random.nextInt(30_000), serverLink.address(0), PORT)
          .sequenceNumber(random.nextInt())
          .flags(TcpFlags.SYN)
          .window(60_000);
      int nonce = random.nextInt();
      segment.options().mpJoinSyn(false, 9, rightToken ? known : random.nextInt(), nonce);
      byte[] packet = new byte[OutgoingSegment.MAX_HEADER_LENGTH];
      int length =
          segment.encodeHeaders(ByteBuffer.wrap(packet), 0, OutgoingSegment.ChecksumMode.FULL);
      serverLink.inject(Arrays.copyOf(packet, length));
    }
    await("they are seen", () -> server.counters().packetsReceived.sum() >= seen + count);
  }

  private static void exchange(StreamSocket[] ends) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(100);
    assertThat(ends[1].write(ByteBuffer.wrap(new byte[] {1, 2, 3}))).isEqualTo(3);
    while (buffer.position() < 3) {
      assertThat(ends[0].awaitReady(StreamSocket.READABLE, PATIENCE)).isNotZero();
      ends[0].read(buffer);
    }
  }

  @Test
  void whoKnowsTheTokenGetsSoManyHandshakesASecondAndNoMore() throws Exception {
    StreamSocket[] ends = connect();
    // What the peer answers to packets that it never caused is another matter.
    serverLink.loses = Optional.of(sent -> sent.destinationPort() <= 30_000);
    flood(20_000, true);
    long limited = server.counters().joinsRateLimited.sum();
    assertThat(limited).isGreaterThan(10_000);
    assertThat(server.flows().flowCount()).isLessThanOrEqualTo(2 + 16);
    exchange(ends);

    clockAdvance.addAndGet(TimeUnit.SECONDS.toNanos(1));
    long refused = server.mptcpCounters().joinFailures.sum();
    flood(16, true);
    assertThat(server.counters().joinsRateLimited.sum()).as("a second later").isEqualTo(limited);
    await("all are looked at", () -> server.mptcpCounters().joinFailures.sum() > refused);
    assertThat(server.flows().flowCount()).isLessThanOrEqualTo(2 + 16);
    exchange(ends);
  }

  @Test
  void tokensOfNobodyAreRefusedWithFewResetsAndLeaveNothing() throws Exception {
    StreamSocket[] ends = connect();
    flood(20_000, false);
    assertThat(server.counters().joinsUnknown.sum()).isEqualTo(20_000);
    assertThat(server.counters().resetsSuppressed.sum()).isPositive();
    assertThat(server.flows().flowCount()).isEqualTo(2);
    assertThat(server.counters().joinsRateLimited.sum()).isZero();
    exchange(ends);
  }

  @Test
  void allConnectionsTogetherHaveAThousandJoinsUnderWayAtMost() throws Exception {
    frozenAt = OptionalLong.of(System.nanoTime());
    serverLink.loses = Optional.of(sent -> sent.destinationPort() <= 30_000);
    List<StreamSocket[]> connections = new ArrayList<>();
    int most = 1_024;
    while (server.counters().joinsSuppressed.sum() == 0) {
      connections.add(connect());
      assertThat(connections).hasSizeLessThan(100);
      // A subflow of its own was the first of this second.
      flood(15, true);
    }
    int established = 2 * connections.size();
    assertThat(server.flows().flowCount()).isBetween(most - 20, most + established);
    assertThat(server.flows().flowCount() - established).isLessThanOrEqualTo(most);
    exchange(connections.get(0));
  }

  @Test
  void aPeerThatMayNotConnectIsToldThatItIsProhibited() throws Exception {
    connect();
    List<String> resets = new ArrayList<>();
    serverLink.loses =
        Optional.of(
            sent -> {
              if (sent.has(TcpFlags.RST)) {
                synchronized (resets) {
                  resets.add(sent.mptcp().resetReason() + "/" + sent.mptcp().resetFlags());
                }
              }
              return sent.destinationPort() <= 30_000;
            });
    server.setPeerFilter((peer, port) -> false);
    flood(1, true);
    await("it is refused", () -> server.counters().resetsSent.sum() == 1);
    synchronized (resets) {
      assertThat(resets).containsExactly(MptcpOption.RESET_ADMINISTRATIVELY_PROHIBITED + "/0");
    }
  }
}
