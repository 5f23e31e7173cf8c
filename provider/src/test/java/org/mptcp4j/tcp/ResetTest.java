package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.tcp.TcpPair.MILLI;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

class ResetTest {
  private static final int IP_HEADER = 20;

  private final TcpPair.Setup setup = new TcpPair.Setup();

  private TcpPair.Packet last(TcpPair pair) {
    return pair.packets.get(pair.packets.size() - 1);
  }

  @Test
  void aResetInAnswerToTheSynRefusesTheConnection() {
    TcpPair pair = new TcpPair(setup).connect();
    Segments.arrive(
        pair,
        pair.client,
        Segments.toClient().acknowledgmentNumber(1_001).flags(TcpFlags.RST | TcpFlags.ACK));

    assertThat(pair.clientUser.events).containsExactly("closed REFUSED");
  }

  @Test
  void aResetThatDoesNotAcknowledgeTheSynIsIgnored() {
    TcpPair pair = new TcpPair(setup).connect();
    Segments.arrive(
        pair,
        pair.client,
        Segments.toClient().acknowledgmentNumber(77).flags(TcpFlags.RST | TcpFlags.ACK));
    Segments.arrive(pair, pair.client, Segments.toClient().flags(TcpFlags.RST));

    assertThat(pair.client.state()).isEqualTo(TcpState.SYN_SENT);
  }

  @Test
  void anAckOfSomethingNeverSentIsAnsweredWithResetInSynSent() {
    TcpPair pair = new TcpPair(setup).connect();
    Segments.arrive(
        pair,
        pair.client,
        Segments.toClient().acknowledgmentNumber(77).flags(TcpFlags.SYN | TcpFlags.ACK));

    assertThat(last(pair).segment().flags()).isEqualTo(TcpFlags.RST);
    assertThat(last(pair).segment().sequenceNumber()).isEqualTo(77);
    assertThat(pair.client.state()).isEqualTo(TcpState.SYN_SENT);
  }

  @Test
  void onlyTheExactSequenceNumberResets() {
    TcpPair pair = new TcpPair(setup).established();
    int next = pair.server.receiveNext();
    int before = pair.packets.size();
    Segments.arrive(
        pair, pair.server, Segments.toServer().sequenceNumber(next + 1).flags(TcpFlags.RST));
    assertThat(pair.server.state()).isEqualTo(TcpState.ESTABLISHED);
    assertThat(pair.packets).hasSize(before + 1);
    assertThat(last(pair).segment().flags()).isEqualTo(TcpFlags.ACK);

    Segments.arrive(
        pair, pair.server, Segments.toServer().sequenceNumber(next - 1).flags(TcpFlags.RST));
    assertThat(pair.server.state()).isEqualTo(TcpState.ESTABLISHED);

    Segments.arrive(
        pair, pair.server, Segments.toServer().sequenceNumber(next).flags(TcpFlags.RST));
    assertThat(pair.serverUser.events).containsExactly("established", "closed PEER_RESET");
  }

  @Test
  void aSynInTheWindowGetsAChallengeAck() {
    TcpPair pair = new TcpPair(setup).established();
    Segments.arrive(
        pair,
        pair.server,
        Segments.toServer().sequenceNumber(pair.server.receiveNext() + 5).flags(TcpFlags.SYN));

    assertThat(pair.server.state()).isEqualTo(TcpState.ESTABLISHED);
    assertThat(last(pair).segment().flags()).isEqualTo(TcpFlags.ACK);
  }

  @Test
  void anAckBeyondWhatWasSentIsAnsweredAndDropped() {
    TcpPair pair = new TcpPair(setup).established();
    OutgoingSegment segment =
        Segments.toServer()
            .sequenceNumber(pair.server.receiveNext())
            .acknowledgmentNumber(pair.server.sendNext() + 1)
            .flags(TcpFlags.ACK);
    Segments.arrive(pair, pair.server, segment);

    assertThat(pair.server.sendUnacknowledged()).isEqualTo(pair.server.sendNext());
    assertThat(last(pair).segment().acknowledgmentNumber()).isEqualTo(pair.server.receiveNext());
  }

  @Test
  void challengesAreLimited() {
    TcpPair pair = new TcpPair(setup).established();
    int before = pair.packets.size();
    for (int i = 0; i < 1000; i++) {
      Segments.arrive(
          pair,
          pair.server,
          Segments.toServer().sequenceNumber(pair.server.receiveNext() + 5).flags(TcpFlags.SYN));
    }
    assertThat(pair.packets).hasSize(before + 100);
  }

  @Test
  void twoEndsThatLostEachOthersNumbersDoNotAnswerEachOthersAnswersForEver() {
    TcpPair pair = new TcpPair(setup).established();
    int before = pair.packets.size();
    pair.filter =
        packet -> {
          ByteBuffer number = ByteBuffer.wrap(packet.bytes());
          number.putInt(IP_HEADER + 4, packet.segment().sequenceNumber() + (1 << 30));
          return true;
        };
    Segments.arrive(
        pair,
        pair.server,
        Segments.toServer()
            .sequenceNumber(pair.server.receiveNext() + (1 << 30))
            .acknowledgmentNumber(pair.server.sendNext() + 7)
            .flags(TcpFlags.ACK));
    pair.run(10 * TcpPair.SECOND);

    List<TcpPair.Packet> sent = pair.packets.subList(before, pair.packets.size());
    assertThat(sent).as("two ends, 500 ms, 10 s").hasSizeBetween(1, 2 * 21);
    assertThat(pair.client.state()).isEqualTo(TcpState.ESTABLISHED);
    assertThat(pair.server.state()).isEqualTo(TcpState.ESTABLISHED);
  }

  @ParameterizedTest
  @ValueSource(strings = {"beyond the window", "before it", "of what was not sent"})
  void anEmptyAckThatCannotBeRightIsAnsweredOnceInHalfASecond(String wrong) {
    TcpPair pair = new TcpPair(setup).established();
    int next = pair.server.receiveNext();
    int before = pair.packets.size();
    for (int i = 0; i < 100; i++) {
      Segments.arrive(
          pair,
          pair.server,
          Segments.toServer()
              .sequenceNumber(
                  wrong.equals("before it")
                      ? next - 1
                      : wrong.equals("beyond the window") ? next + (1 << 30) : next)
              .acknowledgmentNumber(
                  pair.server.sendNext() + (wrong.equals("of what was not sent") ? 1 : 0))
              .flags(TcpFlags.ACK));
      pair.now += 10 * MILLI;
    }

    assertThat(pair.packets).hasSize(before + 2);
    assertThat(pair.serverUser.counters().emptyUnanswered.sum()).isEqualTo(98);
  }

  @Test
  void dataOutsideOfTheWindowIsAlwaysAnswered() {
    TcpPair pair = new TcpPair(setup).established();
    int before = pair.packets.size();
    for (int i = 0; i < 5; i++) {
      Segments.arrive(
          pair,
          pair.server,
          Segments.toServer()
              .sequenceNumber(pair.server.receiveNext() - 10)
              .acknowledgmentNumber(pair.server.sendNext())
              .flags(TcpFlags.ACK)
              .payload(ByteBuffer.allocate(10), 0, 10));
    }
    assertThat(pair.packets).hasSize(before + 5);
  }

  @Test
  void aUserThatRefusesASegmentResetsTheConnection() {
    TcpPair pair = new TcpPair(setup).established();
    pair.serverUser.refuseSegments = true;
    pair.clientUser.write(TcpPair.bytes(100, 1));
    pair.run(50 * MILLI);

    assertThat(pair.serverUser.events).containsExactly("established", "closed ABORTED");
    assertThat(pair.clientUser.events).containsExactly("established", "closed PEER_RESET");
  }
}
