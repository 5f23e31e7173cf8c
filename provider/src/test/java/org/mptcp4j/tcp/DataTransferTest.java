package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.tcp.TcpPair.MILLI;
import static org.mptcp4j.tcp.TcpPair.SECOND;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.mptcp4j.wire.TcpFlags;

class DataTransferTest {
  private final TcpPair.Setup setup = new TcpPair.Setup();

  @Test
  void bytesFlowBothWaysAtOnce() {
    TcpPair pair = new TcpPair(setup).established();
    byte[] up = TcpPair.bytes(300_000, 1);
    byte[] down = TcpPair.bytes(500_000, 2);
    pair.clientUser.write(up);
    pair.serverUser.write(down);
    pair.run(2 * SECOND);

    assertThat(pair.serverUser.hasReceived(up)).isTrue();
    assertThat(pair.clientUser.hasReceived(down)).isTrue();
    assertThat(pair.client.retransmissions() + pair.server.retransmissions()).isZero();
    assertThat(pair.client.hasUnacknowledged()).isFalse();
    assertThat(pair.clientUser.acknowledgedBytes()).isEqualTo(up.length);
  }

  @Test
  void sequenceNumbersWrapAround() {
    setup.clientIsn = -200_000;
    setup.serverIsn = Integer.MAX_VALUE - 100_000;
    setup.loss = 0.02;
    TcpPair pair = new TcpPair(setup).established();
    byte[] up = TcpPair.bytes(500_000, 1);
    byte[] down = TcpPair.bytes(500_000, 2);
    pair.clientUser.write(up);
    pair.serverUser.write(down);
    pair.run(60 * SECOND);

    assertThat(pair.serverUser.hasReceived(up)).isTrue();
    assertThat(pair.clientUser.hasReceived(down)).isTrue();
  }

  @Test
  void theInitialWindowIsTenSegments() {
    TcpPair pair = new TcpPair(setup).established();
    int before = pair.packets.size();
    pair.clientUser.write(TcpPair.bytes(1_000_000, 1));
    pair.settle();

    assertThat(pair.packets.subList(before, pair.packets.size())).hasSize(10);
  }

  @Test
  void slowStartDoublesTheWindowEachRoundTrip() {
    TcpPair pair = new TcpPair(setup).established();
    pair.clientUser.write(TcpPair.bytes(4_000_000, 1));
    pair.run(19 * MILLI);
    long first = pair.client.congestionWindow();
    pair.run(20 * MILLI);
    assertThat(pair.client.congestionWindow()).isEqualTo(2 * first);
    pair.run(20 * MILLI);
    assertThat(pair.client.congestionWindow()).isEqualTo(4 * first);
  }

  @Test
  void aSegmentOfOffloadIsCutWithoutExceedingTheMtu() {
    TcpPair pair = new TcpPair(setup).established();
    pair.clientUser.write(TcpPair.bytes(2_000_000, 1));
    pair.run(2 * SECOND);

    assertThat(pair.serverUser.receivedBytes()).isEqualTo(2_000_000);
    assertThat(pair.client.sendLimit()).isGreaterThan(20_000);
    assertThat(pair.client.sendLimit() % pair.client.segmentPayloadLimit()).isZero();
  }

  @Test
  void withoutOffloadASendIsOneSegment() {
    setup.maxPayloadPerSend = 1460;
    TcpPair pair = new TcpPair(setup).established();
    pair.clientUser.write(TcpPair.bytes(200_000, 1));
    pair.run(2 * SECOND);

    assertThat(pair.client.sendLimit()).isEqualTo(1448);
    assertThat(pair.serverUser.receivedBytes()).isEqualTo(200_000);
  }

  @Test
  void optionsOfTheUserMakeSegmentsSmaller() {
    TcpPair pair = new TcpPair(setup);
    pair.clientUser.mapsData = true;
    pair.established();
    byte[] data = TcpPair.bytes(500_000, 1);
    pair.clientUser.write(data);
    pair.run(2 * SECOND);

    assertThat(pair.client.segmentPayloadLimit()).isEqualTo(1420);
    assertThat(pair.serverUser.hasReceived(data)).isTrue();
    assertThat(pair.from(true)).extracting(TcpPair.Packet::payload).contains(1420);
  }

  @Test
  void aPathWhoseMtuShrinksGetsSmallerSegmentsFromThenOn() {
    TcpPair pair = new TcpPair(setup).established();
    pair.filter = packet -> packet.bytes().length <= 1000;
    byte[] data = TcpPair.bytes(100_000, 1);
    pair.clientUser.write(data);
    pair.run(30 * MILLI);
    pair.client.setPath(new TcpPair.Path(1, 1000, 64_000));
    pair.run(20 * SECOND);

    assertThat(pair.client.segmentPayloadLimit()).isEqualTo(948);
    assertThat(pair.serverUser.hasReceived(data)).isTrue();
  }

  @Test
  void sackGoesOnAcksOfItsOwnWhileDataFillsItsSegments() {
    setup.loss = 0.05;
    TcpPair pair = new TcpPair(setup);
    pair.clientUser.mapsData = true;
    pair.serverUser.mapsData = true;
    pair.established();
    pair.clientUser.write(TcpPair.bytes(400_000, 1));
    pair.serverUser.write(TcpPair.bytes(400_000, 2));
    pair.run(30 * SECOND);

    assertThat(pair.packets)
        .anyMatch(p -> p.payload() == 0 && p.segment().sackBlockCount() > 0)
        .noneMatch(p -> p.payload() == 1420 && p.segment().sackBlockCount() > 0);
    assertThat(pair.serverUser.receivedBytes()).isEqualTo(400_000);
    assertThat(pair.clientUser.receivedBytes()).isEqualTo(400_000);
  }

  @Test
  void everySecondFullSegmentIsAcknowledgedAtOnce() {
    TcpPair pair = new TcpPair(setup).established();
    pair.clientUser.write(TcpPair.bytes(1_448_000, 1));
    pair.run(2 * SECOND);

    long acks = pair.from(false).stream().filter(p -> p.segment().flags() == TcpFlags.ACK).count();
    // Sixteen quick ones at the start, then every second.
    assertThat(acks).isBetween(500L, 530L);
  }

  @Test
  void theFirstSegmentsAreAcknowledgedQuicklyAndLaterOnesWaitFortyMilliseconds() {
    TcpPair pair = new TcpPair(setup).established();
    for (int i = 0; i < 16; i++) {
      pair.clientUser.write(TcpPair.bytes(100, i));
      pair.run(21 * MILLI);
    }
    assertThat(pair.client.hasUnacknowledged()).isFalse();
    pair.clientUser.write(TcpPair.bytes(100, 1));
    pair.run(49 * MILLI);
    assertThat(pair.client.hasUnacknowledged()).isTrue();

    pair.run(12 * MILLI);
    assertThat(pair.client.hasUnacknowledged()).isFalse();
    assertThat(pair.client.retransmissions()).isZero();
  }

  @Test
  void anAckRidesOnDataThatAnswers() {
    TcpPair pair = new TcpPair(setup).established();
    pair.serverUser.write(TcpPair.bytes(100, 1));
    pair.run(5 * MILLI);
    pair.clientUser.write(TcpPair.bytes(50, 1));
    int before = pair.packets.size();
    pair.run(11 * MILLI);
    pair.serverUser.write(TcpPair.bytes(60, 2));
    pair.run(SECOND);

    List<TcpPair.Packet> server =
        pair.packets.subList(before, pair.packets.size()).stream()
            .filter(p -> !p.fromClient())
            .toList();
    assertThat(server).extracting(TcpPair.Packet::payload).contains(60);
  }

  @Test
  void aBackedUpPathHoldsDataBackAndLosesNothing() {
    TcpPair pair = new TcpPair(setup).established();
    byte[] data = TcpPair.bytes(300_000, 1);
    pair.clientUser.write(data);
    pair.run(25 * MILLI);
    pair.clientPathBusy = true;
    pair.run(50 * MILLI);
    assertThat(pair.client.sendAllowance(pair.now)).isZero();
    assertThat(pair.client.isPathBackedUp()).isTrue();
    pair.clientPathBusy = false;
    pair.client.pathWritable();
    pair.run(2 * SECOND);

    assertThat(pair.serverUser.hasReceived(data)).isTrue();
    assertThat(pair.client.lossEpisodes()).isZero();
  }

  @Test
  void largeWindowsAreScaled() {
    setup.bufferLimit = 64 << 20;
    TcpPair pair = new TcpPair(setup).established();
    assertThat(pair.packets.get(0).segment().windowScale()).isEqualTo(11);
    pair.run(MILLI);
    pair.clientUser.write(TcpPair.bytes(10, 1));
    pair.run(100 * MILLI);

    assertThat(pair.clientUser.peerWindow()).isBetween((64 << 20) - 4096, 64 << 20);
  }

  @Test
  void theWindowClosesAndOpensWithTheReader() {
    setup.bufferLimit = 100_000;
    TcpPair pair = new TcpPair(setup).established();
    pair.serverUser.reading = false;
    byte[] data = TcpPair.bytes(250_000, 1);
    pair.clientUser.write(data);
    pair.run(2 * SECOND);
    assertThat(pair.serverUser.receivedBytes()).isBetween(98_000L, 100_000L);
    assertThat(pair.clientUser.peerWindow()).isLessThan(1448);
    long stuckAt = pair.serverUser.receivedBytes();

    pair.serverUser.resumeReading(pair.now, pair.serverSink());
    pair.run(2 * SECOND);
    assertThat(stuckAt).isLessThan(data.length);
    assertThat(pair.serverUser.hasReceived(data)).isTrue();
  }

  @Test
  void theRightEdgeOfTheWindowNeverMovesBack() {
    setup.bufferLimit = 200_000;
    TcpPair pair = new TcpPair(setup).established();
    pair.serverUser.reading = false;
    pair.clientUser.write(TcpPair.bytes(400_000, 1));
    pair.run(SECOND);
    pair.serverUser.resumeReading(pair.now, pair.serverSink());
    pair.run(SECOND);

    int edge = 0;
    for (TcpPair.Packet packet : pair.from(false).subList(1, pair.from(false).size())) {
      int right = packet.segment().acknowledgmentNumber() - 1001 + (packet.segment().window() << 2);
      assertThat(right).isGreaterThanOrEqualTo(edge);
      edge = right;
    }
  }

  @Test
  void aWindowProbeIsAnswered() {
    TcpPair pair = new TcpPair(setup).established();
    pair.run(SECOND);
    int before = pair.packets.size();
    assertThat(pair.client.sendWindowProbe(pair.now, pair.clientSink())).isTrue();
    pair.run(100 * MILLI);

    List<TcpPair.Packet> exchanged = pair.packets.subList(before, pair.packets.size());
    assertThat(exchanged).hasSize(2);
    assertThat(exchanged.get(0).segment().sequenceNumber()).isEqualTo(1000);
    assertThat(exchanged.get(1).segment().acknowledgmentNumber()).isEqualTo(1001);
  }

  @Test
  void refusedPayloadIsNotAcknowledgedAndComesAgain() {
    TcpPair pair = new TcpPair(setup).established();
    pair.serverUser.refusePayload = true;
    pair.clientUser.write(TcpPair.bytes(1000, 1));
    pair.run(100 * MILLI);
    assertThat(pair.client.hasUnacknowledged()).isTrue();

    pair.serverUser.refusePayload = false;
    pair.run(2 * SECOND);
    assertThat(pair.client.hasUnacknowledged()).isFalse();
    assertThat(pair.serverUser.receivedBytes()).isEqualTo(1000);
  }

  @Test
  void aRequestedAckGoesOutAtTheNextFlush() {
    TcpPair pair = new TcpPair(setup).established();
    int before = pair.packets.size();
    pair.client.requestAck();
    pair.client.flush(pair.now, pair.clientSink());
    pair.client.flush(pair.now, pair.clientSink());

    assertThat(pair.packets).hasSize(before + 1);
  }

  @Test
  void oldTimestampsAreRefused() {
    TcpPair pair = new TcpPair(setup).established();
    byte[] first = {1, 2, 3};
    pair.clientUser.write(first);
    pair.run(3 * SECOND);
    TcpPair.Packet sent = pair.from(true).get(2);
    // The same segment, but with sequence numbers of now: only its timestamp is old.
    var old =
        Segments.toServer()
            .sequenceNumber(pair.server.receiveNext())
            .acknowledgmentNumber(pair.server.sendNext())
            .flags(TcpFlags.ACK)
            .payload(java.nio.ByteBuffer.wrap(first), 0, 3);
    old.options().timestamps(sent.segment().timestampValue() - 1, 0);
    Segments.arrive(pair, pair.server, old);

    assertThat(pair.serverUser.receivedBytes()).isEqualTo(3);
  }

  @Test
  void anIdleConnectionKeepsItsWindowAndBeginsAgainPaced() {
    TcpPair pair = new TcpPair(setup).established();
    pair.clientUser.write(TcpPair.bytes(2_000_000, 1));
    pair.run(SECOND);
    long window = pair.client.congestionWindow();
    assertThat(window).isGreaterThan(500_000);
    pair.run(5 * SECOND);
    pair.packets.clear();
    pair.clientUser.write(TcpPair.bytes(500_000, 2));
    pair.settle();

    assertThat(pair.client.congestionWindow()).isEqualTo(window);
    // A millisecond of twice the window in a round trip; the rest follows within that.
    assertThat(pair.client.bytesInFlight()).isBetween(10L * 1448, window / 10);
    pair.run(setup.oneWayNanos * 2);
    assertThat(pair.from(true).stream().mapToLong(TcpPair.Packet::payload).sum())
        .isEqualTo(500_000);
    assertThat(pair.from(true).stream().mapToLong(TcpPair.Packet::sentAt).distinct().count())
        .isGreaterThan(3);
  }

  @Test
  void anEndpointBeginsWithWhatEarlierOnesLearnedAndTheWindowOfAll() {
    TcpPair first = new TcpPair(setup).established();
    assertThat(first.client.learned()).isEmpty();
    first.clientUser.write(TcpPair.bytes(200_000, 1));
    first.run(SECOND);
    PathEstimate learned = first.client.learned().orElseThrow();
    assertThat(learned.smoothedRttNanos()).isBetween(20 * MILLI, 30 * MILLI);

    TcpPair second = new TcpPair(setup);
    second.client.learn(
        new PathEstimate(learned.smoothedRttNanos(), learned.rttVarianceNanos(), 30_000));
    second.established();
    assertThat(second.client.congestionWindow()).isEqualTo(10 * 1448);
    assertThat(second.client.slowStartThreshold()).isEqualTo(30_000);
    // The first sample alone would have made it half the round trip.
    assertThat(second.client.rttVarianceNanos()).isLessThan(10 * MILLI);

    TcpPair third = new TcpPair(setup);
    third.client.learn(new PathEstimate(-1, 0, 30_000));
    third.established();
    assertThat(third.client.slowStartThreshold()).isEqualTo(Long.MAX_VALUE);
    assertThat(third.client.rttVarianceNanos()).isEqualTo(10 * MILLI);
  }
}
