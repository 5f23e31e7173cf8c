package org.mptcp4j.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mptcp4j.sim.SimConfig.MILLI;
import static org.mptcp4j.sim.SimConfig.SECOND;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.mptcp4j.wire.IcmpError;

/** The network in the box behaves like the networks that it stands for. */
class SimulatorTest {
  private final SimNetwork network = new SimNetwork(1);
  private final SimHost a = network.host("a");
  private final SimHost b = network.host("b");
  private final SimPath path = network.path(a, "10.0.0.1", b, "10.0.0.2");
  private final SimCapture arrivals = new SimCapture();
  private final long start = network.now();

  SimulatorTest() {
    b.capture(arrivals);
  }

  private void send(int number, int length) {
    ByteBuffer packet = network.buffer(length);
    packet.putInt(0, number);
    path.forward().send(packet);
  }

  /** Number and arrival time since the start, in microseconds, of what came to b. */
  private List<long[]> arrived() {
    network.runFor(10 * SECOND);
    ByteBuffer file = ByteBuffer.wrap(arrivals.toBytes()).order(ByteOrder.LITTLE_ENDIAN);
    List<long[]> result = new ArrayList<>();
    int at = 24;
    while (at < file.capacity()) {
      long time = file.getInt(at) * SECOND + file.getInt(at + 4);
      int length = file.getInt(at + 8);
      int number = file.order(ByteOrder.BIG_ENDIAN).getInt(at + 16);
      file.order(ByteOrder.LITTLE_ENDIAN);
      result.add(new long[] {number, (time - start) / 1_000});
      at += 16 + length;
    }
    return result;
  }

  @Test
  void aPacketTakesItsTimeOnTheWireAndThePathsDelay() {
    path.rate(8_000_000).delay(20 * MILLI);
    send(1, 1_000);
    send(2, 1_000);
    assertThat(arrived()).containsExactly(new long[] {1, 21_000}, new long[] {2, 22_000});
  }

  @Test
  void theQueueDropsItsTail() {
    path.rate(8_000_000).queue(2_000);
    for (int i = 1; i <= 10; i++) {
      send(i, 1_000);
    }
    assertThat(arrived()).extracting(x -> x[0]).containsExactly(1L, 2L, 3L);
    assertThat(path.forward().queueDrops()).isEqualTo(7);
  }

  @Test
  void lossComesAtItsRateInBurstsOrInATurn() {
    path.forward().loss(Loss.random(0.1));
    for (int i = 0; i < 10_000; i++) {
      send(i, 100);
    }
    assertThat(arrived()).hasSizeBetween(8_900, 9_100);
    Loss every = Loss.every(3);
    Loss named = Loss.packets(1, 4);
    SimRandom random = new SimRandom(1);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 6; i++) {
      text.append(every.drops(random, null) ? 'x' : '.').append(named.drops(random, null));
    }
    assertThat(text).hasToString(".true.falsexfalse.true.falsexfalse");
    Loss bursts = Loss.bursts(0.01, 0.8);
    int inRow = 0;
    int longest = 0;
    for (int i = 0; i < 10_000; i++) {
      inRow = bursts.drops(random, null) ? inRow + 1 : 0;
      longest = Math.max(longest, inRow);
    }
    assertThat(longest).isBetween(8, 60);
  }

  @Test
  void packetsKeepTheirOrderUnlessReorderingIsAskedFor() {
    path.both(link -> link.delay(MILLI).jitter(5 * MILLI));
    for (int i = 0; i < 100; i++) {
      send(i, 100);
    }
    assertThat(arrived()).extracting(x -> x[0]).isSorted();
    path.forward().reorder(0.5, 5 * MILLI);
    for (int i = 0; i < 100; i++) {
      send(i, 100);
    }
    assertThat(arrived().subList(100, 200)).extracting(x -> x[0]).isNotEqualTo(List.of());
    assertThat(arrived().subList(100, 200).stream().map(x -> x[0]).toList())
        .isNotEqualTo(arrived().subList(0, 100).stream().map(x -> x[0]).toList())
        .hasSize(100);
  }

  @Test
  void packetsAreDuplicatedAndTooLargeOnesVanish() {
    path.both(link -> link.duplicate(1).mtu(500));
    send(7, 500);
    send(8, 501);
    assertThat(arrived()).extracting(x -> x[0]).containsExactly(7L, 7L);
  }

  @Test
  void nothingPassesDuringAnOutage() {
    path.outage(start + 10 * MILLI, start + 20 * MILLI);
    for (int i = 0; i < 30; i++) {
      int number = i;
      network.at(start + i * MILLI, () -> send(number, 100));
    }
    assertThat(arrived()).extracting(x -> x[0]).doesNotContain(10L, 15L, 19L).contains(9L, 20L);
  }

  @Test
  void anOutageOfOneDirectionLeavesTheOtherAlone() {
    SimCapture answers = new SimCapture();
    a.capture(answers);
    path.forward().outage(start, start + 20 * MILLI);
    network.at(start + 10 * MILLI, () -> send(1, 100));
    network.at(start + 10 * MILLI, () -> path.backward().send(network.buffer(100)));
    network.at(start + 30 * MILLI, () -> send(2, 100));
    assertThat(arrived()).extracting(x -> x[0]).containsExactly(2L);
    assertThat(path.forward().lostPackets()).isEqualTo(1);
    assertThat(path.backward().carriedPackets()).isEqualTo(1);
  }

  @Test
  void jitterDelaysEachPacketByAnAmountOfItsOwnUpToItsBound() {
    path.delay(10 * MILLI);
    path.forward().jitter(5 * MILLI);
    for (int i = 0; i < 200; i++) {
      int number = i;
      network.at(start + i * 20L * MILLI, () -> send(number, 100));
    }
    long[] delays =
        arrived().stream().mapToLong(x -> x[1] - x[0] * 20_000).distinct().sorted().toArray();
    assertThat(delays.length).isGreaterThan(150);
    assertThat(delays[0]).isBetween(10_000L, 10_500L);
    assertThat(delays[delays.length - 1]).isBetween(14_500L, 15_000L);
  }

  @Test
  void reorderingLetsLaterPacketsOvertakeByNoMoreThanItsBound() {
    path.delay(10 * MILLI);
    path.forward().reorder(0.2, 8 * MILLI);
    for (int i = 0; i < 500; i++) {
      int number = i;
      network.at(start + i * MILLI, () -> send(number, 100));
    }
    List<long[]> arrived = arrived();
    long overtaken = 0;
    for (int i = 1; i < arrived.size(); i++) {
      overtaken += arrived.get(i)[0] < arrived.get(i - 1)[0] ? 1 : 0;
    }
    assertThat(overtaken).isBetween(50L, 120L);
    assertThat(arrived).hasSize(500).allMatch(x -> x[1] - x[0] * 1_000 <= 18_000);
  }

  @Test
  void earlyDetectionDropsBeforeTheQueueIsFull() {
    path.rate(8_000_000).queue(1_000_000);
    path.forward().red(20_000, 60_000, 0.1);
    for (int i = 0; i < 3_000; i++) {
      int number = i;
      network.at(start + i * 500_000L, () -> send(number, 1_000));
    }
    List<long[]> arrived = arrived();
    assertThat(path.forward().queueDrops()).isEqualTo(3_000 - arrived.size());
    assertThat(arrived.size()).isBetween(1_500, 2_900);
    assertThat(arrived).extracting(x -> x[0]).startsWith(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L);
  }

  @Test
  void aRouterThatReportsTellsTheSenderWhatItWouldHaveTaken() {
    SimCapture answers = new SimCapture();
    a.capture(answers);
    path.delay(10 * MILLI).hop(1_000, true);
    ByteBuffer packet = network.buffer(1_440);
    packet.put(0, (byte) 0x45).putShort(2, (short) 1_440).put(9, (byte) 6);
    packet.putInt(12, 0x0a00_0001).putInt(16, 0x0a00_0002);
    path.forward().send(packet);
    assertThat(arrived()).isEmpty();
    ByteBuffer file = ByteBuffer.wrap(answers.toBytes());
    IcmpError error = new IcmpError();
    int at = 24 + 16;
    assertThat(error.parse(file, at, file.capacity() - at)).isEqualTo(IcmpError.Verdict.OK);
    assertThat(error.kind()).isEqualTo(IcmpError.Kind.PACKET_TOO_BIG);
    assertThat(error.mtu()).isEqualTo(1_000);

    path.hop(1_000, false);
    send(1, 1_001);
    send(2, 1_000);
    assertThat(arrived()).extracting(x -> x[0]).containsExactly(2L);
  }

  @Test
  void aCorruptedPacketArrivesWithOneBitChanged() {
    path.forward().corrupt(0.5);
    for (int i = 0; i < 1_000; i++) {
      send(0, 100);
    }
    network.runFor(SECOND);
    ByteBuffer file = ByteBuffer.wrap(arrivals.toBytes());
    int[] bits = new int[2];
    for (int at = 24; at < file.capacity(); at += 16 + 100) {
      int changed = 0;
      for (int i = 0; i < 100; i++) {
        changed += Integer.bitCount(file.get(at + 16 + i) & 0xff);
      }
      bits[changed]++;
    }
    assertThat(bits[1]).isBetween(450, 550).isEqualTo((int) path.forward().corruptedPackets());
    assertThat(bits[0]).isEqualTo(1_000 - bits[1]);
  }

  @Test
  void aCorruptedSegmentIsCountedAndSentAgain() {
    path.rate(10_000_000).delay(5 * MILLI).queue(100_000).both(link -> link.corrupt(0.05));
    Transfer[] atServer = new Transfer[1];
    b.listen(
        80,
        SimConfig.plainTcp().toConnectionConfig(),
        socket -> atServer[0] = Transfer.server(10, 500_000).on(socket));
    SimSocket socket = a.connect("10.0.0.2", 80, SimConfig.plainTcp().toConnectionConfig());
    Transfer atClient = Transfer.client(500_000, 10).on(socket);
    network.runUntil(
        () -> atClient.isComplete() && atServer[0] != null && atServer[0].isComplete(),
        600 * SECOND);
    assertThat(b.badPackets()).isPositive();
  }

  @Test
  void aMiddleboxSeesEveryPacketAndMayDropIt() {
    path.forward()
        .middlebox(
            (now, packet) -> {
              packet.putInt(0, packet.getInt(0) + 100);
              return packet.getInt(0) % 2 == 0 ? packet : null;
            });
    send(1, 100);
    send(2, 100);
    assertThat(arrived()).extracting(x -> x[0]).containsExactly(102L);
  }

  @Test
  void whatTakesTooLongFailsWithTheSeedAndTheStateOfThings() {
    network.after(5 * SECOND, () -> send(1, 100));
    assertThatThrownBy(() -> network.runUntil(() -> false, SECOND))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("takes longer than allowed")
        .hasMessageContaining("seed 1")
        .hasMessageContaining("path 1 forward");
    assertThatThrownBy(() -> network.runUntil(() -> false, 60 * SECOND))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("nothing more happens");
  }

  @Test
  void theSameSeedGivesTheSamePacketsAtTheSameTimes() {
    MatrixCell cell = new MatrixCell(3, 10, true, true);
    SimCapture once = new SimCapture();
    SimCapture again = new SimCapture();
    SimCapture other = new SimCapture();
    long time = cell.run(1, once);
    assertThat(cell.run(1, again)).isEqualTo(time);
    assertThat(Arrays.equals(again.toBytes(), once.toBytes())).isTrue();
    cell.run(2, other);
    assertThat(Arrays.equals(other.toBytes(), once.toBytes())).isFalse();
  }
}
