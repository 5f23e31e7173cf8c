package org.mptcp4j.sim;

import java.nio.ByteBuffer;
import org.mptcp4j.wire.TcpFlags;

/** Boxes that mind TCP Fast Open (RFC 7413 §7.1), or meddle with it. */
public final class FastOpenBoxes {
  private static final int KIND = 34;

  private FastOpenBoxes() {}

  /** Takes the option out of SYN and SYN/ACK. */
  public static Middlebox stripOption() {
    return (now, packet) -> {
      if (!Middleboxes.isSyn(packet)) {
        return packet;
      }
      TcpPacket changed = TcpPacket.of(packet);
      changed.removeOptions(TcpPacket.isKind(KIND));
      return changed.toBuffer();
    };
  }

  /** Drops SYNs with data. */
  public static Middlebox dropSynsWithData() {
    return Middleboxes.drop(
        packet -> Middleboxes.isSyn(packet) && Middleboxes.payloadLength(packet) > 0);
  }

  /** The packet without the flag ACK. */
  public static ByteBuffer withoutAcknowledgment(ByteBuffer packet) {
    int at = Middleboxes.tcp(packet) + 13;
    packet.put(at, (byte) (packet.get(at) & ~TcpFlags.ACK));
    packet.putInt(at - 5, 0);
    return Middleboxes.seal(packet);
  }

  /** Leaves no more than so much data in a SYN. */
  public static Middlebox cutSynsTo(int bytes) {
    return (now, packet) -> {
      int excess = Middleboxes.payloadLength(packet) - bytes;
      if (!Middleboxes.isSyn(packet) || excess <= 0) {
        return packet;
      }
      packet.limit(packet.limit() - excess);
      packet.putShort(2, (short) packet.limit());
      return Middleboxes.seal(packet);
    };
  }
}
