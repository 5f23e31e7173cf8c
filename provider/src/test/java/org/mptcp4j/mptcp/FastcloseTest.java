package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.mptcp.MptcpConnection.Failure;
import org.mptcp4j.sim.Loss;
import org.mptcp4j.sim.Middlebox;
import org.mptcp4j.sim.Middleboxes;
import org.mptcp4j.sim.SimPath;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.TcpFlags;

/** RFC 8684 §3.5, in the two ways in which MP_FASTCLOSE may go out. */
class FastcloseTest {
  /** What passed, as {@code path: RST FASTCLOSE}. */
  private final List<String> seen = new ArrayList<>();

  private final List<Long> times = new ArrayList<>();

  private static ConnectionConfig config(boolean byAck) {
    return multipath().toBuilder().fastcloseByAck(byAck).build();
  }

  /** Two subflows, over both of which data went. */
  private static TwoHosts connected(long seed, boolean byAck) {
    TwoHosts hosts = TwoHosts.twoPaths(seed);
    hosts.connect(config(byAck), config(byAck));
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[100]));
    hosts.network.runFor(SECOND);
    assertThat(hosts.clientConnection().subflows()).hasSize(2);
    return hosts;
  }

  private static boolean isFastclose(IncomingSegment segment) {
    return segment.mptcp().has(MptcpOption.MP_FASTCLOSE);
  }

  private static String describe(String path, IncomingSegment segment) {
    return path
        + (segment.has(TcpFlags.RST) ? " RST" : " ACK")
        + (isFastclose(segment) ? " FASTCLOSE" : "");
  }

  private Middlebox watch(TwoHosts hosts, String path) {
    return Middleboxes.watch(
        segment -> {
          if (segment.has(TcpFlags.RST) || isFastclose(segment)) {
            seen.add(describe(path, segment));
            times.add(hosts.network.now());
          }
        });
  }

  private static Middlebox then(Middlebox first, Middlebox second) {
    return (now, packet) -> {
      ByteBuffer result = first.process(now, packet);
      return result == null ? null : second.process(now, result);
    };
  }

  private void watch(TwoHosts hosts) {
    hosts.first.forward().middlebox(watch(hosts, "first"));
    hosts.second.forward().middlebox(watch(hosts, "second"));
    hosts.first.backward().middlebox(watch(hosts, "answer on first"));
    hosts.second.backward().middlebox(watch(hosts, "answer on second"));
  }

  private static boolean isFastclose(ByteBuffer packet) {
    IncomingSegment segment = new IncomingSegment();
    segment.parse(packet, 0, packet.limit());
    return isFastclose(segment);
  }

  private static boolean isReset(ByteBuffer packet) {
    IncomingSegment segment = new IncomingSegment();
    segment.parse(packet, 0, packet.limit());
    return segment.has(TcpFlags.RST);
  }

  private static void assertOver(TwoHosts hosts, Failure server) {
    assertThat(hosts.clientConnection().isClosed()).isTrue();
    assertThat(hosts.clientConnection().failure()).contains(Failure.ABORTED);
    assertThat(hosts.serverConnection().isClosed()).isTrue();
    assertThat(hosts.serverConnection().failure()).contains(server);
    hosts.runUntilForgotten();
  }

  @Test
  void optionRIsOnTheResetOfEverySubflow() {
    TwoHosts hosts = connected(1, false);
    watch(hosts);
    hosts.clientSocket.abort();
    assertThat(hosts.clientConnection().isClosed()).as("nothing is left to be done").isTrue();
    hosts.network.runFor(100 * MILLI);
    assertThat(seen).startsWith("first RST FASTCLOSE", "second RST FASTCLOSE");
    assertOver(hosts, Failure.RESET);
  }

  @Test
  void optionRIsLostAndThePeerLearnsOfItWhenItNextSends() {
    TwoHosts hosts = connected(2, false);
    hosts.first.forward().loss(Loss.packets(1));
    hosts.second.forward().loss(Loss.packets(1));
    hosts.clientSocket.abort();
    hosts.network.runFor(SECOND);
    assertThat(hosts.serverConnection().failure()).isEmpty();
    hosts.serverSocket.write(ByteBuffer.wrap(new byte[100]));
    // What the host answers on one subflow says nothing of the connection; the other follows.
    hosts.network.runFor(70 * SECOND);
    assertThat(hosts.serverConnection().failure()).isPresent();
    assertThat(hosts.serverConnection().isClosed()).isTrue();
    hosts.runUntilForgotten();
  }

  @Test
  void optionAIsOnOneAckAndTheOtherSubflowsAreReset() {
    TwoHosts hosts = connected(3, true);
    watch(hosts);
    hosts.clientSocket.abort();
    assertThat(hosts.clientConnection().isClosed()).as("in FASTCLOSE_WAIT").isFalse();
    hosts.network.runFor(100 * MILLI);
    assertThat(seen).startsWith("second RST", "first ACK FASTCLOSE", "answer on first RST");
    assertOver(hosts, Failure.RESET);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void optionAIsSaidAgainWithBackOffWhereItIsLost(int lost) {
    TwoHosts hosts = connected(4, true);
    int[] dropped = new int[1];
    watch(hosts);
    hosts
        .first
        .forward()
        .middlebox(
            then(
                watch(hosts, "first"),
                Middleboxes.drop(packet -> isFastclose(packet) && dropped[0]++ < lost)));
    hosts.clientSocket.abort();
    hosts.network.runFor(10 * SECOND);
    assertThat(seen.stream().filter(s -> s.equals("first ACK FASTCLOSE"))).hasSize(lost + 1);
    times.remove(0);
    for (int i = 1; i <= lost; i++) {
      long interval = times.get(i) - times.get(i - 1);
      assertThat(interval).isBetween((200 << i - 1) * MILLI, (400 << i - 1) * MILLI);
    }
    assertOver(hosts, Failure.RESET);
  }

  @Test
  void afterThreeRepetitionsAResetEndsOptionA() {
    TwoHosts hosts = connected(5, true);
    int[] dropped = new int[1];
    watch(hosts);
    hosts
        .first
        .forward()
        .middlebox(
            then(
                watch(hosts, "first"),
                Middleboxes.drop(packet -> isFastclose(packet) && dropped[0]++ < 4)));
    hosts.clientSocket.abort();
    hosts.network.runFor(10 * SECOND);
    assertThat(seen)
        .startsWith(
            "second RST",
            "first ACK FASTCLOSE",
            "first ACK FASTCLOSE",
            "first ACK FASTCLOSE",
            "first ACK FASTCLOSE",
            "first RST FASTCLOSE");
    assertOver(hosts, Failure.RESET);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5})
  void theAnswerToOptionAMayBeLost(int lost) {
    TwoHosts hosts = connected(6, true);
    int[] dropped = new int[1];
    hosts
        .first
        .backward()
        .middlebox(Middleboxes.drop(packet -> isReset(packet) && dropped[0]++ < lost));
    hosts.clientSocket.abort();
    hosts.network.runFor(50 * MILLI);
    assertThat(hosts.serverConnection().isClosed()).isTrue();
    hosts.network.runFor(10 * SECOND);
    assertThat(dropped[0]).isGreaterThanOrEqualTo(Math.min(lost, 4));
    assertOver(hosts, Failure.RESET);
  }

  @Test
  void theResetOfAnotherSubflowMayBeLost() {
    TwoHosts hosts = connected(7, true);
    hosts.second.forward().loss(Loss.packets(1));
    hosts.clientSocket.abort();
    hosts.network.runFor(SECOND);
    assertOver(hosts, Failure.RESET);
  }

  @Test
  void whereThePeerIsGoneOptionAEndsInBoundedTime() {
    TwoHosts hosts = connected(8, true);
    hosts.server.die();
    hosts.clientSocket.abort();
    hosts.network.runFor(SECOND);
    assertThat(hosts.clientConnection().isClosed()).isFalse();
    hosts.network.runFor(9 * SECOND);
    assertThat(hosts.clientConnection().isClosed()).isTrue();
    assertThat(hosts.client.flowCount() + hosts.client.tokenCount()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"true,true", "true,false", "false,true", "false,false"})
  void bothSidesMayAbortAtOnce(boolean clientByAck, boolean serverByAck) {
    TwoHosts hosts = TwoHosts.twoPaths(9);
    hosts.connect(config(clientByAck), config(serverByAck));
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[100]));
    hosts.network.runFor(SECOND);
    hosts.clientSocket.abort();
    hosts.serverSocket.abort();
    hosts.network.runFor(100 * MILLI);
    assertOver(hosts, Failure.ABORTED);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theWrongKeyIsIgnored(boolean byAck) {
    TwoHosts hosts = connected(10, byAck);
    for (SimPath path : List.of(hosts.first, hosts.second)) {
      path.forward()
          .middlebox(
              Middleboxes.editMptcp(
                  MptcpOption.MP_FASTCLOSE,
                  option -> option.putLong(4, option.getLong(4) ^ 1L << 40)));
    }
    hosts.clientSocket.abort();
    hosts.network.runFor(100 * MILLI);
    assertThat(hosts.server.counters().fastclosesReceived.sum()).isZero();
    assertThat(hosts.serverConnection().failure()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anAbortEndsATransferInBothDirections(boolean byAck) {
    TwoHosts hosts = TwoHosts.twoPaths(11);
    hosts.connect(config(byAck), config(byAck));
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[2_000_000]));
    hosts.serverSocket.write(ByteBuffer.wrap(new byte[2_000_000]));
    hosts.network.runFor(50 * MILLI);
    assertThat(hosts.clientConnection().unacknowledgedBytes()).isGreaterThan(1_000_000);
    hosts.clientSocket.abort();
    assertThat(hosts.clientSocket.write(ByteBuffer.wrap(new byte[10]))).isEqualTo(-1);
    hosts.network.runFor(2 * SECOND);
    assertOver(hosts, Failure.RESET);
  }

  @Test
  void closeWithUnreadDataGoesTheConfiguredWay() {
    TwoHosts hosts = connected(12, true);
    watch(hosts);
    // The server has not read the client's 100 bytes.
    hosts.serverSocket.close();
    hosts.network.runFor(100 * MILLI);
    assertThat(seen).contains("answer on first ACK FASTCLOSE", "first RST");
    assertThat(hosts.clientConnection().failure()).contains(Failure.RESET);
    hosts.runUntilForgotten();
  }

  @Test
  void beforeTheFirstDataAckOptionRIsTaken() {
    TwoHosts hosts = TwoHosts.onePath(13);
    hosts.connect(config(true), config(true));
    hosts.first.forward().middlebox(watch(hosts, "first"));
    hosts.clientSocket.abort();
    hosts.network.runFor(100 * MILLI);
    assertThat(seen).containsExactly("first RST FASTCLOSE");
  }
}
