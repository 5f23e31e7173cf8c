package org.mptcp4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.engine.BlockingCalls.PATIENCE;
import static org.mptcp4j.engine.BlockingCalls.readToEnd;
import static org.mptcp4j.engine.BlockingCalls.writeAll;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.Settings;
import org.mptcp4j.link.LinkConfig;
import org.mptcp4j.link.LinkUnavailableException;
import org.mptcp4j.link.LinuxPacketLink;
import org.mptcp4j.link.TestNamespace;

/**
 * Two hosts with 1500 bytes on their own links, and two routers between them whose common link
 * takes 1300; the routers are the kernel's.
 */
@Tag("lab")
@Timeout(120)
class PathMtuLabTest {
  private static final int PORT = 8080;
  private static final int NARROW = 1_300;

  private final List<TestNamespace> namespaces = new ArrayList<>();
  private TestNamespace here;
  private TestNamespace nearRouter;
  private TestNamespace farRouter;
  private TestNamespace there;
  private Engine client;
  private Engine server;

  @BeforeEach
  void layThePath() {
    here = namespace("mtu-a");
    nearRouter = namespace("mtu-b");
    farRouter = namespace("mtu-c");
    there = namespace("mtu-d");
    join(here, "first0", nearRouter, "first1", 1, 1_500);
    join(nearRouter, "narrow0", farRouter, "narrow1", 2, NARROW);
    join(farRouter, "last0", there, "last1", 3, 1_500);
    for (TestNamespace router : List.of(nearRouter, farRouter)) {
      router.exec("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
    }
    route(here, "default", 1, 2);
    route(nearRouter, "3", 2, 2);
    route(farRouter, "1", 2, 1);
    route(there, "default", 3, 1);
    client = here.in(PathMtuLabTest::startEngine);
    server = there.in(PathMtuLabTest::startEngine);
  }

  private TestNamespace namespace(String suffix) {
    TestNamespace created = TestNamespace.create(suffix);
    namespaces.add(created);
    return created;
  }

  /** Link {@code net} with host 1 at one end and host 2 at the other. */
  private static void join(
      TestNamespace a, String deviceA, TestNamespace b, String deviceB, int net, int mtu) {
    TestNamespace.connect(a, deviceA, b, deviceB);
    a.ip("link set " + deviceA + " mtu " + mtu);
    b.ip("link set " + deviceB + " mtu " + mtu);
    a.ip("addr add 10.81." + net + ".1/24 dev " + deviceA);
    b.ip("addr add 10.81." + net + ".2/24 dev " + deviceB);
    a.ip("addr add fd81:" + net + "::1/64 dev " + deviceA + " nodad");
    b.ip("addr add fd81:" + net + "::2/64 dev " + deviceB + " nodad");
  }

  private static void route(TestNamespace from, String net, int via, int host) {
    boolean all = net.equals("default");
    String v4 = all ? "default" : "10.81." + net + ".0/24";
    String v6 = all ? "default" : "fd81:" + net + "::/64";
    from.ip("route add " + v4 + " via 10.81." + via + "." + host);
    from.ip("-6 route add " + v6 + " via fd81:" + via + "::" + host);
  }

  private static Engine startEngine() throws IOException {
    try {
      return new Engine(
          LinuxPacketLink.open(LinkConfig.defaults()), EngineConfig.of(Settings.of(Map.of())));
    } catch (LinkUnavailableException e) {
      return Assumptions.abort(e.getMessage());
    }
  }

  @AfterEach
  void takeAllDown() throws IOException {
    for (Engine engine : new Engine[] {client, server}) {
      if (engine != null) {
        engine.close();
        assertThat(engine.counters().faults.sum()).isZero();
      }
    }
    namespaces.forEach(TestNamespace::close);
  }

  private static byte[] noise(int seed) {
    byte[] bytes = new byte[5_000_000];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static Void sendAll(StreamSocket socket, byte[] bytes) throws IOException {
    writeAll(socket, bytes);
    socket.shutdownOutput();
    return null;
  }

  /** Sends 5 MB either way over one connection; gives its ends back, open. */
  private StreamSocket[] exchange(boolean ipv6, boolean multipath, Duration within)
      throws Exception {
    InetSocketAddress address =
        new InetSocketAddress(InetAddress.getByName(ipv6 ? "fd81:3::2" : "10.81.3.2"), PORT);
    StreamListener listener =
        there.in(
            () ->
                server.listen(
                    new InetSocketAddress(InetAddress.getByName("::"), PORT), 20, multipath));
    StreamSocket near =
        here.in(
            () -> {
              StreamSocket socket = client.openSocket(multipath);
              socket.connect(address);
              assertThat(socket.awaitReady(StreamSocket.CONNECTABLE, PATIENCE)).isNotZero();
              assertThat(socket.finishConnect()).isTrue();
              return socket;
            });
    StreamSocket far =
        there.in(
            () -> {
              assertThat(listener.awaitAcceptable(PATIENCE)).isTrue();
              return listener.accept().orElseThrow().engine().orElseThrow();
            });
    byte[] up = noise(1);
    byte[] down = noise(2);
    long start = System.nanoTime();
    Future<byte[]> gotUp = there.newThread().submit(() -> readToEnd(far, up.length));
    Future<byte[]> gotDown = here.newThread().submit(() -> readToEnd(near, down.length));
    Future<Void> sentUp = here.newThread().submit(() -> sendAll(near, up));
    Future<Void> sentDown = there.newThread().submit(() -> sendAll(far, down));
    assertThat(gotUp.get(60, TimeUnit.SECONDS)).isEqualTo(up);
    assertThat(gotDown.get(60, TimeUnit.SECONDS)).isEqualTo(down);
    sentUp.get(60, TimeUnit.SECONDS);
    sentDown.get(60, TimeUnit.SECONDS);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(within);
    return new StreamSocket[] {near, far};
  }

  private void close(StreamSocket[] ends) {
    here.in(
        () -> {
          ends[0].close();
          return null;
        });
    there.in(
        () -> {
          ends[1].close();
          return null;
        });
  }

  /** Resets that the kernel of {@code namespace} has sent. */
  private static long kernelResets(TestNamespace namespace) {
    String[] tcp =
        namespace
            .exec("cat /proc/net/snmp")
            .lines()
            .filter(line -> line.startsWith("Tcp:"))
            .toArray(String[]::new);
    int column = Arrays.asList(tcp[0].split(" ", -1)).indexOf("OutRsts");
    return Long.parseLong(tcp[1].split(" ", -1)[column]);
  }

  private static void silence(TestNamespace router) {
    router.exec("nft add table inet quiet");
    router.exec("nft add chain inet quiet out { type filter hook output priority 0 ; }");
    router.exec("nft add rule inet quiet out icmp type destination-unreachable drop");
    router.exec("nft add rule inet quiet out icmpv6 type packet-too-big drop");
  }

  @ParameterizedTest
  @CsvSource({"false, true", "false, false", "true, true", "true, false"})
  void whatTheRoutersSayIsEnoughForBothDirections(boolean ipv6, boolean multipath)
      throws Exception {
    StreamSocket[] ends = exchange(ipv6, multipath, Duration.ofSeconds(10));
    for (Engine engine : List.of(client, server)) {
      Map<String, Long> counters = engine.counters().snapshot();
      assertThat(counters.get("tcp.icmp.believed")).isPositive();
      assertThat(counters).containsEntry("tcp.mtu.blackholes", 0L);
      assertThat(counters).containsEntry("icmp.badchecksum", 0L);
    }
    assertThat(kernelResets(here)).isZero();
    assertThat(kernelResets(there)).isZero();
    close(ends);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whereTheRoutersSayNothingTheSizeIsFound(boolean ipv6) throws Exception {
    TestNamespace.requireTool("nft");
    silence(nearRouter);
    silence(farRouter);
    StreamSocket[] ends = exchange(ipv6, true, Duration.ofSeconds(20));
    for (Engine engine : List.of(client, server)) {
      Map<String, Long> counters = engine.counters().snapshot();
      assertThat(counters).containsEntry("icmp.received", 0L);
      assertThat(counters.get("tcp.mtu.blackholes")).isPositive();
    }
    assertThat(kernelResets(here)).isZero();
    assertThat(kernelResets(there)).isZero();
    close(ends);
  }
}
