package org.mptcp4j.wire;

import java.nio.ByteBuffer;

/**
 * A received ICMP (RFC 792) or ICMPv6 (RFC 4443) error that quotes the beginning of a TCP segment
 * of this host, read in place. As {@link IncomingSegment}: one instance serves a receive loop,
 * nothing is allocated, nothing is ever thrown, whatever the bytes are. Not thread-safe.
 */
public final class IcmpError {
  /** What {@link #parse} found. */
  public enum Verdict {
    OK,
    /** Cut off before the quoted sequence number, lengths or addresses that contradict. */
    MALFORMED,
    /** Not an error message, of an unknown type or code, or about something else than TCP. */
    OTHER
  }

  /** What the network says. */
  public enum Kind {
    /** The packet does not fit the next link, and may not be fragmented. */
    PACKET_TOO_BIG,
    /** Network or host cannot be reached, now or by this route. */
    UNREACHABLE,
    /** Somebody on the way does not allow it. */
    PROHIBITED,
    PORT_UNREACHABLE,
    PROTOCOL_UNREACHABLE,
    /** Hop limit or reassembly time exceeded. */
    TIME_EXCEEDED,
    PARAMETER_PROBLEM
  }

  private static final int PROTOCOL_ICMP = 1;
  private static final int PROTOCOL_TCP = 6;
  private static final int PROTOCOL_ICMPV6 = 58;
  private static final int FRAGMENT_HEADER = 44;

  private static final int ICMP_HEADER = 8;

  /** RFC 792: eight bytes of the quoted segment are certain: ports and sequence number. */
  private static final int QUOTED_TCP = 8;

  private ByteBuffer buffer;
  private boolean ipv4;
  private Kind kind;
  private int mtu;
  private int icmpOffset;
  private int icmpLength;
  private long reporterHigh;
  private long reporterLow;
  private long receiverHigh;
  private long receiverLow;
  private long localHigh;
  private long localLow;
  private long remoteHigh;
  private long remoteLow;
  private int localPort;
  private int remotePort;
  private int sequenceNumber;
  private int quotedLength;

  /** Found by {@link #walkExtensions}: number of the header after the extensions, and its place. */
  private int upperProtocol;

  private int upperOffset;

  /**
   * Reads the packet whose IP header starts at {@code offset} and of which {@code length} bytes are
   * there. The buffer must be big-endian; its position and limit are not used or changed, its
   * capacity must cover the packet.
   */
  public Verdict parse(ByteBuffer packet, int offset, int length) {
    buffer = packet;
    if (length < 20) {
      return Verdict.MALFORMED;
    }
    return switch (packet.get(offset) >>> 4 & 0xf) {
      case 4 -> parseIpv4(offset, length);
      case 6 -> parseIpv6(offset, length);
      default -> Verdict.MALFORMED;
    };
  }

  /**
   * What this one says, in an instance of its own that does not need the packet: {@link
   * #verifyChecksum} cannot be asked of it.
   */
  public IcmpError copyWithoutPacket() {
    IcmpError copy = new IcmpError();
    copy.ipv4 = ipv4;
    copy.kind = kind;
    copy.mtu = mtu;
    copy.localHigh = localHigh;
    copy.localLow = localLow;
    copy.remoteHigh = remoteHigh;
    copy.remoteLow = remoteLow;
    copy.localPort = localPort;
    copy.remotePort = remotePort;
    copy.sequenceNumber = sequenceNumber;
    copy.quotedLength = quotedLength;
    return copy;
  }

  private Verdict parseIpv4(int offset, int length) {
    int header = (buffer.get(offset) & 0xf) * 4;
    int total = buffer.getShort(offset + 2) & 0xffff;
    if (header < 20 || total < header || total > length) {
      return Verdict.MALFORMED;
    }
    boolean fragment = (buffer.getShort(offset + 6) & 0x3fff) != 0;
    if (fragment || (buffer.get(offset + 9) & 0xff) != PROTOCOL_ICMP) {
      return Verdict.OTHER;
    }
    ipv4 = true;
    reporterHigh = 0;
    reporterLow = IpAddress.lowOfIpv4(buffer.getInt(offset + 12));
    receiverHigh = 0;
    receiverLow = IpAddress.lowOfIpv4(buffer.getInt(offset + 16));
    icmpOffset = offset + header;
    icmpLength = total - header;
    if (icmpLength < ICMP_HEADER) {
      return Verdict.MALFORMED;
    }
    kind = kindOfIpv4(buffer.get(icmpOffset) & 0xff, buffer.get(icmpOffset + 1) & 0xff);
    if (kind == null) {
      return Verdict.OTHER;
    }
    // RFC 1191 §4: zero from routers that do not know of this field.
    mtu = kind == Kind.PACKET_TOO_BIG ? buffer.getShort(icmpOffset + 6) & 0xffff : 0;
    return parseQuotedIpv4(icmpOffset + ICMP_HEADER, icmpLength - ICMP_HEADER);
  }

  private static Kind kindOfIpv4(int type, int code) {
    return switch (type) {
      case 3 ->
          switch (code) {
            // RFC 1122 §3.2.2.1.
            case 0, 1, 5, 6, 7, 8, 11, 12 -> Kind.UNREACHABLE;
            case 2 -> Kind.PROTOCOL_UNREACHABLE;
            case 3 -> Kind.PORT_UNREACHABLE;
            case 4 -> Kind.PACKET_TOO_BIG;
            // RFC 1812 §5.2.7.1 adds 13 to 15.
            case 9, 10, 13, 14, 15 -> Kind.PROHIBITED;
            default -> null;
          };
      case 11 -> Kind.TIME_EXCEEDED;
      case 12 -> Kind.PARAMETER_PROBLEM;
      default -> null;
    };
  }

  private Verdict parseQuotedIpv4(int at, int there) {
    if (there < 20 || (buffer.get(at) >>> 4 & 0xf) != 4) {
      return Verdict.MALFORMED;
    }
    int header = (buffer.get(at) & 0xf) * 4;
    if ((buffer.get(at + 9) & 0xff) != PROTOCOL_TCP) {
      return Verdict.OTHER;
    }
    if ((buffer.getShort(at + 6) & 0x1fff) != 0) {
      // A later fragment of it: its first bytes are no TCP header.
      return Verdict.OTHER;
    }
    quotedLength = buffer.getShort(at + 2) & 0xffff;
    if (header < 20 || quotedLength < header + QUOTED_TCP || there < header + QUOTED_TCP) {
      return Verdict.MALFORMED;
    }
    localHigh = 0;
    localLow = IpAddress.lowOfIpv4(buffer.getInt(at + 12));
    remoteHigh = 0;
    remoteLow = IpAddress.lowOfIpv4(buffer.getInt(at + 16));
    return parseQuotedTcp(at + header);
  }

  private Verdict parseIpv6(int offset, int length) {
    if (length < 40) {
      return Verdict.MALFORMED;
    }
    int end = 40 + (buffer.getShort(offset + 4) & 0xffff);
    if (end > length) {
      return Verdict.MALFORMED;
    }
    if (!walkExtensions(offset, end)) {
      return Verdict.MALFORMED;
    }
    if (upperProtocol != PROTOCOL_ICMPV6) {
      return Verdict.OTHER;
    }
    ipv4 = false;
    reporterHigh = buffer.getLong(offset + 8);
    reporterLow = buffer.getLong(offset + 16);
    receiverHigh = buffer.getLong(offset + 24);
    receiverLow = buffer.getLong(offset + 32);
    icmpOffset = offset + upperOffset;
    icmpLength = end - upperOffset;
    if (icmpLength < ICMP_HEADER) {
      return Verdict.MALFORMED;
    }
    kind = kindOfIpv6(buffer.get(icmpOffset) & 0xff, buffer.get(icmpOffset + 1) & 0xff);
    if (kind == null) {
      return Verdict.OTHER;
    }
    mtu = 0;
    if (kind == Kind.PACKET_TOO_BIG) {
      int value = buffer.getInt(icmpOffset + 4);
      mtu = value < 0 ? Integer.MAX_VALUE : value;
    }
    return parseQuotedIpv6(icmpOffset + ICMP_HEADER, icmpLength - ICMP_HEADER);
  }

  private static Kind kindOfIpv6(int type, int code) {
    return switch (type) {
      case 1 ->
          switch (code) {
            // RFC 4443 §3.1.
            case 0, 2, 3 -> Kind.UNREACHABLE;
            case 1, 5, 6 -> Kind.PROHIBITED;
            case 4 -> Kind.PORT_UNREACHABLE;
            default -> null;
          };
      case 2 -> Kind.PACKET_TOO_BIG;
      case 3 -> Kind.TIME_EXCEEDED;
      // RFC 4443 §3.4: an unrecognized next header is what ICMP calls protocol unreachable.
      case 4 -> code == 1 ? Kind.PROTOCOL_UNREACHABLE : Kind.PARAMETER_PROBLEM;
      default -> null;
    };
  }

  private Verdict parseQuotedIpv6(int at, int there) {
    if (there < 40 || (buffer.get(at) >>> 4 & 0xf) != 6 || !walkExtensions(at, there)) {
      return Verdict.MALFORMED;
    }
    if (upperProtocol != PROTOCOL_TCP) {
      return Verdict.OTHER;
    }
    quotedLength = 40 + (buffer.getShort(at + 4) & 0xffff);
    if (quotedLength < upperOffset + QUOTED_TCP || there < upperOffset + QUOTED_TCP) {
      return Verdict.MALFORMED;
    }
    localHigh = buffer.getLong(at + 8);
    localLow = buffer.getLong(at + 16);
    remoteHigh = buffer.getLong(at + 24);
    remoteLow = buffer.getLong(at + 32);
    return parseQuotedTcp(at + upperOffset);
  }

  /**
   * Finds what follows the extension headers of RFC 8200 §4 (hop-by-hop, routing, destination
   * options, and a fragment header of a first fragment).
   *
   * @return false when they do not fit the {@code end} bytes that are there
   */
  private boolean walkExtensions(int offset, int end) {
    int next = buffer.get(offset + 6) & 0xff;
    int at = 40;
    while (next == 0 || next == 43 || next == 60 || next == FRAGMENT_HEADER) {
      if (at + 8 > end) {
        return false;
      }
      boolean fragment = next == FRAGMENT_HEADER;
      if (fragment && (buffer.getShort(offset + at + 2) & 0xfff8) != 0) {
        upperProtocol = FRAGMENT_HEADER;
        return true;
      }
      next = buffer.get(offset + at) & 0xff;
      at += fragment ? 8 : ((buffer.get(offset + at + 1) & 0xff) + 1) * 8;
      if (at > end) {
        return false;
      }
    }
    upperProtocol = next;
    upperOffset = at;
    return true;
  }

  private Verdict parseQuotedTcp(int at) {
    localPort = buffer.getShort(at) & 0xffff;
    remotePort = buffer.getShort(at + 2) & 0xffff;
    sequenceNumber = buffer.getInt(at + 4);
    // RFC 1122 §3.2.2: an error goes to the source of what it quotes.
    boolean toSource = localHigh == receiverHigh && localLow == receiverLow;
    return toSource ? Verdict.OK : Verdict.MALFORMED;
  }

  /** Whether the ICMP checksum is right; reads every byte of the message. */
  public boolean verifyChecksum() {
    long sum = InternetChecksum.sum(buffer, icmpOffset, icmpLength);
    if (!ipv4) {
      // RFC 4443 §2.3: over the pseudo-header too, which differs from that of TCP in the protocol.
      sum +=
          InternetChecksum.pseudoHeader(
              reporterHigh, reporterLow, receiverHigh, receiverLow, false, icmpLength);
      sum += PROTOCOL_ICMPV6 - PROTOCOL_TCP;
    }
    return InternetChecksum.finish(sum) == 0;
  }

  public boolean isIpv4() {
    return ipv4;
  }

  public Kind kind() {
    return kind;
  }

  /**
   * Of {@link Kind#PACKET_TOO_BIG}: the MTU of the next link, in bytes of the IP packet; 0 when the
   * router does not say. A stranger's claim, of any value.
   */
  public int mtu() {
    return mtu;
  }

  /** Length of the quoted IP packet in bytes, as its header has it. */
  public int quotedLength() {
    return quotedLength;
  }

  /** SEG.SEQ of the quoted segment. */
  public int sequenceNumber() {
    return sequenceNumber;
  }

  /** The quoted segment's source: this host. */
  public long localHigh() {
    return localHigh;
  }

  public long localLow() {
    return localLow;
  }

  public int localPort() {
    return localPort;
  }

  /** The quoted segment's destination: the peer. */
  public long remoteHigh() {
    return remoteHigh;
  }

  public long remoteLow() {
    return remoteLow;
  }

  public int remotePort() {
    return remotePort;
  }
}
