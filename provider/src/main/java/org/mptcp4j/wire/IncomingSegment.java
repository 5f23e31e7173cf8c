package org.mptcp4j.wire;

import java.nio.ByteBuffer;

/**
 * A received IPv4 or IPv6 packet with a TCP segment in it, read in place. One instance serves a
 * receive loop: {@link #parse} fills it anew for each packet without allocating, and everything it
 * says is valid until the next call or until the memory under the buffer is reused. Never throws,
 * whatever the bytes are. Not thread-safe.
 */
public final class IncomingSegment {
  /** What {@link #parse} found. */
  public enum Verdict {
    OK,
    /** Headers cut off, lengths that contradict each other, a data offset below 5. */
    MALFORMED,
    /** An IPv4 or IPv6 fragment. */
    FRAGMENT,
    /** A protocol other than TCP. */
    NOT_TCP
  }

  private static final int OPTION_END = 0;
  private static final int OPTION_NOP = 1;
  private static final int OPTION_MSS = 2;
  private static final int OPTION_WINDOW_SCALE = 3;
  private static final int OPTION_SACK_PERMITTED = 4;
  private static final int OPTION_SACK = 5;
  private static final int OPTION_TIMESTAMPS = 8;
  private static final int OPTION_USER_TIMEOUT = 28;
  static final int OPTION_FAST_OPEN = 34;
  static final int OPTION_EXPERIMENT = 254;

  /** RFC 7413 §8: the experiment's number of Fast Open before it had a kind of its own. */
  static final int FAST_OPEN_EXPERIMENT = 0xf989;

  private static final int PROTOCOL_TCP = 6;

  private ByteBuffer buffer;
  private boolean ipv4;
  private long sourceHigh;
  private long sourceLow;
  private long destinationHigh;
  private long destinationLow;
  private int ecn;
  private int tcpOffset;
  private int tcpLength;
  private int sourcePort;
  private int destinationPort;
  private int sequenceNumber;
  private int acknowledgmentNumber;
  private int flags;
  private int window;
  private int urgentPointer;
  private int payloadOffset;
  private int payloadLength;

  private int mss;
  private int windowScale;
  private boolean sackPermitted;
  private boolean hasTimestamps;
  private int timestampValue;
  private int timestampEchoReply;
  private int userTimeoutSeconds;
  private int sackBlockCount;
  private final int[] sackLeft = new int[4];
  private final int[] sackRight = new int[4];
  private int cookieOffset;
  private int cookieLength;
  private boolean cookieExperimental;
  private int malformedOptions;
  private final MptcpOptionSet mptcp = new MptcpOptionSet();
  private long arrivalNanos;
  private boolean hasArrival;

  /**
   * Reads the packet whose IP header starts at {@code offset} and of which {@code length} bytes are
   * there. The buffer must be big-endian; its position and limit are not used or changed, its
   * capacity must cover the packet.
   */
  public Verdict parse(ByteBuffer packet, int offset, int length) {
    buffer = packet;
    hasArrival = false;
    if (length < 20) {
      return Verdict.MALFORMED;
    }
    return switch (packet.get(offset) >>> 4 & 0xf) {
      case 4 -> parseIpv4(offset, length);
      case 6 -> parseIpv6(offset, length);
      default -> Verdict.MALFORMED;
    };
  }

  private Verdict parseIpv4(int offset, int length) {
    int headerLength = (buffer.get(offset) & 0xf) * 4;
    int totalLength = buffer.getShort(offset + 2) & 0xffff;
    // A frame that segmentation offload left larger than 65535 bytes carries 0 here (BIG TCP): the
    // frame length counts.
    if (totalLength == 0) {
      totalLength = length;
    }
    if (headerLength < 20 || totalLength < headerLength || totalLength > length) {
      return Verdict.MALFORMED;
    }
    if ((buffer.getShort(offset + 6) & 0x3fff) != 0) {
      return Verdict.FRAGMENT;
    }
    if ((buffer.get(offset + 9) & 0xff) != PROTOCOL_TCP) {
      return Verdict.NOT_TCP;
    }
    ipv4 = true;
    ecn = buffer.get(offset + 1) & 3;
    sourceHigh = 0;
    sourceLow = IpAddress.lowOfIpv4(buffer.getInt(offset + 12));
    destinationHigh = 0;
    destinationLow = IpAddress.lowOfIpv4(buffer.getInt(offset + 16));
    return parseTcp(offset + headerLength, totalLength - headerLength);
  }

  private Verdict parseIpv6(int offset, int length) {
    if (length < 40) {
      return Verdict.MALFORMED;
    }
    int payload = buffer.getShort(offset + 4) & 0xffff;
    int end = payload == 0 ? length : 40 + payload;
    if (end > length) {
      return Verdict.MALFORMED;
    }
    ipv4 = false;
    ecn = buffer.getInt(offset) >>> 20 & 3;
    sourceHigh = buffer.getLong(offset + 8);
    sourceLow = buffer.getLong(offset + 16);
    destinationHigh = buffer.getLong(offset + 24);
    destinationLow = buffer.getLong(offset + 32);
    int next = buffer.get(offset + 6) & 0xff;
    int at = 40;
    // RFC 8200 §4: hop-by-hop (0), routing (43) and destination options (60) may stand before TCP.
    while (next != PROTOCOL_TCP) {
      if (next == 44) {
        return Verdict.FRAGMENT;
      }
      if (next != 0 && next != 43 && next != 60) {
        return Verdict.NOT_TCP;
      }
      if (at + 8 > end) {
        return Verdict.MALFORMED;
      }
      next = buffer.get(offset + at) & 0xff;
      at += ((buffer.get(offset + at + 1) & 0xff) + 1) * 8;
      if (at > end) {
        return Verdict.MALFORMED;
      }
    }
    return parseTcp(offset + at, end - at);
  }

  private Verdict parseTcp(int offset, int length) {
    if (length < 20) {
      return Verdict.MALFORMED;
    }
    int headerLength = (buffer.get(offset + 12) >>> 4 & 0xf) * 4;
    if (headerLength < 20 || headerLength > length) {
      return Verdict.MALFORMED;
    }
    tcpOffset = offset;
    tcpLength = length;
    sourcePort = buffer.getShort(offset) & 0xffff;
    destinationPort = buffer.getShort(offset + 2) & 0xffff;
    sequenceNumber = buffer.getInt(offset + 4);
    acknowledgmentNumber = buffer.getInt(offset + 8);
    flags = buffer.get(offset + 13) & 0xff;
    window = buffer.getShort(offset + 14) & 0xffff;
    urgentPointer = buffer.getShort(offset + 18) & 0xffff;
    payloadOffset = offset + headerLength;
    payloadLength = length - headerLength;
    parseOptions(offset + 20, offset + headerLength);
    return Verdict.OK;
  }

  private void parseOptions(int from, int to) {
    mss = -1;
    windowScale = -1;
    sackPermitted = false;
    hasTimestamps = false;
    userTimeoutSeconds = 0;
    sackBlockCount = 0;
    cookieLength = -1;
    malformedOptions = 0;
    mptcp.clear();
    int at = from;
    while (at < to) {
      int kind = buffer.get(at) & 0xff;
      if (kind == OPTION_END) {
        return;
      }
      if (kind == OPTION_NOP) {
        at++;
        continue;
      }
      int length = at + 1 < to ? buffer.get(at + 1) & 0xff : 0;
      if (length < 2 || at + length > to) {
        // RFC 9293 §3.1: an option whose length makes no sense ends the list; what was read before
        // it stands.
        malformedOptions++;
        return;
      }
      parseOption(kind, at, length);
      at += length;
    }
  }

  private void parseOption(int kind, int at, int length) {
    switch (kind) {
      case OPTION_MSS -> {
        if (wellFormed(length == 4)) {
          mss = buffer.getShort(at + 2) & 0xffff;
        }
      }
      case OPTION_WINDOW_SCALE -> {
        if (wellFormed(length == 3)) {
          windowScale = buffer.get(at + 2) & 0xff;
        }
      }
      case OPTION_SACK_PERMITTED -> {
        if (wellFormed(length == 2)) {
          sackPermitted = true;
        }
      }
      case OPTION_SACK -> {
        if (wellFormed(length >= 10 && (length - 2) % 8 == 0 && length <= 34)) {
          sackBlockCount = (length - 2) / 8;
          for (int i = 0; i < sackBlockCount; i++) {
            sackLeft[i] = buffer.getInt(at + 2 + 8 * i);
            sackRight[i] = buffer.getInt(at + 6 + 8 * i);
          }
        }
      }
      case OPTION_TIMESTAMPS -> {
        if (wellFormed(length == 10)) {
          hasTimestamps = true;
          timestampValue = buffer.getInt(at + 2);
          timestampEchoReply = buffer.getInt(at + 6);
        }
      }
      case OPTION_USER_TIMEOUT -> {
        if (wellFormed(length == 4)) {
          int field = buffer.getShort(at + 2) & 0xffff;
          userTimeoutSeconds = (field & 0x8000) == 0 ? field : 60 * (field & 0x7fff);
        }
      }
      case OPTION_FAST_OPEN -> parseFastOpen(at + 2, length - 2, false);
      case OPTION_EXPERIMENT -> {
        if (length >= 4 && (buffer.getShort(at + 2) & 0xffff) == FAST_OPEN_EXPERIMENT) {
          parseFastOpen(at + 4, length - 4, true);
        }
      }
      case MptcpOption.KIND ->
          wellFormed(
              mptcp.parse(
                  buffer, at, length, (flags & TcpFlags.SYN) != 0, (flags & TcpFlags.ACK) != 0));
      default -> {
        // RFC 9293 §3.1 (MUST-6): an option that is not known is ignored.
      }
    }
  }

  /** RFC 7413 §4.1.1: one with an invalid length, or on anything but a SYN, is ignored. */
  private void parseFastOpen(int at, int length, boolean experimental) {
    if (wellFormed(FastOpenCookie.isLength(length)) && (flags & TcpFlags.SYN) != 0) {
      cookieOffset = at;
      cookieLength = length;
      cookieExperimental = experimental;
    }
  }

  private boolean wellFormed(boolean condition) {
    if (!condition) {
      malformedOptions++;
    }
    return condition;
  }

  /**
   * Whether the TCP checksum over pseudo-header, header and payload is right; reads every byte of
   * the segment.
   */
  public boolean verifyChecksum() {
    long sum =
        InternetChecksum.pseudoHeader(
                sourceHigh, sourceLow, destinationHigh, destinationLow, ipv4, tcpLength)
            + InternetChecksum.sum(buffer, tcpOffset, tcpLength);
    return InternetChecksum.finish(sum) == 0;
  }

  /**
   * Notes when the host received the packet, which may be well before it is processed: a pause of
   * the program must not look like a slow network. To be called after {@link #parse}.
   */
  public void arrivedAt(long nanos) {
    arrivalNanos = nanos;
    hasArrival = true;
  }

  /** When the host received the packet (round-trip samples end here); {@code now} if not known. */
  public long arrivalNanos(long now) {
    return hasArrival ? arrivalNanos : now;
  }

  /** The buffer that the packet lies in; payload is read from it by absolute index. */
  public ByteBuffer buffer() {
    return buffer;
  }

  public boolean isIpv4() {
    return ipv4;
  }

  public long sourceHigh() {
    return sourceHigh;
  }

  public long sourceLow() {
    return sourceLow;
  }

  public long destinationHigh() {
    return destinationHigh;
  }

  public long destinationLow() {
    return destinationLow;
  }

  /** The source address as a value; allocates. */
  public IpAddress source() {
    return new IpAddress(sourceHigh, sourceLow);
  }

  /** The destination address as a value; allocates. */
  public IpAddress destination() {
    return new IpAddress(destinationHigh, destinationLow);
  }

  /** The two ECN bits of the IP header (RFC 3168 §5). */
  public int ecn() {
    return ecn;
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

  /** All control bits; see {@link TcpFlags}. */
  public int flags() {
    return flags;
  }

  /** Whether all bits of {@code mask} are set. */
  public boolean has(int mask) {
    return (flags & mask) == mask;
  }

  /** The window field as it stands in the header, not scaled. */
  public int window() {
    return window;
  }

  public int urgentPointer() {
    return urgentPointer;
  }

  /** Index of the first payload byte in {@link #buffer}. */
  public int payloadOffset() {
    return payloadOffset;
  }

  public int payloadLength() {
    return payloadLength;
  }

  /** SEG.LEN: payload plus one for SYN and one for FIN (RFC 9293 §3.3.1). */
  public int segmentLength() {
    return payloadLength
        + ((flags & TcpFlags.SYN) != 0 ? 1 : 0)
        + ((flags & TcpFlags.FIN) != 0 ? 1 : 0);
  }

  /** The value of the MSS option, or -1 without one. */
  public int mss() {
    return mss;
  }

  /** The shift of the window scale option as sent (a receiver caps it at 14), or -1 without one. */
  public int windowScale() {
    return windowScale;
  }

  public boolean sackPermitted() {
    return sackPermitted;
  }

  public boolean hasTimestamps() {
    return hasTimestamps;
  }

  public int timestampValue() {
    return timestampValue;
  }

  public int timestampEchoReply() {
    return timestampEchoReply;
  }

  /**
   * What the User Timeout Option says (RFC 5482 §3.3), seconds; 0 where it is absent or reserved.
   */
  public int userTimeoutSeconds() {
    return userTimeoutSeconds;
  }

  public int sackBlockCount() {
    return sackBlockCount;
  }

  public int sackLeft(int block) {
    return sackLeft[block];
  }

  public int sackRight(int block) {
    return sackRight[block];
  }

  /** Whether it is a SYN or SYN/ACK with a Fast Open option, be that a request. */
  public boolean hasFastOpen() {
    return cookieLength >= 0;
  }

  /** The cookie of the Fast Open option, which must be there; allocates. */
  public FastOpenCookie fastOpenCookie() {
    return FastOpenCookie.read(buffer, cookieOffset, cookieLength);
  }

  /** Whether that option has the form of before RFC 7413. */
  public boolean isFastOpenExperimental() {
    return cookieExperimental;
  }

  /** How many options had a length that makes no sense and were passed over. */
  public int malformedOptions() {
    return malformedOptions;
  }

  /** The MPTCP options of the segment; the set is empty, never null, when there are none. */
  public MptcpOptionSet mptcp() {
    return mptcp;
  }
}
