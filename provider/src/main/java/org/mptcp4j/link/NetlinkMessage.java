package org.mptcp4j.link;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.mptcp4j.wire.IpAddress;

/**
 * One message of rtnetlink, in place in the buffer it came in (struct nlmsghdr, a fixed part, then
 * attributes), and the making of requests. Lengths are checked: a message that lies about its own
 * reads as if the rest were missing.
 */
final class NetlinkMessage {
  static final int ERROR = 2;
  static final int DONE = 3;
  static final int NEWLINK = 16;
  static final int DELLINK = 17;
  static final int GETLINK = 18;
  static final int NEWADDR = 20;
  static final int DELADDR = 21;
  static final int GETADDR = 22;
  static final int NEWROUTE = 24;
  static final int DELROUTE = 25;
  static final int GETROUTE = 26;
  static final int NEWNEIGH = 28;
  static final int DELNEIGH = 29;
  static final int GETNEIGH = 30;

  private static final int HEADER = 16;
  private static final int FLAG_REQUEST = 1;
  private static final int FLAG_DUMP = 0x300;

  private final ByteBuffer buffer;
  private final int start;
  private final int end;

  private NetlinkMessage(ByteBuffer buffer, int start, int end) {
    this.buffer = buffer;
    this.start = start;
    this.end = end;
  }

  /** Takes the next message between position and limit; empty at the end or at rubbish. */
  static Optional<NetlinkMessage> next(ByteBuffer buffer) {
    if (buffer.remaining() < HEADER) {
      buffer.position(buffer.limit());
      return Optional.empty();
    }
    int start = buffer.position();
    int length = buffer.getInt(start);
    if (length < HEADER || length > buffer.remaining()) {
      buffer.position(buffer.limit());
      return Optional.empty();
    }
    buffer.position((int) Math.min(buffer.limit(), (long) start + align(length)));
    return Optional.of(new NetlinkMessage(buffer, start, start + length));
  }

  /** All messages between position and limit. */
  static List<NetlinkMessage> all(ByteBuffer buffer) {
    List<NetlinkMessage> result = new ArrayList<>();
    Optional<NetlinkMessage> message = next(buffer);
    while (message.isPresent()) {
      result.add(message.get());
      message = next(buffer);
    }
    return result;
  }

  private static int align(int length) {
    return length + 3 & ~3;
  }

  int type() {
    return buffer.getShort(start + 4) & 0xffff;
  }

  int sequence() {
    return buffer.getInt(start + 8);
  }

  /** The errno of an ERROR message, positive; 0 is an acknowledgment. */
  int error() {
    return -fixedInt(0);
  }

  private boolean has(int offset, int size) {
    return start + HEADER + offset + size <= end;
  }

  /** A byte of the fixed part. */
  int fixedByte(int offset) {
    return has(offset, 1) ? buffer.get(start + HEADER + offset) & 0xff : 0;
  }

  int fixedShort(int offset) {
    return has(offset, 2) ? buffer.getShort(start + HEADER + offset) & 0xffff : 0;
  }

  int fixedInt(int offset) {
    return has(offset, 4) ? buffer.getInt(start + HEADER + offset) : 0;
  }

  /** An address of the fixed part, in a field of 16 bytes whatever its family. */
  IpAddress fixedAddress(int offset, boolean ipv4) {
    byte[] bytes = new byte[ipv4 ? 4 : 16];
    if (has(offset, bytes.length)) {
      buffer.get(start + HEADER + offset, bytes);
    }
    return IpAddress.of(bytes);
  }

  /** The attributes after a fixed part of the given length. */
  Attributes attributes(int fixedLength) {
    return new Attributes(buffer, Math.min(end, start + HEADER + align(fixedLength)), end);
  }

  /** A run of attributes (struct rtattr). */
  static final class Attributes {
    private final ByteBuffer buffer;
    private final int start;
    private final int end;

    private Attributes(ByteBuffer buffer, int start, int end) {
      this.buffer = buffer;
      this.start = start;
      this.end = end;
    }

    /** Where the attribute's header is; -1 when there is none. */
    private int find(int type) {
      int at = start;
      while (at + 4 <= end) {
        int length = buffer.getShort(at) & 0xffff;
        if (length < 4 || at + length > end) {
          return -1;
        }
        // The two top bits say "nested" and "network byte order".
        if ((buffer.getShort(at + 2) & 0x3fff) == type) {
          return at;
        }
        at += align(length);
      }
      return -1;
    }

    private int lengthAt(int at) {
      return (buffer.getShort(at) & 0xffff) - 4;
    }

    boolean contains(int type) {
      return find(type) >= 0;
    }

    int intValue(int type, int otherwise) {
      int at = find(type);
      return at < 0 || lengthAt(at) < 4 ? otherwise : buffer.getInt(at + 4);
    }

    Attributes nested(int type) {
      int at = find(type);
      return at < 0
          ? new Attributes(buffer, end, end)
          : new Attributes(buffer, at + 4, at + 4 + lengthAt(at));
    }

    byte[] bytes(int type) {
      int at = find(type);
      byte[] result = new byte[at < 0 ? 0 : lengthAt(at)];
      if (at >= 0) {
        buffer.get(at + 4, result);
      }
      return result;
    }

    String text(int type) {
      byte[] bytes = bytes(type);
      int length = 0;
      while (length < bytes.length && bytes[length] != 0) {
        length++;
      }
      return new String(bytes, 0, length, java.nio.charset.StandardCharsets.UTF_8);
    }

    Optional<IpAddress> address(int type) {
      byte[] bytes = bytes(type);
      return bytes.length == 4 || bytes.length == 16
          ? Optional.of(IpAddress.of(bytes))
          : Optional.empty();
    }

    /** A link-layer address of six bytes as a number; -1 for none or another kind. */
    long mac(int type) {
      byte[] bytes = bytes(type);
      if (bytes.length != 6) {
        return -1;
      }
      long mac = 0;
      for (byte b : bytes) {
        mac = mac << 8 | b & 0xff;
      }
      return mac;
    }

    /** The next hops of a multipath route: struct rtnexthop, each with attributes of its own. */
    Optional<Attributes> nextHopBy(int multipathType, int interfaceIndex) {
      int at = find(multipathType);
      if (at < 0) {
        return Optional.empty();
      }
      int stop = at + 4 + lengthAt(at);
      int hop = at + 4;
      while (hop + 8 <= stop) {
        int length = buffer.getShort(hop) & 0xffff;
        if (length < 8 || hop + length > stop) {
          break;
        }
        if (buffer.getInt(hop + 4) == interfaceIndex) {
          return Optional.of(new Attributes(buffer, hop + 8, hop + length));
        }
        hop += align(length);
      }
      return Optional.empty();
    }
  }

  /** Writes a request to a buffer of this machine's byte order. */
  static final class Request {
    private final ByteBuffer buffer;

    private Request(ByteBuffer buffer) {
      this.buffer = buffer;
    }

    private static Request begin(ByteBuffer buffer, int type, int flags, int sequence) {
      buffer.clear();
      buffer.putInt(0).putShort((short) type).putShort((short) flags).putInt(sequence).putInt(0);
      return new Request(buffer);
    }

    /** Asks for everything of a kind, with so many zero bytes as the fixed part. */
    static Request dump(ByteBuffer buffer, int type, int sequence, int fixedLength) {
      Request request = begin(buffer, type, FLAG_REQUEST | FLAG_DUMP, sequence);
      for (int i = 0; i < fixedLength; i++) {
        buffer.put((byte) 0);
      }
      return request;
    }

    /** Asks which route a packet would take. */
    static Request route(ByteBuffer buffer, int sequence, IpAddress destination, int routeFlags) {
      Request request = begin(buffer, GETROUTE, FLAG_REQUEST, sequence);
      boolean ipv4 = destination.isIpv4();
      // struct rtmsg: family, prefix lengths of destination and source, tos, table, …, flags
      buffer.put((byte) (ipv4 ? Native.AF_INET : Native.AF_INET6));
      buffer.put((byte) (ipv4 ? 32 : 128)).put((byte) 0).put((byte) 0).putInt(0);
      buffer.putInt(routeFlags);
      return request.attribute(Routes.RTA_DST, destination.toBytes());
    }

    /** Asks for one entry of the neighbour table (Linux 5.0). */
    static Request neighbour(ByteBuffer buffer, int sequence, Neighbour.Key key) {
      Request request = begin(buffer, GETNEIGH, FLAG_REQUEST, sequence);
      // struct ndmsg: family, padding, interface, state, flags, type
      buffer.put((byte) (key.address().isIpv4() ? Native.AF_INET : Native.AF_INET6));
      buffer.put((byte) 0).putShort((short) 0).putInt(key.interfaceIndex()).putInt(0);
      return request.attribute(NetworkTables.NDA_DST, key.address().toBytes());
    }

    Request source(IpAddress source) {
      buffer.put(HEADER + 2, (byte) (source.isIpv4() ? 32 : 128));
      return attribute(Routes.RTA_SRC, source.toBytes());
    }

    Request attribute(int type, byte[] value) {
      buffer.putShort((short) (4 + value.length)).putShort((short) type).put(value);
      while (buffer.position() % 4 != 0) {
        buffer.put((byte) 0);
      }
      return this;
    }

    Request attribute(int type, int value) {
      buffer.putShort((short) 8).putShort((short) type).putInt(value);
      return this;
    }

    ByteBuffer finish() {
      buffer.putInt(0, buffer.position());
      return buffer.flip();
    }
  }
}
