package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.tcp.TcpPair.MILLI;
import static org.mptcp4j.tcp.TcpPair.SECOND;

import org.junit.jupiter.api.Test;
import org.mptcp4j.wire.TcpFlags;

class ClosingTest {
  private final TcpPair.Setup setup = new TcpPair.Setup();

  @Test
  void theEndThatClosesFirstPassesThroughTimeWait() {
    TcpPair pair = new TcpPair(setup).established();
    pair.client.close(pair.now);
    pair.run(30 * MILLI);
    assertThat(pair.client.state()).isEqualTo(TcpState.FIN_WAIT_2);
    assertThat(pair.server.state()).isEqualTo(TcpState.CLOSE_WAIT);

    pair.server.close(pair.now);
    pair.run(30 * MILLI);
    assertThat(pair.client.state()).isEqualTo(TcpState.TIME_WAIT);
    assertThat(pair.server.state()).isEqualTo(TcpState.CLOSED);
    assertThat(pair.serverUser.events)
        .containsExactly("established", "peer fin", "closed FINISHED");

    pair.run(61 * SECOND);
    assertThat(pair.client.state()).isEqualTo(TcpState.CLOSED);
    assertThat(pair.clientUser.events)
        .containsExactly("established", "peer fin", "time-wait", "closed FINISHED");
  }

  @Test
  void bothEndsMayCloseAtOnce() {
    TcpPair pair = new TcpPair(setup).established();
    pair.client.close(pair.now);
    pair.server.close(pair.now);
    pair.run(15 * MILLI);
    assertThat(pair.client.state()).isEqualTo(TcpState.CLOSING);
    assertThat(pair.server.state()).isEqualTo(TcpState.CLOSING);

    pair.run(30 * MILLI);
    assertThat(pair.client.state()).isEqualTo(TcpState.TIME_WAIT);
    assertThat(pair.server.state()).isEqualTo(TcpState.TIME_WAIT);
  }

  @Test
  void finFollowsAllData() {
    TcpPair pair = new TcpPair(setup).established();
    byte[] data = TcpPair.bytes(200_000, 1);
    pair.clientUser.write(data);
    pair.clientUser.closeWhenSent();
    pair.run(2 * SECOND);

    assertThat(pair.serverUser.hasReceived(data)).isTrue();
    assertThat(pair.serverUser.events).containsExactly("established", "peer fin");
    assertThat(pair.client.state()).isEqualTo(TcpState.FIN_WAIT_2);
  }

  @Test
  void whenAllHasComeNoWindowIsAnnouncedAnyMore() {
    setup.bufferLimit = 100_000;
    TcpPair pair = new TcpPair(setup).established();
    pair.serverUser.reading = false;
    pair.clientUser.write(TcpPair.bytes(90_000, 1));
    pair.clientUser.closeWhenSent();
    pair.run(SECOND);
    assertThat(pair.server.state()).isEqualTo(TcpState.CLOSE_WAIT);
    int before = pair.from(false).size();

    pair.serverUser.resumeReading(pair.now, pair.serverSink());
    pair.run(SECOND);

    assertThat(pair.from(false)).hasSize(before);
  }

  @Test
  void dataFlowsTheOtherWayAfterOneEndClosed() {
    TcpPair pair = new TcpPair(setup).established();
    pair.client.close(pair.now);
    pair.run(30 * MILLI);
    byte[] data = TcpPair.bytes(100_000, 2);
    pair.serverUser.write(data);
    pair.serverUser.closeWhenSent();
    pair.run(2 * SECOND);

    assertThat(pair.clientUser.hasReceived(data)).isTrue();
    assertThat(pair.client.state()).isEqualTo(TcpState.TIME_WAIT);
    assertThat(pair.server.state()).isEqualTo(TcpState.CLOSED);
  }

  @Test
  void aLostFinIsSentAgain() {
    TcpPair pair = new TcpPair(setup).established();
    pair.filter =
        packet ->
            !packet.has(TcpFlags.FIN)
                || packet.sentAt() > pair.setup.oneWayNanos + 5 * SECOND + 30 * MILLI;
    pair.client.close(pair.now);
    pair.run(2 * SECOND);

    assertThat(pair.client.state()).isEqualTo(TcpState.FIN_WAIT_2);
    assertThat(pair.server.state()).isEqualTo(TcpState.CLOSE_WAIT);
  }

  @Test
  void aLostLastAckIsAnsweredFromTimeWait() {
    TcpPair pair = new TcpPair(setup).established();
    pair.client.close(pair.now);
    pair.run(30 * MILLI);
    long closedAt = pair.now;
    pair.filter = packet -> !packet.fromClient() || packet.sentAt() > closedAt + 100 * MILLI;
    pair.server.close(pair.now);
    pair.run(50 * MILLI);
    assertThat(pair.server.state()).isEqualTo(TcpState.LAST_ACK);

    pair.run(2 * SECOND);
    assertThat(pair.server.state()).isEqualTo(TcpState.CLOSED);
    assertThat(pair.client.state()).isEqualTo(TcpState.TIME_WAIT);
  }

  @Test
  void aFinThatOvertakesDataWaitsForIt() {
    TcpPair pair = new TcpPair(setup).established();
    boolean[] dropped = {false};
    pair.filter =
        packet -> {
          if (packet.fromClient() && packet.payload() > 0 && !dropped[0]) {
            dropped[0] = true;
            return false;
          }
          return true;
        };
    byte[] data = TcpPair.bytes(3_000, 1);
    pair.clientUser.write(data);
    pair.clientUser.closeWhenSent();
    pair.run(15 * MILLI);
    assertThat(pair.server.state()).isEqualTo(TcpState.ESTABLISHED);
    assertThat(pair.serverUser.receivedBytes()).isZero();

    pair.run(SECOND);
    assertThat(pair.serverUser.hasReceived(data)).isTrue();
    assertThat(pair.server.state()).isEqualTo(TcpState.CLOSE_WAIT);
  }

  @Test
  void aDetachedEndpointDoesNotWaitForEverInFinWait2() {
    TcpPair pair = new TcpPair(setup).established();
    pair.client.close(pair.now);
    pair.client.detach(pair.now);
    pair.run(59 * SECOND);
    assertThat(pair.client.state()).isEqualTo(TcpState.FIN_WAIT_2);

    pair.run(2 * SECOND);
    assertThat(pair.client.state()).isEqualTo(TcpState.CLOSED);
    assertThat(pair.clientUser.events).containsExactly("established", "closed TIMED_OUT");
  }

  @Test
  void closingTwiceSendsOneFin() {
    TcpPair pair = new TcpPair(setup).established();
    pair.client.close(pair.now);
    pair.client.close(pair.now);
    pair.run(100 * MILLI);
    pair.client.close(pair.now);
    pair.run(SECOND);

    assertThat(pair.from(true).stream().filter(p -> p.has(TcpFlags.FIN))).hasSize(1);
  }

  @Test
  void abortResetsThePeer() {
    TcpPair pair = new TcpPair(setup).established();
    pair.client.abort(pair.now, pair.clientSink());
    pair.run(20 * MILLI);

    assertThat(pair.clientUser.events).containsExactly("established", "closed ABORTED");
    assertThat(pair.serverUser.events).containsExactly("established", "closed PEER_RESET");
    assertThat(pair.packets.get(pair.packets.size() - 1).has(TcpFlags.RST)).isTrue();
  }

  @Test
  void aDeadPathEndsTheConnectionAfterItsRetries() {
    setup.retries = 3;
    TcpPair pair = new TcpPair(setup).established();
    pair.filter = packet -> false;
    pair.clientUser.write(TcpPair.bytes(100_000, 1));
    pair.run(60 * SECOND);

    assertThat(pair.clientUser.events)
        .containsExactly(
            "established",
            "probe timeout",
            "timeout 1",
            "timeout 2",
            "timeout 3",
            "closed TIMED_OUT");
    assertThat(pair.client.nextDeadline()).isEqualTo(Long.MAX_VALUE);
  }
}
