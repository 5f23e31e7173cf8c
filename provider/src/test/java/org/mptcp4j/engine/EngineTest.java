package org.mptcp4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mptcp4j.engine.BlockingCalls.PATIENCE;
import static org.mptcp4j.engine.BlockingCalls.accept;
import static org.mptcp4j.engine.BlockingCalls.await;
import static org.mptcp4j.engine.BlockingCalls.readToEnd;
import static org.mptcp4j.engine.BlockingCalls.writeAll;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mptcp4j.Subflow;
import org.mptcp4j.wire.MptcpOption;

/** Two engines with their own threads, joined in memory. */
@Timeout(60)
class EngineTest {
  private static final int PORT = 8080;

  private final TwoEngines hosts = new TwoEngines(2);
  private final MemoryLink clientLink = hosts.clientLink;
  private final MemoryLink serverLink = hosts.serverLink;
  private final Engine client = hosts.client;
  private final Engine server = hosts.server;

  @AfterEach
  void noFaultAndAllClosed() throws IOException {
    hosts.closeAndCheck();
  }

  private InetSocketAddress serverAddress() {
    return hosts.serverAddress(PORT);
  }

  private StreamListener listen(int backlog) throws IOException {
    return server.listen(serverAddress(), backlog, true);
  }

  private StreamSocket connect() throws IOException {
    return BlockingCalls.connect(client, serverAddress(), true);
  }

  private static byte[] noise(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  @Test
  void aStreamArrivesWholeOverBothPaths() throws Exception {
    StreamListener listener = listen(10);
    byte[] bytes = noise(20_000_000);
    StreamSocket socket = connect();
    StreamSocket accepted = accept(listener);
    CompletableFuture<byte[]> received =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return readToEnd(accepted, bytes.length);
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
    writeAll(socket, bytes);
    socket.close();
    assertThat(received.get(30, TimeUnit.SECONDS)).isEqualTo(bytes);
    accepted.close();
    listener.close();
  }

  @Test
  void aStreamArrivesWholeThroughALinkThatIsOftenBusy() throws Exception {
    clientLink.busyEvery = 5;
    serverLink.busyEvery = 7;
    aStreamArrivesWholeOverBothPaths();
    assertThat(client.counters().sendsBusy.sum()).isPositive();
  }

  @Test
  void whatWasWrittenBeforeCloseStillArrives() throws Exception {
    StreamListener listener = listen(10);
    byte[] bytes = noise(200_000);
    StreamSocket socket = connect();
    writeAll(socket, bytes);
    socket.close();
    assertThat(readToEnd(accept(listener), bytes.length)).isEqualTo(bytes);
  }

  @Test
  void allSubflowsOfAConnectionShareOneLocalPort() throws Exception {
    StreamListener listener =
        server.listen(new InetSocketAddress("0.0.0.0", PORT), 10, /* multipath= */ true);
    StreamSocket socket = connect();
    StreamSocket accepted = accept(listener);
    writeAll(socket, new byte[] {1});
    await("a second subflow", () -> client.flows().flowCount() == 2);
    assertThat(clientLink.guardedPorts()).hasSize(1);
    accepted.setOption(StandardSocketOptions.SO_LINGER, 0);
    accepted.close();
    socket.close();
    await("the port is free", () -> clientLink.guardedPorts().isEmpty());
  }

  @ParameterizedTest(name = "mptcp4j.checksum={0}")
  @CsvSource({", true", "true, true", "false, false"})
  void theOfferAsksForChecksumsUnlessTheyAreSwitchedOff(String setting, boolean asks)
      throws Exception {
    Map<String, String> settings = setting == null ? Map.of() : Map.of("mptcp4j.checksum", setting);
    TwoEngines engines = new TwoEngines(1, settings);
    CompletableFuture<Integer> flags = new CompletableFuture<>();
    engines.serverLink.onArrival = syn -> flags.complete(syn.mptcp().capableFlags());
    engines.client.openSocket(true).connect(engines.serverAddress(PORT));
    assertThat(flags.get(PATIENCE, TimeUnit.NANOSECONDS))
        .isEqualTo(
            MptcpOption.CAPABLE_HMAC_SHA256 | (asks ? MptcpOption.CAPABLE_CHECKSUM_REQUIRED : 0));
    engines.closeAndCheck();
  }

  @Test
  void aPortThatNobodyListensOnRefuses() throws Exception {
    // The port must be this engine's, else the answer is the kernel's business.
    StreamSocket other = server.openSocket(true);
    other.bind(serverAddress());
    StreamSocket socket = client.openSocket(true);
    socket.connect(serverAddress());
    socket.awaitReady(StreamSocket.CONNECTABLE, PATIENCE);
    assertThatThrownBy(socket::finishConnect)
        .isInstanceOf(ConnectException.class)
        .hasMessage("Connection refused");
    // It is counted when it has been sent.
    await("the reset is counted", () -> server.counters().resetsSent.sum() == 1);
  }

  @Test
  void aPeerThatMayNotConnectIsRefused() throws Exception {
    server.setPeerFilter((peer, port) -> port != PORT);
    StreamListener listener = listen(10);
    StreamSocket socket = client.openSocket(true);
    socket.connect(serverAddress());
    assertThat(socket.awaitReady(StreamSocket.CONNECTABLE, PATIENCE)).isNotZero();
    assertThatThrownBy(socket::finishConnect).isInstanceOf(ConnectException.class);
    assertThat(listener.isAcceptable()).isFalse();
    assertThat(server.counters().peersRefused.sum()).isPositive();
  }

  @Test
  void aThreadThatWaitsOnAClosedSocketReturns() throws Exception {
    StreamListener listener = listen(10);
    StreamSocket socket = connect();
    socket.close();
    listener.close();
    assertThat(socket.awaitReady(StreamSocket.READABLE, 0)).isNotZero();
    assertThat(listener.awaitAcceptable(0)).isFalse();
  }

  @Test
  void aDestinationWithoutRouteIsUnreachable() {
    StreamSocket socket = client.openSocket(true);
    assertThatThrownBy(() -> socket.connect(new InetSocketAddress("192.0.2.1", PORT)))
        .isInstanceOf(NoRouteToHostException.class);
  }

  @Test
  void anAddressOfAnotherHostCannotBeBound() {
    StreamSocket socket = client.openSocket(true);
    assertThatThrownBy(() -> socket.bind(serverAddress()))
        .isInstanceOf(BindException.class)
        .hasMessage("Cannot assign requested address");
  }

  @Test
  void aPortIsListenedOnOnce() throws Exception {
    StreamListener listener = listen(10);
    assertThatThrownBy(() -> listen(10)).isInstanceOf(BindException.class);
    listener.close();
    listen(10).close();
  }

  @Test
  void theConnectionsOfAClosedListenerKeepItsPort() throws Exception {
    StreamListener listener = listen(10);
    StreamSocket socket = connect();
    StreamSocket accepted = accept(listener);
    listener.close();
    assertThat(serverLink.guardedPorts()).contains(PORT);
    writeAll(socket, new byte[] {1, 2, 3});
    socket.shutdownOutput();
    assertThat(readToEnd(accepted, 3)).containsExactly(1, 2, 3);
    listen(10).close();
    socket.setOption(StandardSocketOptions.SO_LINGER, 0);
    socket.close();
    accepted.close();
    await("the port is free", () -> !serverLink.guardedPorts().contains(PORT));
  }

  @Test
  void lingerZeroResetsTheConnection() throws Exception {
    StreamListener listener = listen(10);
    StreamSocket socket = connect();
    StreamSocket accepted = accept(listener);
    socket.setOption(StandardSocketOptions.SO_LINGER, 0);
    socket.close();
    accepted.awaitReady(StreamSocket.READABLE, PATIENCE);
    assertThatThrownBy(() -> accepted.read(ByteBuffer.allocate(1)))
        .isInstanceOf(SocketException.class)
        .hasMessage("Connection reset");
    assertThatThrownBy(() -> accepted.write(ByteBuffer.allocate(1)))
        .isInstanceOf(SocketException.class)
        .hasMessage("Broken pipe");
    await("the client forgot it", () -> client.flows().connections().isEmpty());
    assertThat(clientLink.guardedPorts()).isEmpty();
  }

  @Test
  void keepAliveEndsAConnectionWhosePeerIsGone() throws Exception {
    StreamListener listener = listen(10);
    StreamSocket socket = connect();
    accept(listener);
    socket.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
    socket.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, 1);
    socket.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, 1);
    socket.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, 1);
    serverLink.deaf = true;
    assertThat(socket.awaitReady(StreamSocket.READABLE, PATIENCE)).isNotZero();
    assertThatThrownBy(() -> socket.read(ByteBuffer.allocate(1)))
        .isInstanceOf(SocketException.class)
        .hasMessage("Connection timed out");
    await("the client forgot it", () -> client.flows().connections().isEmpty());
  }

  @Test
  void keepAliveOfAListenerHoldsForWhatItAccepts() throws Exception {
    StreamListener listener = listen(10);
    listener.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
    listener.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, 1);
    listener.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, 1);
    listener.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, 2);
    connect();
    StreamSocket accepted = accept(listener);
    clientLink.deaf = true;
    assertThat(accepted.awaitReady(StreamSocket.READABLE, PATIENCE)).isNotZero();
    assertThatThrownBy(() -> accepted.read(ByteBuffer.allocate(1)))
        .isInstanceOf(SocketException.class)
        .hasMessage("Connection timed out");
  }

  @Test
  void lingeringEndsWithTheTimeAndTheDeliveryGoesOn() throws Exception {
    StreamListener listener = listen(10);
    byte[] bytes = noise(200_000);
    StreamSocket socket = connect();
    StreamSocket accepted = accept(listener);
    clientLink.deaf = true;
    writeAll(socket, bytes);
    socket.close();
    long start = System.nanoTime();
    long timeout = TimeUnit.MILLISECONDS.toNanos(100);
    assertThat(socket.awaitDelivered(timeout)).isFalse();
    assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(timeout);
    clientLink.deaf = false;
    assertThat(socket.awaitDelivered(PATIENCE)).isTrue();
    assertThat(readToEnd(accepted, bytes.length)).isEqualTo(bytes);
  }

  @Test
  void lingeringEndsWhenThePeerResets() throws Exception {
    StreamListener listener = listen(10);
    StreamSocket socket = connect();
    StreamSocket accepted = accept(listener);
    clientLink.deaf = true;
    writeAll(socket, noise(200_000));
    socket.close();
    clientLink.deaf = false;
    accepted.setOption(StandardSocketOptions.SO_LINGER, 0);
    accepted.close();
    assertThat(socket.awaitDelivered(PATIENCE)).isTrue();
  }

  @Test
  void theSubflowsOfAConnectionCanBeLookedAt() throws Exception {
    StreamListener listener =
        server.listen(new InetSocketAddress("0.0.0.0", PORT), 10, /* multipath= */ true);
    StreamSocket socket = client.openSocket(true);
    assertThat(socket.subflows()).isEmpty();
    socket.connect(serverAddress());
    socket.awaitReady(StreamSocket.CONNECTABLE, PATIENCE);
    StreamSocket accepted = accept(listener);
    byte[] bytes = noise(100_000);
    writeAll(socket, bytes);
    await("two can carry data", () -> established(socket) == 2 && established(accepted) == 2);
    socket.shutdownOutput();
    assertThat(readToEnd(accepted, bytes.length)).isEqualTo(bytes);

    Subflow first = socket.subflows().get(0);
    assertThat(first.remote()).isEqualTo(serverAddress());
    assertThat(first.local()).isEqualTo(socket.localAddress().orElseThrow());
    assertThat(first.localAddressId()).isZero();
    assertThat(first.backup()).isFalse();
    assertThat(first.tcp().pathMtuBytes()).isEqualTo(1500);
    assertThat(socket.subflows().stream().mapToLong(s -> s.tcp().sentBytes()).sum())
        .isGreaterThanOrEqualTo(bytes.length);
    socket.close();
    assertThat(socket.subflows()).isEmpty();
  }

  private static long established(StreamSocket socket) {
    return socket.subflows().stream().filter(Subflow::established).count();
  }

  @Test
  void aResetThatAFullInterfaceDoesNotTakeIsSentLater() throws Exception {
    StreamListener listener = listen(10);
    StreamSocket socket = connect();
    StreamSocket accepted = accept(listener);
    socket.setOption(StandardSocketOptions.SO_LINGER, 0);
    clientLink.busyEvery = 1;
    socket.close();
    await("the client forgot it", () -> client.flows().connections().isEmpty());
    assertThat(client.hasPendingResets()).isTrue();
    clientLink.busyEvery = 0;
    assertThat(accepted.awaitReady(StreamSocket.READABLE, PATIENCE)).isNotZero();
    assertThatThrownBy(() -> accepted.read(ByteBuffer.allocate(1)))
        .isInstanceOf(SocketException.class)
        .hasMessage("Connection reset");
    await("no reset waits any more", () -> !client.hasPendingResets());
  }

  @Test
  void aFullBacklogDropsNewcomers() throws Exception {
    StreamListener listener = listen(1);
    for (int i = 0; i < 2; i++) {
      connect();
      await("it is queued", listener::isAcceptable);
    }
    await("both are queued", () -> server.counters().connectionsAccepted.sum() == 2);
    StreamSocket third = client.openSocket(true);
    third.connect(serverAddress());
    await("the SYN is dropped", () -> server.counters().backlogOverflows.sum() >= 1);
    assertThat(third.readiness() & StreamSocket.CONNECTABLE).isZero();
    accept(listener);
    assertThat(third.awaitReady(StreamSocket.CONNECTABLE, PATIENCE)).isNotZero();
    assertThat(third.finishConnect()).isTrue();
  }

  @Test
  void aReaderThatIsWokenReturnsWithNothing() throws Exception {
    listen(10);
    StreamSocket socket = connect();
    CompletableFuture<Integer> reader =
        CompletableFuture.supplyAsync(() -> socket.awaitReady(StreamSocket.READABLE, PATIENCE));
    while (!reader.isDone()) {
      socket.wakeup();
    }
    assertThat(reader.get()).isZero();
  }

  @Test
  void aListenerHearsOfEveryBitThatTurnsOn() throws Exception {
    StreamListener listener = listen(10);
    StreamSocket socket = client.openSocket(true);
    CompletableFuture<Void> connectable = new CompletableFuture<>();
    CompletableFuture<Void> readable = new CompletableFuture<>();
    socket.setReadinessListener(
        s -> {
          if ((s.readiness() & StreamSocket.CONNECTABLE) != 0) {
            connectable.complete(null);
          }
          if ((s.readiness() & StreamSocket.READABLE) != 0) {
            readable.complete(null);
          }
        });
    socket.connect(serverAddress());
    connectable.get(20, TimeUnit.SECONDS);
    assertThat(readable).isNotDone();
    writeAll(accept(listener), new byte[1]);
    readable.get(20, TimeUnit.SECONDS);
  }

  @Test
  void garbageIsCountedAndDropped() throws Exception {
    Random random = new Random(1);
    for (int i = 0; i < 1000; i++) {
      byte[] packet = new byte[random.nextInt(100)];
      random.nextBytes(packet);
      serverLink.inject(packet);
    }
    await("all were seen", () -> server.counters().packetsReceived.sum() == 1000);
    StreamListener listener = listen(10);
    StreamSocket socket = connect();
    writeAll(socket, new byte[] {7});
    socket.shutdownOutput();
    assertThat(readToEnd(accept(listener), 1)).containsExactly(7);
  }
}
