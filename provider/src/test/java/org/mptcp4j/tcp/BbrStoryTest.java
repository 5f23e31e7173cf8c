package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.mptcp4j.tcp.TcpPair.MILLI;
import static org.mptcp4j.tcp.TcpPair.SECOND;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.mptcp4j.spi.RateSample;

/** How BBR comes to know a path, and what it does with that; and the samples that it goes by. */
class BbrStoryTest {
  private static final double RATE = 2_500_000;

  /** Of 1500 bytes on the line, 1448 are payload. */
  private static final double PAYLOAD_RATE = RATE * 1448 / 1500;

  private static final long PATH_BYTES = (long) (PAYLOAD_RATE * 0.04);

  private final TcpPair.Setup setup = new TcpPair.Setup();
  private Bbr bbr;

  /** 20 Mbit/s and a round trip of 40 ms; the client's algorithm is {@link #bbr}. */
  private TcpPair established() {
    setup.oneWayNanos = 20 * MILLI;
    setup.bytesPerSecond = RATE;
    setup.queueBytes = 2_000_000;
    List<Bbr> made = new ArrayList<>();
    setup.congestion =
        () -> {
          made.add(new Bbr());
          return made.get(made.size() - 1);
        };
    TcpPair pair = new TcpPair(setup);
    bbr = made.get(0);
    pair.record = false;
    return pair.established();
  }

  private void assertKnowsTheRate() {
    assertThat(bbr.bandwidthBytesPerSecond())
        .isCloseTo((long) PAYLOAD_RATE, within((long) (0.03 * PAYLOAD_RATE)));
  }

  @Test
  void startupFindsTheRateOfTheBottleneckAndTheQueueThatItBuiltDrains() {
    TcpPair pair = established();
    pair.clientUser.write(TcpPair.bytes(4_000_000, 1));
    long longest = 0;
    boolean drained = false;
    for (int i = 0; i < 1000 && bbr.mode() != Bbr.Mode.PROBE_BANDWIDTH; i++) {
      drained |= bbr.mode() == Bbr.Mode.DRAIN;
      pair.run(MILLI);
      longest = Math.max(longest, pair.client.bytesInFlight());
    }
    assertThat(drained).isTrue();
    assertThat(bbr.mode()).isEqualTo(Bbr.Mode.PROBE_BANDWIDTH);
    assertKnowsTheRate();
    assertThat(bbr.minRttNanos()).isBetween(40 * MILLI, 42 * MILLI);
    assertThat(longest).isGreaterThan(2 * PATH_BYTES);
    assertThat(pair.client.bytesInFlight()).isLessThan(PATH_BYTES * 3 / 2);
    assertThat(pair.client.lossEpisodes()).isZero();
  }

  @Test
  void theGainGoesThroughItsCycleAndTheRateStaysThatOfThePath() {
    TcpPair pair = established();
    pair.clientUser.write(TcpPair.bytes(10_000_000, 1));
    pair.run(SECOND);
    long most = 0;
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 1000; i++) {
      pair.run(MILLI);
      most = Math.max(most, bbr.pacingRateBytesPerSecond());
      least = Math.min(least, bbr.pacingRateBytesPerSecond());
    }
    assertThat(most).isCloseTo((long) (1.25 * 0.99 * PAYLOAD_RATE), within(100_000L));
    assertThat(least).isCloseTo((long) (0.75 * 0.99 * PAYLOAD_RATE), within(100_000L));
    assertKnowsTheRate();
    assertThat(bbr.congestionWindow()).isLessThan(2 * PATH_BYTES + 30_000);
  }

  @Test
  void whoHasLittleToSendKeepsTheEstimate() {
    TcpPair pair = established();
    pair.clientUser.write(TcpPair.bytes(3_000_000, 1));
    pair.run(2 * SECOND);
    assertKnowsTheRate();
    // A tenth of the rate, for a hundred round trips.
    for (int i = 0; i < 400; i++) {
      pair.clientUser.write(TcpPair.bytes(2_400, 1));
      pair.run(10 * MILLI);
    }
    assertKnowsTheRate();
    assertThat(bbr.mode()).isEqualTo(Bbr.Mode.PROBE_BANDWIDTH);
  }

  @Test
  void aPathThatBecomesSlowerIsNoticedWithinTenRoundTrips() {
    TcpPair pair = established();
    pair.clientUser.write(TcpPair.bytes(6_000_000, 1));
    pair.run(SECOND);
    setup.bytesPerSecond = RATE / 4;
    // The queue that the old rate builds makes round trips longer.
    pair.run(4 * SECOND);
    assertThat(bbr.bandwidthBytesPerSecond())
        .isCloseTo((long) PAYLOAD_RATE / 4, within((long) PAYLOAD_RATE / 20));
  }

  @Test
  void afterTenSecondsTheRoundTripOfTheEmptyPathIsLookedForAndTheWindowComesBack() {
    TcpPair pair = established();
    pair.clientUser.write(TcpPair.bytes(30_000_000, 1));
    pair.run(5 * SECOND);
    long window = bbr.congestionWindow();
    boolean probed = false;
    long probedFrom = 0;
    for (int i = 0; i < 1000 && !probed; i++) {
      pair.run(10 * MILLI);
      probed = bbr.mode() == Bbr.Mode.PROBE_ROUND_TRIP;
      probedFrom = pair.now;
    }
    assertThat(probed).isTrue();
    pair.run(150 * MILLI);
    assertThat(pair.client.bytesInFlight()).isLessThanOrEqualTo(4 * 1448);
    pair.run(SECOND, () -> bbr.mode() == Bbr.Mode.PROBE_BANDWIDTH);
    assertThat(pair.now - probedFrom).isBetween(200 * MILLI, 400 * MILLI);
    assertThat(bbr.congestionWindow()).isGreaterThan(window * 9 / 10);
    assertKnowsTheRate();
    pair.run(500 * MILLI);
    assertKnowsTheRate();
  }

  @Test
  void whoRestsDoesNotProbeTheRoundTripWhenItGoesOn() {
    TcpPair pair = established();
    pair.clientUser.write(TcpPair.bytes(3_000_000, 1));
    pair.run(15 * SECOND);
    pair.clientUser.write(TcpPair.bytes(200_000, 1));
    pair.run(30 * MILLI);
    assertThat(bbr.pacingRateBytesPerSecond())
        .isCloseTo((long) (0.99 * PAYLOAD_RATE), within(100_000L));
    boolean done = pair.run(150 * MILLI, () -> pair.serverUser.receivedBytes() == 3_200_000);
    assertThat(done).isTrue();
  }

  @Test
  void aTimeoutBringsOneSegmentAndRecoveryTheOldWindow() {
    TcpPair pair = established();
    pair.clientUser.write(TcpPair.bytes(8_000_000, 1));
    pair.run(SECOND);
    long window = bbr.congestionWindow();
    pair.filter = packet -> false;
    assertThat(pair.run(2 * SECOND, () -> pair.clientUser.events.contains("timeout 1"))).isTrue();
    assertThat(bbr.congestionWindow()).isEqualTo(1448);
    pair.filter = packet -> true;
    pair.run(2 * SECOND);
    assertThat(bbr.congestionWindow()).isGreaterThan(window * 9 / 10);
    assertThat(pair.run(3 * SECOND, () -> pair.serverUser.receivedBytes() == 8_000_000)).isTrue();
  }

  @Test
  void aRateSampleComparesWhatWasDeliveredBetweenSendingAndAcknowledgment() {
    DeliveryRate rate = new DeliveryRate();
    SentQueue queue = new SentQueue();
    for (int i = 0; i < 4; i++) {
      queue.append(i * MILLI, i * 1000, new Nothing(), 1000, false, 1000);
      rate.onSent(i * MILLI, queue.tail(), i == 0);
    }
    rate.begin();
    rate.onDelivered(20 * MILLI, queue.removeHead(), 1000);
    rate.end(20 * MILLI, 20 * MILLI, 0, 3000);
    // A thousand bytes in the twenty milliseconds since the first was sent.
    assertThat(rate.rateBytesPerSecond()).isEqualTo(50_000);
    assertThat(rate.priorDeliveredBytes()).isZero();

    queue.append(20 * MILLI, 4000, new Nothing(), 1000, false, 1000);
    rate.onSent(20 * MILLI, queue.tail(), false);
    // One acknowledgment for the other four, when the last of them could come at the earliest.
    rate.begin();
    for (int i = 0; i < 4; i++) {
      rate.onDelivered(40 * MILLI, queue.removeHead(), 1000);
    }
    rate.end(20 * MILLI, 20 * MILLI, 0, 0);
    assertThat(rate.newlyDeliveredBytes()).isEqualTo(4000);
    assertThat(rate.priorDeliveredBytes()).isEqualTo(1000);
    assertThat(rate.rateBytesPerSecond()).isEqualTo(200_000);
    assertThat(rate.isApplicationLimited()).isFalse();
  }

  @Test
  void aSampleOverLessThanARoundTripIsNone() {
    DeliveryRate rate = new DeliveryRate();
    SentQueue queue = new SentQueue();
    queue.append(0, 0, new Nothing(), 1000, false, 1000);
    rate.onSent(0, queue.tail(), true);
    rate.begin();
    rate.onDelivered(5 * MILLI, queue.removeHead(), 1000);
    rate.end(0, 20 * MILLI, 0, 0);
    assertThat(rate.rateBytesPerSecond()).isZero();
  }

  @Test
  void samplesAreMarkedFromWhenTheWindowWasNotUsedUntilThatIsDelivered() {
    List<Boolean> marks = new ArrayList<>();
    setup.congestion =
        () ->
            new ForwardingControl(new FixedWindow(20)) {
              @Override
              public void onRateSample(long now, RateSample sample) {
                marks.add(sample.isApplicationLimited());
              }
            };
    TcpPair pair = new TcpPair(setup).established();
    pair.clientUser.write(TcpPair.bytes(1_000_000, 1));
    pair.run(300 * MILLI);
    assertThat(marks.subList(marks.size() - 20, marks.size())).containsOnly(false);
    pair.run(5 * SECOND);
    marks.clear();
    pair.clientUser.write(TcpPair.bytes(1448, 1));
    pair.run(SECOND);
    assertThat(marks).containsExactly(true);
  }

  private record Nothing() implements SegmentPayload {
    @Override
    public java.nio.ByteBuffer buffer() {
      return java.nio.ByteBuffer.allocate(0);
    }

    @Override
    public int offset() {
      return 0;
    }

    @Override
    public int length() {
      return 1000;
    }
  }
}
