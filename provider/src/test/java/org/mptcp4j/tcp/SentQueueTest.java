package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.mptcp4j.tcp.SentSegment.State;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.SequenceNumber;
import org.mptcp4j.wire.TcpFlags;

class SentQueueTest {
  private static final int SEGMENT = 100;
  private static final ByteBuffer BYTES = ByteBuffer.allocate(10_000);

  private record Piece(int offset, int length) implements SegmentPayload {
    @Override
    public ByteBuffer buffer() {
      return BYTES;
    }
  }

  private final SentQueue queue = new SentQueue();
  private final SackProcessor sacks =
      new SackProcessor(queue, new TcpCounters(), (now, s, end) -> {});
  private int next;

  private void send(int segments) {
    queue.append(0, next, new Piece(0, segments * SEGMENT), segments * SEGMENT, false, SEGMENT);
    next += segments * SEGMENT;
  }

  private void sack(int una, int... edges) {
    OutgoingSegment ack =
        Segments.toClient().acknowledgmentNumber(una).flags(TcpFlags.ACK).window(1000);
    int[] left = new int[edges.length / 2];
    int[] right = new int[edges.length / 2];
    for (int i = 0; i < left.length; i++) {
      left[i] = edges[2 * i];
      right[i] = edges[2 * i + 1];
    }
    ack.options().sack(left, right, left.length);
    byte[] bytes = Segments.bytes(ack);
    IncomingSegment incoming = new IncomingSegment();
    incoming.parse(ByteBuffer.wrap(bytes), 0, bytes.length);
    sacks.process(0, incoming, una, next);
  }

  /** Checks the counters against the segments, both orders, and that payload is covered. */
  private void audit() {
    long outstanding = 0;
    long sacked = 0;
    long lost = 0;
    int flying = 0;
    SentSegment previous = null;
    for (SentSegment s = queue.head(); s != null; s = s.next) {
      assertThat(s.previous).isSameAs(previous);
      if (previous != null) {
        assertThat(s.seq).isEqualTo(previous.end());
      }
      outstanding += s.length;
      sacked += s.state == State.SACKED ? s.length : 0;
      lost += s.state == State.LOST ? s.length : 0;
      flying += s.state == State.IN_FLIGHT ? 1 : 0;
      previous = s;
    }
    assertThat(queue.tail()).isSameAs(previous);
    assertThat(queue.outstandingBytes()).isEqualTo(outstanding);
    assertThat(queue.sackedBytes()).isEqualTo(sacked);
    assertThat(queue.bytesInFlight()).isEqualTo(outstanding - sacked - lost);
    assertThat(queue.hasLost()).isEqualTo(lost > 0);
    long order = -1;
    for (SentSegment s = queue.earliest(); s != null; s = s.later) {
      assertThat(s.state).isEqualTo(State.IN_FLIGHT);
      assertThat(s.sentOrder).isGreaterThanOrEqualTo(order);
      order = s.sentOrder;
      flying--;
    }
    assertThat(flying).isZero();
  }

  @Test
  void aBlockInTheMiddleCutsTheSegment() {
    send(10);
    sack(0, 300, 500);
    audit();

    assertThat(queue.head().length).isEqualTo(300);
    assertThat(queue.head().next.state).isEqualTo(State.SACKED);
    assertThat(queue.head().next.payloadOffset).isEqualTo(300);
    assertThat(queue.tail().length).isEqualTo(500);
    assertThat(queue.tail().endsPayload).isTrue();
    assertThat(queue.head().endsPayload).isFalse();
  }

  @Test
  void blocksThatDoNotFitSegmentsCountOnlyForWholeOnes() {
    send(10);
    sack(0, 250, 560);
    audit();
    assertThat(queue.sackedBytes()).isEqualTo(200);

    sack(0, 250, 600);
    audit();
    assertThat(queue.sackedBytes()).isEqualTo(300);
  }

  @Test
  void aBlockThatGrowsAtBothEndsIsAppliedWhole() {
    send(5);
    send(5);
    sack(0, 400, 500);
    sack(0, 400, 700);
    sack(0, 200, 700);
    sack(0, 200, 1000);
    audit();

    assertThat(queue.sackedBytes()).isEqualTo(800);
    assertThat(queue.head().length).isEqualTo(200);
  }

  @Test
  void oldBlocksNextToNewOnesAddNothing() {
    send(10);
    sack(0, 800, 900, 600, 700, 400, 500);
    sack(0, 200, 300, 800, 900, 600, 700, 400, 500);
    audit();
    assertThat(queue.sackedBytes()).isEqualTo(400);
  }

  @Test
  void theBooksBalanceWhateverHappens() {
    for (int seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      queue.clear();
      sacks.forget();
      next = Integer.MAX_VALUE - 3000;
      int una = next;
      for (int step = 0; step < 100; step++) {
        switch (random.nextInt(6)) {
          case 0, 1 -> send(1 + random.nextInt(9));
          case 2 -> {
            int left = una + 1 + random.nextInt(2000);
            sack(una, left, left + random.nextInt(600));
          }
          case 3 -> {
            int ack = una + random.nextInt(400);
            if (SequenceNumber.leq(ack, next)) {
              una = ack;
              while (queue.head() != null && SequenceNumber.leq(queue.head().end(), una)) {
                queue.removeHead();
              }
              if (queue.head() != null && SequenceNumber.lt(queue.head().seq, una)) {
                queue.trimHead(una - queue.head().seq);
              }
            }
          }
          case 4 -> {
            if (queue.earliest() != null) {
              queue.markLost(queue.earliest());
            }
          }
          default -> {
            SentSegment lost = queue.firstLost();
            if (lost != null) {
              if (lost.length > 1) {
                queue.split(lost, 1 + random.nextInt(lost.length - 1));
              }
              queue.markSentAgain(step, lost, SEGMENT);
            } else if (random.nextInt(5) == 0) {
              queue.forgetSacks();
              sacks.forget();
            }
          }
        }
        audit();
        if (random.nextInt(40) == 0) {
          queue.unmarkAllLost();
        }
      }
    }
  }
}
