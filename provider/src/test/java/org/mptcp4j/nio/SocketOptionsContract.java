package org.mptcp4j.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.BindException;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.mptcp4j.link.JdkProvider;

/** What the options of every socket channel do, of ours as of the JDK's. */
@Timeout(60)
abstract class SocketOptionsContract {
  private final Face face;

  SocketOptionsContract(Face face) {
    this.face = face;
  }

  @Test
  void theyAreThoseOfTheJdk() throws IOException {
    try (SocketChannel channel = face.provider().openSocketChannel();
        SocketChannel jdk = JdkProvider.get().openSocketChannel();
        ServerSocketChannel server = face.provider().openServerSocketChannel();
        ServerSocketChannel jdkServer = JdkProvider.get().openServerSocketChannel()) {
      assertThat(channel.supportedOptions()).isEqualTo(jdk.supportedOptions());
      assertThat(server.supportedOptions()).isEqualTo(jdkServer.supportedOptions());
      assertThat(channel.getOption(StandardSocketOptions.SO_RCVBUF))
          .isEqualTo(jdk.getOption(StandardSocketOptions.SO_RCVBUF));
    }
  }

  @Test
  void whatIsSetBeforeTheConnectionHoldsAfterIt() throws IOException {
    try (ServerSocketChannel server = face.listen();
        SocketChannel client = face.provider().openSocketChannel()) {
      client.setOption(StandardSocketOptions.TCP_NODELAY, true);
      client.setOption(StandardSocketOptions.SO_LINGER, 70_000);
      client.connect(Face.addressOf(server));
      assertThat(client.getOption(StandardSocketOptions.TCP_NODELAY)).isTrue();
      assertThat(client.getOption(StandardSocketOptions.SO_LINGER)).isEqualTo(65_535);
      client.setOption(StandardSocketOptions.SO_LINGER, -5);
      assertThat(client.getOption(StandardSocketOptions.SO_LINGER)).isEqualTo(-1);
    }
  }

  @Test
  void keepAliveCanBeSetBeforeAndAfterTheConnection() throws IOException {
    try (ServerSocketChannel server = face.listen();
        SocketChannel client = face.provider().openSocketChannel()) {
      client.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
      client.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, 32_767);
      client.connect(Face.addressOf(server));
      client.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, 10);
      client.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, 127);
      assertThat(client.getOption(StandardSocketOptions.SO_KEEPALIVE)).isTrue();
      assertThat(client.getOption(ExtendedSocketOptions.TCP_KEEPIDLE)).isEqualTo(32_767);
      assertThat(client.getOption(ExtendedSocketOptions.TCP_KEEPINTERVAL)).isEqualTo(10);
      assertThat(client.getOption(ExtendedSocketOptions.TCP_KEEPCOUNT)).isEqualTo(127);
      client.setOption(StandardSocketOptions.SO_KEEPALIVE, false);
      assertThat(client.getOption(StandardSocketOptions.SO_KEEPALIVE)).isFalse();
    }
  }

  @Test
  void theTypeOfServiceGoesWithoutItsLowTwoBits() throws IOException {
    try (ServerSocketChannel server = face.listen();
        SocketChannel client = face.provider().openSocketChannel()) {
      client.setOption(StandardSocketOptions.IP_TOS, 0xb9);
      assertThat(client.getOption(StandardSocketOptions.IP_TOS)).isEqualTo(0xb8);
      client.connect(Face.addressOf(server));
      assertThat(client.getOption(StandardSocketOptions.IP_TOS)).isEqualTo(0xb8);
      client.setOption(StandardSocketOptions.IP_TOS, 255);
      assertThat(client.getOption(StandardSocketOptions.IP_TOS)).isEqualTo(252);
      assertThatExceptionOfType(IllegalArgumentException.class)
          .isThrownBy(() -> client.setOption(StandardSocketOptions.IP_TOS, 256));
    }
  }

  @Test
  void keepAliveTimesThatTheKernelDoesNotKnowAreRefused() throws IOException {
    try (Face.Pair pair = face.pair();
        SocketChannel unconnected = face.provider().openSocketChannel()) {
      for (SocketChannel channel : List.of(pair.client(), pair.server(), unconnected)) {
        for (int wrong : new int[] {-1, 0, 32_768}) {
          assertThatThrownBy(() -> channel.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, wrong))
              .isInstanceOf(SocketException.class)
              .hasMessage("Invalid argument");
          assertThatThrownBy(() -> channel.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, wrong))
              .isInstanceOf(SocketException.class);
        }
        assertThatThrownBy(() -> channel.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, 128))
            .isInstanceOf(SocketException.class);
      }
    }
  }

  @Test
  void wrongOnesAreRefused() throws IOException {
    try (SocketChannel channel = face.provider().openSocketChannel()) {
      assertThatExceptionOfType(UnsupportedOperationException.class)
          .isThrownBy(() -> channel.setOption(StandardSocketOptions.IP_MULTICAST_LOOP, true));
      assertThatExceptionOfType(NullPointerException.class)
          .isThrownBy(() -> channel.setOption(null, true));
      assertThatExceptionOfType(IllegalArgumentException.class)
          .isThrownBy(() -> channel.setOption(StandardSocketOptions.SO_SNDBUF, -1));
      assertThatExceptionOfType(IllegalArgumentException.class)
          .isThrownBy(() -> channel.setOption(StandardSocketOptions.TCP_NODELAY, null));
    }
  }

  @Test
  void aPortIsSharedOnlyByServersThatAllWantIt() throws IOException {
    try (ServerSocketChannel first = face.provider().openServerSocketChannel();
        ServerSocketChannel second = face.provider().openServerSocketChannel();
        ServerSocketChannel unwilling = face.provider().openServerSocketChannel()) {
      first.setOption(StandardSocketOptions.SO_REUSEPORT, true);
      second.setOption(StandardSocketOptions.SO_REUSEPORT, true);
      first.bind(face.toBind());
      second.bind(first.getLocalAddress());
      assertThat(second.getLocalAddress()).isEqualTo(first.getLocalAddress());
      assertThat(second.getOption(StandardSocketOptions.SO_REUSEPORT)).isTrue();
      assertThatExceptionOfType(BindException.class)
          .isThrownBy(() -> unwilling.bind(first.getLocalAddress()));
    }
  }

  @Test
  void aPortThatIsNotSharedIsTaken() throws IOException {
    try (ServerSocketChannel first = face.provider().openServerSocketChannel();
        ServerSocketChannel second = face.provider().openServerSocketChannel()) {
      second.setOption(StandardSocketOptions.SO_REUSEPORT, true);
      first.bind(face.toBind());
      assertThatExceptionOfType(BindException.class)
          .isThrownBy(() -> second.bind(first.getLocalAddress()));
    }
  }

  @Test
  void clientsThatWantItShareAPort() throws IOException {
    try (ServerSocketChannel here = face.listen();
        ServerSocketChannel there = face.listen();
        SocketChannel first = face.provider().openSocketChannel();
        SocketChannel second = face.provider().openSocketChannel();
        SocketChannel third = face.provider().openSocketChannel()) {
      for (SocketChannel client : List.of(first, second, third)) {
        client.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      }
      first.bind(face.toBind());
      second.bind(first.getLocalAddress());
      first.connect(Face.addressOf(here));
      second.connect(Face.addressOf(there));
      third.bind(first.getLocalAddress());
      assertThat(Face.portOf(second)).isEqualTo(Face.portOf(first));
      assertThat(Face.portOf(third)).isEqualTo(Face.portOf(first));
      for (SocketChannel client : List.of(first, second)) {
        client.write(ByteBuffer.wrap(new byte[] {1}));
        try (SocketChannel accepted = (client == first ? here : there).accept()) {
          assertThat(accepted.read(ByteBuffer.allocate(2))).isEqualTo(1);
        }
      }
    }
  }

  @Nested
  class Linger {
    private static final int SECONDS = 1;

    /** Writes, without waiting, until nothing more is taken. */
    private long fill(SocketChannel channel) throws IOException {
      channel.configureBlocking(false);
      ByteBuffer bytes = ByteBuffer.allocate(64 * 1024);
      long written = 0;
      long quietSince = System.nanoTime();
      while (System.nanoTime() - quietSince < TimeUnit.MILLISECONDS.toNanos(100)) {
        int count = channel.write(bytes.clear());
        written += count;
        if (count > 0) {
          quietSince = System.nanoTime();
        }
      }
      return written;
    }

    private long readToEnd(SocketChannel channel) throws IOException {
      ByteBuffer bytes = ByteBuffer.allocate(64 * 1024);
      long total = 0;
      int count;
      while ((count = channel.read(bytes.clear())) >= 0) {
        total += count;
      }
      return total;
    }

    private long closeTakesMillis(SocketChannel channel) throws IOException {
      long start = System.nanoTime();
      channel.close();
      return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    }

    @Test
    void closeWaitsForAPeerThatDoesNotReadAndThenDeliversInTheBackground() throws IOException {
      try (Face.Pair pair = face.pair()) {
        pair.client().setOption(StandardSocketOptions.SO_LINGER, SECONDS);
        long written = fill(pair.client());
        pair.client().configureBlocking(true);
        assertThat(closeTakesMillis(pair.client())).isBetween(990L, 10_000L);
        assertThat(readToEnd(pair.server())).isEqualTo(written);
      }
    }

    @Test
    void closeReturnsAsSoonAsThePeerHasAll() throws Exception {
      try (Face.Pair pair = face.pair()) {
        pair.client().setOption(StandardSocketOptions.SO_LINGER, 50);
        long written = fill(pair.client());
        pair.client().configureBlocking(true);
        CompletableFuture<Long> read =
            CompletableFuture.supplyAsync(
                () -> {
                  try {
                    return readToEnd(pair.server());
                  } catch (IOException e) {
                    throw new CompletionException(e);
                  }
                });
        assertThat(closeTakesMillis(pair.client())).isLessThan(20_000);
        assertThat(read.get()).isEqualTo(written);
      }
    }

    @Test
    void closeDoesNotWaitWhenNothingWasWritten() throws IOException {
      try (Face.Pair pair = face.pair()) {
        pair.client().setOption(StandardSocketOptions.SO_LINGER, 50);
        assertThat(closeTakesMillis(pair.client())).isLessThan(20_000);
      }
    }

    @Test
    void closeOfANonBlockingChannelWaitsAsWell() throws IOException {
      try (Face.Pair pair = face.pair()) {
        pair.client().setOption(StandardSocketOptions.SO_LINGER, SECONDS);
        long written = fill(pair.client());
        assertThat(closeTakesMillis(pair.client())).isBetween(990L, 10_000L);
        assertThat(readToEnd(pair.server())).isEqualTo(written);
      }
    }

    @Test
    void closeOfARegisteredChannelDoesNotWait() throws IOException {
      try (Face.Pair pair = face.pair();
          Selector selector = face.provider().openSelector()) {
        pair.client().setOption(StandardSocketOptions.SO_LINGER, 50);
        long written = fill(pair.client());
        pair.client().register(selector, SelectionKey.OP_READ);
        assertThat(closeTakesMillis(pair.client())).isLessThan(20_000);
        selector.selectNow();
        assertThat(readToEnd(pair.server())).isEqualTo(written);
      }
    }

    @Test
    void anInterruptedThreadLingersAndStaysInterrupted() throws IOException {
      try (Face.Pair pair = face.pair()) {
        pair.client().setOption(StandardSocketOptions.SO_LINGER, SECONDS);
        long written = fill(pair.client());
        pair.client().configureBlocking(true);
        Thread.currentThread().interrupt();
        long millis = closeTakesMillis(pair.client());
        assertThat(Thread.interrupted()).isTrue();
        assertThat(millis).isBetween(990L, 10_000L);
        assertThat(readToEnd(pair.server())).isEqualTo(written);
      }
    }
  }
}
