package org.mptcp4j.link;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.InternetChecksum;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/** A link in a namespace with what came in by it; all calls go to the namespace's thread. */
final class LinkEnd implements AutoCloseable {
  /** A packet as the receiver saw it. */
  record Received(
      IpAddress source,
      int sourcePort,
      int destinationPort,
      int flags,
      int sequence,
      ByteBuffer payload,
      int interfaceIndex,
      long timestampNanos,
      boolean trusted,
      boolean checksumRight) {}

  final TestNamespace namespace;
  final LinuxPacketLink link;
  final List<Received> received = new ArrayList<>();
  private final IncomingSegment segment = new IncomingSegment();
  private final OutgoingSegment outgoing = new OutgoingSegment();

  LinkEnd(TestNamespace namespace, LinkConfig config) {
    this.namespace = namespace;
    link = namespace.in(() -> LinuxPacketLink.open(config));
  }

  LinkEnd(TestNamespace namespace) {
    this(namespace, LinkConfig.defaults());
  }

  PortGuard guard(String address, int port, boolean listening) {
    return namespace.in(() -> link.guard(IpAddress.parse(address), port, listening));
  }

  Egress egress(String source, String destination) {
    return namespace.in(
        () -> link.egress(IpAddress.parse(source), IpAddress.parse(destination)).orElseThrow());
  }

  boolean hasEgress(String source, String destination) {
    return namespace.in(
        () -> link.egress(IpAddress.parse(source), IpAddress.parse(destination)).isPresent());
  }

  PacketLink.SendResult send(Egress egress, int from, int to, ByteBuffer data, int segmentSize) {
    return namespace.in(
        () ->
            link.send(
                outgoing
                    .begin(egress.source(), from, egress.destination(), to)
                    .sequenceNumber(1000)
                    .flags(TcpFlags.ACK)
                    .window(100)
                    .segmentSize(segmentSize)
                    .payload(data, 0, data.remaining()),
                egress));
  }

  PacketLink.SendResult sendSyn(Egress egress, int from, int to) {
    return namespace.in(
        () ->
            link.send(
                outgoing
                    .begin(egress.source(), from, egress.destination(), to)
                    .flags(TcpFlags.SYN)
                    .window(100),
                egress));
  }

  /** Receives until the condition holds; false after five seconds without. */
  boolean receiveUntil(BooleanSupplier enough) {
    return namespace.in(
        () -> {
          long end = System.nanoTime() + 5_000_000_000L;
          while (!enough.getAsBoolean() && System.nanoTime() < end) {
            if (link.receive(this::take, 64) == 0) {
              link.await(20_000_000);
            }
          }
          return enough.getAsBoolean();
        });
  }

  /** Receives all that arrives within that time. */
  void receiveFor(long nanos) {
    namespace.in(
        () -> {
          long end = System.nanoTime() + nanos;
          while (System.nanoTime() < end) {
            link.receive(this::take, 64);
            link.await(end - System.nanoTime());
          }
          return null;
        });
  }

  int receivedBytes() {
    return received.stream().mapToInt(r -> r.payload.remaining()).sum();
  }

  private void take(
      ByteBuffer buffer, int ip, int length, int ifindex, long timestamp, boolean trusted) {
    if (segment.parse(buffer, ip, length) != IncomingSegment.Verdict.OK) {
      throw new AssertionError("not a TCP segment");
    }
    byte[] payload = new byte[segment.payloadLength()];
    buffer.get(segment.payloadOffset(), payload);
    received.add(
        new Received(
            new IpAddress(segment.sourceHigh(), segment.sourceLow()),
            segment.sourcePort(),
            segment.destinationPort(),
            segment.flags(),
            segment.sequenceNumber(),
            ByteBuffer.wrap(payload),
            ifindex,
            timestamp,
            trusted,
            checksumIsRight(buffer, ip)));
  }

  private static boolean checksumIsRight(ByteBuffer b, int ip) {
    boolean ipv4 = (b.get(ip) >>> 4) == 4;
    int header = ipv4 ? (b.get(ip) & 0xf) * 4 : 40;
    int tcp = (ipv4 ? b.getShort(ip + 2) & 0xffff : 40 + (b.getShort(ip + 4) & 0xffff)) - header;
    long sum = 6 + tcp + InternetChecksum.sum(b, ip + (ipv4 ? 12 : 8), ipv4 ? 8 : 32);
    return InternetChecksum.finish(sum + InternetChecksum.sum(b, ip + header, tcp)) == 0;
  }

  @Override
  public void close() throws IOException {
    link.close();
  }
}
