package org.mptcp4j.tcp;

import java.nio.ByteBuffer;
import org.mptcp4j.fuzz.FuzzInput;
import org.mptcp4j.wire.IcmpError;
import org.mptcp4j.wire.IcmpErrors;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.SequenceNumber;
import org.mptcp4j.wire.TcpFlags;

/**
 * The bytes of a fuzzer play the peer, strangers, the routers, the application and the clock of one
 * endpoint. Nothing throws, every step comes to its end, what is sent belongs to the connection,
 * and once the application has left, the endpoint is CLOSED in bounded time.
 */
public final class EndpointFuzz {
  private static final IpAddress LOCAL = IpAddress.parse("10.0.0.1");
  private static final IpAddress REMOTE = IpAddress.parse("10.0.0.2");
  private static final int LOCAL_PORT = 40_000;
  private static final int REMOTE_PORT = 80;
  private static final long MILLI = 1_000_000L;
  private static final int BUFFER = 64 << 10;
  private static final int MOST_WRITTEN = 128 << 10;

  /** Enough for all that was ever written, in the smallest segments, and as much again. */
  private static final int MOST_PER_STEP = 6_000;

  private static final ByteBuffer PAYLOAD = ByteBuffer.wrap(TcpPair.bytes(64 << 10, 9));

  private final FuzzInput input;
  private final StreamUser user = new StreamUser();
  private final TcpEndpoint endpoint;
  private final int isn;
  private final IncomingSegment incoming = new IncomingSegment();
  private final IcmpError icmp = new IcmpError();
  private final SegmentSink sink = this::transmit;
  private final ByteBuffer headers = ByteBuffer.allocate(OutgoingSegment.MAX_HEADER_LENGTH);

  private long now = 7_000 * MILLI;
  private boolean busy;
  private int written;
  private int sentInStep;
  private int mtu = 1500;
  private int peerIsn;

  private EndpointFuzz(FuzzInput input) {
    this.input = input;
    TcpPair.Setup setup = new TcpPair.Setup();
    int choices = input.next();
    setup.timestamps = (choices & 1) == 0;
    setup.sack = (choices & 2) == 0;
    setup.congestion = (choices & 4) == 0 ? Cubic::new : NewReno::new;
    setup.ecn = (choices & 8) == 0 ? EcnMode.OFF : EcnMode.REQUEST;
    setup.bufferLimit = (choices & 16) == 0 ? BUFFER : 4 << 20;
    user.capacity = BUFFER;
    user.mapsData = (choices & 32) != 0;
    int offload = (choices & 64) == 0 ? 64_000 : 1460;
    isn = (choices & 128) == 0 ? 1_000 : -3 - input.next() * 200;
    peerIsn = input.nextBoolean() ? 900_000 : -2 - input.next() * 100;
    endpoint =
        new TcpEndpoint(
            setup.config(/* client= */ true),
            user,
            new TcpPair.Path(1, mtu, offload),
            LOCAL,
            LOCAL_PORT,
            REMOTE,
            REMOTE_PORT,
            isn);
    user.endpoint = endpoint;
  }

  public static void fuzzerTestOneInput(byte[] bytes) {
    new EndpointFuzz(new FuzzInput(bytes)).run();
  }

  private boolean transmit(OutgoingSegment segment, NetworkPath path) {
    if (busy) {
      return false;
    }
    if (++sentInStep > MOST_PER_STEP) {
      throw new AssertionError("one step sends without end");
    }
    int flags = segment.flags();
    int length = segment.payloadLength();
    boolean reset = (flags & TcpFlags.RST) != 0;
    int at = segment.sequenceNumber();
    // A reset in answer to a wrong ACK has that one's number; probes have an old one.
    if (!reset && !isWithin(at, isn - 1, isn + written + 2)) {
      throw new AssertionError("sequence number " + (at - isn) + " of " + written + " bytes");
    }
    if (length > 0 && !isWithin(at + length, isn + 1, isn + written + 1)) {
      throw new AssertionError("payload that was not written");
    }
    int piece = segment.needsSegmentation() ? Math.min(length, segment.segmentSize()) : length;
    headers.clear();
    int headerLength =
        segment.encodePieceHeaders(headers, 0, OutgoingSegment.ChecksumMode.FULL, 0, piece);
    if (headerLength + piece > path.mtu()) {
      throw new AssertionError("a packet of " + (headerLength + piece) + " bytes");
    }
    return true;
  }

  private static boolean isWithin(int number, int from, int to) {
    return SequenceNumber.leq(from, number) && SequenceNumber.leq(number, to);
  }

  private void run() {
    open();
    settle();
    while (!input.isEmpty()) {
      act();
      settle();
    }
    leave();
  }

  private void open() {
    switch (input.below(4)) {
      case 0 -> {
        OutgoingSegment syn = segment().sequenceNumber(peerIsn).flags(TcpFlags.SYN);
        options(syn);
        endpoint.accept(now, parsed(syn), sink);
      }
      case 1 -> {
        OutgoingSegment syn = segment().sequenceNumber(peerIsn).flags(TcpFlags.SYN);
        endpoint.acceptAnswered(now, parsed(syn));
      }
      default -> {
        endpoint.connect(now, sink);
        if (input.nextBoolean()) {
          OutgoingSegment answer =
              segment()
                  .sequenceNumber(peerIsn)
                  .acknowledgmentNumber(isn + 1)
                  .flags(TcpFlags.SYN | TcpFlags.ACK);
          options(answer);
          now += 10 * MILLI;
          endpoint.segmentArrives(now, parsed(answer), sink);
        }
      }
    }
  }

  private OutgoingSegment segment() {
    return new OutgoingSegment().begin(REMOTE, REMOTE_PORT, LOCAL, LOCAL_PORT).window(60_000);
  }

  private void act() {
    int action = input.next();
    switch (action % 24) {
      case 0 -> write(input.nextShort());
      case 1 -> write(1 + input.below(16));
      case 2 -> endpoint.close(now);
      case 3 -> abortSometimes();
      case 4 -> endpoint.detach(now);
      case 5 -> busy = true;
      case 6 -> unblock();
      case 7 -> user.reading = false;
      case 8 -> user.resumeReading(now, sink);
      case 9 -> setOptions();
      case 10 -> icmpArrives();
      case 11 -> changePath();
      case 12 -> endpoint.pathRecovered(now);
      case 13 -> endpoint.sendWindowProbe(now, sink);
      case 14 -> endpoint.sendAck(now, sink);
      case 15 -> advance(input.nextShort() * MILLI / 16);
      case 16 -> runTimers(1 + input.below(8));
      case 17, 18 -> honestSegment();
      default -> anySegment();
    }
  }

  private void abortSometimes() {
    if (input.below(8) == 0) {
      endpoint.abort(now, sink);
    } else {
      endpoint.requestAck();
    }
  }

  private void write(int bytes) {
    int count = Math.min(bytes, MOST_WRITTEN - written);
    if (count > 0) {
      user.write(new byte[count]);
      written += count;
    }
  }

  private void unblock() {
    busy = false;
    endpoint.pathWritable();
  }

  private void setOptions() {
    KeepAlive keepAlive =
        input.nextBoolean()
            ? KeepAlive.OFF
            : new KeepAlive(true, 1_000 * MILLI, 1_000 * MILLI, 1 + input.below(4));
    endpoint.setOptions(
        now,
        EndpointOptions.DEFAULT
            .withKeepAlive(keepAlive)
            .withUserTimeout(input.below(4) * 1_000L * MILLI)
            .withTrafficClass(input.next()));
  }

  private void changePath() {
    mtu = 576 + input.below(4) * 308;
    endpoint.setPath(new TcpPair.Path(1 + input.below(2), mtu, 1 + input.nextShort()));
  }

  /** What the peer would say that has everything, and perhaps sends the next bytes. */
  private void honestSegment() {
    OutgoingSegment segment =
        segment()
            .sequenceNumber(endpoint.receiveNext())
            .acknowledgmentNumber(endpoint.sendNext())
            .flags(TcpFlags.ACK | (input.below(8) == 0 ? TcpFlags.FIN : 0))
            .payload(PAYLOAD, 0, 8 * input.next());
    arrive(segment);
  }

  private void anySegment() {
    int shape = input.next();
    int flags = (shape & 1) == 0 ? TcpFlags.ACK : input.next();
    OutgoingSegment segment =
        segment()
            .sequenceNumber(receiveNumber())
            .acknowledgmentNumber(sendNumber())
            .flags(flags)
            .window((shape & 2) == 0 ? 60_000 : input.nextShort());
    if ((shape & 4) != 0) {
      options(segment);
    }
    if ((shape & 8) != 0) {
      int length = (shape & 16) == 0 ? input.next() : Math.min(60_000, input.nextShort());
      segment.payload(PAYLOAD, 0, length);
    }
    arrive(segment);
  }

  private int receiveNumber() {
    int near = endpoint.receiveNext();
    return switch (input.below(8)) {
      case 0 -> near + 1;
      case 1 -> near - 1;
      case 2 -> near + input.nextShort();
      case 3 -> near - input.nextShort();
      case 4 -> input.nextInt();
      case 5 -> endpoint.initialReceiveSequenceNumber();
      default -> near;
    };
  }

  private int sendNumber() {
    return switch (input.below(8)) {
      case 0 -> endpoint.sendUnacknowledged();
      case 1 -> endpoint.sendUnacknowledged() + input.nextShort();
      case 2 -> endpoint.sendUnacknowledged() - input.nextShort();
      case 3 -> endpoint.sendNext() + 1;
      case 4 -> input.nextInt();
      case 5 -> isn;
      default -> endpoint.sendNext();
    };
  }

  private void options(OutgoingSegment segment) {
    int which = input.next();
    if ((which & 1) != 0) {
      segment.options().maximumSegmentSize(input.nextShort());
    }
    if ((which & 2) != 0) {
      segment.options().sackPermitted();
    }
    if ((which & 4) != 0) {
      int value = (which & 128) == 0 ? (int) (now / MILLI) : input.nextInt();
      segment.options().timestamps(value, (which & 64) == 0 ? 0 : input.nextInt());
    }
    if ((which & 8) != 0) {
      segment.options().windowScale(input.next());
    }
    if ((which & 16) != 0) {
      int blocks = 1 + input.below(3);
      int[] left = new int[blocks];
      int[] right = new int[blocks];
      for (int i = 0; i < blocks; i++) {
        left[i] = sendNumber();
        right[i] = left[i] + input.nextShort();
      }
      segment.options().sack(left, right, Math.min(blocks, segment.options().sackBlocksThatFit()));
    }
  }

  private IncomingSegment parsed(OutgoingSegment segment) {
    byte[] bytes = Segments.bytes(segment);
    if (incoming.parse(ByteBuffer.wrap(bytes), 0, bytes.length) != IncomingSegment.Verdict.OK) {
      throw new AssertionError("a hand-made segment does not parse");
    }
    return incoming;
  }

  private void arrive(OutgoingSegment segment) {
    endpoint.segmentArrives(now, parsed(segment), sink);
  }

  private void icmpArrives() {
    OutgoingSegment quoted =
        new OutgoingSegment()
            .begin(LOCAL, LOCAL_PORT, REMOTE, REMOTE_PORT)
            .sequenceNumber(sendNumber())
            .flags(TcpFlags.ACK)
            .payload(PAYLOAD, 0, input.nextShort() % 1_400);
    byte[] original = Segments.bytes(quoted);
    byte[] error =
        IcmpErrors.error(original, REMOTE, input.below(16), input.below(16), input.nextInt());
    if (icmp.parse(ByteBuffer.wrap(error), 0, error.length) == IcmpError.Verdict.OK) {
      endpoint.icmpArrives(now, icmp);
    }
  }

  private void advance(long nanos) {
    now += nanos;
    endpoint.onDeadline(now, sink);
  }

  /** Lets the next timers fire on time. */
  private void runTimers(int count) {
    for (int i = 0; i < count && endpoint.nextDeadline() != Long.MAX_VALUE; i++) {
      now = Math.max(now, endpoint.nextDeadline());
      endpoint.onDeadline(now, sink);
      settle();
    }
  }

  /**
   * The application does what it can, the endpoint sends what it owes; then the books must be
   * right.
   */
  private void settle() {
    sentInStep = 0;
    user.pump(now, sink);
    endpoint.flush(now, sink);
    if (endpoint.bytesInFlight() < 0 || endpoint.bytesInFlight() > written + 1) {
      throw new AssertionError(endpoint.bytesInFlight() + " bytes in flight of " + written);
    }
    if (SequenceNumber.gt(endpoint.sendUnacknowledged(), endpoint.sendNext())) {
      throw new AssertionError("more is acknowledged than was sent");
    }
    if (endpoint.state() == TcpState.CLOSED && endpoint.nextDeadline() != Long.MAX_VALUE) {
      throw new AssertionError("a timer of a closed endpoint");
    }
    if (endpoint.state().isSynchronized() && endpoint.congestionWindow() <= 0) {
      throw new AssertionError("a congestion window of " + endpoint.congestionWindow());
    }
    endpoint.info(now);
  }

  /** The application leaves and nothing comes any more: the endpoint ends by its timers. */
  private void leave() {
    unblock();
    endpoint.close(now);
    endpoint.detach(now);
    settle();
    long end = now + 7_200_000 * MILLI;
    int atOneTime = 0;
    while (endpoint.state() != TcpState.CLOSED) {
      long next = endpoint.nextDeadline();
      if (next > end) {
        throw new AssertionError("left for ever in " + endpoint.state());
      }
      atOneTime = next > now ? 0 : atOneTime + 1;
      if (atOneTime > 20) {
        throw new AssertionError("timers without end in " + endpoint.state());
      }
      now = Math.max(now, next);
      endpoint.onDeadline(now, sink);
      settle();
    }
    settle();
  }
}
