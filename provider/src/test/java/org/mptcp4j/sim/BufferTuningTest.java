package org.mptcp4j.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.sim.SimConfig.MILLI;
import static org.mptcp4j.sim.SimConfig.SECOND;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.mptcp4j.mptcp.ConnectionConfig;
import org.mptcp4j.wire.IncomingSegment;

/** Buffers that grow to what a path needs, and no further. */
@Tag("simulation")
class BufferTuningTest {
  private static final int FIRST = 256 << 10;
  private static final int LIMIT = 64 << 20;
  private static final long UNLIMITED = Long.MAX_VALUE / 2;

  private final SimNetwork network = new SimNetwork(4711);
  private final SimHost client = network.host("client");
  private final SimHost server = network.host("server");
  private final SimPath path = network.path(client, "10.0.1.1", server, "10.0.1.2");
  private final RightEdge edge = new RightEdge();
  private Transfer received;

  /** Follows the right edge of the window that the server announces. */
  private static final class RightEdge implements Middlebox {
    private final IncomingSegment segment = new IncomingSegment();
    private int scale;
    private long highest = Long.MIN_VALUE;
    private long largestWindow;
    private int movedBack;

    @Override
    public ByteBuffer process(long now, ByteBuffer packet) {
      if (segment.parse(packet, 0, packet.limit()) == IncomingSegment.Verdict.OK) {
        if (segment.windowScale() >= 0) {
          scale = segment.windowScale();
        } else {
          note((long) segment.window() << scale);
        }
      }
      return packet;
    }

    private void note(long window) {
      int edge = segment.acknowledgmentNumber() + (int) window;
      // What the grain of the scale rounds away is no shrinking (RFC 7323 §2.4).
      movedBack += highest != Long.MIN_VALUE && (int) highest - edge >= 1 << scale ? 1 : 0;
      highest =
          highest == Long.MIN_VALUE || edge - (int) highest > 0 ? edge & 0xffff_ffffL : highest;
      largestWindow = Math.max(largestWindow, window);
    }
  }

  private static ConnectionConfig fixed(int sendBytes, int receiveBytes) {
    return SimConfig.plainTcp().withBuffers(receiveBytes).toConnectionConfig().toBuilder()
        .buffers(sendBytes, receiveBytes)
        .closeTimeout(SECOND)
        .build();
  }

  private static ConnectionConfig growing(int limit) {
    return fixed(2 * limit, limit).toBuilder().firstBuffers(FIRST, FIRST).build();
  }

  private void transferStarts(ConnectionConfig config) {
    path.backward().middlebox(edge);
    server.listen(80, config, socket -> received = Transfer.server(0, UNLIMITED).on(socket));
    Transfer.client(UNLIMITED, 0).on(client.connect("10.0.1.2", 80, config));
  }

  /** Payload a second while {@code nanos} go by, in bits. */
  private double rateDuring(long nanos) {
    long before = received.received();
    network.runFor(nanos);
    return (received.received() - before) * 8.0 * SECOND / nanos;
  }

  private void assertTenGigabits() {
    network.runFor(1500 * MILLI);
    double carried = 10e9 * 1448 / 1500;
    assertThat(rateDuring(200 * MILLI)).isGreaterThan(0.9 * carried);
    assertThat(edge.movedBack).as("right edges that moved back").isZero();
  }

  @Test
  void aBufferOf64MebibytesFillsTenGigabitsOver50Milliseconds() {
    path.rate(10_000_000_000L).delay(25 * MILLI).queue(32 << 20);
    transferStarts(fixed(2 * LIMIT, LIMIT));
    assertTenGigabits();
  }

  @Test
  void aBufferThatBeginsSmallGrowsTo64MebibytesAndFillsTheSamePath() {
    path.rate(10_000_000_000L).delay(25 * MILLI).queue(32 << 20);
    transferStarts(growing(LIMIT));
    assertTenGigabits();
  }

  @Test
  void aPathThatNeedsLittleGetsLittle() {
    path.rate(10_000_000).delay(10 * MILLI).queue(30_000);
    transferStarts(growing(LIMIT));
    network.runFor(SECOND);
    assertThat(rateDuring(10 * SECOND)).isGreaterThan(0.95 * 10e6 * 1448 / 1500);
    // With its queue full the path holds 55 kB; slow start looks like a path that will hold more.
    assertThat(edge.largestWindow).isLessThan(3 * FIRST);
    assertThat(edge.movedBack).isZero();
  }

  @Test
  void aReaderThatStopsKeepsTheWindowWhereItIs() {
    path.rate(1_000_000_000).delay(10 * MILLI).queue(2 << 20);
    transferStarts(growing(LIMIT));
    network.runFor(60 * MILLI);
    received.readUpTo(received.received());
    long window = edge.largestWindow;
    network.runFor(10 * SECOND);
    assertThat(edge.largestWindow).isEqualTo(window).isLessThan(8 << 20);
    assertThat(edge.movedBack).isZero();
    received.readUpTo(Long.MAX_VALUE);
    network.runFor(2 * SECOND);
    assertThat(rateDuring(SECOND)).isGreaterThan(0.9 * 1e9 * 1448 / 1500);
  }

  @Test
  void aBufferOfFixedSizeDoesNotGrow() {
    path.rate(1_000_000_000).delay(10 * MILLI).queue(2 << 20);
    transferStarts(fixed(2 * LIMIT, FIRST));
    network.runFor(2 * SECOND);
    assertThat(edge.largestWindow).isLessThanOrEqualTo(FIRST);
    // A window in each round trip is all there is.
    assertThat(rateDuring(SECOND)).isLessThan(FIRST * 8.0 / 0.02);
  }

  @Test
  void twoPathsOfAMultipathConnectionAreFilledByBuffersThatBeginSmall() {
    SimPath second = network.path(client, "10.0.2.1", server, "10.0.2.2");
    path.rate(200_000_000).delay(10 * MILLI).queue(500_000);
    second.rate(100_000_000).delay(30 * MILLI).queue(750_000);
    ConnectionConfig config =
        SimConfig.multipathTcp().withBuffers(LIMIT).toConnectionConfig().toBuilder()
            .firstBuffers(FIRST, FIRST)
            .build();
    transferStarts(config);
    network.runFor(5 * SECOND);
    assertThat(rateDuring(5 * SECOND)).isGreaterThan(0.9 * 300e6 * 1428 / 1500);
    assertThat(edge.largestWindow).isLessThan(LIMIT / 2);
  }
}
