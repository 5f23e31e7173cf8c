package org.mptcp4j.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What every selector does, ours as the JDK's. */
@Timeout(60)
abstract class SelectorContract {
  private final Face face;
  private Selector selector;
  private Face.Pair pair;

  SelectorContract(Face face) {
    this.face = face;
  }

  @BeforeEach
  void open() throws IOException {
    selector = face.provider().openSelector();
    pair = face.pair();
    pair.client().configureBlocking(false);
  }

  @AfterEach
  void close() throws IOException {
    selector.close();
    pair.close();
  }

  private SelectionKey registerClient(int ops) throws IOException {
    return pair.client().register(selector, ops);
  }

  private void sendToClient() throws IOException {
    pair.server().write(ByteBuffer.wrap(new byte[] {42}));
  }

  private void readAtClient() throws IOException {
    pair.client().read(ByteBuffer.allocate(100));
  }

  // ---- keys and sets

  @Test
  void registrationMakesOneKey() throws IOException {
    SelectionKey key = pair.client().register(selector, SelectionKey.OP_READ, "attached");
    assertThat(key.attachment()).isEqualTo("attached");
    assertThat(key.channel()).isSameAs(pair.client());
    assertThat(key.selector()).isSameAs(selector);
    assertThat(key.interestOps()).isEqualTo(SelectionKey.OP_READ);
    assertThat(key.readyOps()).isZero();
    assertThat(pair.client().keyFor(selector)).isSameAs(key);
    assertThat(pair.client().isRegistered()).isTrue();
    assertThat(selector.keys()).containsExactly(key);
    assertThat(registerClient(SelectionKey.OP_WRITE)).isSameAs(key);
    assertThat(key.interestOps()).isEqualTo(SelectionKey.OP_WRITE);
  }

  @Test
  void registrationNeedsAChannelThatDoesNotBlockAndOperationsThatItHas() throws IOException {
    assertThatExceptionOfType(IllegalBlockingModeException.class)
        .isThrownBy(() -> pair.server().register(selector, SelectionKey.OP_READ));
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> registerClient(SelectionKey.OP_ACCEPT));
    SelectionKey key = registerClient(0);
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> key.interestOps(SelectionKey.OP_ACCEPT));
    assertThatExceptionOfType(IllegalBlockingModeException.class)
        .isThrownBy(() -> pair.client().configureBlocking(true));
  }

  @Test
  void theSetsCannotBeAddedTo() throws IOException {
    SelectionKey key = registerClient(SelectionKey.OP_WRITE);
    selector.select();
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> selector.keys().remove(key));
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> selector.selectedKeys().add(key));
    assertThat(selector.selectedKeys().remove(key)).isTrue();
    assertThat(selector.selectedKeys()).isEmpty();
  }

  // ---- readiness

  @Test
  void dataMakesAKeyReadable() throws IOException {
    SelectionKey key = registerClient(SelectionKey.OP_READ);
    assertThat(selector.selectNow()).isZero();
    sendToClient();
    assertThat(selector.select()).isEqualTo(1);
    assertThat(selector.selectedKeys()).containsExactly(key);
    assertThat(key.isReadable()).isTrue();
    assertThat(key.isWritable()).isFalse();
  }

  @Test
  void aKeyStaysReadyAsLongAsThereIsSomething() throws IOException {
    SelectionKey key = registerClient(SelectionKey.OP_READ);
    sendToClient();
    assertThat(selector.select()).isEqualTo(1);
    selector.selectedKeys().clear();
    assertThat(selector.select()).isEqualTo(1);
    assertThat(selector.select()).as("already selected with the same operations").isZero();
    readAtClient();
    selector.selectedKeys().clear();
    assertThat(selector.selectNow()).isZero();
    assertThat(selector.selectedKeys()).doesNotContain(key);
  }

  @Test
  void moreReadinessIsAddedToASelectedKey() throws IOException {
    SelectionKey key = registerClient(SelectionKey.OP_WRITE | SelectionKey.OP_READ);
    assertThat(selector.select()).isEqualTo(1);
    assertThat(key.readyOps()).isEqualTo(SelectionKey.OP_WRITE);
    sendToClient();
    int updated = 0;
    while (updated == 0) {
      updated = selector.select();
    }
    assertThat(updated).isEqualTo(1);
    assertThat(key.readyOps()).isEqualTo(SelectionKey.OP_WRITE | SelectionKey.OP_READ);
  }

  @Test
  void theEndOfTheStreamIsReadable() throws IOException {
    SelectionKey key = registerClient(SelectionKey.OP_READ);
    pair.server().close();
    assertThat(selector.select()).isEqualTo(1);
    assertThat(key.isReadable()).isTrue();
    assertThat(pair.client().read(ByteBuffer.allocate(1))).isEqualTo(-1);
  }

  @Test
  void aKeyIsWritableAgainWhenTheOtherSideHasRead() throws IOException {
    SelectionKey key = registerClient(SelectionKey.OP_WRITE);
    ByteBuffer chunk = ByteBuffer.allocate(1 << 20);
    int n = 1;
    while (n > 0) {
      n = pair.client().write(chunk.clear());
    }
    assertThat(selector.selectNow()).isZero();
    CompletableFuture<Void> reading =
        CompletableFuture.runAsync(
            () -> {
              try {
                ByteBuffer target = ByteBuffer.allocate(1 << 20);
                while (pair.server().read(target.clear()) >= 0) {
                  Thread.onSpinWait();
                }
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    assertThat(selector.select()).isEqualTo(1);
    assertThat(key.isWritable()).isTrue();
    pair.client().close();
    reading.join();
  }

  @Test
  void changedInterestCountsInTheNextSelect() throws IOException {
    SelectionKey key = registerClient(0);
    sendToClient();
    assertThat(selector.select(20)).isZero();
    key.interestOpsOr(SelectionKey.OP_READ);
    assertThat(selector.select()).isEqualTo(1);
    selector.selectedKeys().clear();
    key.interestOpsAnd(~SelectionKey.OP_READ);
    assertThat(selector.selectNow()).isZero();
  }

  @Test
  void anActionIsCalledForEachReadyKeyAndNothingIsSelected() throws IOException {
    SelectionKey key = registerClient(SelectionKey.OP_WRITE);
    List<SelectionKey> seen = new ArrayList<>();
    assertThat(selector.select(seen::add)).isEqualTo(1);
    assertThat(selector.select(seen::add, 1_000)).isEqualTo(1);
    assertThat(selector.selectNow(seen::add)).isEqualTo(1);
    assertThat(seen).containsExactly(key, key, key);
    assertThat(selector.selectedKeys()).isEmpty();
    assertThat(key.isWritable()).isTrue();
  }

  @Test
  void anActionThatSelectsIsRefused() throws IOException {
    registerClient(SelectionKey.OP_WRITE);
    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(
            () ->
                selector.select(
                    key -> {
                      try {
                        selector.selectNow();
                      } catch (IOException e) {
                        throw new AssertionError(e);
                      }
                    }));
    assertThat(selector.selectNow()).as("the selector is usable after it").isEqualTo(1);
  }

  @Test
  void connectingAndAcceptingAreSelected() throws IOException {
    try (ServerSocketChannel server = face.listen();
        SocketChannel client = face.provider().openSocketChannel()) {
      server.configureBlocking(false);
      SelectionKey acceptKey = server.register(selector, SelectionKey.OP_ACCEPT);
      client.configureBlocking(false);
      // As Netty does: registered before anybody knows who will serve the channel.
      SelectionKey connectKey = client.register(selector, 0);
      if (!client.connect(Face.addressOf(server))) {
        connectKey.interestOps(SelectionKey.OP_CONNECT);
        Set<SelectionKey> ready = new HashSet<>();
        while (!ready.contains(connectKey)) {
          selector.select(ready::add);
        }
        assertThat(connectKey.isConnectable()).isTrue();
        assertThat(client.finishConnect()).isTrue();
      }
      connectKey.interestOps(SelectionKey.OP_READ);
      Set<SelectionKey> ready = new HashSet<>();
      while (!ready.contains(acceptKey)) {
        selector.select(ready::add);
      }
      assertThat(acceptKey.isAcceptable()).isTrue();
      try (SocketChannel accepted = server.accept()) {
        assertThat(accepted.isBlocking()).isTrue();
        accepted.write(ByteBuffer.allocate(1));
        ready.clear();
        while (!ready.contains(connectKey)) {
          selector.select(ready::add);
        }
        assertThat(connectKey.isReadable()).isTrue();
      }
    }
  }

  // ---- cancel and close

  @Test
  void aCancelledKeyGoesWithTheNextSelect() throws IOException {
    SelectionKey key = registerClient(SelectionKey.OP_WRITE);
    selector.select();
    key.cancel();
    assertThat(key.isValid()).isFalse();
    assertThat(selector.keys()).contains(key);
    assertThatExceptionOfType(CancelledKeyException.class).isThrownBy(key::interestOps);
    assertThatExceptionOfType(CancelledKeyException.class).isThrownBy(() -> key.interestOps(0));
    assertThatExceptionOfType(CancelledKeyException.class).isThrownBy(key::readyOps);
    assertThatExceptionOfType(CancelledKeyException.class).isThrownBy(() -> registerClient(0));
    selector.selectNow();
    assertThat(selector.keys()).isEmpty();
    assertThat(selector.selectedKeys()).isEmpty();
    assertThat(pair.client().isRegistered()).isFalse();
  }

  @Test
  void aChannelMayBlockAgainOnceItsKeyIsCancelledAndComeBack() throws IOException {
    for (int round = 0; round < 3; round++) {
      SelectionKey key = registerClient(SelectionKey.OP_READ);
      sendToClient();
      assertThat(selector.select()).isEqualTo(1);
      selector.selectedKeys().clear();
      key.cancel();
      pair.client().configureBlocking(true);
      assertThat(pair.client().read(ByteBuffer.allocate(10))).isEqualTo(1);
      pair.client().configureBlocking(false);
      selector.selectNow();
    }
  }

  @Test
  void aClosedChannelLeavesItsSelector() throws IOException {
    SelectionKey key = registerClient(SelectionKey.OP_READ);
    pair.client().close();
    assertThat(key.isValid()).isFalse();
    assertThat(selector.selectNow()).isZero();
    assertThat(selector.keys()).isEmpty();
  }

  @Test
  void aClosedSelectorSaysSoAndLetsItsChannelsGo() throws IOException {
    SelectionKey key = registerClient(SelectionKey.OP_READ);
    selector.close();
    selector.close();
    assertThat(selector.isOpen()).isFalse();
    assertThat(key.isValid()).isFalse();
    assertThat(pair.client().isRegistered()).isFalse();
    assertThatExceptionOfType(ClosedSelectorException.class).isThrownBy(selector::keys);
    assertThatExceptionOfType(ClosedSelectorException.class).isThrownBy(selector::selectedKeys);
    assertThatExceptionOfType(ClosedSelectorException.class).isThrownBy(selector::selectNow);
    assertThatExceptionOfType(ClosedSelectorException.class).isThrownBy(() -> registerClient(0));
    pair.client().configureBlocking(true);
    sendToClient();
    assertThat(pair.client().read(ByteBuffer.allocate(2))).isEqualTo(1);
  }

  // ---- waiting

  @Test
  void aWakeupEndsTheSelectThatRunsOrTheNextOne() throws IOException {
    registerClient(SelectionKey.OP_READ);
    selector.wakeup();
    selector.wakeup();
    assertThat(selector.select()).isZero();
    assertThat(selector.select(10)).as("wakeups do not add up").isZero();
    selector.wakeup();
    assertThat(selector.selectNow()).isZero();
    long start = System.nanoTime();
    assertThat(selector.select(30)).as("selectNow took the wakeup").isZero();
    assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(25));
  }

  @Test
  void negativeTimeoutsAreRefused() {
    assertThatExceptionOfType(IllegalArgumentException.class).isThrownBy(() -> selector.select(-1));
    assertThatExceptionOfType(NullPointerException.class)
        .isThrownBy(() -> selector.select(null, 1));
  }

  @Test
  void anInterruptEndsTheSelectAndStays() throws IOException {
    registerClient(SelectionKey.OP_READ);
    Thread.currentThread().interrupt();
    assertThat(selector.select()).isZero();
    assertThat(Thread.interrupted()).isTrue();
    assertThat(selector.isOpen()).isTrue();
  }

  @Test
  void closingEndsTheSelectThatWaits() throws Exception {
    registerClient(SelectionKey.OP_READ);
    CompletableFuture<Void> selecting =
        CompletableFuture.runAsync(
            () -> {
              try {
                while (selector.isOpen()) {
                  selector.select();
                }
              } catch (ClosedSelectorException e) {
                assertThat(selector.isOpen()).isFalse();
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    selector.close();
    selecting.get(30, TimeUnit.SECONDS);
  }

  @Test
  void noWakeupIsLost() throws Exception {
    int rounds = 20_000;
    ConcurrentLinkedQueue<Integer> tasks = new ConcurrentLinkedQueue<>();
    AtomicInteger done = new AtomicInteger();
    AtomicBoolean stop = new AtomicBoolean();
    registerClient(SelectionKey.OP_READ);
    CompletableFuture<Void> loop =
        CompletableFuture.runAsync(
            () -> {
              try {
                while (!stop.get()) {
                  selector.select();
                  while (tasks.poll() != null) {
                    done.incrementAndGet();
                  }
                }
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    for (int i = 0; i < rounds; i++) {
      tasks.add(i);
      selector.wakeup();
      while (done.get() <= i) {
        assertThat(loop).isNotCompletedExceptionally();
        Thread.onSpinWait();
      }
    }
    stop.set(true);
    selector.wakeup();
    loop.get(30, TimeUnit.SECONDS);
  }

  @Test
  void noByteIsOverlooked() throws Exception {
    int rounds = 5_000;
    registerClient(SelectionKey.OP_READ);
    CompletableFuture<Void> echo =
        CompletableFuture.runAsync(
            () -> {
              ByteBuffer buffer = ByteBuffer.allocate(16);
              try {
                for (int echoed = 0; echoed < rounds; ) {
                  selector.select();
                  selector.selectedKeys().clear();
                  buffer.clear();
                  int n = pair.client().read(buffer);
                  echoed += n;
                  pair.client().write(buffer.flip());
                }
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    ByteBuffer one = ByteBuffer.allocate(1);
    for (int i = 0; i < rounds; i++) {
      pair.server().write(one.clear());
      assertThat(pair.server().read(one.clear())).isEqualTo(1);
    }
    echo.get(30, TimeUnit.SECONDS);
  }

  @Test
  void channelsThatComeAndGoWhileItSelectsDoNoHarm() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    CompletableFuture<Void> loop =
        CompletableFuture.runAsync(
            () -> {
              try {
                while (!stop.get()) {
                  selector.select(5);
                  selector.selectedKeys().clear();
                }
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    for (int i = 0; i < 200; i++) {
      try (Face.Pair other = face.pair()) {
        other.client().configureBlocking(false);
        SelectionKey key = other.client().register(selector, SelectionKey.OP_READ);
        other.server().write(ByteBuffer.allocate(1));
        if (i % 2 == 0) {
          key.cancel();
        }
      }
    }
    stop.set(true);
    loop.get(30, TimeUnit.SECONDS);
    selector.selectNow();
    assertThat(selector.keys()).isEmpty();
  }

  // ---- all kinds together

  @Test
  @SuppressWarnings("try") // one channel is closed early: that is what is tested
  void datagramPipeAndUnixChannelsShareTheSelector(@TempDir Path directory) throws IOException {
    Path path = directory.resolve("socket");
    try (DatagramChannel datagram = face.provider().openDatagramChannel();
        ServerSocketChannel unixServer =
            ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(path));
        SocketChannel unix = SocketChannel.open(UnixDomainSocketAddress.of(path));
        SocketChannel unixAccepted = unixServer.accept()) {
      Pipe pipe = face.provider().openPipe();
      datagram.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      datagram.configureBlocking(false);
      unix.configureBlocking(false);
      pipe.source().configureBlocking(false);
      Set<SelectionKey> all = new HashSet<>();
      all.add(registerClient(SelectionKey.OP_READ));
      all.add(datagram.register(selector, SelectionKey.OP_READ));
      all.add(unix.register(selector, SelectionKey.OP_READ));
      all.add(pipe.source().register(selector, SelectionKey.OP_READ));
      assertThat(selector.selectNow()).isZero();

      sendToClient();
      datagram.send(ByteBuffer.allocate(1), datagram.getLocalAddress());
      unixAccepted.write(ByteBuffer.allocate(1));
      pipe.sink().write(ByteBuffer.allocate(1));
      while (selector.selectedKeys().size() < all.size()) {
        selector.select();
      }
      assertThat(selector.selectedKeys()).isEqualTo(all);
      assertThat(selector.keys()).isEqualTo(all);

      SelectionKey pipeKey = pipe.source().keyFor(selector);
      pipeKey.cancel();
      pipe.source().configureBlocking(true);
      assertThat(pipe.source().read(ByteBuffer.allocate(1))).isEqualTo(1);
      datagram.close();
      selector.selectNow();
      assertThat(selector.keys()).hasSize(2);
      pipe.source().close();
      pipe.sink().close();
    }
  }

  @Test
  void aDescriptorThatIsUsedAgainIsSelectedAgain() throws IOException {
    for (int round = 0; round < 50; round++) {
      try (Face.Pair other = face.pair();
          DatagramChannel datagram = face.provider().openDatagramChannel()) {
        datagram.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        datagram.configureBlocking(false);
        other.client().configureBlocking(false);
        Set<SelectionKey> all = new HashSet<>();
        all.add(other.client().register(selector, SelectionKey.OP_READ));
        all.add(datagram.register(selector, SelectionKey.OP_READ));
        other.server().write(ByteBuffer.allocate(1));
        datagram.send(ByteBuffer.allocate(1), datagram.getLocalAddress());
        while (!selector.selectedKeys().containsAll(all)) {
          selector.select();
        }
      }
    }
    selector.selectNow();
    assertThat(selector.keys()).isEmpty();
  }
}
