package org.mptcp4j.sim;

import java.nio.ByteBuffer;
import org.mptcp4j.wire.IpAddress;

/** Boxes that change addresses, ports, windows and segment sizes. */
final class HeaderBoxes {
  private static final int MSS = 2;
  private static final int WINDOW_SCALE = 3;

  private HeaderBoxes() {}

  /** Translates the address of the path's first host to {@code outside}. */
  static void translateAddress(BoxedPath path, String inside, String outside) {
    int in = IpAddress.parse(inside).ipv4Bits();
    int out = IpAddress.parse(outside).ipv4Bits();
    path.outsideAddress(outside);
    path.forward()
        .middlebox(
            (now, buffer) -> {
              TcpPacket packet = TcpPacket.of(buffer);
              packet.source(out);
              return packet.toBuffer();
            });
    path.backward()
        .middlebox(
            (now, buffer) -> {
              TcpPacket packet = TcpPacket.of(buffer);
              packet.destination(in);
              return packet.toBuffer();
            });
  }

  /** Translates the ports of the path's first host by adding a number. */
  static void translatePorts(BoxedPath path, int by) {
    path.forward()
        .middlebox(
            (now, buffer) -> {
              TcpPacket packet = TcpPacket.of(buffer);
              packet.sourcePort(packet.sourcePort() + by);
              return packet.toBuffer();
            });
    path.backward()
        .middlebox(
            (now, buffer) -> {
              TcpPacket packet = TcpPacket.of(buffer);
              packet.destinationPort(packet.destinationPort() - by);
              return packet.toBuffer();
            });
  }

  /** Lets no window field be larger than {@code most}. */
  static Middlebox clampWindow(int most) {
    return (now, buffer) -> {
      TcpPacket packet = TcpPacket.of(buffer);
      packet.window(Math.min(most, packet.window()));
      return packet.toBuffer();
    };
  }

  /** Takes the window scale out of SYNs. */
  static Middlebox stripWindowScale() {
    return (now, buffer) -> {
      TcpPacket packet = TcpPacket.of(buffer);
      packet.removeOptions(TcpPacket.isKind(WINDOW_SCALE));
      return packet.toBuffer();
    };
  }

  /** Lets no SYN announce more than {@code most} bytes a segment. */
  static Middlebox clampMss(int most) {
    return (now, buffer) -> {
      TcpPacket packet = TcpPacket.of(buffer);
      for (byte[] option : packet.options()) {
        if (option[0] == MSS) {
          ByteBuffer value = ByteBuffer.wrap(option);
          value.putShort(2, (short) Math.min(most, value.getShort(2) & 0xffff));
        }
      }
      return packet.toBuffer();
    };
  }
}
