package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;
import static org.mptcp4j.mptcp.TwoHosts.plain;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.mptcp.MptcpConnection.Failure;
import org.mptcp4j.sim.Loss;
import org.mptcp4j.sim.Middlebox;
import org.mptcp4j.sim.Middleboxes;
import org.mptcp4j.sim.SimPath;
import org.mptcp4j.sim.SimSocket;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IcmpError;
import org.mptcp4j.wire.IcmpErrors;
import org.mptcp4j.wire.IpAddress;

class ClosingTest {
  private static ConnectionConfig config(boolean multipath) {
    return multipath ? multipath() : plain();
  }

  private static TwoHosts connected(long seed, boolean multipath) {
    TwoHosts hosts = TwoHosts.twoPaths(seed);
    hosts.connect(config(multipath), config(multipath));
    return hosts;
  }

  private static int read(SimSocket socket) {
    return socket.read(ByteBuffer.allocate(1000));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void bothSidesCloseAtOnce(boolean multipath) {
    TwoHosts hosts = connected(1, multipath);
    hosts.clientSocket.close();
    hosts.serverSocket.close();
    hosts.runUntilForgotten();
    assertThat(hosts.clientConnection().failure()).isEmpty();
    assertThat(hosts.serverConnection().failure()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aDirectionThatIsShutLeavesTheOtherOpen(boolean multipath) {
    TwoHosts hosts = connected(2, multipath);
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[100]));
    hosts.clientSocket.shutdownOutput();
    hosts.network.runFor(SECOND);
    assertThat(read(hosts.serverSocket)).isEqualTo(100);
    assertThat(read(hosts.serverSocket)).isEqualTo(-1);
    hosts.network.runFor(10 * SECOND);
    hosts.serverSocket.write(ByteBuffer.wrap(new byte[300]));
    hosts.network.runFor(SECOND);
    assertThat(read(hosts.clientSocket)).isEqualTo(300);
    assertThat(read(hosts.clientSocket)).isZero();
    hosts.serverSocket.close();
    hosts.network.runFor(SECOND);
    assertThat(read(hosts.clientSocket)).isEqualTo(-1);
    hosts.clientSocket.close();
    hosts.runUntilForgotten();
    assertThat(hosts.clientConnection().failure()).isEmpty();
    assertThat(hosts.serverConnection().failure()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatWasWrittenIsDeliveredAfterClose(boolean multipath) {
    TwoHosts hosts = connected(3, multipath);
    int[] received = new int[1];
    int[] total = new int[1];
    hosts.serverSocket.onReady(
        s -> {
          int count = s.isReadable() && received[0] >= 0 ? read(s) : 0;
          if (count > 0) {
            received[0] += count;
          } else if (count < 0 && total[0] == 0) {
            total[0] = received[0];
            received[0] = -1;
            s.close();
          }
        });
    int written = hosts.clientSocket.write(ByteBuffer.wrap(new byte[1_500_000]));
    hosts.clientSocket.close();
    hosts.runUntilForgotten();
    assertThat(total[0]).isEqualTo(written).isEqualTo(1_500_000);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void unreadDataAtCloseResetsThePeer(boolean multipath) {
    TwoHosts hosts = connected(4, multipath);
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[100]));
    hosts.network.runFor(SECOND);
    hosts.serverSocket.close();
    hosts.network.runFor(SECOND);
    assertThat(hosts.clientConnection().failure()).contains(Failure.RESET);
    hosts.runUntilForgotten();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void dataForAReaderThatIsGoneResetsThePeer(boolean multipath) {
    TwoHosts hosts = connected(5, multipath);
    hosts.serverSocket.close();
    hosts.network.runFor(SECOND);
    assertThat(read(hosts.clientSocket)).isEqualTo(-1);
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[100]));
    hosts.network.runFor(SECOND);
    assertThat(hosts.clientConnection().failure()).contains(Failure.RESET);
    hosts.runUntilForgotten();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anAbortIsAnAbortOnAllSubflows(boolean multipath) {
    TwoHosts hosts = connected(6, multipath);
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[100]));
    hosts.network.runFor(SECOND);
    assertThat(hosts.clientConnection().subflows()).hasSize(multipath ? 2 : 1);
    hosts.clientSocket.abort();
    hosts.network.runFor(SECOND);
    assertThat(hosts.serverConnection().failure()).contains(Failure.RESET);
    assertThat(hosts.clientConnection().isClosed()).isTrue();
    assertThat(hosts.serverConnection().isClosed()).isTrue();
    // What came before the reset can still be read.
    assertThat(read(hosts.serverSocket)).isEqualTo(100);
    assertThat(read(hosts.serverSocket)).isEqualTo(-1);
    hosts.runUntilForgotten();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anAbortIsHeardAlsoWhenDataBeforeItWasLost(boolean multipath) {
    TwoHosts hosts = connected(15, multipath);
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[100]));
    hosts.network.runFor(SECOND);
    // What is in flight is lost with the peer that knew of it, so that its resets come too early.
    for (SimPath path : List.of(hosts.first, hosts.second)) {
      path.forward().middlebox(Middleboxes.drop(packet -> Middleboxes.payloadLength(packet) > 0));
    }
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[100_000]));
    hosts.network.runFor(5 * MILLI);
    hosts.clientSocket.abort();
    hosts.network.runFor(SECOND);
    assertThat(hosts.serverConnection().failure()).contains(Failure.RESET);
    assertThat(hosts.serverConnection().isClosed()).isTrue();
    hosts.runUntilForgotten();
  }

  @ParameterizedTest
  @ValueSource(ints = {21, 22, 23, 24, 25, 26, 27, 28})
  void closingSurvivesLoss(int seed) {
    TwoHosts hosts = connected(seed, true);
    hosts.first.both(link -> link.loss(Loss.random(0.3)));
    hosts.second.both(link -> link.loss(Loss.random(0.3)));
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[10]));
    hosts.clientSocket.shutdownOutput();
    hosts.network.runUntil(() -> hosts.serverSocket.isReadable(), 60 * SECOND);
    assertThat(read(hosts.serverSocket)).isEqualTo(10);
    hosts.network.runUntil(() -> hosts.serverSocket.isReadable(), 60 * SECOND);
    assertThat(read(hosts.serverSocket)).isEqualTo(-1);
    hosts.serverSocket.close();
    hosts.network.runUntil(() -> hosts.clientSocket.isReadable(), 60 * SECOND);
    assertThat(read(hosts.clientSocket)).isEqualTo(-1);
    hosts.clientSocket.close();
    hosts.first.both(link -> link.loss(Loss.none()));
    hosts.second.both(link -> link.loss(Loss.none()));
    hosts.runUntilForgotten();
  }

  @Test
  void nobodyListeningMeansRefused() {
    TwoHosts hosts = TwoHosts.twoPaths(30);
    hosts.clientSocket = hosts.client.connect("10.0.1.2", 9, multipath());
    hosts.network.runFor(100 * MILLI);
    assertThat(hosts.clientConnection().failure()).contains(Failure.REFUSED);
    assertThat(hosts.clientConnection().isClosed()).isTrue();
  }

  @Test
  void aPeerThatDiesIsGivenUpInTheEnd() {
    TwoHosts hosts = connected(31, true);
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[100]));
    hosts.network.runFor(SECOND);
    hosts.server.die();
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[100]));
    hosts.clientSocket.close();
    hosts.network.runFor(300 * SECOND);
    assertThat(hosts.clientConnection().isClosed()).isTrue();
    assertThat(hosts.client.flowCount()).isZero();
    assertThat(hosts.client.tokenCount()).isZero();
  }

  @Test
  void whereIcmpToldWhyAPeerIsSilentThatIsTheReasonOfTheFailure() {
    TwoHosts hosts = connected(32, true);
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[100]));
    hosts.network.runFor(SECOND);
    List<byte[]> lost = new ArrayList<>();
    Middlebox hole =
        (now, packet) -> {
          byte[] bytes = new byte[packet.limit()];
          packet.get(0, bytes);
          lost.add(bytes);
          return null;
        };
    hosts.first.forward().middlebox(hole);
    hosts.second.forward().middlebox(hole);
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[100]));
    hosts.network.runFor(20 * SECOND);
    IpAddress router = IpAddress.parse("10.9.9.9");
    IcmpError error = new IcmpError();
    for (byte[] bytes : List.copyOf(lost)) {
      byte[] unreachable = IcmpErrors.error(bytes, router, 3, 1, 0);
      error.parse(ByteBuffer.wrap(unreachable), 0, unreachable.length);
      for (Subflow subflow : hosts.clientConnection().subflows()) {
        if (subflow.flow().equals(new FlowKey().setQuoted(error))) {
          hosts.clientConnection().icmpArrives(hosts.network.now(), subflow, error, hosts.client);
        }
      }
    }
    hosts.network.runFor(3_600 * SECOND);
    assertThat(hosts.clientConnection().failure()).contains(Failure.UNREACHABLE);
  }
}
