package org.mptcp4j.sim;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.function.Predicate;
import org.mptcp4j.wire.InternetChecksum;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.TcpFlags;

/**
 * An IPv4 packet with a TCP segment taken apart, for boxes that change its shape: options of any
 * number and order, payload of any length.
 */
final class TcpPacket {
  private static final int NOP = 1;
  private static final int SACK = 5;

  private final byte[] ip;
  private final byte[] tcp;
  private List<byte[]> options = new ArrayList<>();
  private byte[] payload;

  private TcpPacket(ByteBuffer packet) {
    int ipLength = Middleboxes.tcp(packet);
    ip = bytes(packet, 0, ipLength);
    tcp = bytes(packet, ipLength, 20);
    int end = Middleboxes.payloadOffset(packet);
    payload = bytes(packet, end, packet.limit() - end);
    int at = ipLength + 20;
    while (at < end && packet.get(at) != 0) {
      int length = packet.get(at) == NOP ? 1 : packet.get(at + 1);
      if (length != 1) {
        options.add(bytes(packet, at, length));
      }
      at += length;
    }
  }

  static TcpPacket of(ByteBuffer packet) {
    return new TcpPacket(packet);
  }

  private static byte[] bytes(ByteBuffer from, int at, int length) {
    byte[] bytes = new byte[length];
    from.get(at, bytes);
    return bytes;
  }

  private static ByteBuffer view(byte[] bytes) {
    return ByteBuffer.wrap(bytes);
  }

  TcpPacket copy() {
    return new TcpPacket(toBuffer());
  }

  /** The packet with right lengths and checksums. */
  ByteBuffer toBuffer() {
    int optionBytes = optionBytes();
    int padded = optionBytes + 3 & ~3;
    if (padded > 40) {
      throw new AssertionError("a box that writes " + padded + " bytes of options");
    }
    int length = ip.length + 20 + padded + payload.length;
    ByteBuffer packet = ByteBuffer.allocate(Math.max(2_048, length)).limit(length);
    packet.put(0, ip).put(ip.length, tcp);
    packet.putShort(2, (short) length);
    packet.putShort(10, (short) 0);
    packet.putShort(
        10, (short) InternetChecksum.finish(InternetChecksum.sum(packet, 0, ip.length)));
    packet.put(ip.length + 12, (byte) (20 + padded << 2));
    int at = ip.length + 20;
    for (byte[] option : options) {
      packet.put(at, option);
      at += option.length;
    }
    while (at < ip.length + 20 + padded) {
      packet.put(at++, (byte) NOP);
    }
    packet.put(at, payload);
    return Middleboxes.seal(packet);
  }

  private int optionBytes() {
    return options.stream().mapToInt(option -> option.length).sum();
  }

  /** Room in the option space, bytes. */
  int optionRoom() {
    return 40 - optionBytes();
  }

  List<byte[]> options() {
    return options;
  }

  void removeOptions(Predicate<byte[]> which) {
    options.removeIf(which);
  }

  static boolean isMptcp(byte[] option) {
    return option[0] == MptcpOption.KIND;
  }

  /** Whether the option is a TCP option of this kind. */
  static Predicate<byte[]> isKind(int kind) {
    return option -> option[0] == kind;
  }

  static boolean isMptcp(byte[] option, int subtype) {
    return isMptcp(option) && option[2] >>> 4 == subtype;
  }

  boolean hasMptcp(int subtype) {
    return options.stream().anyMatch(option -> isMptcp(option, subtype));
  }

  boolean has(int flags) {
    return (flags() & flags) == flags;
  }

  int flags() {
    return tcp[13] & 0xff;
  }

  void flags(int flags) {
    tcp[13] = (byte) flags;
  }

  boolean isSyn() {
    return has(TcpFlags.SYN);
  }

  int sequence() {
    return view(tcp).getInt(4);
  }

  void sequence(int number) {
    view(tcp).putInt(4, number);
  }

  /** The sequence number after payload and FIN. */
  int end() {
    return sequence() + payload.length + (has(TcpFlags.FIN) ? 1 : 0);
  }

  int acknowledgment() {
    return view(tcp).getInt(8);
  }

  void acknowledgment(int number) {
    view(tcp).putInt(8, number);
  }

  int window() {
    return view(tcp).getShort(14) & 0xffff;
  }

  void window(int value) {
    view(tcp).putShort(14, (short) value);
  }

  int source() {
    return view(ip).getInt(12);
  }

  void source(int address) {
    view(ip).putInt(12, address);
  }

  int destination() {
    return view(ip).getInt(16);
  }

  void destination(int address) {
    view(ip).putInt(16, address);
  }

  int sourcePort() {
    return view(tcp).getShort(0) & 0xffff;
  }

  void sourcePort(int port) {
    view(tcp).putShort(0, (short) port);
  }

  int destinationPort() {
    return view(tcp).getShort(2) & 0xffff;
  }

  void destinationPort(int port) {
    view(tcp).putShort(2, (short) port);
  }

  byte[] payload() {
    return payload;
  }

  void payload(byte[] bytes) {
    payload = bytes;
  }

  /** The part of the payload from {@code from} to {@code to}, as a segment of its own. */
  TcpPacket piece(int from, int to) {
    TcpPacket piece = copy();
    piece.payload = Arrays.copyOfRange(payload, from, to);
    piece.sequence(sequence() + from);
    if (to < payload.length) {
      piece.flags(flags() & ~(TcpFlags.FIN | TcpFlags.PSH));
    }
    return piece;
  }

  /** Applies a translation to the acknowledgment number and the edges of SACK blocks. */
  void translateAcknowledgments(IntUnaryOperator translation) {
    if (has(TcpFlags.ACK)) {
      acknowledgment(translation.applyAsInt(acknowledgment()));
    }
    for (byte[] option : options) {
      for (int i = 2; option[0] == SACK && i < option.length; i += 4) {
        view(option).putInt(i, translation.applyAsInt(view(option).getInt(i)));
      }
    }
  }

  /** A RST that the receiver of this segment believes. */
  TcpPacket resetOnward() {
    TcpPacket reset = copy();
    reset.flags(TcpFlags.RST | TcpFlags.ACK);
    reset.payload = new byte[0];
    reset.options = new ArrayList<>();
    return reset;
  }

  /** A bare ACK from the receiver of this segment to its sender. */
  TcpPacket acknowledgmentBack(int acknowledged, int window) {
    TcpPacket ack = copy();
    ack.source(destination());
    ack.destination(source());
    ack.sourcePort(destinationPort());
    ack.destinationPort(sourcePort());
    ack.sequence(acknowledgment());
    ack.acknowledgment(acknowledged);
    ack.flags(TcpFlags.ACK);
    ack.window(window);
    ack.payload = new byte[0];
    ack.options = new ArrayList<>();
    return ack;
  }
}
