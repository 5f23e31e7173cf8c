package org.mptcp4j.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.mptcp4j.observe.LinkCounters.Counter;

/** Two hosts joined by a veth pair, and the link in both. */
@Tag("lab")
class LinuxPacketLinkLabTest {
  private TestNamespace a;
  private TestNamespace b;

  @BeforeEach
  void twoHosts() {
    a = TestNamespace.create("a");
    b = TestNamespace.create("b");
    TestNamespace.connect(a, "eth0", b, "eth0");
    a.ip("addr add 10.77.0.1/24 dev eth0");
    b.ip("addr add 10.77.0.2/24 dev eth0");
    a.ip("addr add fd77::1/64 dev eth0 nodad");
    b.ip("addr add fd77::2/64 dev eth0 nodad");
  }

  @AfterEach
  void takeDown() {
    for (TestNamespace ns : new TestNamespace[] {a, b}) {
      if (ns != null) {
        ns.close();
      }
    }
  }

  private static ByteBuffer bytes(int count) {
    byte[] data = new byte[count];
    new Random(count).nextBytes(data);
    return ByteBuffer.allocateDirect(count).put(data).flip();
  }

  private static byte[] array(ByteBuffer buffer) {
    byte[] result = new byte[buffer.remaining()];
    buffer.get(buffer.position(), result);
    return result;
  }

  @Test
  void firstSegmentToAnUnknownNeighbourGoesTheSlowWayAndTheNextDoesNot() throws IOException {
    try (LinkEnd from = new LinkEnd(a);
        LinkEnd to = new LinkEnd(b)) {
      to.guard("10.77.0.2", 80, false);
      Egress egress = from.egress("10.77.0.1", "10.77.0.2");
      from.sendSyn(egress, 4000, 80);
      assertThat(to.receiveUntil(() -> to.received.size() == 1)).isTrue();
      assertThat(from.link.counters().get(Counter.SLOW_WAY_SENT)).isEqualTo(1);
      from.receiveFor(50_000_000);
      assertThat(from.send(egress, 4000, 80, bytes(100), 1000))
          .isEqualTo(PacketLink.SendResult.SENT);
      assertThat(to.receiveUntil(() -> to.received.size() == 2)).isTrue();
      assertThat(from.link.counters().get(Counter.SLOW_WAY_SENT)).isEqualTo(1);
      assertThat(to.received.get(1).payload()).isEqualTo(bytes(100));
    }
  }

  @Test
  void largeSegmentCrossesWholeByIpv4() throws IOException {
    largeSegmentCrossesWhole("10.77.0.1", "10.77.0.2");
  }

  @Test
  void largeSegmentCrossesWholeByIpv6() throws IOException {
    largeSegmentCrossesWhole("fd77::1", "fd77::2");
  }

  private void largeSegmentCrossesWhole(String source, String destination) throws IOException {
    try (LinkEnd from = new LinkEnd(a);
        LinkEnd to = new LinkEnd(b)) {
      to.guard(destination, 80, false);
      Egress egress = introduce(from, to, source, destination);
      ByteBuffer data = bytes(egress.maxPayloadPerSend());
      assertThat(data.remaining()).isGreaterThan(64_000);
      assertThat(from.send(egress, 4000, 80, data, 1400)).isEqualTo(PacketLink.SendResult.SENT);
      assertThat(to.receiveUntil(() -> to.received.size() == 1)).isTrue();
      assertThat(to.received.get(0).payload()).isEqualTo(data);
      assertThat(to.received.get(0).trusted()).isTrue();
      assertThat(System.nanoTime() - to.received.get(0).timestampNanos())
          .isBetween(0L, 5_000_000_000L);
    }
  }

  @Test
  void withoutOffloadALargeSegmentArrivesInPiecesWithRightChecksums() throws IOException {
    TestNamespace.requireTool("ethtool");
    a.exec("ethtool -K eth0 tx off tso off gso off gro off");
    b.exec("ethtool -K eth0 tx off tso off gso off gro off");
    for (String family : new String[] {"10.77.0.", "fd77::"}) {
      try (LinkEnd from = new LinkEnd(a);
          LinkEnd to = new LinkEnd(b)) {
        to.guard(family + 2, 80, false);
        Egress egress = introduce(from, to, family + 1, family + 2);
        ByteBuffer data = bytes(60_000);
        from.send(egress, 4000, 80, data, 1400);
        assertThat(to.receiveUntil(() -> to.receivedBytes() == 60_000)).isTrue();
        assertThat(to.received).hasSizeGreaterThan(40);
        assertThat(to.received).allMatch(LinkEnd.Received::checksumRight);
        ByteBuffer rebuilt = ByteBuffer.allocate(60_000);
        to.received.forEach(
            r -> rebuilt.put(r.sequence() - 1000, r.payload(), 0, r.payload().remaining()));
        assertThat(rebuilt.array()).isEqualTo(array(data));
      }
    }
  }

  @Test
  void linkThatIsToldNotToUseOffloadCutsItself() throws IOException {
    try (LinkEnd from = new LinkEnd(a, LinkConfig.defaults().withSegmentationOffload(false));
        LinkEnd to = new LinkEnd(b)) {
      to.guard("10.77.0.2", 80, false);
      Egress egress = introduce(from, to, "10.77.0.1", "10.77.0.2");
      assertThat(egress.maxPayloadPerSend()).isEqualTo(1460);
      from.send(egress, 4000, 80, bytes(5000), 1400);
      assertThat(to.receiveUntil(() -> to.receivedBytes() == 5000)).isTrue();
      assertThat(to.received).hasSize(4);
    }
  }

  @Test
  void payloadOnTheHeapIsSentToo() throws IOException {
    try (LinkEnd from = new LinkEnd(a);
        LinkEnd to = new LinkEnd(b)) {
      to.guard("10.77.0.2", 80, false);
      Egress egress = introduce(from, to, "10.77.0.1", "10.77.0.2");
      from.send(egress, 4000, 80, ByteBuffer.wrap(array(bytes(1000))), 1400);
      assertThat(to.receiveUntil(() -> to.received.size() == 1)).isTrue();
      assertThat(to.received.get(0).payload()).isEqualTo(bytes(1000));
    }
  }

  @Test
  void burstOfSmallFramesDuringAStallIsNotLost() throws IOException {
    try (LinkEnd from = new LinkEnd(a);
        LinkEnd to = new LinkEnd(b)) {
      to.guard("10.77.0.2", 80, false);
      Egress egress = introduce(from, to, "10.77.0.1", "10.77.0.2");
      ByteBuffer data = bytes(1400);
      for (int i = 0; i < 3_000; i++) {
        assertThat(from.send(egress, 4000, 80, data, 1400)).isEqualTo(PacketLink.SendResult.SENT);
      }
      assertThat(to.receiveUntil(() -> to.received.size() == 3_000)).isTrue();
    }
  }

  @Test
  void smallAndLargeFramesOfAFlowKeepTheirOrder() throws IOException {
    try (LinkEnd from = new LinkEnd(a);
        LinkEnd to = new LinkEnd(b)) {
      to.guard("10.77.0.2", 80, false);
      Egress egress = introduce(from, to, "10.77.0.1", "10.77.0.2");
      for (int i = 0; i < 100; i++) {
        from.send(egress, 4000, 80, bytes(i % 3 == 0 ? 30_000 + i : 100 + i), 1400);
      }
      assertThat(to.receiveUntil(() -> to.received.size() == 100)).isTrue();
      for (int i = 0; i < 100; i++) {
        assertThat(to.received.get(i).payload().remaining())
            .isEqualTo(i % 3 == 0 ? 30_000 + i : 100 + i);
      }
    }
  }

  @Test
  void kernelDoesNotResetWhatComesToAGuardedPort() throws IOException {
    try (LinkEnd from = new LinkEnd(a);
        LinkEnd to = new LinkEnd(b)) {
      for (boolean listening : new boolean[] {false, true}) {
        try (PortGuard guard = to.guard("::", 8080, listening)) {
          to.received.clear();
          from.sendSyn(from.egress("10.77.0.1", "10.77.0.2"), 4000, guard.port());
          from.sendSyn(from.egress("fd77::1", "fd77::2"), 4000, guard.port());
          assertThat(to.receiveUntil(() -> to.received.size() == 2)).isTrue();
        }
      }
      assertThat(resets(b)).isZero();
      from.sendSyn(from.egress("10.77.0.1", "10.77.0.2"), 4000, 8080);
      to.receiveFor(50_000_000);
      assertThat(resets(b)).as("resets once the guard is gone").isEqualTo(1);
    }
  }

  private static long resets(TestNamespace ns) {
    String line =
        ns.exec("cat /proc/net/snmp").lines().filter(l -> l.startsWith("Tcp:")).toList().get(1);
    return Long.parseLong(line.split(" ", -1)[14]);
  }

  /** Sends a first segment, so that the neighbour is known on both sides. */
  static Egress introduce(LinkEnd from, LinkEnd to, String source, String destination) {
    Egress egress = from.egress(source, destination);
    from.sendSyn(egress, 4000, 80);
    assertThat(to.receiveUntil(() -> to.received.size() == 1))
        .as("%s, %s", from.link.counters().snapshot(), to.link.counters().snapshot())
        .isTrue();
    from.receiveFor(20_000_000);
    to.received.clear();
    return egress;
  }
}
