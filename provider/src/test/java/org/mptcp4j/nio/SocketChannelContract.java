package org.mptcp4j.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ConnectionPendingException;
import java.nio.channels.NoConnectionPendingException;
import java.nio.channels.NotYetBoundException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.mptcp4j.link.JdkProvider;

/** What every socket channel does, ours as the JDK's. */
@Timeout(60)
abstract class SocketChannelContract {
  private final Face face;

  SocketChannelContract(Face face) {
    this.face = face;
  }

  private static ByteBuffer ascii(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static String readAscii(SocketChannel channel, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
      Thread.onSpinWait();
    }
    return new String(buffer.array(), 0, buffer.position(), StandardCharsets.US_ASCII);
  }

  private static CompletableFuture<Void> inBackground(Action action) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            action.run();
          } catch (IOException e) {
            throw new CompletionException(e);
          }
        });
  }

  private interface Action {
    void run() throws IOException;
  }

  private interface Connecting {
    void run(SocketChannel channel, InetSocketAddress address) throws IOException;
  }

  @Nested
  class BeforeItIsConnected {
    @Test
    void readAndWriteAreRefused() throws IOException {
      try (SocketChannel channel = face.provider().openSocketChannel()) {
        assertThatExceptionOfType(NotYetConnectedException.class)
            .isThrownBy(() -> channel.read(ByteBuffer.allocate(1)));
        assertThatExceptionOfType(NotYetConnectedException.class)
            .isThrownBy(() -> channel.write(ByteBuffer.allocate(1)));
        assertThatExceptionOfType(NotYetConnectedException.class)
            .isThrownBy(channel::shutdownInput);
        assertThatExceptionOfType(NotYetConnectedException.class)
            .isThrownBy(channel::shutdownOutput);
      }
    }

    @Test
    void thereIsNoConnectionToFinish() throws IOException {
      try (SocketChannel channel = face.provider().openSocketChannel()) {
        assertThatExceptionOfType(NoConnectionPendingException.class)
            .isThrownBy(channel::finishConnect);
      }
    }

    @Test
    void addressesThatAreNoneAreRefusedAndTheChannelStaysOpen() throws IOException {
      try (SocketChannel channel = face.provider().openSocketChannel()) {
        SocketAddress unresolved = InetSocketAddress.createUnresolved("nowhere.invalid", 1);
        assertThatExceptionOfType(UnresolvedAddressException.class)
            .isThrownBy(() -> channel.connect(unresolved));
        assertThatExceptionOfType(UnsupportedAddressTypeException.class)
            .isThrownBy(() -> channel.connect(UnixDomainSocketAddress.of("/nowhere")));
        assertThatExceptionOfType(NullPointerException.class)
            .isThrownBy(() -> channel.connect(null));
        assertThat(channel.isOpen()).isTrue();
      }
    }

    @Test
    void itHasNoAddressesAndSaysSo() throws IOException {
      try (SocketChannel channel = face.provider().openSocketChannel()) {
        assertThat(channel.getLocalAddress()).isNull();
        assertThat(channel.getRemoteAddress()).isNull();
        assertThat(channel).hasToString("java.nio.channels.SocketChannel[unconnected]");
      }
    }

    @Test
    void itCanBeBoundOnce() throws IOException {
      try (SocketChannel channel = face.provider().openSocketChannel()) {
        channel.bind(face.toBind());
        assertThat(((InetSocketAddress) channel.getLocalAddress()).getPort()).isPositive();
        assertThatExceptionOfType(AlreadyBoundException.class)
            .isThrownBy(() -> channel.bind(face.toBind()));
      }
    }

    @Test
    void aPortThatWasBoundIsTheOneThatConnects() throws IOException {
      try (ServerSocketChannel server = face.listen();
          SocketChannel client = face.provider().openSocketChannel()) {
        client.bind(face.toBind());
        int port = ((InetSocketAddress) client.getLocalAddress()).getPort();
        client.connect(Face.addressOf(server));
        try (SocketChannel accepted = server.accept()) {
          assertThat(((InetSocketAddress) accepted.getRemoteAddress()).getPort()).isEqualTo(port);
        }
      }
    }

    private void whileItConnects(Connecting test) throws IOException {
      try (ServerSocketChannel server = face.listen();
          SocketChannel channel = face.provider().openSocketChannel()) {
        channel.configureBlocking(false);
        if (!channel.connect(Face.addressOf(server))) {
          // Until it is finished, also where the handshake is over meanwhile.
          assertThat(channel.isConnectionPending()).isTrue();
          test.run(channel, Face.addressOf(server));
          assertThat(channel.isOpen()).isTrue();
        }
      }
    }

    @Test
    void whileItConnectsItNeitherConnectsNorBindsAgain() throws IOException {
      whileItConnects(
          (channel, address) -> {
            assertThatExceptionOfType(ConnectionPendingException.class)
                .isThrownBy(() -> channel.connect(address));
            assertThatExceptionOfType(ConnectionPendingException.class)
                .isThrownBy(() -> channel.bind(face.toBind()));
          });
    }

    @Test
    void whileItConnectsItNeitherReadsNorWrites() throws IOException {
      whileItConnects(
          (channel, address) -> {
            assertThatExceptionOfType(NotYetConnectedException.class)
                .isThrownBy(() -> channel.read(ByteBuffer.allocate(1)));
            assertThatExceptionOfType(NotYetConnectedException.class)
                .isThrownBy(() -> channel.write(ByteBuffer.allocate(1)));
          });
    }

    @Test
    void aRefusedConnectionClosesTheChannel() throws IOException {
      InetSocketAddress nobody;
      try (ServerSocketChannel server = face.listen()) {
        nobody = Face.addressOf(server);
      }
      SocketChannel channel = face.provider().openSocketChannel();
      assertThatThrownBy(() -> channel.connect(nobody))
          .isInstanceOf(java.net.ConnectException.class)
          .hasMessage("Connection refused");
      assertThat(channel.isOpen()).isFalse();
    }
  }

  @Nested
  class Connected {
    @Test
    void itKnowsBothEnds() throws IOException {
      try (Face.Pair pair = face.pair()) {
        assertThat(pair.client().isConnected()).isTrue();
        assertThat(pair.client().isConnectionPending()).isFalse();
        assertThat(pair.client().finishConnect()).isTrue();
        assertThat(pair.client().getRemoteAddress()).isEqualTo(pair.server().getLocalAddress());
        assertThat(pair.server().getRemoteAddress()).isEqualTo(pair.client().getLocalAddress());
        assertThat(pair.client().toString())
            .isEqualTo(
                "java.nio.channels.SocketChannel[connected local=%s remote=%s]",
                pair.client().getLocalAddress(), pair.client().getRemoteAddress());
      }
    }

    @Test
    void aConnectedChannelIsNotBound() throws IOException {
      try (Face.Pair pair = face.pair()) {
        for (SocketChannel channel : new SocketChannel[] {pair.client(), pair.server()}) {
          assertThatExceptionOfType(AlreadyBoundException.class)
              .isThrownBy(() -> channel.bind(face.toBind()));
          assertThat(channel.isOpen()).isTrue();
        }
      }
    }

    @Test
    void itDoesNotConnectAgain() throws IOException {
      try (Face.Pair pair = face.pair()) {
        assertThatExceptionOfType(AlreadyConnectedException.class)
            .isThrownBy(() -> pair.client().connect(pair.client().getRemoteAddress()));
        assertThat(pair.client().isOpen()).isTrue();
      }
    }

    @Test
    void whatIsWrittenHereIsReadThere() throws IOException {
      try (Face.Pair pair = face.pair()) {
        assertThat(pair.client().write(ascii("hello"))).isEqualTo(5);
        assertThat(readAscii(pair.server(), 5)).isEqualTo("hello");
      }
    }

    @Test
    void buffersAreGatheredAndScattered() throws IOException {
      try (Face.Pair pair = face.pair()) {
        ByteBuffer[] sources = {ascii("unsent"), ascii("ab"), ascii(""), ascii("cde")};
        assertThat(pair.client().write(sources, 1, 3)).isEqualTo(5);
        assertThat(sources[0].remaining()).isEqualTo(6);
        ByteBuffer[] targets = {ByteBuffer.allocate(1), ByteBuffer.allocateDirect(4)};
        while (targets[1].hasRemaining()) {
          pair.server().read(targets);
        }
        assertThat(targets[0].get(0)).isEqualTo((byte) 'a');
        assertThat(targets[1].get(3)).isEqualTo((byte) 'e');
      }
    }

    @Test
    void aBlockingWriteReturnsWhenAllIsWritten() throws IOException {
      byte[] sent = new byte[3_000_000];
      new Random(7).nextBytes(sent);
      try (Face.Pair pair = face.pair()) {
        CompletableFuture<Void> writing =
            inBackground(
                () -> {
                  assertThat(pair.client().write(ByteBuffer.wrap(sent))).isEqualTo(sent.length);
                  pair.client().shutdownOutput();
                });
        ByteBuffer received = ByteBuffer.allocate(sent.length + 1);
        int n = 0;
        while (n >= 0) {
          n = pair.server().read(received);
        }
        writing.join();
        assertThat(received.position()).isEqualTo(sent.length);
        assertThat(received.flip()).isEqualTo(ByteBuffer.wrap(sent));
      }
    }

    @Test
    void buffersThatCannotTakeAnythingAreNotAskedTo() throws IOException {
      try (Face.Pair pair = face.pair()) {
        assertThat(pair.client().read(ByteBuffer.allocate(0))).isZero();
        assertThatExceptionOfType(IllegalArgumentException.class)
            .isThrownBy(() -> pair.client().read(ByteBuffer.allocate(1).asReadOnlyBuffer()));
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
            .isThrownBy(() -> pair.client().read(new ByteBuffer[1], 1, 1));
      }
    }

    @Test
    void shutOutputIsTheEndOfTheStreamThere() throws IOException {
      try (Face.Pair pair = face.pair()) {
        pair.client().write(ascii("x"));
        pair.client().shutdownOutput();
        assertThat(readAscii(pair.server(), 9)).isEqualTo("x");
        assertThat(pair.server().read(ByteBuffer.allocate(1))).isEqualTo(-1);
        assertThatExceptionOfType(ClosedChannelException.class)
            .isThrownBy(() -> pair.client().write(ascii("y")));
        assertThat(pair.client().isOpen()).isTrue();
        assertThat(pair.client().toString()).contains("connected oshut ");
        pair.server().write(ascii("z"));
        assertThat(readAscii(pair.client(), 1)).isEqualTo("z");
      }
    }

    @Test
    void shutInputIsTheEndOfTheStreamHere() throws IOException {
      try (Face.Pair pair = face.pair()) {
        pair.client().shutdownInput();
        assertThat(pair.client().read(ByteBuffer.allocate(1))).isEqualTo(-1);
        pair.client().write(ascii("still"));
        assertThat(readAscii(pair.server(), 5)).isEqualTo("still");
      }
    }

    @Test
    void closeIsTheEndOfTheStreamThere() throws IOException {
      try (Face.Pair pair = face.pair()) {
        pair.client().close();
        assertThat(pair.server().read(ByteBuffer.allocate(1))).isEqualTo(-1);
      }
    }

    @Test
    void withoutBlockingAReadFindsNothing() throws IOException {
      try (Face.Pair pair = face.pair()) {
        pair.client().configureBlocking(false);
        assertThat(pair.client().read(ByteBuffer.allocate(1))).isZero();
      }
    }

    @Test
    void withoutBlockingAWriteStopsWhenThereIsNoRoom() throws IOException {
      try (Face.Pair pair = face.pair()) {
        pair.client().configureBlocking(false);
        ByteBuffer chunk = ByteBuffer.allocate(1 << 20);
        long written = 0;
        int n = 1;
        while (n > 0) {
          n = pair.client().write(chunk.clear());
          written += n;
        }
        ByteBuffer target = ByteBuffer.allocate(1 << 20);
        for (long read = 0; read < written; read += pair.server().read(target.clear())) {
          assertThat(read).isLessThan(written);
        }
      }
    }
  }

  @Nested
  class Closed {
    @Test
    void everythingSaysSo() throws IOException {
      SocketChannel channel = face.provider().openSocketChannel();
      channel.close();
      channel.close();
      assertThat(channel).hasToString("java.nio.channels.SocketChannel[closed]");
      assertThatExceptionOfType(ClosedChannelException.class)
          .isThrownBy(() -> channel.read(ByteBuffer.allocate(1)));
      assertThatExceptionOfType(ClosedChannelException.class)
          .isThrownBy(() -> channel.write(ByteBuffer.allocate(1)));
      assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(channel::getLocalAddress);
      assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(channel::finishConnect);
      assertThatExceptionOfType(ClosedChannelException.class)
          .isThrownBy(() -> channel.connect(new InetSocketAddress("127.0.0.1", 9)));
      assertThatExceptionOfType(ClosedChannelException.class)
          .isThrownBy(() -> channel.configureBlocking(false));
      assertThatExceptionOfType(ClosedChannelException.class)
          .isThrownBy(() -> channel.getOption(StandardSocketOptions.TCP_NODELAY));
    }

    @Test
    void aReadThatWaitsEnds() throws Exception {
      try (Face.Pair pair = face.pair()) {
        CompletableFuture<Void> reading =
            inBackground(() -> pair.client().read(ByteBuffer.allocate(1)));
        pair.client().close();
        assertThatThrownBy(() -> reading.get(30, TimeUnit.SECONDS))
            .hasCauseInstanceOf(ClosedChannelException.class);
      }
    }

    @Test
    void aWriteThatWaitsEnds() throws Exception {
      try (Face.Pair pair = face.pair()) {
        CompletableFuture<Void> writing =
            inBackground(
                () -> {
                  ByteBuffer chunk = ByteBuffer.allocate(1 << 20);
                  while (pair.client().isOpen()) {
                    pair.client().write(chunk.clear());
                  }
                  pair.client().write(chunk.clear());
                });
        pair.client().close();
        assertThatThrownBy(() -> writing.get(30, TimeUnit.SECONDS))
            .hasCauseInstanceOf(ClosedChannelException.class);
      }
    }

    @Test
    void anAcceptThatWaitsEnds() throws Exception {
      ServerSocketChannel server = face.listen();
      CompletableFuture<Void> accepting = inBackground(server::accept);
      server.close();
      assertThatThrownBy(() -> accepting.get(30, TimeUnit.SECONDS))
          .hasCauseInstanceOf(ClosedChannelException.class);
    }

    @Test
    void anInterruptClosesTheChannelOfTheThreadThatWaits() throws Exception {
      try (Face.Pair pair = face.pair()) {
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        Thread reader =
            new Thread(
                () -> {
                  try {
                    pair.client().read(ByteBuffer.allocate(1));
                    thrown.complete(null);
                  } catch (IOException e) {
                    thrown.complete(e);
                  }
                });
        reader.start();
        reader.interrupt();
        assertThat(thrown.get(30, TimeUnit.SECONDS)).isInstanceOf(ClosedByInterruptException.class);
        assertThat(pair.client().isOpen()).isFalse();
      }
    }
  }

  @Nested
  class Listening {
    @Test
    void beforeItIsBoundNothingIsAccepted() throws IOException {
      try (ServerSocketChannel server = face.provider().openServerSocketChannel()) {
        assertThatExceptionOfType(NotYetBoundException.class).isThrownBy(server::accept);
        assertThat(server.getLocalAddress()).isNull();
        assertThat(server).hasToString(server.getClass().getName() + "[unbound]");
      }
    }

    @Test
    void itIsBoundOnceAndSaysWhere() throws IOException {
      try (ServerSocketChannel server = face.listen()) {
        assertThatExceptionOfType(AlreadyBoundException.class)
            .isThrownBy(() -> server.bind(face.toBind()));
        assertThat(server.toString())
            .isEqualTo("%s[%s]", server.getClass().getName(), server.getLocalAddress());
      }
    }

    @Test
    void aPortIsTakenOnce() throws IOException {
      try (ServerSocketChannel server = face.listen();
          ServerSocketChannel second = face.provider().openServerSocketChannel()) {
        assertThatThrownBy(() -> second.bind(server.getLocalAddress()))
            .isInstanceOf(java.net.BindException.class)
            .hasMessageStartingWith("Address already in use");
        assertThat(second.isOpen()).isTrue();
      }
    }

    @Test
    void withoutBlockingThereIsNobody() throws IOException {
      try (ServerSocketChannel server = face.listen()) {
        server.configureBlocking(false);
        assertThat(server.accept()).isNull();
      }
    }

    @Test
    void anyAddressIsTheSameTypeAsTheJdkGives() throws IOException {
      try (ServerSocketChannel server = face.provider().openServerSocketChannel().bind(null);
          ServerSocketChannel jdk = JdkProvider.get().openServerSocketChannel().bind(null)) {
        assertThat(((InetSocketAddress) server.getLocalAddress()).getAddress())
            .isEqualTo(((InetSocketAddress) jdk.getLocalAddress()).getAddress());
      }
    }
  }
}
