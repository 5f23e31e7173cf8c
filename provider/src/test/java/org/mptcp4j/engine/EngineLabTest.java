package org.mptcp4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mptcp4j.engine.BlockingCalls.PATIENCE;
import static org.mptcp4j.engine.BlockingCalls.readToEnd;
import static org.mptcp4j.engine.BlockingCalls.writeAll;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.mptcp4j.Settings;
import org.mptcp4j.link.LinkConfig;
import org.mptcp4j.link.LinkUnavailableException;
import org.mptcp4j.link.LinuxPacketLink;
import org.mptcp4j.link.TestNamespace;

/**
 * Two engines, or one and the kernel, in two network namespaces with two paths between them. Who
 * waits at a socket turns its engine, so each socket is used by threads of its own namespace only.
 */
@Tag("lab")
@Timeout(120)
class EngineLabTest {
  private static final int PORT = 8080;
  private static final InetSocketAddress SERVER = new InetSocketAddress("10.71.1.2", PORT);

  private TestNamespace here;
  private TestNamespace there;
  private Engine client;
  private Engine server;

  @BeforeEach
  void makeTwoHostsWithTwoPaths() {
    here = TestNamespace.create("eng-a");
    there = TestNamespace.create("eng-b");
    for (int path = 1; path <= 2; path++) {
      TestNamespace.connect(here, "left" + path, there, "right" + path);
      here.ip("addr add 10.71." + path + ".1/24 dev left" + path);
      there.ip("addr add 10.71." + path + ".2/24 dev right" + path);
    }
    client = here.in(EngineLabTest::startEngine);
    server = there.in(EngineLabTest::startEngine);
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
    if (here != null) {
      here.close();
    }
    if (there != null) {
      there.close();
    }
  }

  private StreamListener listen() {
    return there.in(
        () -> server.listen(new InetSocketAddress(InetAddress.getByName("::"), PORT), 20, true));
  }

  private StreamSocket connect() {
    return here.in(
        () -> {
          return BlockingCalls.connect(client, SERVER, true);
        });
  }

  private StreamSocket accept(StreamListener listener) {
    return there.in(
        () -> {
          return BlockingCalls.accept(listener);
        });
  }

  private void send(StreamSocket socket, byte[] bytes) {
    here.in(
        () -> {
          writeAll(socket, bytes);
          return null;
        });
  }

  private void close(TestNamespace namespace, StreamSocket socket) {
    namespace.in(
        () -> {
          socket.close();
          return null;
        });
  }

  private static byte[] noise(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  private static long transmitted(TestNamespace ns, String device) {
    return Long.parseLong(ns.exec("cat /sys/class/net/" + device + "/statistics/tx_bytes").strip());
  }

  @Test
  void bothPathsCarryTheStreamAndTheKernelKnowsOfNoConnection() throws Exception {
    slowDown("100mbit");
    StreamListener listener = listen();
    StreamSocket socket = connect();
    StreamSocket accepted = accept(listener);
    byte[] bytes = noise(10_000_000);
    Future<byte[]> received = there.newThread().submit(() -> readToEnd(accepted, bytes.length));
    send(socket, bytes);
    // -a: listening sockets, the guards, and all others.
    assertThat(here.exec("ss -tanH")).doesNotContain("ESTAB");
    assertThat(there.exec("ss -tanH")).doesNotContain("ESTAB");
    close(here, socket);
    assertThat(received.get(60, TimeUnit.SECONDS)).isEqualTo(bytes);
    close(there, accepted);
    assertThat(transmitted(here, "left1")).isGreaterThan(2_000_000);
    assertThat(transmitted(here, "left2")).isGreaterThan(2_000_000);
    assertThat(client.counters().snapshot()).containsEntry("packets.badchecksum", 0L);
  }

  @Test
  void aStreamSurvivesTheLossOfThePathThatItBeganOn() throws Exception {
    slowDown("50mbit");
    StreamListener listener = listen();
    StreamSocket socket = connect();
    StreamSocket accepted = accept(listener);
    byte[] bytes = noise(10_000_000);
    Future<byte[]> received = there.newThread().submit(() -> readToEnd(accepted, bytes.length));
    send(socket, Arrays.copyOf(bytes, 3_000_000));
    there.ip("link set right1 down");
    send(socket, Arrays.copyOfRange(bytes, 3_000_000, bytes.length));
    close(here, socket);
    assertThat(received.get(60, TimeUnit.SECONDS)).isEqualTo(bytes);
  }

  @Test
  void aPlainTcpServerOfTheKernelGetsThePlainStream() throws Exception {
    ExecutorService kernel = there.newThread();
    byte[] bytes = noise(5_000_000);
    ServerSocket listening = TestNamespace.get(kernel, () -> new ServerSocket(PORT));
    Future<byte[]> received =
        kernel.submit(
            () -> {
              try (Socket accepted = listening.accept();
                  InputStream in = accepted.getInputStream()) {
                return in.readAllBytes();
              }
            });
    StreamSocket socket = connect();
    send(socket, bytes);
    close(here, socket);
    assertThat(received.get(60, TimeUnit.SECONDS)).isEqualTo(bytes);
    listening.close();
  }

  @Test
  void whereTheFirstPathIsSilentAnOrdinaryConnectSucceedsOverTheSecond() throws Exception {
    // What leaves by the first path is for a device that nobody has, as behind a captive portal.
    here.ip("neigh replace 10.71.1.2 lladdr 02:00:00:00:00:99 nud permanent dev left1");
    here.ip("route add 10.71.1.0/24 via 10.71.2.2 dev left2 metric 200");
    aPlainTcpServerOfTheKernelGetsThePlainStream();
    assertThat(client.counters().snapshot()).containsEntry("mptcp.firstpath.others", 1L);
    assertThat(transmitted(here, "left2")).isGreaterThan(5_000_000);
  }

  @Test
  void aPlainTcpClientOfTheKernelIsServed() throws Exception {
    StreamListener listener = listen();
    ExecutorService kernel = here.newThread();
    byte[] bytes = noise(5_000_000);
    Future<byte[]> answer =
        kernel.submit(
            () -> {
              try (Socket socket = new Socket(SERVER.getAddress(), PORT);
                  OutputStream out = socket.getOutputStream();
                  InputStream in = socket.getInputStream()) {
                out.write(bytes);
                socket.shutdownOutput();
                return in.readAllBytes();
              }
            });
    StreamSocket accepted = accept(listener);
    there.in(
        () -> {
          writeAll(accepted, readToEnd(accepted, bytes.length));
          accepted.close();
          return null;
        });
    assertThat(answer.get(60, TimeUnit.SECONDS)).isEqualTo(bytes);
  }

  @Test
  void aLocalClientComesByTheKernel() throws Exception {
    StreamListener listener = listen();
    Future<Integer> client =
        there
            .newThread()
            .submit(
                () -> {
                  try (Socket socket = new Socket("127.0.0.1", PORT)) {
                    return socket.getInputStream().read();
                  }
                });
    assertThat(there.in(() -> listener.awaitAcceptable(PATIENCE))).isTrue();
    try (var accepted = listener.accept().orElseThrow().kernel().orElseThrow()) {
      accepted.write(ByteBuffer.wrap(new byte[] {42}));
    }
    assertThat(client.get(30, TimeUnit.SECONDS)).isEqualTo(42);
  }

  @Test
  void aPortOfTheKernelThatNobodyListensOnRefuses() {
    here.in(
        () -> {
          StreamSocket socket = client.openSocket(true);
          socket.connect(SERVER);
          assertThat(socket.awaitReady(StreamSocket.CONNECTABLE, PATIENCE)).isNotZero();
          assertThatThrownBy(socket::finishConnect)
              .isInstanceOf(ConnectException.class)
              .hasMessage("Connection refused");
          return null;
        });
  }

  @Test
  void anAddressThatComesLaterCarriesASubflow() throws Exception {
    here.ip("link set left2 down");
    StreamListener listener = listen();
    StreamSocket socket = connect();
    StreamSocket accepted = accept(listener);
    send(socket, new byte[] {1});
    here.ip("link set left2 up");
    long end = System.nanoTime() + PATIENCE;
    while (client.flows().flowCount() < 2) {
      assertThat(System.nanoTime()).as("waited for a second subflow").isLessThan(end);
      Thread.onSpinWait();
    }
    close(here, socket);
    assertThat(there.in(() -> readToEnd(accepted, 1))).containsExactly(1);
  }

  private void slowDown(String rate) {
    for (int path = 1; path <= 2; path++) {
      here.exec("tc qdisc add dev left" + path + shape(rate));
      there.exec("tc qdisc add dev right" + path + shape(rate));
    }
  }

  private static String shape(String rate) {
    return " root tbf rate " + rate + " burst 32k latency 50ms";
  }
}
