package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;
import static org.mptcp4j.mptcp.TwoHosts.plain;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.mptcp.MptcpConnection.Failure;
import org.mptcp4j.sim.Loss;
import org.mptcp4j.sim.SimSocket;
import org.mptcp4j.tcp.EndpointOptions;
import org.mptcp4j.tcp.KeepAlive;
import org.mptcp4j.wire.IpAddress;

/** What becomes of connections and subflows whose peer is not heard of any more. */
@Timeout(60)
class SilentPeerTest {
  private static final EndpointOptions TEN_TWO_THREE =
      EndpointOptions.DEFAULT.withKeepAlive(KeepAlive.everySeconds(10, 2, 3));

  private static final EndpointOptions SEVEN_SECONDS =
      EndpointOptions.DEFAULT.withUserTimeout(7 * SECOND);

  private static TwoHosts connected(boolean multipath) {
    TwoHosts hosts = TwoHosts.twoPaths(1);
    hosts.connect(multipath ? multipath() : plain(), multipath ? multipath() : plain());
    if (multipath) {
      hosts.network.runUntil(() -> hosts.clientConnection().subflowCount() == 2, 5 * SECOND);
      hosts.network.runFor(SECOND);
    }
    return hosts;
  }

  private static void setOptions(TwoHosts hosts, EndpointOptions options) {
    hosts.clientConnection().setEndpointOptions(hosts.network.now(), options);
    // The timer of the socket is planned after calls that it knows of.
    hosts.clientSocket.shutdownInput();
  }

  private static Consumer<SimSocket> writing(ByteBuffer data) {
    return socket -> {
      if (socket.isEstablished()) {
        socket.write(data);
      }
    };
  }

  /** The client's addresses of subflows that data can flow on. */
  private static List<String> established(TwoHosts hosts) {
    return hosts.clientConnection().subflows().stream()
        .map(Subflow::info)
        .filter(SubflowInfo::established)
        .map(info -> info.flow().local().toString())
        .toList();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void keepAliveLetsAnIdleConnectionLive(boolean multipath) {
    TwoHosts hosts = connected(multipath);
    setOptions(hosts, TEN_TWO_THREE);
    hosts.network.runFor(3600 * SECOND);
    assertThat(hosts.clientSocket.isEstablished()).isTrue();
    assertThat(hosts.serverSocket.isEstablished()).isTrue();
    assertThat(hosts.clientConnection().subflowCount()).isEqualTo(multipath ? 2 : 1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void keepAliveEndsAConnectionOfWhichNoSubflowAnswers(boolean multipath) {
    TwoHosts hosts = connected(multipath);
    setOptions(hosts, TEN_TWO_THREE);
    hosts.first.setUp(false);
    hosts.second.setUp(false);
    hosts.network.runFor(17 * SECOND);
    assertThat(hosts.clientConnection().failure()).contains(Failure.TIMED_OUT);
    hosts.network.runFor(20 * SECOND);
    assertThat(hosts.clientConnection().isClosed()).isTrue();
  }

  @Test
  void aSilentSubflowDiesAloneAndTheConnectionLivesOn() {
    TwoHosts hosts = connected(true);
    setOptions(hosts, TEN_TWO_THREE);
    hosts.second.setUp(false);
    hosts.network.runFor(17 * SECOND);
    assertThat(hosts.clientConnection().failure()).isEmpty();
    assertThat(established(hosts)).doesNotContain("10.0.2.1").contains("10.0.1.1");

    hosts.second.setUp(true);
    hosts.network.runUntil(() -> established(hosts).contains("10.0.2.1"), 60 * SECOND);
    assertThat(hosts.clientSocket.isEstablished()).isTrue();
  }

  @Test
  void aSubflowThatJoinsLaterIsProbedToo() {
    TwoHosts hosts = TwoHosts.onePath(1);
    hosts.connect(multipath(), multipath());
    setOptions(hosts, TEN_TWO_THREE);
    hosts.addSecondPath();
    hosts
        .clientConnection()
        .localAddressAdded(hosts.network.now(), IpAddress.parse("10.0.2.1"), hosts.client);
    hosts.clientSocket.shutdownInput();
    hosts.network.runUntil(() -> hosts.clientConnection().subflowCount() == 2, 30 * SECOND);
    hosts.network.runFor(SECOND);
    hosts.second.setUp(false);
    hosts.network.runFor(17 * SECOND);
    assertThat(hosts.clientConnection().failure()).isEmpty();
    assertThat(established(hosts)).doesNotContain("10.0.2.1").contains("10.0.1.1");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void dataThatNobodyAcknowledgesEndsTheConnectionAfterTheUserTimeout(boolean multipath) {
    TwoHosts hosts = connected(multipath);
    setOptions(hosts, SEVEN_SECONDS);
    hosts.first.setUp(false);
    hosts.second.setUp(false);
    hosts.clientSocket.write(ByteBuffer.allocate(100_000));
    hosts.network.runFor(6 * SECOND);
    assertThat(hosts.clientConnection().failure()).isEmpty();
    // The second subflow is given what the first does not deliver, a moment later.
    hosts.network.runFor(2 * SECOND);
    assertThat(hosts.clientConnection().failure()).contains(Failure.TIMED_OUT);
  }

  @Test
  void theDataOfASubflowThatTimedOutArrivesOnAnother() {
    TwoHosts hosts = connected(true);
    setOptions(hosts, SEVEN_SECONDS);
    hosts.transfer(20_000_000, 0);
    hosts.network.runFor(SECOND / 5);
    hosts.second.setUp(false);
    hosts.runToEnd(60 * SECOND);
    hosts.network.runFor(8 * SECOND);
    assertThat(hosts.clientConnection().failure()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aPeerThatOpensNoWindowEndsTheConnectionAfterTheUserTimeout(boolean multipath) {
    TwoHosts hosts = connected(multipath);
    setOptions(hosts, SEVEN_SECONDS);
    ByteBuffer data = ByteBuffer.allocate(8 << 20);
    hosts.clientSocket.onReady(writing(data));
    hosts.network.runFor(5 * SECOND);
    assertThat(hosts.clientConnection().failure()).isEmpty();
    hosts.network.runFor(5 * SECOND);
    assertThat(hosts.clientConnection().failure()).contains(Failure.TIMED_OUT);
    assertThat(hosts.serverConnection().failure()).contains(Failure.RESET);
  }

  @Test
  void aPeerThatReadsSlowlyKeepsTheConnection() {
    TwoHosts hosts = connected(true);
    setOptions(hosts, SEVEN_SECONDS);
    ByteBuffer data = ByteBuffer.allocate(8 << 20);
    hosts.clientSocket.onReady(writing(data));
    for (int i = 0; i < 20; i++) {
      hosts.network.runFor(5 * SECOND);
      hosts.serverSocket.read(ByteBuffer.allocate(1 << 20));
    }
    assertThat(hosts.clientConnection().failure()).isEmpty();
  }

  @Test
  void roomInTheSharedWindowIsToldAtOnceWhicheverSubflowFilledIt() {
    TwoHosts hosts = connected(true);
    ByteBuffer data = ByteBuffer.allocate(8 << 20);
    hosts.clientSocket.onReady(writing(data));
    hosts.network.runFor(10 * SECOND);
    int taken = data.position();
    hosts.serverSocket.read(ByteBuffer.allocate(1 << 20));
    hosts.network.runFor(SECOND / 5);
    assertThat(data.position()).isGreaterThan(taken);
  }

  @Test
  void aSubflowThatIsSilentDoesNotDelayTheQuestionForTheWindow() {
    TwoHosts hosts = connected(true);
    ByteBuffer data = ByteBuffer.allocate(64 << 20);
    hosts.clientSocket.onReady(writing(data));
    boolean[] reads = {true};
    ByteBuffer read = ByteBuffer.allocate(1 << 20);
    hosts.serverSocket.onReady(
        socket -> {
          while (reads[0] && socket.read(read.clear()) > 0) {
            // Nobody looks at it.
          }
        });
    hosts.network.runFor(SECOND / 2);
    hosts.first.setUp(false);
    hosts.second.rate(10_000_000);
    hosts.network.runFor(20 * SECOND);
    Subflow silent = hosts.clientConnection().subflows().get(0);
    assertThat(silent.endpoint().retransmissionTimeoutNanos()).isGreaterThan(10 * SECOND);
    reads[0] = false;
    hosts.network.runUntil(() -> hosts.clientConnection().sender().isPersisting(), 10 * SECOND);
    // What tells of the room is lost.
    hosts.second.backward().loss(Loss.random(1));
    reads[0] = true;
    hosts.serverSocket.afterCall();
    hosts.network.runFor(SECOND / 10);
    hosts.second.backward().loss(Loss.random(0));
    int taken = data.position();
    hosts.network.runFor(2 * SECOND);
    assertThat(data.position() - taken).isGreaterThan(1_000_000);
  }

  @Test
  void withoutKeepAliveNobodyNotices() {
    TwoHosts hosts = connected(true);
    hosts.first.setUp(false);
    hosts.second.setUp(false);
    hosts.network.runFor(24 * 3600 * SECOND);
    assertThat(hosts.clientSocket.isEstablished()).isTrue();
  }
}
