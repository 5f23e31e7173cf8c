package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.tcp.TcpPair.MILLI;
import static org.mptcp4j.tcp.TcpPair.SECOND;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.mptcp4j.wire.TcpFlags;

class KeepAliveTest {
  private static final EndpointOptions TEN_TWO_THREE =
      EndpointOptions.DEFAULT.withKeepAlive(KeepAlive.everySeconds(10, 2, 3));

  private final TcpPair.Setup setup = new TcpPair.Setup();

  private TcpPair idle(EndpointOptions options) {
    setup.clientOptions = options;
    TcpPair pair = new TcpPair(setup).established();
    pair.packets.clear();
    return pair;
  }

  /** Seconds since {@code start} at which the client sent something. */
  private static List<Long> secondsOfClient(TcpPair pair, long start) {
    return pair.from(true).stream().map(p -> (p.sentAt() - start) / SECOND).toList();
  }

  @Test
  void isOffUntilTheApplicationAsksForIt() {
    TcpPair pair = idle(EndpointOptions.DEFAULT);
    pair.run(24 * 3600 * SECOND);
    assertThat(pair.packets).isEmpty();
    assertThat(pair.client.nextDeadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void aProbeIsAnEmptySegmentBeforeTheWindowAndIsAnswered() {
    TcpPair pair = idle(TEN_TWO_THREE);
    pair.run(11 * SECOND);

    assertThat(pair.packets).hasSize(2);
    TcpPair.Packet probe = pair.packets.get(0);
    assertThat(probe.fromClient()).isTrue();
    assertThat(probe.segment().sequenceNumber()).isEqualTo(pair.client.sendNext() - 1);
    assertThat(probe.segment().acknowledgmentNumber()).isEqualTo(pair.client.receiveNext());
    assertThat(probe.payload()).isZero();
    assertThat(probe.segment().flags()).isEqualTo(TcpFlags.ACK);
    TcpPair.Packet answer = pair.packets.get(1);
    assertThat(answer.fromClient()).isFalse();
    assertThat(answer.segment().acknowledgmentNumber()).isEqualTo(pair.client.sendNext());
    assertThat(answer.sentAt() - probe.sentAt()).isEqualTo(setup.oneWayNanos);
  }

  @Test
  void aPeerThatAnswersKeepsTheConnectionForEver() {
    TcpPair pair = idle(TEN_TWO_THREE);
    pair.run(3600 * SECOND);
    assertThat(pair.client.state()).isEqualTo(TcpState.ESTABLISHED);
    assertThat(pair.server.state()).isEqualTo(TcpState.ESTABLISHED);
    assertThat(pair.from(true)).hasSizeBetween(355, 360);
    assertThat(pair.clientUser.events).containsExactly("established");
  }

  @Test
  void aPeerThatDoesNotAnswerEndsTheConnectionAfterTheLastInterval() {
    TcpPair pair = idle(TEN_TWO_THREE);
    long start = pair.now;
    pair.filter = packet -> false;
    assertThat(pair.run(60 * SECOND, () -> pair.client.state() == TcpState.CLOSED)).isTrue();

    assertThat(secondsOfClient(pair, start)).containsExactly(9L, 11L, 13L, 15L);
    TcpPair.Packet last = pair.packets.get(3);
    assertThat(last.has(TcpFlags.RST)).isTrue();
    assertThat(last.segment().sequenceNumber()).isEqualTo(pair.client.sendNext());
    assertThat(pair.clientUser.events).containsExactly("established", "closed TIMED_OUT");
    assertThat(pair.client.nextDeadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void oneAnswerAmongLostProbesStartsTheCountAnew() {
    TcpPair pair = idle(TEN_TWO_THREE);
    int[] probes = {0};
    // The third probe of each round gets through.
    pair.filter = packet -> !packet.fromClient() || ++probes[0] % 3 == 0;
    pair.run(600 * SECOND);
    assertThat(pair.client.state()).isEqualTo(TcpState.ESTABLISHED);
    assertThat(probes[0]).isGreaterThan(100);
  }

  @Test
  void trafficPutsProbesOff() {
    TcpPair pair = idle(TEN_TWO_THREE);
    for (int i = 0; i < 20; i++) {
      pair.serverUser.write(new byte[100]);
      pair.run(9 * SECOND);
    }
    assertThat(pair.from(true))
        .allMatch(p -> p.segment().sequenceNumber() == pair.client.sendNext());
  }

  @Test
  void theRetransmissionTimerAsksWhileDataIsOutstanding() {
    TcpPair pair = idle(TEN_TWO_THREE);
    pair.filter = packet -> false;
    pair.clientUser.write(new byte[100]);
    pair.run(50 * SECOND);
    assertThat(pair.from(true)).allMatch(p -> p.payload() == 100);
    assertThat(pair.client.state()).isEqualTo(TcpState.ESTABLISHED);
  }

  @Test
  void aPeerThatHasForgottenTheConnectionResetsItOnTheFirstProbe() {
    TcpPair pair = idle(TEN_TWO_THREE);
    pair.server.abort(pair.now, (segment, path) -> true);
    pair.filter =
        packet -> {
          if (packet.fromClient()) {
            // RFC 9293 §3.5.2: what a host without the connection answers.
            pair.offer(
                Segments.bytes(
                    Segments.toClient()
                        .sequenceNumber(packet.segment().acknowledgmentNumber())
                        .flags(TcpFlags.RST)),
                false);
          }
          return !packet.fromClient();
        };
    pair.run(11 * SECOND);
    assertThat(pair.clientUser.events).containsExactly("established", "closed PEER_RESET");
  }

  @Test
  void canBeTurnedOnAndOffWhileTheConnectionLives() {
    TcpPair pair = idle(EndpointOptions.DEFAULT);
    pair.run(100 * SECOND);
    pair.client.setOptions(pair.now, TEN_TWO_THREE);
    long turnedOn = pair.now;
    pair.run(12 * SECOND);
    assertThat(secondsOfClient(pair, turnedOn)).containsExactly(10L);

    pair.client.setOptions(pair.now, EndpointOptions.DEFAULT);
    pair.run(100 * SECOND);
    assertThat(pair.from(true)).hasSize(1);
  }

  @Test
  void aShorterIdleTimeCountsFromTheLastSignOfLife() {
    TcpPair pair = idle(TEN_TWO_THREE);
    pair.run(5 * SECOND);
    pair.client.setOptions(
        pair.now, EndpointOptions.DEFAULT.withKeepAlive(KeepAlive.everySeconds(6, 2, 3)));
    long changed = pair.now;
    pair.run(2 * SECOND);
    assertThat(secondsOfClient(pair, changed)).containsExactly(0L);
  }

  @Test
  void aProbeThatThePathRefusesIsTriedAgainAndDoesNotCount() {
    TcpPair pair = idle(TEN_TWO_THREE);
    pair.clientPathBusy = true;
    pair.run(60 * SECOND);
    assertThat(pair.client.state()).isEqualTo(TcpState.ESTABLISHED);
    pair.clientPathBusy = false;
    pair.client.pathWritable();
    pair.run(SECOND);
    assertThat(pair.from(true)).hasSize(1);
    assertThat(pair.from(false)).hasSize(1);
  }

  @Test
  void neitherTheHandshakeNorTimeWaitIsProbed() {
    setup.clientOptions = EndpointOptions.DEFAULT.withKeepAlive(KeepAlive.everySeconds(1, 1, 2));
    TcpPair pair = new TcpPair(setup);
    pair.filter = packet -> false;
    pair.connect();
    pair.run(5 * SECOND);
    assertThat(pair.packets).allMatch(p -> p.has(TcpFlags.SYN));

    pair.filter = packet -> true;
    assertThat(pair.run(30 * SECOND, () -> pair.server.state() == TcpState.ESTABLISHED)).isTrue();
    pair.clientUser.closeWhenSent();
    pair.run(100 * MILLI);
    pair.serverUser.closeWhenSent();
    assertThat(pair.run(SECOND, () -> pair.server.state() == TcpState.CLOSED)).isTrue();
    pair.run(100 * MILLI);
    assertThat(pair.client.state()).isEqualTo(TcpState.TIME_WAIT);
    pair.packets.clear();
    pair.run(50 * SECOND);
    assertThat(pair.packets).isEmpty();
    assertThat(pair.client.state()).isEqualTo(TcpState.TIME_WAIT);
  }
}
