package org.mptcp4j.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.mptcp4j.observe.LinkCounters.Counter;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/**
 * Much data from one namespace to another with no protocol above the link: many times round both
 * rings. How fast that is the benchmarks say.
 */
@Tag("lab")
@Timeout(60)
class LinkVolumeLabTest {
  /** What may be under way: less than the ring of small frames and the kernel's backlog hold. */
  private static final long UNDER_WAY = 512 * 1024;

  private final AtomicLong received = new AtomicLong();
  private long wrong;

  @Test
  void nothingOfManyOffloadedFramesIsLostOrChanged() throws Exception {
    run(64_000, 1_400, 4_000);
  }

  @Test
  void nothingOfManySinglePacketsIsLostOrChanged() throws Exception {
    run(1_400, 1_400, 100_000);
  }

  private void run(int size, int segmentSize, int count) throws Exception {
    try (TestNamespace a = TestNamespace.create("ta");
        TestNamespace b = TestNamespace.create("tb")) {
      TestNamespace.connect(a, "eth0", b, "eth0");
      a.ip("addr add 10.77.0.1/24 dev eth0");
      b.ip("addr add 10.77.0.2/24 dev eth0");
      try (LinkEnd from = new LinkEnd(a);
          LinkEnd to = new LinkEnd(b)) {
        to.guard("10.77.0.2", 80, false);
        Egress egress = LinuxPacketLinkLabTest.introduce(from, to, "10.77.0.1", "10.77.0.2");
        ExecutorService receiver = b.newThread();
        Future<?> receiving = receiver.submit(() -> receive(to.link, (long) size * count));
        a.in(
            () -> {
              send(from.link, egress, size, segmentSize, count);
              return null;
            });
        receiving.get();
        assertThat(wrong).as("bytes that changed").isZero();
        assertThat(to.link.counters().get(Counter.RING_DROPS)).isZero();
        assertThat(from.link.counters().get(Counter.SENDS_DROPPED)).isZero();
      }
    }
  }

  /** The payload is a counter of each 8 bytes of the stream, so that order is seen as well. */
  private void receive(PacketLink link, long bytes) {
    while (received.get() < bytes) {
      int count =
          link.receive(
              (buffer, ip, length, ifindex, timestamp, trusted) -> {
                int headers = 40;
                long at = received.get();
                for (int i = 0; i < length - headers; i += Long.BYTES) {
                  wrong += buffer.getLong(ip + headers + i) == at + i ? 0 : Long.BYTES;
                }
                received.addAndGet(length - headers);
              },
              64);
      if (count == 0) {
        link.await(1_000_000);
      }
    }
  }

  private void send(PacketLink link, Egress egress, int size, int segmentSize, int count) {
    OutgoingSegment segment = new OutgoingSegment();
    ByteBuffer data = ByteBuffer.allocateDirect(size);
    long sent = 0;
    while (sent < (long) size * count) {
      if (sent - received.get() > UNDER_WAY) {
        Thread.onSpinWait();
        continue;
      }
      for (int i = 0; i < size; i += Long.BYTES) {
        data.putLong(i, sent + i);
      }
      segment
          .begin(egress.source(), 4000, egress.destination(), 80)
          .flags(TcpFlags.ACK)
          .segmentSize(segmentSize)
          .payload(data, 0, size);
      switch (link.send(segment, egress)) {
        case SENT -> sent += size;
        case BUSY -> link.await(1_000_000);
        case DROPPED -> throw new AssertionError("a frame was dropped");
      }
    }
  }
}
