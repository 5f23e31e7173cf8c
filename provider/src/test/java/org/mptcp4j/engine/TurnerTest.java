package org.mptcp4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.engine.BlockingCalls.PATIENCE;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.mptcp4j.Settings;

/** Who turns the engine, seen from the threads that wait. */
@Timeout(60)
class TurnerTest {

  private Engine client;
  private Engine server;
  private StreamListener listener;
  private InetSocketAddress address;

  @BeforeEach
  void joinTwoHosts() throws IOException {
    MemoryLink[] links = MemoryLink.pair(1);
    EngineConfig config = EngineConfig.of(Settings.of(Map.of()));
    client = new Engine(links[0], config);
    server = new Engine(links[1], config);
    address = new InetSocketAddress(links[1].address(0).toInetAddress(), 8080);
    listener = server.listen(address, 50, true);
  }

  @AfterEach
  void noFault() throws IOException {
    client.close();
    server.close();
    assertThat(client.counters().faults.sum()).isZero();
    assertThat(server.counters().faults.sum()).isZero();
  }

  private StreamSocket connect() throws IOException {
    return BlockingCalls.connect(client, address, true);
  }

  private StreamSocket accept() throws IOException {
    return BlockingCalls.accept(listener);
  }

  /** Gives back every byte until the end of the stream. */
  private static CompletableFuture<Void> echo(StreamSocket socket) {
    return CompletableFuture.runAsync(
        () -> {
          ByteBuffer buffer = ByteBuffer.allocate(64);
          try {
            while (socket.read(buffer.clear()) >= 0) {
              buffer.flip();
              while (buffer.hasRemaining()) {
                socket.write(buffer);
              }
              socket.awaitReady(StreamSocket.READABLE, PATIENCE);
            }
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
        },
        command -> new Thread(command).start());
  }

  private static void sendAndAwaitEcho(StreamSocket socket) throws IOException {
    ByteBuffer one = ByteBuffer.allocate(1);
    assertThat(socket.write(one)).isEqualTo(1);
    one.clear();
    while (socket.read(one) == 0) {
      assertThat(socket.awaitReady(StreamSocket.READABLE, PATIENCE)).isNotZero();
    }
    assertThat(one.hasRemaining()).isFalse();
  }

  @Test
  void aRingEndsTheWaitAlsoWhenItCameBefore() {
    Doorbell bell = client.newDoorbell();
    bell.ring();
    bell.await(0);
    assertThat(bell.isRung()).isTrue();
    bell.reset();
    CompletableFuture<Void> ringing = CompletableFuture.runAsync(bell::ring);
    bell.await(0);
    assertThat(bell.isRung()).isTrue();
    ringing.join();
  }

  @Test
  void theWaitEndsWhenItsTimeIsOver() {
    Doorbell bell = client.newDoorbell();
    long start = System.nanoTime();
    bell.await(20_000_000);
    assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(20_000_000);
    assertThat(bell.isRung()).isFalse();
  }

  @Test
  void aThreadThatWaitsTakesItsPacketsInItself() throws Exception {
    StreamSocket socket = connect();
    CompletableFuture<Void> echoing = echo(accept());
    AtomicBoolean byMyself = new AtomicBoolean();
    Thread me = Thread.currentThread();
    socket.setReadinessListener(
        ready -> {
          if (Thread.currentThread() == me) {
            byMyself.set(true);
          }
        });
    while (!byMyself.get()) {
      sendAndAwaitEcho(socket);
    }
    socket.close();
    echoing.get(20, TimeUnit.SECONDS);
  }

  @Test
  void whileNobodyWaitsTheEngineGoesOn() throws Exception {
    StreamSocket socket = connect();
    StreamSocket accepted = accept();
    sendAndAwaitNothing(socket);
    long deadline = System.nanoTime() + PATIENCE;
    while (accepted.available() == 0) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.onSpinWait();
    }
    assertThat(accepted.available()).isEqualTo(1);
  }

  private static void sendAndAwaitNothing(StreamSocket socket) throws IOException {
    assertThat(socket.write(ByteBuffer.allocate(1))).isEqualTo(1);
  }

  @Test
  void manyThreadsWaitAndEachIsWokenByItsOwnPackets() throws Exception {
    List<CompletableFuture<Void>> all = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      StreamSocket socket = connect();
      all.add(echo(accept()));
      all.add(
          CompletableFuture.runAsync(
              () -> {
                try {
                  for (int round = 0; round < 500; round++) {
                    sendAndAwaitEcho(socket);
                  }
                  socket.close();
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              },
              command -> new Thread(command).start()));
    }
    for (CompletableFuture<Void> one : all) {
      one.get(40, TimeUnit.SECONDS);
    }
  }

  @Test
  void closingTheEngineLeavesTheWaitersToTheirTimeouts() throws Exception {
    StreamSocket socket = connect();
    client.close();
    assertThat(socket.awaitReady(StreamSocket.READABLE, 20_000_000)).isZero();
  }
}
