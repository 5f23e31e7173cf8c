package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;
import static org.mptcp4j.mptcp.TwoHosts.multipathWithChecksum;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.mptcp.MptcpConnection.Failure;
import org.mptcp4j.sim.Loss;
import org.mptcp4j.sim.Middleboxes;
import org.mptcp4j.sim.SimPath;
import org.mptcp4j.sim.SimSocket;
import org.mptcp4j.tcp.TcpState;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.MptcpOptionSet;
import org.mptcp4j.wire.TcpFlags;

/** RFC 8684 §3.3.3 and the states of appendix D, transition by transition. */
class DataFinTest {
  private final List<String> seen = new ArrayList<>();

  private static TwoHosts connected(long seed) {
    TwoHosts hosts = TwoHosts.twoPaths(seed);
    hosts.connect(multipath(), multipath());
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[100]));
    hosts.network.runFor(SECOND);
    hosts.serverSocket.read(ByteBuffer.allocate(100));
    assertThat(hosts.clientConnection().subflows()).hasSize(2);
    return hosts;
  }

  private void watch(TwoHosts hosts) {
    for (SimPath path : List.of(hosts.first, hosts.second)) {
      String name = path == hosts.first ? "1" : "2";
      path.forward().middlebox(Middleboxes.watch(s -> note("client " + name, s)));
      path.backward().middlebox(Middleboxes.watch(s -> note("server " + name, s)));
    }
  }

  private void note(String who, IncomingSegment segment) {
    MptcpOptionSet options = segment.mptcp();
    if (options.has(MptcpOption.DSS) && options.hasDataFin()) {
      seen.add(who + " DATA_FIN");
    }
    if (segment.has(TcpFlags.FIN)) {
      seen.add(who + " FIN");
    }
    if (segment.has(TcpFlags.RST)) {
      seen.add(who + " RST");
    }
  }

  private static List<TcpState> states(MptcpConnection connection) {
    return connection.subflows().stream().map(s -> s.endpoint().state()).toList();
  }

  private static int read(TwoHosts hosts) {
    return hosts.clientSocket.read(ByteBuffer.allocate(10_000));
  }

  private static int readAtServer(TwoHosts hosts) {
    return hosts.serverSocket.read(ByteBuffer.allocate(10_000));
  }

  @Test
  void aDataFinWithoutDataIsAMappingOfOneThatCoversNoByte() {
    TwoHosts hosts = TwoHosts.onePath(1);
    hosts.connect(multipathWithChecksum(), multipathWithChecksum());
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[100]));
    hosts.network.runFor(SECOND);
    long end = hosts.clientConnection().sender().end();
    hosts
        .first
        .forward()
        .middlebox(
            Middleboxes.watch(
                segment -> {
                  MptcpOptionSet o = segment.mptcp();
                  if (o.hasDataFin()) {
                    seen.add(
                        o.subflowSequenceNumber()
                            + " "
                            + o.dataLevelLength()
                            + " "
                            + (o.dataSequenceNumber() == end)
                            + " "
                            + DssChecksum.verify(0, end, 0, 1, o.dssChecksum()));
                  }
                }));
    hosts.clientSocket.shutdownOutput();
    hosts.network.runFor(100 * MILLI);
    assertThat(seen).isNotEmpty().containsOnly("0 1 true true");
  }

  @Test
  void establishedToFinWait1AndFinWait2() {
    TwoHosts hosts = connected(2);
    watch(hosts);
    hosts.clientSocket.shutdownOutput();
    assertThat(hosts.clientConnection().closing().owesDataFin()).as("M_FIN_WAIT-1").isTrue();
    hosts.network.runFor(SECOND);
    assertThat(hosts.clientConnection().closing().isEndAcknowledged()).as("M_FIN_WAIT-2").isTrue();
    assertThat(seen).contains("client 1 DATA_FIN", "client 2 DATA_FIN");
    assertThat(seen).as("the peer may still send").noneMatch(s -> s.contains(" FIN"));
    hosts.serverSocket.write(ByteBuffer.wrap(new byte[500]));
    hosts.network.runFor(SECOND);
    assertThat(read(hosts)).isEqualTo(500);
  }

  @Test
  void establishedToCloseWaitAndLastAckAndClosed() {
    TwoHosts hosts = connected(3);
    hosts.clientSocket.shutdownOutput();
    hosts.network.runFor(SECOND);
    assertThat(readAtServer(hosts)).as("M_CLOSE_WAIT").isEqualTo(-1);
    watch(hosts);
    hosts.serverSocket.close();
    assertThat(hosts.serverConnection().closing().owesDataFin()).as("M_LAST-ACK").isTrue();
    hosts.network.runFor(500 * MILLI);
    assertThat(seen).startsWith("server 1 DATA_FIN");
    // Who closed first sends the first FIN of each subflow and keeps TIME-WAIT (RFC 8041 §3.6).
    assertThat(seen).contains("client 1 FIN", "client 2 FIN", "server 1 FIN", "server 2 FIN");
    assertThat(hosts.serverConnection().isClosed()).isTrue();
    assertThat(hosts.clientConnection().isClosed()).as("M_TIME_WAIT").isFalse();
    assertThat(states(hosts.clientConnection())).containsOnly(TcpState.TIME_WAIT);
    hosts.clientSocket.close();
    hosts.runUntilForgotten();
  }

  @Test
  void finWait1ToClosingAndTimeWaitWhereBothCloseAtOnce() {
    TwoHosts hosts = connected(4);
    watch(hosts);
    hosts.clientSocket.close();
    hosts.serverSocket.close();
    hosts.network.runFor(SECOND);
    assertThat(seen.subList(0, 4)).allMatch(s -> s.endsWith("DATA_FIN"));
    assertThat(seen).contains("client 1 FIN", "client 2 FIN", "server 1 FIN", "server 2 FIN");
    hosts.runUntilForgotten();
    assertThat(hosts.clientConnection().failure()).isEmpty();
    assertThat(hosts.serverConnection().failure()).isEmpty();
  }

  @Test
  void finWait2ToTimeWaitAndClosedWhenAllSubflowsAre() {
    TwoHosts hosts = connected(5);
    hosts.clientSocket.close();
    hosts.network.runFor(SECOND);
    hosts.serverSocket.close();
    hosts.network.runFor(500 * MILLI);
    assertThat(states(hosts.clientConnection())).as("M_TIME_WAIT").containsOnly(TcpState.TIME_WAIT);
    assertThat(hosts.client.tokenCount()).as("and takes no join").isZero();
    hosts.network.runFor(2 * SECOND);
    assertThat(hosts.clientConnection().isClosed()).isTrue();
  }

  @Test
  void aDataFinIsAcknowledgedOnlyWhenAllDataBeforeItHasArrived() {
    TwoHosts hosts = connected(6);
    hosts.first.forward().middlebox(Middleboxes.drop(p -> Middleboxes.payloadLength(p) > 0));
    hosts.second.forward().middlebox(Middleboxes.drop(p -> Middleboxes.payloadLength(p) > 0));
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[1_000]));
    hosts.clientSocket.shutdownOutput();
    hosts.network.runFor(SECOND);
    assertThat(hosts.clientConnection().closing().isEndAcknowledged()).isFalse();
    assertThat(hosts.serverConnection().receiver().isFinReceived()).isFalse();
    hosts.first.forward().middlebox(null);
    hosts.second.forward().middlebox(null);
    hosts.network.runFor(5 * SECOND);
    assertThat(hosts.clientConnection().closing().isEndAcknowledged()).isTrue();
    assertThat(readAtServer(hosts)).isEqualTo(1_000);
    assertThat(readAtServer(hosts)).isEqualTo(-1);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void aDataFinIsRepeatedUntilItIsAcknowledged(int lost) {
    TwoHosts hosts = connected(7);
    hosts.second.setUp(false);
    watch(hosts);
    hosts.first.forward().loss(Loss.packets(1, lost > 1 ? 2 : 1, lost > 2 ? 3 : 1, lost));
    hosts.clientSocket.shutdownOutput();
    hosts.network.runFor(10 * SECOND);
    assertThat(hosts.clientConnection().closing().isEndAcknowledged()).isTrue();
    assertThat(readAtServer(hosts)).isEqualTo(-1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theEndOfOneSubflowIsNotThatOfTheConnection(boolean byFin) {
    TwoHosts hosts = connected(8);
    watch(hosts);
    Subflow second = hosts.clientConnection().subflows().get(1);
    if (byFin) {
      second.finish(hosts.network.now());
      second.touch();
    } else {
      second.wantReset(MptcpOption.RESET_UNSPECIFIED, false);
    }
    hosts.clientConnection().pathsWritable(hosts.network.now(), hosts.client);
    hosts.network.runFor(SECOND / 2);
    assertThat(seen).contains("client 2 " + (byFin ? "FIN" : "RST"));
    assertThat(hosts.serverSocket.isReadable()).as("no end of the stream").isFalse();
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[50_000]));
    hosts.serverSocket.write(ByteBuffer.wrap(new byte[5_000]));
    hosts.network.runFor(SECOND);
    assertThat(hosts.serverConnection().available()).isEqualTo(50_000);
    assertThat(read(hosts)).isEqualTo(5_000);
  }

  /** All subflows are gone on both sides, and the paths are down. */
  private static TwoHosts withoutSubflows(long seed) {
    TwoHosts hosts = connected(seed);
    hosts.first.setUp(false);
    hosts.second.setUp(false);
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[10_000]));
    hosts.network.runFor(500 * MILLI);
    reset(hosts, hosts.clientSocket);
    reset(hosts, hosts.serverSocket);
    assertThat(hosts.serverConnection().subflows()).isEmpty();
    return hosts;
  }

  private static void reset(TwoHosts hosts, SimSocket socket) {
    socket.connection().subflows().forEach(s -> s.wantReset(0, true));
    socket.connection().pathsWritable(hosts.network.now(), socket.host());
    socket.afterCall();
  }

  @Test
  void aConnectionWithoutSubflowsIsJoinedAgainAndGoesOn() {
    TwoHosts hosts = withoutSubflows(9);
    hosts.network.runFor(40 * SECOND);
    assertThat(hosts.clientConnection().failure()).isEmpty();
    assertThat(hosts.serverConnection().failure()).isEmpty();
    hosts.first.setUp(true);
    hosts.second.setUp(true);
    hosts.network.runFor(18 * SECOND);
    assertThat(hosts.serverConnection().available()).isEqualTo(10_000);
    hosts.serverSocket.write(ByteBuffer.wrap(new byte[77]));
    hosts.network.runFor(100 * SECOND);
    assertThat(read(hosts)).isEqualTo(77);
    assertThat(hosts.clientConnection().failure()).isEmpty();
  }

  @Test
  void aConnectionWithoutSubflowsEndsAfterTheCloseTimeout() {
    TwoHosts hosts = withoutSubflows(10);
    hosts.network.runFor(55 * SECOND);
    assertThat(hosts.clientConnection().failure()).isEmpty();
    assertThat(hosts.serverConnection().failure()).isEmpty();
    hosts.network.runFor(10 * SECOND);
    assertThat(hosts.clientConnection().failure()).contains(Failure.TIMED_OUT);
    assertThat(hosts.serverConnection().failure()).contains(Failure.TIMED_OUT);
    hosts.runUntilForgotten();
  }
}
