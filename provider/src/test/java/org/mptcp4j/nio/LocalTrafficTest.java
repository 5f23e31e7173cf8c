package org.mptcp4j.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.mptcp4j.Settings;
import org.mptcp4j.engine.Engine;
import org.mptcp4j.engine.EngineConfig;
import org.mptcp4j.link.JdkProvider;
import org.mptcp4j.link.LinkConfig;
import org.mptcp4j.link.LinuxPacketLink;

/** With the engine as it is by default, which leaves this host's own traffic to the kernel. */
@Tag("lab")
@Timeout(60)
class LocalTrafficTest {
  private static EngineStarter starter;
  private static SelectorProvider provider;

  @BeforeAll
  static void startTheEngine() {
    assumeTrue(Prerequisites.missing().isEmpty(), "needs CAP_NET_RAW for the packet socket");
    ConnectionPolicy policy = ConnectionPolicy.parse("");
    starter =
        new EngineStarter(
            () -> LinuxPacketLink.open(LinkConfig.defaults()),
            EngineConfig.of(Settings.of(Map.of())),
            policy);
    provider = Face.providerOf(new EngineTransport(starter, policy, false));
  }

  @AfterAll
  static void theEngineHadNoConnection() throws IOException {
    if (starter != null) {
      Engine engine = starter.get().orElseThrow();
      assertThat(engine.counters().connectionsOpened.sum()).isZero();
      assertThat(engine.counters().connectionsAccepted.sum()).isZero();
      assertThat(engine.counters().faults.sum()).isZero();
      engine.close();
    }
  }

  private static void exchange(SocketChannel one, SocketChannel other) throws IOException {
    ByteBuffer sent = ByteBuffer.wrap(new byte[] {1, 2, 3});
    ByteBuffer received = ByteBuffer.allocate(3);
    one.write(sent);
    while (received.hasRemaining()) {
      assertThat(other.read(received)).isNotNegative();
    }
    assertThat(received.flip()).isEqualTo(sent.flip());
  }

  @Test
  void aPortThatTheEngineKeptGoesToTheKernelWithTheConnection() throws IOException {
    try (ServerSocketChannel kernelServer =
            JdkProvider.get()
                .openServerSocketChannel()
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        SocketChannel client = provider.openSocketChannel()) {
      client.setOption(StandardSocketOptions.TCP_NODELAY, true);
      client.bind(null);
      int port = ((InetSocketAddress) client.getLocalAddress()).getPort();
      client.connect(kernelServer.getLocalAddress());
      try (SocketChannel accepted = kernelServer.accept()) {
        assertThat(((InetSocketAddress) accepted.getRemoteAddress()).getPort()).isEqualTo(port);
        assertThat(client.getOption(StandardSocketOptions.TCP_NODELAY)).isTrue();
        exchange(client, accepted);
      }
    }
  }

  @Test
  void aLocalClientOfTheKernelReachesTheEnginesListener() throws IOException {
    try (ServerSocketChannel server = provider.openServerSocketChannel().bind(null);
        SocketChannel client = JdkProvider.get().openSocketChannel()) {
      client.connect(Face.addressOf(server));
      try (SocketChannel accepted = server.accept()) {
        exchange(client, accepted);
        exchange(accepted, client);
      }
    }
  }

  @Test
  void listenersThatShareAPortTakeLocalClientsInTurn() throws IOException {
    try (ServerSocketChannel second = provider.openServerSocketChannel()) {
      second.setOption(StandardSocketOptions.SO_REUSEPORT, true);
      try (ServerSocketChannel first = provider.openServerSocketChannel()) {
        first.setOption(StandardSocketOptions.SO_REUSEPORT, true).bind(null);
        second.bind(first.getLocalAddress());
        for (int i = 0; i < 4; i++) {
          try (SocketChannel client = JdkProvider.get().openSocketChannel()) {
            client.connect(Face.addressOf(first));
            exchange(client, acceptAtEither(first, second));
          }
        }
      }
      try (SocketChannel client = JdkProvider.get().openSocketChannel()) {
        client.connect(Face.addressOf(second));
        exchange(client, second.accept());
      }
    }
  }

  /** The connection that waits at one of two listeners, as a selector says. */
  private static SocketChannel acceptAtEither(ServerSocketChannel one, ServerSocketChannel other)
      throws IOException {
    SocketChannel accepted = null;
    try (Selector selector = provider.openSelector()) {
      for (ServerSocketChannel server : List.of(one, other)) {
        server.configureBlocking(false);
        server.register(selector, SelectionKey.OP_ACCEPT);
      }
      while (accepted == null) {
        assertThat(selector.select(20_000)).isPositive();
        for (SelectionKey key : selector.selectedKeys()) {
          SocketChannel next = ((ServerSocketChannel) key.channel()).accept();
          accepted = next != null ? next : accepted;
        }
        selector.selectedKeys().clear();
      }
    }
    one.configureBlocking(true);
    other.configureBlocking(true);
    return accepted;
  }

  @Test
  void localClientsAreSelectedLikeOthers() throws IOException {
    try (ServerSocketChannel server = provider.openServerSocketChannel().bind(null);
        Selector selector = provider.openSelector();
        SocketChannel client = JdkProvider.get().openSocketChannel()) {
      server.configureBlocking(false);
      server.register(selector, SelectionKey.OP_ACCEPT);
      client.connect(Face.addressOf(server));
      assertThat(selector.select(20_000)).isEqualTo(1);
      selector.selectedKeys().clear();
      try (SocketChannel accepted = server.accept()) {
        accepted.configureBlocking(false);
        SelectionKey key = accepted.register(selector, SelectionKey.OP_READ);
        client.write(ByteBuffer.allocate(1));
        assertThat(selector.select(20_000)).isEqualTo(1);
        assertThat(selector.selectedKeys()).containsExactly(key);
      }
    }
  }

  @Test
  void anAcceptThatWaitsGetsTheLocalClientThatComes() throws Exception {
    try (ServerSocketChannel server = provider.openServerSocketChannel().bind(null);
        SocketChannel client = JdkProvider.get().openSocketChannel()) {
      Thread connecting =
          new Thread(
              () -> {
                try {
                  client.connect(Face.addressOf(server));
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              });
      connecting.start();
      try (SocketChannel accepted = server.accept()) {
        connecting.join();
        exchange(client, accepted);
      }
    }
  }
}
