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
