package org.mptcp4j.sim;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.function.IntUnaryOperator;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.InternetChecksum;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.TcpFlags;

/** Boxes that real networks have. */
public final class Middleboxes {
  private Middleboxes() {}

  /** Index of the TCP header of a packet without extension headers. */
  static int tcp(ByteBuffer packet) {
    return packet.get(0) >>> 4 == 4 ? (packet.get(0) & 0xf) * 4 : 40;
  }

  static int flags(ByteBuffer packet) {
    return packet.get(tcp(packet) + 13) & 0xff;
  }

  /** SYN or SYN/ACK. */
  public static boolean isSyn(ByteBuffer packet) {
    return (flags(packet) & TcpFlags.SYN) != 0;
  }

  static int headerLength(ByteBuffer packet) {
    return (packet.get(tcp(packet) + 12) >>> 4 & 0xf) * 4;
  }

  static int payloadOffset(ByteBuffer packet) {
    return tcp(packet) + headerLength(packet);
  }

  /** Bytes after the TCP header. */
  public static int payloadLength(ByteBuffer packet) {
    return packet.limit() - payloadOffset(packet);
  }

  /** Makes the TCP checksum right again. */
  public static ByteBuffer seal(ByteBuffer packet) {
    IncomingSegment parsed = new IncomingSegment();
    parsed.parse(packet, 0, packet.limit());
    IpAddress source = parsed.source();
    IpAddress destination = parsed.destination();
    int tcp = tcp(packet);
    packet.putShort(tcp + 16, (short) 0);
    long sum =
        InternetChecksum.pseudoHeader(
            source.high(),
            source.low(),
            destination.high(),
            destination.low(),
            source.isIpv4(),
            packet.limit() - tcp);
    sum += InternetChecksum.sum(packet, tcp, packet.limit() - tcp);
    packet.putShort(tcp + 16, (short) InternetChecksum.finish(sum));
    return packet;
  }

  /** Overwrites MPTCP options with NOPs in the packets chosen, where the subtype is chosen. */
  public static Middlebox stripMptcp(Predicate<ByteBuffer> packets, IntPredicate subtypes) {
    return (now, packet) -> {
      if (!packets.test(packet)) {
        return packet;
      }
      int at = tcp(packet) + 20;
      int end = payloadOffset(packet);
      boolean changed = false;
      while (at < end) {
        int kind = packet.get(at);
        if (kind == 0) {
          break;
        }
        int length = kind == 1 ? 1 : packet.get(at + 1);
        if (kind == MptcpOption.KIND && subtypes.test(packet.get(at + 2) >>> 4 & 0xf)) {
          for (int i = 0; i < length; i++) {
            packet.put(at + i, (byte) 1);
          }
          changed = true;
        }
        at += length;
      }
      return changed ? seal(packet) : packet;
    };
  }

  /** Changes MPTCP options of a subtype: {@code edit} sees each from its kind byte on. */
  public static Middlebox editMptcp(int subtype, Consumer<ByteBuffer> edit) {
    return (now, packet) -> {
      int at = tcp(packet) + 20;
      int end = payloadOffset(packet);
      while (at < end && packet.get(at) != 0) {
        int length = packet.get(at) == 1 ? 1 : packet.get(at + 1);
        if (packet.get(at) == MptcpOption.KIND && (packet.get(at + 2) >>> 4 & 0xf) == subtype) {
          edit.accept(packet.slice(at, length));
        }
        at += length;
      }
      return seal(packet);
    };
  }

  /**
   * Makes DATA_ACK and data sequence number of DSS options 32 bits long, each where it is asked.
   */
  public static Middlebox shortenDss(boolean ack, boolean dsn) {
    return replaceMptcp(MptcpOption.DSS, option -> shortened(option, ack, dsn));
  }

  /** Puts other options in the place of those of a subtype. */
  public static Middlebox replaceMptcp(int subtype, UnaryOperator<byte[]> edit) {
    return (now, buffer) -> {
      TcpPacket packet = TcpPacket.of(buffer);
      packet.options().replaceAll(o -> TcpPacket.isMptcp(o, subtype) ? edit.apply(o) : o);
      return packet.toBuffer();
    };
  }

  private static byte[] shortened(byte[] option, boolean ack, boolean dsn) {
    ByteBuffer from = ByteBuffer.wrap(option).position(4);
    ByteBuffer to = ByteBuffer.allocate(option.length).put(option, 0, 4);
    int flags = option[3];
    if ((flags & 3) == 3) {
      long number = from.getLong();
      flags = ack ? flags & ~2 : flags;
      to = ack ? to.putInt((int) number) : to.putLong(number);
    }
    if ((flags & 12) == 12) {
      long number = from.getLong();
      flags = dsn ? flags & ~8 : flags;
      to = dsn ? to.putInt((int) number) : to.putLong(number);
    }
    to.put(from).put(1, (byte) to.position()).put(3, (byte) flags);
    return Arrays.copyOf(to.array(), to.position());
  }

  /** Shows every segment and lets it pass. */
  public static Middlebox watch(Consumer<IncomingSegment> watcher) {
    IncomingSegment segment = new IncomingSegment();
    return (now, packet) -> {
      segment.parse(packet, 0, packet.limit());
      watcher.accept(segment);
      return packet;
    };
  }

  /**
   * Changes version (bits 8 to 11) and flags (bits 0 to 7) of MP_CAPABLE in the packets chosen, as
   * another peer would have sent them.
   */
  public static Middlebox changeCapable(
      Predicate<ByteBuffer> packets, IntUnaryOperator versionAndFlags) {
    return (now, packet) -> {
      int end = payloadOffset(packet);
      for (int at = tcp(packet) + 20; at < end && packet.get(at) != 0; ) {
        int length = packet.get(at) == 1 ? 1 : packet.get(at + 1);
        boolean capable =
            packet.get(at) == MptcpOption.KIND
                && packet.get(at + 2) >>> 4 == MptcpOption.MP_CAPABLE;
        if (capable && packets.test(packet)) {
          int changed = versionAndFlags.applyAsInt(packet.getShort(at + 2) & 0xfff);
          packet.putShort(at + 2, (short) changed);
          return seal(packet);
        }
        at += length;
      }
      return packet;
    };
  }

  /** Changes the byte at {@code index} of every MPTCP option of this subtype. */
  public static Middlebox changeOption(int subtype, int index) {
    return (now, packet) -> {
      int end = payloadOffset(packet);
      for (int at = tcp(packet) + 20; at < end && packet.get(at) != 0; ) {
        int length = packet.get(at) == 1 ? 1 : packet.get(at + 1);
        if (packet.get(at) == MptcpOption.KIND && (packet.get(at + 2) >>> 4 & 0xf) == subtype) {
          packet.put(at + index, (byte) (packet.get(at + index) ^ 1));
          return seal(packet);
        }
        at += length;
      }
      return packet;
    };
  }

  /** Takes every MPTCP option out of SYN and SYN/ACK. */
  public static Middlebox stripFromSyns() {
    return stripMptcp(Middleboxes::isSyn, subtype -> true);
  }

  /** Lets the handshake pass and takes the MPTCP options out of everything after it. */
  public static Middlebox stripAfterSyns() {
    return stripMptcp(packet -> !isSyn(packet), subtype -> true);
  }

  /**
   * Leaves a mapping only on the segment that has its first byte, as a sender may that cuts what it
   * maps into segments (RFC 8684 §3.3.1). For one direction.
   */
  public static Middlebox mapFirstSegmentsOnly() {
    Map<Integer, Integer> initial = new HashMap<>();
    return (now, buffer) -> {
      TcpPacket packet = TcpPacket.of(buffer);
      int flow = packet.source() * 31 + packet.sourcePort();
      if (packet.isSyn()) {
        initial.put(flow, packet.sequence());
        return buffer;
      }
      int relative = packet.sequence() - initial.get(flow);
      packet
          .options()
          .replaceAll(o -> TcpPacket.isMptcp(o, MptcpOption.DSS) ? withoutMapping(o, relative) : o);
      return packet.toBuffer();
    };
  }

  /** A DSS without its mapping, unless that begins at {@code relative} or has the DATA_FIN. */
  private static byte[] withoutMapping(byte[] dss, int relative) {
    boolean mapping = (dss[3] & 0x14) == 4;
    int ack = (dss[3] & 1) == 0 ? 0 : (dss[3] & 2) == 0 ? 4 : 8;
    int number = (dss[3] & 8) == 0 ? 4 : 8;
    if (!mapping || ByteBuffer.wrap(dss).getInt(4 + ack + number) == relative) {
      return dss;
    }
    byte[] rest = Arrays.copyOf(dss, 4 + ack);
    rest[1] = (byte) rest.length;
    rest[3] = (byte) (dss[3] & 3);
    return rest;
  }

  /** Changes one byte of the payload of every {@code n}th packet with payload, in the middle. */
  public static Middlebox changePayload(int n) {
    int[] count = new int[1];
    return (now, packet) -> {
      if (payloadLength(packet) < 10 || ++count[0] % n != 0) {
        return packet;
      }
      int at = payloadOffset(packet) + payloadLength(packet) / 2;
      packet.put(at, (byte) (packet.get(at) ^ 0x20));
      return seal(packet);
    };
  }

  /** Drops what the predicate chooses. */
  public static Middlebox drop(Predicate<ByteBuffer> packets) {
    return (now, packet) -> packets.test(packet) ? null : packet;
  }

  /** Adds a number to the sequence numbers of one direction; the other must undo it. */
  public static Middlebox shiftSequenceNumbers(int by) {
    return (now, packet) -> {
      int tcp = tcp(packet);
      packet.putInt(tcp + 4, packet.getInt(tcp + 4) + by);
      return seal(packet);
    };
  }

  /** The other direction's part: acknowledgments and SACK blocks are shifted back. */
  public static Middlebox shiftAcknowledgments(int by) {
    return (now, packet) -> {
      int tcp = tcp(packet);
      if ((flags(packet) & TcpFlags.ACK) != 0) {
        packet.putInt(tcp + 8, packet.getInt(tcp + 8) - by);
      }
      int at = tcp + 20;
      int end = payloadOffset(packet);
      while (at < end && packet.get(at) != 0) {
        int kind = packet.get(at);
        int length = kind == 1 ? 1 : packet.get(at + 1);
        for (int i = 2; kind == 5 && i < length; i += 4) {
          packet.putInt(at + i, packet.getInt(at + i) - by);
        }
        at += length;
      }
      return seal(packet);
    };
  }
}
