package org.mptcp4j.tcp;

import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;
import org.mptcp4j.wire.TcpOptionWriter;

/**
 * SYN cookies (RFC 4987 §3.6): SYNs are answered and nothing of them is kept. What is needed later
 * is in the initial sequence number of the SYN/ACK, which the peer acknowledges:
 *
 * <pre>
 *  31                                  8   7   6   4  3   1   0
 * +-------------------------------------+----+------+-------+----+
 * | keyed hash of flow, peer's ISN,     |tick| MSS  | scale |SACK|
 * | tick and of the low eight bits      |    |      |       |    |
 * +-------------------------------------+----+------+-------+----+
 * </pre>
 *
 * <p>MSS and window scale are rounded down to one of eight values. Whether the peer has timestamps
 * shows in its ACK; ECN is not negotiated. Unlike other initial sequence numbers these do not grow
 * with time, and a guessed one is right with a probability of 2⁻²⁴: they are for times of need.
 *
 * <p>Not thread-safe.
 */
public final class SynCookies {
  /** A cookie is good for one to two of these. */
  private static final long TICK_NANOS = 32_000_000_000L;

  /** How old a cookie may be when it comes back, nanoseconds. */
  public static final long MOST_AGE_NANOS = 2 * TICK_NANOS;

  /** What is common; the two defaults of RFC 9293 §3.7.1 among them. */
  private static final int[] MSS = {88, 536, 1220, 1360, 1400, 1440, 1460, 8960};

  /** -1: the option is absent. */
  private static final int[] SCALES = {-1, 0, 2, 4, 6, 7, 8, 10};

  private final SipHash secret;
  private final ByteBuffer packet = ByteBuffer.allocate(OutgoingSegment.MAX_HEADER_LENGTH);
  private final OutgoingSegment out = new OutgoingSegment();
  private final IncomingSegment syn = new IncomingSegment();

  public SynCookies(SipHash secret) {
    this.secret = secret;
  }

  /**
   * Begins the SYN/ACK that an endpoint of {@code config} would answer {@code syn} with; options
   * may be added to it.
   *
   * @param window bytes that the peer may send before it hears more
   * @param timestampOffset that of the connection's {@link TcpUser}
   */
  public void answer(
      long now,
      IncomingSegment syn,
      TcpConfig config,
      int window,
      int timestampOffset,
      OutgoingSegment answer) {
    int cookie = cookieFor(now, syn);
    answer
        .begin(
            /* source= */ syn.destination(),
            /* sourcePort= */ syn.destinationPort(),
            /* destination= */ syn.source(),
            /* destinationPort= */ syn.sourcePort())
        .sequenceNumber(cookie)
        .acknowledgmentNumber(syn.sequenceNumber() + 1)
        .flags(TcpFlags.SYN | TcpFlags.ACK)
        .window(Math.min(0xffff, window));
    answer.options().maximumSegmentSize(config.mss());
    if (config.sack() && syn.sackPermitted()) {
      answer.options().sackPermitted();
    }
    if (config.timestamps() && syn.hasTimestamps()) {
      answer.options().timestamps(Tcb.timestampAt(now, timestampOffset), syn.timestampValue());
    }
    if (syn.windowScale() >= 0) {
      answer.options().windowScale(Tcb.offeredScale(config));
    }
  }

  private int cookieFor(long now, IncomingSegment syn) {
    int mss = syn.mss() < 0 ? Tcb.defaultMss(syn.isIpv4()) : syn.mss();
    long tick = now / TICK_NANOS;
    int low =
        (int) (tick & 1) << 7
            | largestIndex(MSS, mss) << 4
            | largestIndex(SCALES, syn.windowScale()) << 1
            | (syn.sackPermitted() ? 1 : 0);
    return cookie(syn, syn.sequenceNumber(), tick, low);
  }

  /** The place of the largest value that is not above {@code value}; 0 when all are. */
  private static int largestIndex(int[] values, int value) {
    int index = 0;
    while (index + 1 < values.length && values[index + 1] <= value) {
      index++;
    }
    return index;
  }

  private int cookie(IncomingSegment segment, int peersIsn, long tick, int low) {
    return (int) hash(secret, segment, peersIsn, tick << 8 | low) << 8 | low;
  }

  /** A hash of a segment's flow and two more words. */
  public static long hash(SipHash secret, IncomingSegment segment, int peersIsn, long more) {
    long ports = (long) segment.destinationPort() << 16 | segment.sourcePort();
    return secret.of(
        segment.destinationHigh(),
        segment.destinationLow(),
        segment.sourceHigh(),
        segment.sourceLow(),
        ports << 32 | peersIsn & 0xffff_ffffL,
        more);
  }

  /** Whether {@code ack} acknowledges a cookie of its flow that is not too old. */
  public boolean isValid(long now, IncomingSegment ack) {
    int cookie = ack.acknowledgmentNumber() - 1;
    long tick = now / TICK_NANOS;
    int low = cookie & 0xff;
    if ((tick & 1) != low >>> 7) {
      tick--;
    }
    return cookie(ack, ack.sequenceNumber() - 1, tick, low) == cookie;
  }

  /**
   * Makes again the SYN that a valid {@code ack} follows, as far as the cookie tells of it.
   *
   * @param more adds options to it
   * @return the SYN; valid until the next call
   */
  public IncomingSegment rebuildSyn(IncomingSegment ack, Consumer<TcpOptionWriter> more) {
    int cookie = ack.acknowledgmentNumber() - 1;
    out.begin(ack.source(), ack.sourcePort(), ack.destination(), ack.destinationPort())
        .sequenceNumber(ack.sequenceNumber() - 1)
        .flags(TcpFlags.SYN)
        .window(ack.window());
    TcpOptionWriter options = out.options();
    options.maximumSegmentSize(MSS[cookie >>> 4 & 7]);
    if ((cookie & 1) != 0) {
      options.sackPermitted();
    }
    if (ack.hasTimestamps()) {
      options.timestamps(ack.timestampValue(), 0);
    }
    int scale = SCALES[cookie >>> 1 & 7];
    if (scale >= 0) {
      options.windowScale(scale);
    }
    more.accept(options);
    int length = out.encodeHeaders(packet, 0, OutgoingSegment.ChecksumMode.FULL);
    if (syn.parse(packet, 0, length) != IncomingSegment.Verdict.OK) {
      throw new IllegalStateException("a SYN of our own does not parse: " + out);
    }
    return syn;
  }
}
