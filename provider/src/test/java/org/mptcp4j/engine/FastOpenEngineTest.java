package org.mptcp4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mptcp4j.wire.TcpFlags;

/** TCP Fast Open as a program sees it that knows nothing of it. */
@Timeout(60)
class FastOpenEngineTest {
  private static final int PORT = 8080;
  private static final PortSharing ALONE = new PortSharing(false, false);
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);

  /** Of each SYN that reaches the server, whether it has the option, and how much data. */
  private final List<String> syns = new CopyOnWriteArrayList<>();

  private TwoEngines hosts;

  private void start(String setting) {
    hosts = new TwoEngines(1, Map.of("mptcp4j.tcp.fastopen", setting));
    hosts.serverLink.onArrival =
        segment -> {
          if (segment.has(TcpFlags.SYN)) {
            syns.add((segment.hasFastOpen() ? "option " : "no option ") + segment.payloadLength());
          }
        };
  }

  @AfterEach
  void noFault() throws IOException {
    hosts.closeAndCheck();
  }

  private static ByteBuffer text(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static String read(StreamSocket socket) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(100);
    BlockingCalls.read(socket, buffer);
    return new String(buffer.array(), 0, buffer.position(), StandardCharsets.US_ASCII);
  }

  private StreamSocket exchange(StreamListener listener) throws IOException {
    StreamSocket client = hosts.connect(PORT);
    client.write(text("question"));
    StreamSocket server = BlockingCalls.accept(listener);
    assertThat(read(server)).isEqualTo("question");
    server.write(text("answer"));
    assertThat(read(client)).isEqualTo("answer");
    server.close();
    return client;
  }

  @Test
  void theSecondConnectionSendsItsQuestionWithTheSyn() throws IOException {
    start("both");
    StreamListener listener = hosts.listen(PORT, ALONE);
    exchange(listener).close();
    exchange(listener).close();
    assertThat(syns).containsExactly("option 0", "option 8");
    Map<String, Long> client = hosts.client.counters().snapshot();
    assertThat(client)
        .containsEntry("tcp.fastopen.requested", 1L)
        .containsEntry("tcp.fastopen.sent", 1L)
        .containsEntry("tcp.fastopen.acknowledged", 1L)
        .containsEntry("mptcp.fallbacks", 0L);
    assertThat(hosts.server.counters().snapshot())
        .containsEntry("tcp.fastopen.cookies.given", 1L)
        .containsEntry("tcp.fastopen.accepted", 1L)
        .containsEntry("mptcp.fallbacks", 0L);
  }

  @ParameterizedTest
  @CsvSource({"off, no option 0", "server, no option 0", "client, option 0"})
  void onlyAClientThatIsToldToAsks(String setting, String expected) throws IOException {
    start(setting);
    StreamListener listener = hosts.listen(PORT, ALONE);
    exchange(listener).close();
    exchange(listener).close();
    assertThat(syns.get(0)).isEqualTo(expected);
    // A server that gave no cookie is not asked again at once.
    assertThat(syns.get(1)).isEqualTo("no option 0");
  }

  @Test
  void aProgramThatOnlyListensHearsFromAServerThatSpeaksFirst() throws IOException {
    start("both");
    StreamListener listener = hosts.listen(PORT, ALONE);
    exchange(listener).close();
    StreamSocket client = hosts.connect(PORT);
    // Nothing is written or read: it waits as a selector does.
    StreamSocket server = BlockingCalls.accept(listener);
    server.write(text("welcome"));
    assertThat(client.awaitReady(StreamSocket.READABLE, PATIENCE)).isNotZero();
    assertThat(read(client)).isEqualTo("welcome");
    client.close();
    server.close();
  }

  @Test
  void whoIsRefusedLearnsItByTheFirstReadAndThenThePipeIsBroken() throws IOException {
    start("both");
    StreamListener listener = hosts.listen(PORT, ALONE);
    exchange(listener).close();
    // The port stays the engine's, so that RST comes.
    StreamSocket keeps = hosts.connect(PORT);
    keeps.write(text("x"));
    StreamSocket kept = BlockingCalls.accept(listener);
    listener.close();
    StreamSocket client = hosts.connect(PORT);
    assertThat(client.write(text("question"))).isEqualTo(8);
    assertThatThrownBy(() -> read(client))
        .isInstanceOf(ConnectException.class)
        .hasMessage("Connection refused");
    assertThatThrownBy(() -> client.write(text("again")))
        .isInstanceOf(SocketException.class)
        .hasMessage("Broken pipe");
    client.close();
    keeps.close();
    kept.close();
  }
}
