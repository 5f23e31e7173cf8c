package org.mptcp4j.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.mptcp4j.observe.LinkCounters.Counter;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/** A path shaped to 100 Mbit/s pushes back instead of queueing what is sent. */
@Tag("lab")
class LinkQueueLabTest {
  private static final long NANOS = 2_000_000_000L;

  private TestNamespace a;
  private TestNamespace b;

  @BeforeEach
  void shapedPath() {
    a = TestNamespace.create("qa");
    b = TestNamespace.create("qb");
    for (String dev : new String[] {"eth0", "eth1"}) {
      TestNamespace.connect(a, dev, b, dev);
    }
    a.ip("addr add 10.77.0.1/24 dev eth0");
    b.ip("addr add 10.77.0.2/24 dev eth0");
    a.ip("addr add 10.78.0.1/24 dev eth1");
    b.ip("addr add 10.78.0.2/24 dev eth1");
    a.exec("tc qdisc add dev eth0 root tbf rate 100mbit burst 64kb limit 4mb");
  }

  @AfterEach
  void takeDown() {
    for (TestNamespace ns : new TestNamespace[] {a, b}) {
      if (ns != null) {
        ns.close();
      }
    }
  }

  @Test
  void senderIsHeldBackAndTheQueueStaysShort() throws IOException {
    try (LinkEnd from = new LinkEnd(a);
        LinkEnd to = new LinkEnd(b)) {
      to.guard("10.77.0.2", 80, false);
      Egress egress = LinuxPacketLinkLabTest.introduce(from, to, "10.77.0.1", "10.77.0.2");
      long sent = a.in(() -> flood(from.link, egress));
      assertThat(from.link.counters().get(Counter.SENDS_BUSY)).isPositive();
      assertThat(sent * 8.0 / NANOS)
          .as("Gbit/s: %s", from.link.counters().snapshot())
          .isBetween(0.020, 0.110);
      assertThat(from.link.counters().get(Counter.SENDS_DROPPED)).isZero();
      assertThat(egress.maxPayloadPerSend()).isLessThan(20_000);
      to.receiveFor(50_000_000);
      // From an idle start: what passes at once, and what then waits.
      int accepted = 0;
      int size = egress.maxPayloadPerSend();
      while (a.in(() -> one(from.link, egress)) == PacketLink.SendResult.SENT
          && accepted < 2_000_000) {
        accepted += size;
      }
      assertThat(accepted).as("bytes sent before the interface is full").isLessThan(500_000);
    }
  }

  @Test
  void idlePathIsNotStarvedByABusyOne() throws IOException {
    try (LinkEnd from = new LinkEnd(a);
        LinkEnd to = new LinkEnd(b)) {
      to.guard("::", 80, false);
      Egress slow = LinuxPacketLinkLabTest.introduce(from, to, "10.77.0.1", "10.77.0.2");
      Egress idle = LinuxPacketLinkLabTest.introduce(from, to, "10.78.0.1", "10.78.0.2");
      while (a.in(() -> one(from.link, slow)) == PacketLink.SendResult.SENT) {
        // Until the queue is full.
      }
      for (int i = 0; i < 20; i++) {
        assertThat(from.send(idle, 4000, 80, ByteBuffer.allocateDirect(30_000), 1_400))
            .isEqualTo(PacketLink.SendResult.SENT);
      }
    }
  }

  private static PacketLink.SendResult one(PacketLink link, Egress egress) {
    ByteBuffer data = ByteBuffer.allocateDirect(egress.maxPayloadPerSend());
    OutgoingSegment segment = new OutgoingSegment();
    segment
        .begin(egress.source(), 4000, egress.destination(), 80)
        .flags(TcpFlags.ACK)
        .segmentSize(1_400)
        .payload(data, 0, data.capacity());
    return link.send(segment, egress);
  }

  private static long flood(PacketLink link, Egress egress) {
    long sent = 0;
    long end = System.nanoTime() + NANOS;
    while (System.nanoTime() < end) {
      int size = egress.maxPayloadPerSend();
      if (one(link, egress) == PacketLink.SendResult.SENT) {
        sent += size;
      } else {
        link.receive((buffer, ip, length, ifindex, timestamp, trusted) -> {}, 1);
        link.await(1_000_000);
      }
    }
    return sent;
  }
}
