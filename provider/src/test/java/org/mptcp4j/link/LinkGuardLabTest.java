package org.mptcp4j.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.mptcp4j.wire.IpAddress;

/** Guards of ports, and the local clients that they let in. */
@Tag("lab")
class LinkGuardLabTest {
  private TestNamespace ns;

  @BeforeEach
  void oneHost() {
    ns = TestNamespace.create("g");
  }

  @AfterEach
  void takeDown() {
    if (ns != null) {
      ns.close();
    }
  }

  @Test
  void localClientIsServedByTheKernelThroughTheGuard() throws IOException {
    try (LinkEnd end = new LinkEnd(ns)) {
      PortGuard guard = end.guard("::", 8080, true);
      AtomicInteger told = new AtomicInteger();
      guard.setAcceptListener(told::incrementAndGet);
      for (String address : new String[] {"127.0.0.1", "::1"}) {
        int before = told.get();
        SocketChannel client =
            ns.in(
                () -> {
                  SocketChannel c = JdkProvider.get().openSocketChannel();
                  c.connect(new InetSocketAddress(IpAddress.parse(address).toInetAddress(), 8080));
                  return c;
                });
        assertThat(end.receiveUntil(() -> told.get() > before)).isTrue();
        Optional<SocketChannel> accepted = ns.in(guard::accept);
        client.write(ByteBuffer.wrap(new byte[] {42}));
        ByteBuffer read = ByteBuffer.allocate(1);
        accepted.orElseThrow().read(read);
        assertThat(read.get(0)).isEqualTo((byte) 42);
        assertThat(ns.in(guard::accept)).isEmpty();
        client.close();
        accepted.orElseThrow().close();
      }
    }
  }

  @Test
  void waitIsNotCutShortAgainAndAgainByAClientThatNobodyAccepts() throws IOException {
    try (LinkEnd end = new LinkEnd(ns)) {
      PortGuard guard = end.guard("::", 8080, true);
      AtomicInteger told = new AtomicInteger();
      guard.setAcceptListener(told::incrementAndGet);
      SocketChannel client =
          ns.in(
              () -> {
                SocketChannel c = JdkProvider.get().openSocketChannel();
                c.connect(
                    new InetSocketAddress(IpAddress.parse("127.0.0.1").toInetAddress(), 8080));
                return c;
              });
      end.receiveFor(100_000_000);
      assertThat(told).hasValue(1);
      client.close();
    }
  }

  @Test
  void portOfAnotherProcessIsRefusedAsTheKernelSays() throws IOException {
    try (LinkEnd end = new LinkEnd(ns);
        ServerSocketChannel other =
            ns.in(
                () -> {
                  ServerSocketChannel c = JdkProvider.get().openServerSocketChannel();
                  c.bind(new InetSocketAddress(8080));
                  return c;
                })) {
      assertThat(other.isOpen()).isTrue();
      for (boolean listening : new boolean[] {false, true}) {
        assertThatThrownBy(() -> end.guard("::", 8080, listening))
            .hasRootCauseInstanceOf(BindException.class)
            .hasMessageContaining("Address already in use");
      }
    }
  }

  @Test
  void guardedPortIsNotGivenToAnotherAndIsFreeAfterwards() throws IOException {
    try (LinkEnd end = new LinkEnd(ns)) {
      PortGuard guard = end.guard("::", 8080, false);
      assertThatThrownBy(() -> bindElsewhere(8080)).hasRootCauseInstanceOf(BindException.class);
      guard.close();
      bindElsewhere(8080);
    }
  }

  private void bindElsewhere(int port) {
    ns.in(
        () -> {
          try (ServerSocketChannel c = JdkProvider.get().openServerSocketChannel()) {
            c.bind(new InetSocketAddress(port));
          }
          return null;
        });
  }

  @Test
  void portZeroLetsTheKernelChoose() throws IOException {
    try (LinkEnd end = new LinkEnd(ns)) {
      assertThat(end.guard("::", 0, true).port()).isPositive();
      assertThat(end.guard("127.0.0.1", 0, false).port()).isPositive();
    }
  }

  @Test
  void ephemeralPortsAreDistinctAndComeBack() throws IOException {
    ns.in(
        () -> Files.writeString(Path.of("/proc/sys/net/ipv4/ip_local_port_range"), "40000 40099"));
    try (LinkEnd end = new LinkEnd(ns)) {
      List<PortGuard> guards = new ArrayList<>();
      Set<Integer> ports = new HashSet<>();
      for (int i = 0; i < 96; i++) {
        PortGuard guard = ns.in(end.link::guardEphemeral);
        guards.add(guard);
        assertThat(guard.port()).isBetween(40_000, 40_099);
        assertThat(ports.add(guard.port())).isTrue();
      }
      assertThatThrownBy(() -> ns.in(end.link::guardEphemeral))
          .hasRootCauseInstanceOf(BindException.class);
      for (PortGuard guard : guards) {
        guard.close();
      }
      assertThat(ns.in(end.link::guardEphemeral).port()).isIn(ports);
    }
  }

  @Test
  void closingTheLinkFreesEveryPort() throws IOException {
    LinkEnd end = new LinkEnd(ns);
    end.guard("::", 8080, true);
    end.guard("::", 8081, false);
    ns.in(end.link::guardEphemeral);
    end.close();
    assertThat(ns.exec("ss -Hltn")).isBlank();
    assertThat(ns.exec("ss -H0")).isBlank();
  }

  @Test
  void addressesOfThisHostAreLocal() throws IOException {
    ns.ip("addr add 10.1.2.3/32 dev lo");
    ns.ip("route add local 10.9.0.0/16 dev lo");
    try (LinkEnd end = new LinkEnd(ns)) {
      for (String local : new String[] {"127.0.0.1", "127.1.2.3", "::1", "10.1.2.3", "10.9.8.7"}) {
        assertThat(ns.in(() -> end.link.isLocal(IpAddress.parse(local)))).as(local).isTrue();
      }
      assertThat(ns.in(() -> end.link.isLocal(IpAddress.parse("10.1.2.4")))).isFalse();
    }
  }

  @Test
  void loopbackModeReachesKernelSocketsAndOurselves() throws IOException {
    try (LinkEnd end = new LinkEnd(ns, LinkConfig.defaults().withLoopbackOnEngine(true))) {
      end.guard("127.0.0.1", 80, false);
      end.guard("::1", 80, false);
      for (String address : new String[] {"127.0.0.1", "::1"}) {
        end.received.clear();
        Egress egress = end.egress(address, address);
        end.send(egress, 4000, 80, ByteBuffer.allocate(10_000), 1_400);
        assertThat(end.receiveUntil(() -> end.receivedBytes() == 10_000)).isTrue();
        assertThat(end.received).allMatch(LinkEnd.Received::checksumRight);
      }
      // A kernel socket answers: what we sent reached it.
      end.guard("127.0.0.1", 4001, false);
      try (ServerSocketChannel server =
          ns.in(
              () ->
                  JdkProvider.get()
                      .openServerSocketChannel()
                      .bind(
                          new InetSocketAddress(
                              IpAddress.parse("127.0.0.1").toInetAddress(), 81)))) {
        assertThat(server.isOpen()).isTrue();
        end.received.clear();
        end.sendSyn(end.egress("127.0.0.1", "127.0.0.1"), 4001, 81);
        assertThat(end.receiveUntil(() -> end.received.size() == 1)).isTrue();
        assertThat(end.received.get(0).flags()).isEqualTo(0x12);
      }
    }
  }
}
