package org.mptcp4j.wire;

import java.nio.ByteBuffer;

/**
 * A TCP segment to be sent: header fields, options, and a reference to its payload. One instance
 * serves a sender; it is filled anew for each segment without allocating. Not thread-safe.
 */
public final class OutgoingSegment {
  /** How {@link #encodeHeaders} fills the TCP checksum field. */
  public enum ChecksumMode {
    /** The whole checksum. */
    FULL,
    /** The folded pseudo-header sum only: the device or the kernel finishes it. */
    PARTIAL
  }

  /** Room that {@link #encodeHeaders} may need: IPv6 header, TCP header, all options. */
  public static final int MAX_HEADER_LENGTH = 40 + 20 + TcpOptionWriter.CAPACITY;

  private IpAddress source = IpAddress.ANY_V4;
  private IpAddress destination = IpAddress.ANY_V4;
  private int sourcePort;
  private int destinationPort;
  private int sequenceNumber;
  private int acknowledgmentNumber;
  private int flags;
  private int window;
  private int ecn;
  private int trafficClass;
  private int segmentSize;
  private boolean retransmissionAfterTimeout;
  private ByteBuffer payload;
  private int payloadOffset;
  private int payloadLength;
  private int identification;
  private final TcpOptionWriter options = new TcpOptionWriter();

  /** Begins a segment of the given flow; every other field is reset. */
  public OutgoingSegment begin(
      IpAddress source, int sourcePort, IpAddress destination, int destinationPort) {
    this.source = source;
    this.sourcePort = sourcePort;
    this.destination = destination;
    this.destinationPort = destinationPort;
    sequenceNumber = 0;
    acknowledgmentNumber = 0;
    flags = 0;
    window = 0;
    ecn = 0;
    trafficClass = 0;
    segmentSize = 0;
    retransmissionAfterTimeout = false;
    payload = null;
    payloadOffset = 0;
    payloadLength = 0;
    options.clear();
    return this;
  }

  /** A segment of its own with these headers, and no payload. */
  public OutgoingSegment copyWithoutPayload() {
    OutgoingSegment copy = new OutgoingSegment();
    copy.begin(source, sourcePort, destination, destinationPort);
    copy.sequenceNumber(sequenceNumber).acknowledgmentNumber(acknowledgmentNumber);
    copy.flags(flags).window(window).ecn(ecn).segmentSize(segmentSize);
    copy.trafficClass(trafficClass);
    copy.options.set(options);
    return copy;
  }

  public OutgoingSegment sequenceNumber(int value) {
    sequenceNumber = value;
    return this;
  }

  public OutgoingSegment acknowledgmentNumber(int value) {
    acknowledgmentNumber = value;
    return this;
  }

  public OutgoingSegment flags(int value) {
    flags = value;
    return this;
  }

  /** The window field as it goes into the header: already scaled, 0 to 65535. */
  public OutgoingSegment window(int value) {
    window = value;
    return this;
  }

  /** The two ECN bits of the IP header. */
  public OutgoingSegment ecn(int value) {
    ecn = value;
    return this;
  }

  /**
   * The type of service (IPv4) or traffic class (IPv6), 0 to 255; of its low two bits those of
   * {@link #ecn} take the place (RFC 3168 §5).
   */
  public OutgoingSegment trafficClass(int value) {
    trafficClass = value & 0xfc;
    return this;
  }

  /** Payload bytes in each piece when the segment is cut by offload: MSS less option bytes. */
  public OutgoingSegment segmentSize(int value) {
    segmentSize = value;
    return this;
  }

  /**
   * Marks a retransmission after a timeout, which goes the slow way so that the kernel resolves the
   * neighbour anew.
   */
  public OutgoingSegment retransmissionAfterTimeout(boolean value) {
    retransmissionAfterTimeout = value;
    return this;
  }

  /**
   * The payload: {@code length} bytes of {@code buffer} from {@code offset}; they are not copied.
   */
  public OutgoingSegment payload(ByteBuffer buffer, int offset, int length) {
    payload = buffer;
    payloadOffset = offset;
    payloadLength = length;
    return this;
  }

  public TcpOptionWriter options() {
    return options;
  }

  public IpAddress source() {
    return source;
  }

  public IpAddress destination() {
    return destination;
  }

  public int sourcePort() {
    return sourcePort;
  }

  public int destinationPort() {
    return destinationPort;
  }

  public int sequenceNumber() {
    return sequenceNumber;
  }

  public int acknowledgmentNumber() {
    return acknowledgmentNumber;
  }

  public int flags() {
    return flags;
  }

  public int window() {
    return window;
  }

  public int segmentSize() {
    return segmentSize;
  }

  public boolean isRetransmissionAfterTimeout() {
    return retransmissionAfterTimeout;
  }

  /** The buffer of the payload; null when {@link #payloadLength} is 0. */
  public ByteBuffer payload() {
    return payload;
  }

  public int payloadOffset() {
    return payloadOffset;
  }

  public int payloadLength() {
    return payloadLength;
  }

  /** Whether the payload is larger than one piece, so that offload or the caller must cut it. */
  public boolean needsSegmentation() {
    return segmentSize > 0 && payloadLength > segmentSize;
  }

  public int ipHeaderLength() {
    return source.isIpv4() ? 20 : 40;
  }

  public int tcpHeaderLength() {
    return 20 + options.length();
  }

  /**
   * Writes IP header, TCP header and options to {@code target} from {@code offset}; returns their
   * length. The buffer must be big-endian and have {@link #MAX_HEADER_LENGTH} bytes from there.
   */
  public int encodeHeaders(ByteBuffer target, int offset, ChecksumMode mode) {
    return encodeHeaders(target, offset, mode, 0, payloadLength, flags);
  }

  /**
   * The same for a piece of the payload, for paths without segmentation offload: the piece's bytes
   * start at {@code pieceOffset} within the payload. FIN and PSH stay on the last piece only, CWR
   * on the first.
   */
  public int encodePieceHeaders(
      ByteBuffer target, int offset, ChecksumMode mode, int pieceOffset, int pieceLength) {
    int pieceFlags = flags;
    if (pieceOffset + pieceLength < payloadLength) {
      pieceFlags &= ~(TcpFlags.FIN | TcpFlags.PSH);
    }
    if (pieceOffset > 0) {
      pieceFlags &= ~TcpFlags.CWR;
    }
    return encodeHeaders(target, offset, mode, pieceOffset, pieceLength, pieceFlags);
  }

  private int encodeHeaders(
      ByteBuffer b,
      int offset,
      ChecksumMode mode,
      int pieceOffset,
      int pieceLength,
      int pieceFlags) {
    boolean ipv4 = source.isIpv4();
    int tcpLength = tcpHeaderLength() + pieceLength;
    int tcp = offset + ipHeaderLength();
    if (ipv4) {
      encodeIpv4(b, offset, tcpLength);
    } else {
      b.putInt(offset, 6 << 28 | (trafficClass | ecn) << 20);
      b.putShort(offset + 4, (short) tcpLength);
      b.put(offset + 6, (byte) 6);
      b.put(offset + 7, (byte) 64);
      b.putLong(offset + 8, source.high());
      b.putLong(offset + 16, source.low());
      b.putLong(offset + 24, destination.high());
      b.putLong(offset + 32, destination.low());
    }
    b.putShort(tcp, (short) sourcePort);
    b.putShort(tcp + 2, (short) destinationPort);
    b.putInt(tcp + 4, sequenceNumber + pieceOffset);
    b.putInt(tcp + 8, acknowledgmentNumber);
    b.put(tcp + 12, (byte) (tcpHeaderLength() << 2));
    b.put(tcp + 13, (byte) pieceFlags);
    b.putShort(tcp + 14, (short) window);
    b.putInt(tcp + 16, 0);
    options.copyTo(b, tcp + 20);
    long sum =
        InternetChecksum.pseudoHeader(
            source.high(), source.low(), destination.high(), destination.low(), ipv4, tcpLength);
    if (mode == ChecksumMode.PARTIAL) {
      b.putShort(tcp + 16, (short) InternetChecksum.foldPositive(sum));
    } else {
      sum += InternetChecksum.sum(b, tcp, tcpHeaderLength());
      if (pieceLength > 0) {
        sum += InternetChecksum.sum(payload, payloadOffset + pieceOffset, pieceLength);
      }
      b.putShort(tcp + 16, (short) InternetChecksum.finish(sum));
    }
    return ipHeaderLength() + tcpHeaderLength();
  }

  private void encodeIpv4(ByteBuffer b, int offset, int tcpLength) {
    b.putInt(offset, 0x4500_0000 | (trafficClass | ecn) << 16 | 20 + tcpLength);
    // DF is set and segments are atomic (RFC 6864 §4.1); a running number helps those who read
    // captures.
    b.putInt(offset + 4, (identification++ & 0xffff) << 16 | 0x4000);
    b.putInt(offset + 8, 64 << 24 | 6 << 16);
    b.putInt(offset + 12, source.ipv4Bits());
    b.putInt(offset + 16, destination.ipv4Bits());
    b.putShort(offset + 10, (short) InternetChecksum.finish(InternetChecksum.sum(b, offset, 20)));
  }

  @Override
  public String toString() {
    return source
        + ":"
        + sourcePort
        + " -> "
        + destination
        + ":"
        + destinationPort
        + " "
        + TcpFlags.describe(flags)
        + " seq="
        + Integer.toUnsignedString(sequenceNumber)
        + " ack="
        + Integer.toUnsignedString(acknowledgmentNumber)
        + " win="
        + window
        + " len="
        + payloadLength;
  }
}
