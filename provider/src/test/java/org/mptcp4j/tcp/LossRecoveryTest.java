package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.tcp.TcpPair.MILLI;
import static org.mptcp4j.tcp.TcpPair.SECOND;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LossRecoveryTest {
  private final TcpPair.Setup setup = new TcpPair.Setup();

  /** Drops the client's data segments with these numbers, counted from 0, once each. */
  private static void drop(TcpPair pair, Integer... numbers) {
    Set<Integer> wanted = Set.of(numbers);
    int[] count = {0};
    pair.filter =
        packet -> !(packet.fromClient() && packet.payload() > 0 && wanted.contains(count[0]++));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aSingleLossIsRepairedInOneRoundTripWithoutATimeout(boolean sack) {
    setup.sack = sack;
    TcpPair pair = new TcpPair(setup).established();
    drop(pair, 3);
    byte[] data = TcpPair.bytes(10 * 1448, 1);
    pair.clientUser.write(data);
    pair.run(45 * MILLI);

    assertThat(pair.serverUser.hasReceived(data)).isTrue();
    assertThat(pair.client.retransmissions()).isEqualTo(1);
    assertThat(pair.client.lossEpisodes()).isEqualTo(1);
    assertThat(pair.clientUser.events).doesNotContain("timeout 1");
  }

  @Test
  void severalLossesOfOneWindowAreRepairedInOneRoundTrip() {
    TcpPair pair = new TcpPair(setup).established();
    drop(pair, 1, 3, 5);
    byte[] data = TcpPair.bytes(10 * 1448, 1);
    pair.clientUser.write(data);
    pair.run(45 * MILLI);

    assertThat(pair.serverUser.hasReceived(data)).isTrue();
    assertThat(pair.client.retransmissions()).isEqualTo(3);
    assertThat(pair.client.lossEpisodes()).isEqualTo(1);
  }

  @Test
  void withoutSackSeveralLossesAreRepairedOneInARoundTrip() {
    setup.sack = false;
    TcpPair pair = new TcpPair(setup).established();
    drop(pair, 1, 3, 5);
    byte[] data = TcpPair.bytes(10 * 1448, 1);
    pair.clientUser.write(data);
    pair.run(120 * MILLI);

    assertThat(pair.serverUser.hasReceived(data)).isTrue();
    assertThat(pair.clientUser.events).doesNotContain("timeout 1");
  }

  @Test
  void aRetransmissionCarriesOnlyWhatIsMissing() {
    TcpPair pair = new TcpPair(setup).established();
    drop(pair, 2, 3);
    pair.clientUser.write(TcpPair.bytes(10 * 1448, 1));
    pair.run(100 * MILLI);

    long sent = pair.from(true).stream().mapToLong(TcpPair.Packet::payload).sum();
    assertThat(sent).isEqualTo(12 * 1448);
    assertThat(pair.serverUser.receivedBytes()).isEqualTo(10 * 1448);
  }

  @Test
  void theLossOfTheLastSegmentIsRepairedByAProbeNotByATimeout() {
    TcpPair pair = new TcpPair(setup).established();
    drop(pair, 9);
    byte[] data = TcpPair.bytes(10 * 1448, 1);
    pair.clientUser.write(data);
    pair.run(160 * MILLI);

    assertThat(pair.serverUser.hasReceived(data)).isTrue();
    assertThat(pair.clientUser.events).containsExactly("established", "probe timeout");
  }

  @Test
  void aLostTailOfSeveralSegmentsIsRepairedAfterAProbe() {
    TcpPair pair = new TcpPair(setup).established();
    drop(pair, 7, 8, 9);
    byte[] data = TcpPair.bytes(10 * 1448, 1);
    pair.clientUser.write(data);
    pair.run(180 * MILLI);

    assertThat(pair.serverUser.hasReceived(data)).isTrue();
    assertThat(pair.clientUser.events).containsExactly("established", "probe timeout");
  }

  @Test
  void theUserHearsOfAProbeTimeoutOnceUntilThereIsProgress() {
    TcpPair pair = new TcpPair(setup).established();
    long silentFrom = pair.now;
    pair.filter = packet -> !packet.fromClient() || packet.sentAt() > silentFrom + 5 * SECOND;
    pair.clientUser.write(TcpPair.bytes(10 * 1448, 1));
    pair.run(4 * SECOND);
    assertThat(pair.clientUser.events.stream().filter("probe timeout"::equals)).hasSize(1);
    assertThat(pair.clientUser.events.indexOf("probe timeout")).isEqualTo(1);

    pair.run(10 * SECOND);
    assertThat(pair.serverUser.receivedBytes()).isEqualTo(10 * 1448);
  }

  @Test
  void theProbeTimeoutComesAfterTwoRoundTrips() {
    TcpPair pair = new TcpPair(setup).established();
    pair.filter = packet -> !packet.fromClient();
    pair.clientUser.write(TcpPair.bytes(10 * 1448, 1));
    pair.run(39 * MILLI);
    assertThat(pair.clientUser.events).doesNotContain("probe timeout");
    pair.run(2 * MILLI);
    assertThat(pair.clientUser.events).contains("probe timeout");
  }

  @Test
  void aTimeoutSendsOneSegmentAndBacksOff() {
    TcpPair pair = new TcpPair(setup).established();
    pair.filter = packet -> !packet.fromClient();
    pair.clientUser.write(TcpPair.bytes(10 * 1448, 1));
    int before = pair.packets.size() + 10;
    pair.run(3 * SECOND);

    List<TcpPair.Packet> again = pair.packets.subList(before, pair.packets.size());
    // The probe, then the first segment at doubling intervals.
    assertThat(again.get(0).segment().sequenceNumber()).isEqualTo(1001 + 9 * 1448);
    // Of what was one segment, also when the size of packets is under suspicion.
    assertThat(again.subList(1, again.size()))
        .allMatch(packet -> packet.segment().sequenceNumber() + packet.payload() <= 1001 + 1448);
    long[] times =
        again.stream().skip(1).mapToLong(TcpPair.Packet::sentAt).distinct().limit(3).toArray();
    long first = times[1] - times[0];
    long second = times[2] - times[1];
    assertThat(second).isEqualTo(2 * first);
    assertThat(pair.client.congestionWindow()).isEqualTo(1448);
  }

  @Test
  void reorderingWithinAQuarterOfTheRoundTripIsNoLoss() {
    setup.jitterNanos = 4 * MILLI;
    TcpPair pair = new TcpPair(setup).established();
    byte[] data = TcpPair.bytes(3_000_000, 1);
    pair.clientUser.write(data);
    pair.run(10 * SECOND);

    assertThat(pair.serverUser.hasReceived(data)).isTrue();
    assertThat(pair.client.retransmissions()).isLessThan(40);
  }

  @Test
  void duplicationCausesNoRetransmission() {
    setup.duplication = 0.3;
    TcpPair pair = new TcpPair(setup).established();
    byte[] data = TcpPair.bytes(1_000_000, 1);
    pair.clientUser.write(data);
    pair.run(5 * SECOND);

    assertThat(pair.serverUser.hasReceived(data)).isTrue();
    assertThat(pair.client.retransmissions()).isZero();
    assertThat(pair.client.lossEpisodes()).isZero();
  }

  @Test
  void sackBlocksTellTheLatestArrivalFirst() {
    TcpPair pair = new TcpPair(setup).established();
    drop(pair, 1, 3, 5);
    pair.clientUser.write(TcpPair.bytes(7 * 1448, 1));
    pair.run(15 * MILLI);

    TcpPair.Packet ack = pair.packets.get(pair.packets.size() - 1);
    assertThat(ack.segment().acknowledgmentNumber()).isEqualTo(1001 + 1448);
    assertThat(ack.segment().sackBlockCount()).isEqualTo(3);
    assertThat(ack.segment().sackLeft(0)).isEqualTo(1001 + 6 * 1448);
    assertThat(ack.segment().sackRight(0)).isEqualTo(1001 + 7 * 1448);
    assertThat(ack.segment().sackLeft(1)).isEqualTo(1001 + 4 * 1448);
    assertThat(ack.segment().sackLeft(2)).isEqualTo(1001 + 2 * 1448);
  }

  @Test
  void aDuplicateIsReportedInTheFirstSackBlock() {
    TcpPair pair = new TcpPair(setup).established();
    pair.clientUser.write(TcpPair.bytes(1448, 1));
    pair.run(100 * MILLI);
    TcpPair.Packet data = pair.from(true).stream().filter(p -> p.payload() > 0).findFirst().get();
    pair.offer(data.bytes(), true);
    pair.run(15 * MILLI);

    TcpPair.Packet ack = pair.packets.get(pair.packets.size() - 1);
    assertThat(ack.segment().sackBlockCount()).isEqualTo(1);
    assertThat(ack.segment().sackLeft(0)).isEqualTo(1001);
    assertThat(ack.segment().sackRight(0)).isEqualTo(1001 + 1448);
    assertThat(ack.segment().acknowledgmentNumber()).isEqualTo(1001 + 1448);
  }

  @Test
  void aLossInTheMiddleOfAnOffloadedSegmentSendsThatPieceAgain() {
    setup.oneWayNanos = MILLI;
    TcpPair pair = new TcpPair(setup).established();
    pair.clientUser.write(TcpPair.bytes(500_000, 1));
    pair.run(SECOND);
    assertThat(pair.client.sendLimit()).isGreaterThan(30_000);
    drop(pair, 20, 30);
    pair.clientUser.write(TcpPair.bytes(100_000, 1));
    pair.run(SECOND);

    assertThat(pair.serverUser.receivedBytes()).isEqualTo(600_000);
    assertThat(pair.client.retransmissions()).isEqualTo(2);
  }

  @Test
  void anEndpointThatStoodStillTakesNoAlarm() {
    TcpPair pair = new TcpPair(setup).established();
    pair.clientUser.write(TcpPair.bytes(3_000_000, 1));
    pair.run(150 * MILLI);
    long window = pair.client.congestionWindow();
    // Both processes stand still; their packets wait in the rings.
    pair.stall(300 * MILLI);
    pair.run(5 * SECOND, () -> pair.serverUser.receivedBytes() == 3_000_000);

    assertThat(pair.serverUser.receivedBytes()).isEqualTo(3_000_000);
    assertThat(pair.client.lossEpisodes()).isZero();
    assertThat(pair.client.congestionWindow()).isGreaterThanOrEqualTo(window);
    assertThat(pair.clientUser.events).containsExactly("established");
  }

  @Test
  void aSpuriousTimeoutIsUndone() {
    TcpPair pair = new TcpPair(setup).established();
    pair.clientUser.write(TcpPair.bytes(3_000_000, 1));
    pair.run(100 * MILLI);
    long window = pair.client.congestionWindow();
    // The path holds everything back for longer than the timeout, and loses nothing.
    pair.setup.oneWayNanos = 400 * MILLI;
    pair.run(300 * MILLI);
    assertThat(pair.clientUser.events).contains("timeout 1");
    pair.setup.oneWayNanos = 10 * MILLI;
    pair.run(600 * MILLI);

    assertThat(pair.client.congestionWindow()).isGreaterThanOrEqualTo(window);
    pair.run(5 * SECOND);
    assertThat(pair.serverUser.receivedBytes()).isEqualTo(3_000_000);
  }

  @Test
  void aSpuriousTimeoutWhoseAckTellsOfCongestionLeavesTheWindowReduced() {
    setup.ecn = EcnMode.REQUEST;
    setup.serverEcn = EcnMode.ACCEPT;
    FixedWindow control = new FixedWindow(20);
    setup.congestion = () -> control;
    TcpPair pair = new TcpPair(setup).established();
    // A router on the path that will hold everything back says that it is congested.
    pair.filter =
        packet -> {
          if (packet.fromClient() && packet.payload() > 0) {
            packet.bytes()[1] |= Ecn.CE;
          }
          return true;
        };
    pair.clientUser.write(TcpPair.bytes(3_000_000, 1));
    pair.run(100 * MILLI);
    pair.setup.oneWayNanos = 400 * MILLI;
    pair.run(300 * MILLI);
    assertThat(pair.clientUser.events).contains("timeout 1");
    pair.setup.oneWayNanos = 10 * MILLI;
    pair.filter = packet -> true;
    long again = pair.client.retransmissions();
    pair.run(600 * MILLI);

    assertThat(control.spuriousLosses).isZero();
    assertThat(pair.client.retransmissions()).as("no more is sent again").isEqualTo(again);
    pair.run(5 * SECOND);
    assertThat(pair.serverUser.receivedBytes()).isEqualTo(3_000_000);
  }

  @Test
  void theRepairOfAnEarlierEpisodeDoesNotMakeALaterLossSpurious() {
    FixedWindow control = new FixedWindow(100);
    setup.congestion = () -> control;
    setup.loss = 0.02;
    TcpPair pair = new TcpPair(setup);
    pair.record = false;
    pair.established();
    pair.clientUser.write(TcpPair.bytes(10_000_000, 1));
    pair.run(60 * SECOND, () -> pair.serverUser.receivedBytes() == 10_000_000);

    assertThat(pair.serverUser.receivedBytes()).isEqualTo(10_000_000);
    assertThat(pair.client.lossEpisodes()).isGreaterThan(20);
    assertThat(control.spuriousLosses).isZero();
  }

  @Test
  void nonsenseInSackBlocksIsIgnored() {
    TcpPair pair = new TcpPair(setup).established();
    pair.clientUser.write(TcpPair.bytes(10 * 1448, 1));
    pair.settle();
    int una = pair.client.sendUnacknowledged();
    int[] left = {una + 5000, una - 100, una + 100_000, una + 7};
    int[] right = {una + 4000, una + 100, una + 200_000, una + 8};
    for (int i = 0; i < 4; i++) {
      var ack =
          Segments.toClient()
              .sequenceNumber(pair.client.receiveNext())
              .acknowledgmentNumber(una)
              .flags(org.mptcp4j.wire.TcpFlags.ACK)
              .window(60_000);
      ack.options().sack(new int[] {left[i]}, new int[] {right[i]}, 1);
      Segments.arrive(pair, pair.client, ack);
    }
    assertThat(pair.client.bytesInFlight()).isEqualTo(10 * 1448);
    assertThat(pair.client.lossEpisodes()).isZero();
  }
}
