package org.mptcp4j.tcp;

import java.nio.ByteBuffer;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/** Hand-made segments, for what no endpoint would send. */
final class Segments {
  private static final IpAddress CLIENT = IpAddress.parse("10.0.0.1");
  private static final IpAddress SERVER = IpAddress.parse("10.0.0.2");

  private Segments() {}

  static OutgoingSegment toClient() {
    return new OutgoingSegment().begin(SERVER, 80, CLIENT, 40_000);
  }

  static OutgoingSegment toServer() {
    return new OutgoingSegment().begin(CLIENT, 40_000, SERVER, 80);
  }

  static byte[] bytes(OutgoingSegment segment) {
    ByteBuffer headers = ByteBuffer.allocate(OutgoingSegment.MAX_HEADER_LENGTH);
    int length = segment.encodeHeaders(headers, 0, OutgoingSegment.ChecksumMode.FULL);
    ByteBuffer packet = ByteBuffer.allocate(length + segment.payloadLength());
    packet.put(0, headers, 0, length);
    if (segment.payloadLength() > 0) {
      packet.put(length, segment.payload(), segment.payloadOffset(), segment.payloadLength());
    }
    return packet.array();
  }

  /** Hands {@code segment} to the endpoint at once. */
  static void arrive(TcpPair pair, TcpEndpoint endpoint, OutgoingSegment segment) {
    arrive(pair, endpoint, bytes(segment));
  }

  /** Hands an IPv4 packet to the server, with an urgent pointer, which we never send. */
  static void arriveWithUrgentPointer(TcpPair pair, byte[] packet, int pointer) {
    ByteBuffer.wrap(packet).putShort(20 + 18, (short) pointer);
    arrive(pair, pair.server, packet);
  }

  private static void arrive(TcpPair pair, TcpEndpoint endpoint, byte[] bytes) {
    IncomingSegment incoming = new IncomingSegment();
    if (incoming.parse(ByteBuffer.wrap(bytes), 0, bytes.length) != IncomingSegment.Verdict.OK) {
      throw new AssertionError("hand-made segment does not parse");
    }
    SegmentSink sink = endpoint == pair.client ? pair.clientSink() : pair.serverSink();
    endpoint.segmentArrives(pair.now, incoming, sink);
    endpoint.flush(pair.now, sink);
  }

  /** A SYN/ACK with no option but an MSS. */
  static void answerSyn(TcpPair pair, int mss) {
    OutgoingSegment answer =
        toClient()
            .sequenceNumber(pair.setup.serverIsn)
            .acknowledgmentNumber(pair.setup.clientIsn + 1)
            .flags(TcpFlags.SYN | TcpFlags.ACK)
            .window(60_000);
    answer.options().maximumSegmentSize(mss);
    arrive(pair, pair.client, answer);
  }
}
