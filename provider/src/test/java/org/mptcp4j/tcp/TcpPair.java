package org.mptcp4j.tcp;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import org.mptcp4j.spi.CongestionControl;
import org.mptcp4j.wire.IcmpError;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/** Two endpoints, a pipe between them with delay, rate and faults, and a clock that jumps. */
final class TcpPair {
  static final long MILLI = 1_000_000L;
  static final long SECOND = 1_000_000_000L;

  /** A packet on its way, for tests to look at and to judge. */
  record Packet(long sentAt, boolean fromClient, IncomingSegment segment, byte[] bytes) {
    boolean has(int flags) {
      return segment.has(flags);
    }

    int payload() {
      return segment.payloadLength();
    }

    @Override
    public String toString() {
      return sentAt / 1000
          + "us "
          + (fromClient ? "> " : "< ")
          + TcpFlags.describe(segment.flags())
          + " seq="
          + Integer.toUnsignedString(segment.sequenceNumber())
          + " ack="
          + Integer.toUnsignedString(segment.acknowledgmentNumber())
          + " len="
          + segment.payloadLength()
          + " win="
          + segment.window()
          + " sacks="
          + segment.sackBlockCount();
    }
  }

  /** How a pair differs from the usual. */
  static final class Setup {
    int mss = 1460;
    boolean ipv6;
    int clientIsn = 1_000;
    int serverIsn = 900_000;
    int bufferLimit = 4 << 20;
    boolean timestamps = true;
    boolean sack = true;
    boolean serverTimestamps = true;
    boolean serverSack = true;
    int synRetries = 4;
    int retries = 8;
    long oneWayNanos = 10 * MILLI;
    double bytesPerSecond;
    int queueBytes = 64 << 10;
    int maxPayloadPerSend = 64_000;
    boolean wholeFrames;
    double loss;
    double duplication;
    long jitterNanos;
    long seed = 1;
    java.util.function.Supplier<CongestionControl> congestion = Cubic::new;
    EndpointOptions clientOptions = EndpointOptions.DEFAULT;
    EndpointOptions serverOptions = EndpointOptions.DEFAULT;
    EcnMode ecn = EcnMode.OFF;
    EcnMode serverEcn = EcnMode.OFF;

    int linkMtu() {
      return mss + (ipv6 ? 60 : 40);
    }

    TcpConfig config(boolean client) {
      return TcpConfig.builder(mss, bufferLimit)
          .timestamps(client ? timestamps : serverTimestamps)
          .sack(client ? sack : serverSack)
          .noDelay(true)
          .synRetries(synRetries)
          .retries(retries)
          .congestionControl(congestion)
          .options(client ? clientOptions : serverOptions)
          .ecn(client ? ecn : serverEcn)
          .build();
    }
  }

  /** Judges a packet: true lets it through. */
  interface Filter {
    boolean passes(Packet packet);
  }

  private record Event(long at, long order, boolean toServer, byte[] bytes)
      implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      return at != other.at ? Long.compare(at, other.at) : Long.compare(order, other.order);
    }
  }

  final Setup setup;
  final StreamUser clientUser = new StreamUser();
  final StreamUser serverUser = new StreamUser();
  final TcpEndpoint client;
  TcpEndpoint server;
  final List<Packet> packets = new ArrayList<>();
  Filter filter = packet -> true;
  boolean clientPathBusy;
  boolean serverPathBusy;
  boolean record = true;
  long now = 5 * SECOND;

  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private long order;
  private final Random random;
  private final long[] lineFreeAt = new long[2];
  private final IncomingSegment incoming = new IncomingSegment();
  private final IcmpError incomingIcmp = new IcmpError();
  private final IpAddress clientAddress;
  private final IpAddress serverAddress;
  private boolean synAccepted;

  TcpPair(Setup setup) {
    this.setup = setup;
    this.random = new Random(setup.seed);
    clientAddress = IpAddress.parse(setup.ipv6 ? "fd00::1" : "10.0.0.1");
    serverAddress = IpAddress.parse(setup.ipv6 ? "fd00::2" : "10.0.0.2");
    clientUser.capacity = setup.bufferLimit;
    serverUser.capacity = setup.bufferLimit;
    client = endpoint(true);
    server = endpoint(false);
    clientUser.endpoint = client;
    serverUser.endpoint = server;
  }

  record Path(int interfaceIndex, int mtu, int maxPayloadPerSend) implements NetworkPath {}

  private TcpEndpoint endpoint(boolean isClient) {
    return new TcpEndpoint(
        setup.config(isClient),
        isClient ? clientUser : serverUser,
        new Path(1, setup.linkMtu(), setup.maxPayloadPerSend),
        isClient ? clientAddress : serverAddress,
        isClient ? 40_000 : 80,
        isClient ? serverAddress : clientAddress,
        isClient ? 80 : 40_000,
        isClient ? setup.clientIsn : setup.serverIsn);
  }

  /** Both ends open actively. */
  void connectBoth() {
    synAccepted = true;
    client.connect(now, clientSink());
    server.connect(now, serverSink());
  }

  /** The same, with data in the SYNs. */
  void connectBoth(FastOpenAttempt attempt, Optional<SegmentPayload> data) {
    synAccepted = true;
    client.connect(now, attempt, data, clientSink());
    server.connect(now, attempt, data, serverSink());
  }

  TcpPair connect() {
    client.connect(now, clientSink());
    return this;
  }

  TcpPair established() {
    connect();
    run(3 * setup.oneWayNanos + 2 * MILLI);
    return this;
  }

  SegmentSink clientSink() {
    return (segment, path) -> !clientPathBusy && transmit(segment, true);
  }

  SegmentSink serverSink() {
    return (segment, path) -> !serverPathBusy && transmit(segment, false);
  }

  private boolean transmit(OutgoingSegment segment, boolean fromClient) {
    int at = 0;
    do {
      int piece = segment.payloadLength() - at;
      if (!setup.wholeFrames && segment.needsSegmentation()) {
        piece = Math.min(piece, segment.segmentSize());
      }
      ByteBuffer headers = ByteBuffer.allocate(OutgoingSegment.MAX_HEADER_LENGTH);
      int length =
          segment.encodePieceHeaders(headers, 0, OutgoingSegment.ChecksumMode.FULL, at, piece);
      if (!setup.wholeFrames && length + piece > setup.linkMtu()) {
        throw new AssertionError("a packet of " + (length + piece) + " bytes exceeds the MTU");
      }
      ByteBuffer packet = ByteBuffer.allocate(length + piece);
      packet.put(0, headers, 0, length);
      if (piece > 0) {
        packet.put(length, segment.payload(), segment.payloadOffset() + at, piece);
      }
      offer(packet.array(), fromClient);
      at += piece;
    } while (at < segment.payloadLength());
    return true;
  }

  /** Puts a packet on the wire, whoever made it. */
  void offer(byte[] bytes, boolean fromClient) {
    IncomingSegment view = new IncomingSegment();
    if (view.parse(ByteBuffer.wrap(bytes), 0, bytes.length) != IncomingSegment.Verdict.OK
        || !view.verifyChecksum()) {
      throw new AssertionError("an endpoint made a packet that does not parse");
    }
    Packet packet = new Packet(now, fromClient, view, bytes);
    if (record) {
      packets.add(packet);
    }
    if (!filter.passes(packet) || random.nextDouble() < setup.loss) {
      return;
    }
    long departure = now;
    if (setup.bytesPerSecond > 0) {
      int line = fromClient ? 0 : 1;
      long start = Math.max(now, lineFreeAt[line]);
      if ((start - now) * setup.bytesPerSecond / SECOND > setup.queueBytes) {
        return;
      }
      departure = start + (long) (bytes.length * SECOND / setup.bytesPerSecond);
      lineFreeAt[line] = departure;
    }
    deliver(departure, fromClient, bytes);
    if (random.nextDouble() < setup.duplication) {
      deliver(departure, fromClient, bytes);
    }
  }

  private void deliver(long departure, boolean fromClient, byte[] bytes) {
    long jitter = setup.jitterNanos == 0 ? 0 : (long) (random.nextDouble() * setup.jitterNanos);
    events.add(new Event(departure + setup.oneWayNanos + jitter, order++, fromClient, bytes));
  }

  /** Lets {@code nanos} pass. */
  void run(long nanos) {
    runUntil(now + nanos, () -> false);
  }

  interface Condition {
    boolean holds();
  }

  /** Runs until the condition holds; returns whether it did within {@code nanos}. */
  boolean run(long nanos, Condition condition) {
    return runUntil(now + nanos, condition);
  }

  private boolean runUntil(long end, Condition condition) {
    while (true) {
      settle();
      if (condition.holds()) {
        return true;
      }
      long next = Math.min(client.nextDeadline(), server.nextDeadline());
      next = Math.min(next, Math.min(clientUser.nextDeadline(), serverUser.nextDeadline()));
      if (!events.isEmpty()) {
        next = Math.min(next, events.peek().at());
      }
      if (next > end) {
        now = end;
        return condition.holds();
      }
      now = Math.max(now, next);
      if (!events.isEmpty() && events.peek().at() <= now) {
        arrive(events.poll());
      } else {
        client.onDeadline(now, clientSink());
        server.onDeadline(now, serverSink());
      }
    }
  }

  /**
   * Both processes stand still for {@code nanos}; packets arrive in their rings meanwhile and are
   * read first, with the time of their arrival.
   */
  void stall(long nanos) {
    long end = now + nanos;
    while (!events.isEmpty() && events.peek().at() <= end) {
      now = Math.max(now, events.peek().at());
      arrive(events.poll());
    }
    now = end;
    settle();
    client.onDeadline(now, clientSink());
    server.onDeadline(now, serverSink());
  }

  /** Both ends send what they can. */
  void settle() {
    clientUser.pump(now, clientSink());
    client.flush(now, clientSink());
    serverUser.pump(now, serverSink());
    server.flush(now, serverSink());
  }

  /** An ICMP error on its way to one of the ends. */
  void offerIcmp(byte[] bytes, boolean toClient) {
    deliver(now, !toClient, bytes);
  }

  private void arrive(Event event) {
    if (incomingIcmp.parse(ByteBuffer.wrap(event.bytes()), 0, event.bytes().length)
        == IcmpError.Verdict.OK) {
      (event.toServer() ? server : client).icmpArrives(now, incomingIcmp);
      return;
    }
    if (incoming.parse(ByteBuffer.wrap(event.bytes()), 0, event.bytes().length)
        != IncomingSegment.Verdict.OK) {
      throw new AssertionError("malformed packet");
    }
    if (!event.toServer()) {
      client.segmentArrives(now, incoming, clientSink());
    } else if (!synAccepted && incoming.has(TcpFlags.SYN)) {
      synAccepted = true;
      server.accept(now, incoming, serverSink());
    } else {
      server.segmentArrives(now, incoming, serverSink());
    }
  }

  static byte[] bytes(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /** The packets of one side. */
  List<Packet> from(boolean fromClient) {
    return packets.stream().filter(p -> p.fromClient() == fromClient).toList();
  }
}
