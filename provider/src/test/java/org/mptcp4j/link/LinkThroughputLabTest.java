package org.mptcp4j.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.mptcp4j.observe.LinkCounters.Counter;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/** How much the link carries from one namespace to another, with no protocol above it. */
@Tag("lab")
class LinkThroughputLabTest {
  private static final long NANOS = 2_000_000_000L;

  private long receivedBytes;
  private int checksum;

  @Test
  void offloadedFramesPassAtMoreThanAGigabitPerSecond() throws Exception {
    double offered = run(64_000, 1_400);
    assertThat(offered).isGreaterThan(1);
  }

  @Test
  void singlePacketsPassToo() throws Exception {
    assertThat(run(1_400, 1_400)).isGreaterThan(0.05);
  }

  private double run(int size, int segmentSize) throws Exception {
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
        long end = System.nanoTime() + NANOS;
        Future<?> receiving = receiver.submit(() -> receive(to.link, end));
        long sent = a.in(() -> send(from.link, egress, size, segmentSize, end));
        receiving.get();
        double gigabits = receivedBytes * 8.0 / NANOS;
        System.getLogger("org.mptcp4j.test")
            .log(
                System.Logger.Level.INFO,
                "sent {0} Gbit/s, received {1} Gbit/s in frames of {2} bytes; dropped in the ring:"
                    + " {3}",
                sent * 8.0 / NANOS,
                gigabits,
                size,
                to.link.counters().get(Counter.RING_DROPS));
        return gigabits;
      }
    }
  }

  private void receive(PacketLink link, long end) {
    byte[] copy = new byte[70_000];
    while (System.nanoTime() < end) {
      int count =
          link.receive(
              (buffer, ip, length, ifindex, timestamp, trusted) -> {
                buffer.get(ip, copy, 0, length);
                checksum += copy[length - 1];
                receivedBytes += length;
              },
              64);
      if (count == 0) {
        link.await(1_000_000);
      }
    }
  }

  private static long send(PacketLink link, Egress egress, int size, int segmentSize, long end)
      throws IOException {
    OutgoingSegment segment = new OutgoingSegment();
    ByteBuffer data = ByteBuffer.allocateDirect(size);
    long sent = 0;
    while (System.nanoTime() < end) {
      segment
          .begin(egress.source(), 4000, egress.destination(), 80)
          .flags(TcpFlags.ACK)
          .segmentSize(segmentSize)
          .payload(data, 0, size);
      switch (link.send(segment, egress)) {
        case SENT -> sent += size;
        case BUSY -> link.await(1_000_000);
        case DROPPED -> {
          // Counted by the link.
        }
      }
    }
    return sent;
  }
}
