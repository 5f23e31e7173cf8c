package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.tcp.TcpPair.MILLI;
import static org.mptcp4j.tcp.TcpPair.SECOND;

import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Segments leave by the rate that the congestion control asks for. */
class PacingTest {
  private static final int MSS = 1448;

  private final TcpPair.Setup setup = new TcpPair.Setup();
  private final FixedWindow control = new FixedWindow(1000);

  private TcpPair established(long rateBytesPerSecond) {
    setup.congestion = () -> control;
    TcpPair pair = new TcpPair(setup).established();
    // After this the window that the server announces is a scaled one.
    pair.clientUser.write(TcpPair.bytes(1, 2));
    pair.run(SECOND);
    pair.packets.clear();
    control.rateBytesPerSecond = rateBytesPerSecond;
    return pair;
  }

  /** Payload that the client sent, by the time at which it did. */
  private static NavigableMap<Long, Long> bursts(List<TcpPair.Packet> packets) {
    NavigableMap<Long, Long> bursts = new TreeMap<>();
    for (TcpPair.Packet packet : packets) {
      if (packet.fromClient() && packet.payload() > 0) {
        bursts.merge(packet.sentAt(), (long) packet.payload(), Long::sum);
      }
    }
    return bursts;
  }

  private static long sum(Map<Long, Long> bursts) {
    return bursts.values().stream().mapToLong(Long::longValue).sum();
  }

  @Test
  void segmentsLeaveByTheRateInQuantaOfAMillisecond() {
    TcpPair pair = established(10_000_000);
    pair.clientUser.write(TcpPair.bytes(2_000_000, 1));
    long start = pair.now;
    pair.run(100 * MILLI);

    NavigableMap<Long, Long> bursts = bursts(pair.packets);
    assertThat(sum(bursts)).isBetween(980_000L, 1_000_000L + 10 * MSS);
    bursts.remove(start);
    assertThat(bursts.values()).allMatch(bytes -> bytes == 6 * MSS);
  }

  @Test
  void aSlowRateLeavesTwoSegmentsAtATime() {
    TcpPair pair = established(100_000);
    pair.clientUser.write(TcpPair.bytes(200_000, 1));
    long start = pair.now;
    pair.run(SECOND);

    NavigableMap<Long, Long> bursts = bursts(pair.packets);
    assertThat(sum(bursts)).isBetween(97_000L, 100_000L + 10 * MSS);
    // With nothing in flight the initial window goes at once, and is earned afterwards.
    assertThat(bursts.remove(start)).isEqualTo(10 * MSS);
    assertThat(bursts.values()).allMatch(bytes -> bytes == 2 * MSS);
    assertThat(bursts.firstKey() - start).isBetween(140 * MILLI, 150 * MILLI);
  }

  @Test
  void whoIsPacedOutHasNoAllowanceUntilItsDeadline() {
    TcpPair pair = established(1_000_000);
    pair.clientUser.write(TcpPair.bytes(200_000, 1));
    pair.settle();

    assertThat(pair.client.sendAllowance(pair.now)).isZero();
    long deadline = pair.client.nextDeadline();
    assertThat(deadline - pair.now).isEqualTo(10L * MSS * 1000);
    assertThat(pair.client.sendAllowance(deadline - 1)).isZero();
    pair.client.onDeadline(deadline, pair.clientSink());
    assertThat(pair.client.sendAllowance(deadline)).isEqualTo(2 * MSS);
  }

  @Test
  void whoHasNothingToSendIsNotWoken() {
    TcpPair pair = established(1_000_000);
    pair.clientUser.write(TcpPair.bytes(10 * MSS, 1));
    pair.settle();
    // The probe timeout of a round trip of 20 ms comes first.
    assertThat(pair.client.nextDeadline()).isEqualTo(pair.now + 40 * MILLI);
  }

  @Test
  void retransmissionsLeaveByTheRateAsWell() {
    TcpPair pair = established(1_000_000);
    int[] count = {0};
    pair.filter =
        packet -> {
          int number = packet.fromClient() && packet.payload() > 0 ? count[0]++ : 0;
          return number < 20 || number >= 60;
        };
    pair.clientUser.write(TcpPair.bytes(199_999, 1));
    long start = pair.now;
    assertThat(pair.run(SECOND, () -> pair.serverUser.receivedBytes() == 200_000)).isTrue();

    assertThat(pair.client.retransmissions()).isGreaterThanOrEqualTo(40);
    NavigableMap<Long, Long> bursts = bursts(pair.packets);
    bursts.remove(start);
    // What must go out at once, the first of a recovery, is counted too.
    assertThat(bursts.values()).allMatch(bytes -> bytes <= 3 * MSS);
    bursts
        .keySet()
        .forEach(
            from ->
                assertThat(sum(bursts.subMap(from, from + 50 * MILLI)))
                    .isLessThan(50_000 + 4 * MSS));
  }

  @Test
  void aLateTimerIsMadeUpForAndIdlenessIsNot() {
    Timers timers = new Timers();
    control.rateBytesPerSecond = 10_000_000;
    Pacer pacer = new Pacer(timers, control);
    assertThat(pacer.allowance(0, 1000, false)).isEqualTo(10_000);
    pacer.onSent(0, 10_000);
    assertThat(pacer.allowance(0, 1000, false)).isZero();
    assertThat(timers.deadline(Timers.Kind.PACING)).isEqualTo(MILLI);

    // The timer comes at 1.4 ms: the next is due at 2, as if it had come in time.
    assertThat(pacer.allowance(1_400_000, 1000, false)).isEqualTo(10_000);
    pacer.onSent(1_400_000, 10_000);
    assertThat(pacer.allowance(1_400_000, 1000, false)).isZero();
    assertThat(timers.deadline(Timers.Kind.PACING)).isEqualTo(2 * MILLI);

    // A second later there is one quantum, not a thousand.
    assertThat(pacer.allowance(SECOND, 1000, false)).isEqualTo(10_000);
    pacer.onSent(SECOND, 10_000);
    assertThat(pacer.allowance(SECOND, 1000, false)).isZero();
    assertThat(timers.deadline(Timers.Kind.PACING)).isEqualTo(SECOND + MILLI);
  }

  @Test
  void withoutARateNothingIsHeldBack() {
    TcpPair pair = established(0);
    pair.clientUser.write(TcpPair.bytes(100 * MSS, 1));
    long start = pair.now;
    pair.run(MILLI);
    assertThat(bursts(pair.packets)).containsExactly(Map.entry(start, 100L * MSS));
  }
}
