package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.tcp.TcpPair.MILLI;
import static org.mptcp4j.tcp.TcpPair.SECOND;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mptcp4j.tcp.TcpPair.Packet;
import org.mptcp4j.wire.TcpFlags;

/** Explicit congestion notification, RFC 3168 §6.1. */
class EcnTest {
  private static final int ECT_0 = 2;
  private static final int CE = 3;

  private final TcpPair.Setup setup = new TcpPair.Setup();

  private TcpPair agreed() {
    setup.ecn = EcnMode.REQUEST;
    setup.serverEcn = EcnMode.ACCEPT;
    return new TcpPair(setup).established();
  }

  private static int ecn(Packet packet) {
    return packet.bytes()[1] & 3;
  }

  /** What a router does that is short of room. */
  private static void mark(Packet packet) {
    packet.bytes()[1] |= CE;
  }

  private static List<Packet> data(TcpPair pair) {
    return pair.from(true).stream().filter(packet -> packet.payload() > 0).toList();
  }

  @Test
  void theClientAsksTheServerAgreesAndNewDataIsMarkedAsCapable() {
    TcpPair pair = agreed();
    pair.clientUser.write(TcpPair.bytes(5_000, 1));
    pair.run(SECOND);

    assertThat(pair.packets.get(0).segment().flags())
        .isEqualTo(TcpFlags.SYN | TcpFlags.ECE | TcpFlags.CWR);
    assertThat(pair.packets.get(1).segment().flags())
        .isEqualTo(TcpFlags.SYN | TcpFlags.ACK | TcpFlags.ECE);
    assertThat(data(pair)).isNotEmpty().allMatch(packet -> ecn(packet) == ECT_0);
    assertThat(pair.packets.stream().filter(packet -> packet.payload() == 0))
        .allMatch(packet -> ecn(packet) == 0);
  }

  @ParameterizedTest
  @CsvSource({"OFF,REQUEST", "ACCEPT,REQUEST", "REQUEST,OFF", "ACCEPT,ACCEPT"})
  void withoutBothItIsNotUsed(EcnMode client, EcnMode server) {
    setup.ecn = client;
    setup.serverEcn = server;
    TcpPair pair = new TcpPair(setup).established();
    pair.filter =
        packet -> {
          mark(packet);
          return true;
        };
    pair.clientUser.write(TcpPair.bytes(50_000, 1));
    pair.run(SECOND);

    assertThat(pair.serverUser.receivedBytes()).isEqualTo(50_000);
    assertThat(pair.packets.subList(1, pair.packets.size()))
        .noneMatch(packet -> packet.has(TcpFlags.ECE) || packet.has(TcpFlags.CWR));
    assertThat(pair.clientUser.counters().ecnReductions.sum()).isZero();
  }

  @Test
  void aMarkIsEchoedUntilTheSenderSaysThatItSlowedDown() {
    TcpPair pair = agreed();
    pair.clientUser.write(TcpPair.bytes(2_000_000, 1));
    pair.run(90 * MILLI);
    long before = pair.client.congestionWindow();
    boolean[] marked = new boolean[1];
    pair.filter =
        packet -> {
          if (packet.fromClient() && packet.payload() > 0 && !marked[0]) {
            marked[0] = true;
            mark(packet);
          }
          return true;
        };
    int first = pair.packets.size();
    pair.run(SECOND);

    List<Packet> later = pair.packets.subList(first, pair.packets.size());
    Packet reduced =
        later.stream().filter(p -> p.fromClient() && p.has(TcpFlags.CWR)).findFirst().orElseThrow();
    assertThat(reduced.payload()).isPositive();
    assertThat(later.stream().filter(p -> p.fromClient() && p.has(TcpFlags.CWR))).hasSize(1);
    List<Packet> echoes =
        later.stream().filter(p -> !p.fromClient() && p.has(TcpFlags.ECE)).toList();
    long echoEnds = reduced.sentAt() + setup.oneWayNanos;
    assertThat(echoes)
        .hasSizeGreaterThan(1)
        .allMatch(p -> p.sentAt() <= echoEnds)
        .allMatch(p -> p.segment().acknowledgmentNumber() != 0);
    assertThat(pair.clientUser.counters().ecnReductions.sum()).isEqualTo(1);
    assertThat(pair.clientUser.counters().retransmissions.sum()).isZero();
    assertThat(pair.client.slowStartThreshold()).isLessThan(before * 2);
    assertThat(pair.serverUser.receivedBytes()).isEqualTo(2_000_000);
  }

  @Test
  void marksOfOneWindowAreAnsweredOnce() {
    TcpPair pair = agreed();
    pair.clientUser.write(TcpPair.bytes(2_000_000, 1));
    pair.run(70 * MILLI);
    long windowEnd = pair.now + 2 * setup.oneWayNanos;
    pair.filter =
        packet -> {
          if (packet.fromClient() && packet.payload() > 0 && packet.sentAt() < windowEnd) {
            mark(packet);
          }
          return true;
        };
    pair.run(35 * MILLI);

    assertThat(pair.clientUser.counters().ecnReductions.sum()).isEqualTo(1);
    pair.run(SECOND);
    assertThat(pair.clientUser.counters().ecnReductions.sum()).isLessThanOrEqualTo(2);
    assertThat(pair.serverUser.receivedBytes()).isEqualTo(2_000_000);
  }

  @Test
  void whatIsSentAgainIsNotMarkedAsCapable() {
    TcpPair pair = agreed();
    boolean[] dropped = new boolean[1];
    pair.filter =
        packet -> {
          boolean drops = packet.fromClient() && packet.payload() > 0 && !dropped[0];
          dropped[0] |= drops;
          return !drops;
        };
    pair.clientUser.write(TcpPair.bytes(20_000, 1));
    pair.run(2 * SECOND);

    int lost = data(pair).get(0).segment().sequenceNumber();
    List<Packet> copies =
        data(pair).stream().filter(p -> p.segment().sequenceNumber() == lost).toList();
    assertThat(copies).hasSize(2);
    assertThat(ecn(copies.get(0))).isEqualTo(ECT_0);
    assertThat(ecn(copies.get(1))).isZero();
    assertThat(pair.serverUser.receivedBytes()).isEqualTo(20_000);
  }

  @Test
  void aSynThatIsSentAgainAsksNoMore() {
    setup.ecn = EcnMode.REQUEST;
    setup.serverEcn = EcnMode.ACCEPT;
    TcpPair pair = new TcpPair(setup);
    pair.filter = packet -> !packet.has(TcpFlags.CWR);
    pair.connect();
    pair.run(3 * SECOND);
    pair.clientUser.write(TcpPair.bytes(5_000, 1));
    pair.run(SECOND);

    assertThat(pair.serverUser.receivedBytes()).isEqualTo(5_000);
    assertThat(pair.packets.get(1).segment().flags()).isEqualTo(TcpFlags.SYN);
    assertThat(data(pair)).allMatch(packet -> ecn(packet) == 0);
  }

  @Test
  void aLateAnswerToTheFirstSynStillLetsMarksBeAnswered() {
    setup.ecn = EcnMode.REQUEST;
    setup.serverEcn = EcnMode.ACCEPT;
    TcpPair pair = new TcpPair(setup);
    // The second SYN gets lost, and the answer to the first comes after it was sent.
    pair.filter = packet -> packet.fromClient() || packet.sentAt() > 5_500 * MILLI;
    pair.connect();
    pair.run(900 * MILLI);
    pair.filter = packet -> !packet.fromClient() || !packet.has(TcpFlags.SYN);
    pair.run(2 * SECOND);
    pair.filter =
        packet -> {
          if (!packet.fromClient()) {
            mark(packet);
          }
          return true;
        };
    pair.serverUser.write(TcpPair.bytes(20_000, 2));
    pair.clientUser.write(TcpPair.bytes(5_000, 1));
    pair.run(SECOND);

    assertThat(data(pair)).isNotEmpty().allMatch(packet -> ecn(packet) == 0);
    assertThat(pair.from(true))
        .anyMatch(packet -> packet.has(TcpFlags.ECE) && !packet.has(TcpFlags.SYN));
    assertThat(pair.serverUser.counters().ecnReductions.sum()).isPositive();
  }
}
