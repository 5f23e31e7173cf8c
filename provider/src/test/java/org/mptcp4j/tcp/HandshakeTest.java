package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.tcp.TcpPair.MILLI;
import static org.mptcp4j.tcp.TcpPair.SECOND;

import org.junit.jupiter.api.Test;
import org.mptcp4j.wire.TcpFlags;

class HandshakeTest {
  private final TcpPair.Setup setup = new TcpPair.Setup();

  @Test
  void threeSegmentsEstablishBothEnds() {
    TcpPair pair = new TcpPair(setup).established();

    assertThat(pair.client.state()).isEqualTo(TcpState.ESTABLISHED);
    assertThat(pair.server.state()).isEqualTo(TcpState.ESTABLISHED);
    assertThat(pair.packets).hasSize(3);
    assertThat(pair.packets.get(0).segment().flags()).isEqualTo(TcpFlags.SYN);
    assertThat(pair.packets.get(1).segment().flags()).isEqualTo(TcpFlags.SYN | TcpFlags.ACK);
    assertThat(pair.packets.get(2).segment().flags()).isEqualTo(TcpFlags.ACK);
    assertThat(pair.clientUser.events).containsExactly("established");
    assertThat(pair.serverUser.events).containsExactly("established");
  }

  @Test
  void theSynOffersMssSackTimestampsAndWindowScale() {
    TcpPair pair = new TcpPair(setup).connect();

    var syn = pair.packets.get(0).segment();
    assertThat(syn.mss()).isEqualTo(1460);
    assertThat(syn.sackPermitted()).isTrue();
    assertThat(syn.hasTimestamps()).isTrue();
    assertThat(syn.windowScale()).isEqualTo(7);
  }

  @Test
  void optionsThatThePeerLeavesOutAreNotUsed() {
    setup.serverTimestamps = false;
    setup.serverSack = false;
    TcpPair pair = new TcpPair(setup).established();
    pair.clientUser.write(TcpPair.bytes(5000, 1));
    pair.run(SECOND);

    assertThat(pair.packets.get(1).segment().sackPermitted()).isFalse();
    assertThat(pair.packets.subList(1, pair.packets.size()))
        .noneMatch(packet -> packet.segment().hasTimestamps());
    assertThat(pair.client.segmentPayloadLimit()).isEqualTo(1460);
  }

  @Test
  void theHandshakeGivesTheFirstRoundTripSample() {
    TcpPair pair = new TcpPair(setup).established();

    assertThat(pair.client.smoothedRttNanos()).isEqualTo(20 * MILLI);
    assertThat(pair.server.smoothedRttNanos()).isEqualTo(20 * MILLI);
  }

  @Test
  void aLostSynIsSentAgainAfterOneSecondAndThenAfterTwo() {
    TcpPair pair = new TcpPair(setup);
    pair.filter = packet -> packet.sentAt() > 7 * SECOND;
    pair.connect();

    assertThat(pair.run(10 * SECOND, () -> pair.client.state() == TcpState.ESTABLISHED)).isTrue();
    assertThat(pair.from(true).stream().filter(p -> p.has(TcpFlags.SYN)).map(p -> p.sentAt()))
        .containsExactly(5 * SECOND, 6 * SECOND, 8 * SECOND);
  }

  @Test
  void aLostSynAckIsSentAgain() {
    TcpPair pair = new TcpPair(setup);
    pair.filter = packet -> packet.fromClient() || packet.sentAt() > 5 * SECOND + 500 * MILLI;
    pair.connect();

    assertThat(pair.run(10 * SECOND, () -> pair.client.state() == TcpState.ESTABLISHED)).isTrue();
    pair.run(100 * MILLI);
    assertThat(pair.server.state()).isEqualTo(TcpState.ESTABLISHED);
  }

  @Test
  void dataMakesUpForALostThirdAck() {
    TcpPair pair = new TcpPair(setup);
    pair.filter = packet -> !(packet.fromClient() && packet.segment().flags() == TcpFlags.ACK);
    pair.connect();
    pair.run(30 * MILLI);
    assertThat(pair.server.state()).isEqualTo(TcpState.SYN_RECEIVED);
    pair.filter = packet -> true;
    pair.clientUser.write(TcpPair.bytes(100, 1));
    pair.run(30 * MILLI);

    assertThat(pair.server.state()).isEqualTo(TcpState.ESTABLISHED);
    assertThat(pair.serverUser.receivedBytes()).isEqualTo(100);
  }

  @Test
  void anUnansweredSynGivesUpAfterItsRetries() {
    setup.synRetries = 2;
    TcpPair pair = new TcpPair(setup);
    pair.filter = packet -> false;
    pair.connect();
    pair.run(60 * SECOND);

    assertThat(pair.client.state()).isEqualTo(TcpState.CLOSED);
    assertThat(pair.clientUser.events)
        .containsExactly("timeout 1", "timeout 2", "closed TIMED_OUT");
    assertThat(pair.packets).hasSize(3);
    assertThat(pair.client.nextDeadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void simultaneousOpenEstablishesBothEnds() {
    TcpPair pair = new TcpPair(setup);
    pair.connectBoth();
    pair.run(100 * MILLI);

    assertThat(pair.client.state()).isEqualTo(TcpState.ESTABLISHED);
    assertThat(pair.server.state()).isEqualTo(TcpState.ESTABLISHED);
    byte[] data = TcpPair.bytes(20_000, 1);
    pair.clientUser.write(data);
    pair.serverUser.write(data);
    pair.run(SECOND);
    assertThat(pair.serverUser.hasReceived(data)).isTrue();
    assertThat(pair.clientUser.hasReceived(data)).isTrue();
  }

  @Test
  void simultaneousOpenSurvivesTheLossOfASynAck() {
    TcpPair pair = new TcpPair(setup);
    pair.filter =
        packet ->
            !(packet.fromClient() && packet.has(TcpFlags.SYN | TcpFlags.ACK))
                || pair.now > 5 * SECOND + 500 * MILLI;
    pair.connectBoth();
    pair.run(5 * SECOND);

    assertThat(pair.client.state()).isEqualTo(TcpState.ESTABLISHED);
    assertThat(pair.server.state()).isEqualTo(TcpState.ESTABLISHED);
  }

  @Test
  void aPathThatIsBackedUpDelaysTheSynUntilItIsWritable() {
    TcpPair pair = new TcpPair(setup);
    pair.clientPathBusy = true;
    pair.connect();
    pair.run(100 * MILLI);
    assertThat(pair.packets).isEmpty();

    pair.clientPathBusy = false;
    pair.client.pathWritable();
    pair.run(30 * MILLI);
    assertThat(pair.client.state()).isEqualTo(TcpState.ESTABLISHED);
  }

  @Test
  void closingBeforeTheSynIsAnsweredEndsTheEndpoint() {
    TcpPair pair = new TcpPair(setup).connect();
    pair.client.close(pair.now);

    assertThat(pair.client.state()).isEqualTo(TcpState.CLOSED);
    assertThat(pair.clientUser.events).containsExactly("closed ABORTED");
  }

  @Test
  void aUserThatRefusesTheSynAckResetsThePeer() {
    TcpPair pair = new TcpPair(setup);
    pair.clientUser.refuseSegments = true;
    pair.connect().run(100 * MILLI);

    assertThat(pair.clientUser.events).containsExactly("closed ABORTED");
    assertThat(pair.serverUser.events).containsExactly("closed PEER_RESET");
  }

  @Test
  void aTinyMssOfThePeerIsRaisedToWhatLeavesRoomForOptions() {
    setup.mss = 1460;
    TcpPair pair = new TcpPair(setup);
    pair.connect();
    Segments.answerSyn(pair, 1);

    assertThat(pair.client.state()).isEqualTo(TcpState.ESTABLISHED);
    assertThat(pair.client.segmentPayloadLimit()).isEqualTo(88);
  }
}
