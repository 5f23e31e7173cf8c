package org.mptcp4j.sim;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;
import java.util.function.Predicate;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.TcpFlags;

/** Boxes that take MPTCP options away, or give them another shape. */
final class OptionBoxes {
  static final Predicate<TcpPacket> SYN = p -> p.isSyn() && !p.has(TcpFlags.ACK);
  static final Predicate<TcpPacket> SYN_ACK = p -> p.isSyn() && p.has(TcpFlags.ACK);
  static final Predicate<TcpPacket> AFTER_SYNS = p -> !p.isSyn();
  static final Predicate<TcpPacket> WITH_DATA = p -> p.payload().length > 0;

  /** The third ACK of a handshake, and its repetitions. */
  static final Predicate<TcpPacket> THIRD_ACK =
      p ->
          !p.isSyn()
              && p.payload().length == 0
              && (p.hasMptcp(MptcpOption.MP_CAPABLE) || p.hasMptcp(MptcpOption.MP_JOIN));

  private OptionBoxes() {}

  /** Removes the MPTCP options of the packets chosen. */
  static Middlebox strip(Predicate<TcpPacket> packets) {
    return (now, buffer) -> {
      TcpPacket packet = TcpPacket.of(buffer);
      if (!packets.test(packet)) {
        return buffer;
      }
      packet.removeOptions(TcpPacket::isMptcp);
      return packet.toBuffer();
    };
  }

  /** Ends the option list where the first MPTCP option is, in the packets chosen. */
  static Middlebox endOptionsAtMptcp(Predicate<TcpPacket> packets) {
    return (now, buffer) -> {
      if (!packets.test(TcpPacket.of(buffer))) {
        return buffer;
      }
      int at = Middleboxes.tcp(buffer) + 20;
      int end = Middleboxes.payloadOffset(buffer);
      while (at < end && buffer.get(at) != MptcpOption.KIND && buffer.get(at) != 0) {
        at += buffer.get(at) == 1 ? 1 : buffer.get(at + 1);
      }
      while (at < end) {
        buffer.put(at++, (byte) 0);
      }
      return Middleboxes.seal(buffer);
    };
  }

  /** Repeats each MPTCP option where there is room for it. */
  static ByteBuffer duplicate(long now, ByteBuffer buffer) {
    TcpPacket packet = TcpPacket.of(buffer);
    for (byte[] option : List.copyOf(packet.options())) {
      if (TcpPacket.isMptcp(option) && packet.optionRoom() >= option.length) {
        packet.options().add(option);
      }
    }
    return packet.toBuffer();
  }

  /** Turns the order of the options around. */
  static ByteBuffer reverse(long now, ByteBuffer buffer) {
    TcpPacket packet = TcpPacket.of(buffer);
    Collections.reverse(packet.options());
    return packet.toBuffer();
  }

  /** Drops SYNs that carry MPTCP options. */
  static ByteBuffer dropMptcpSyns(long now, ByteBuffer buffer) {
    TcpPacket packet = TcpPacket.of(buffer);
    return packet.isSyn() && packet.options().stream().anyMatch(TcpPacket::isMptcp) ? null : buffer;
  }
}
