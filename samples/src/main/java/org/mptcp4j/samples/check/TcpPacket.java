package org.mptcp4j.samples.check;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** One captured TCP segment. */
final class TcpPacket {
  static final int FIN = 1;
  static final int SYN = 2;
  static final int RST = 4;
  static final int ACK = 16;

  final long number;
  final String source;
  final String destination;
  final int sequence;
  final int acknowledgment;
  final int flags;
  final ByteBuffer payload;
  final List<MptcpOption> mptcp = new ArrayList<>();
  final List<String> faults = new ArrayList<>();

  private TcpPacket(
      long number, String source, String destination, ByteBuffer tcp, int headerLength) {
    this.number = number;
    this.source = source;
    this.destination = destination;
    sequence = tcp.getInt(4);
    acknowledgment = tcp.getInt(8);
    flags = tcp.get(13) & 0xff;
    payload = tcp.slice(headerLength, tcp.capacity() - headerLength);
  }

  boolean has(int flag) {
    return (flags & flag) != 0;
  }

  <T extends MptcpOption> Optional<T> option(Class<T> type) {
    return mptcp.stream().filter(type::isInstance).map(type::cast).findFirst();
  }

  /**
   * Reads an IP packet; empty when there is no TCP segment in it.
   *
   * @param checkChecksums false when offload leaves the TCP checksum to a device
   * @throws MalformedPacketException when headers contradict themselves
   */
  static Optional<TcpPacket> read(
      long number, ByteBuffer ip, boolean cutOff, boolean checkChecksums)
      throws MalformedPacketException {
    if (ip.capacity() < 20) {
      throw new MalformedPacketException("the IP header is cut off");
    }
    return (ip.get(0) >>> 4 & 0xf) == 4
        ? readIpv4(number, ip, cutOff, checkChecksums)
        : readIpv6(number, ip, cutOff, checkChecksums);
  }

  private static Optional<TcpPacket> readIpv4(
      long number, ByteBuffer ip, boolean cutOff, boolean checkChecksums)
      throws MalformedPacketException {
    int header = (ip.get(0) & 0xf) * 4;
    int total = ip.getShort(2) & 0xffff;
    if (ip.get(9) != 6) {
      return Optional.empty();
    }
    if (cutOff) {
      throw new MalformedPacketException("the packet is cut off: capture whole packets (-s 0)");
    }
    if (header < 20 || total < header || total > ip.capacity()) {
      throw new MalformedPacketException("the lengths of the IP header contradict each other");
    }
    if ((ip.getShort(6) & 0x3fff) != 0) {
      throw new MalformedPacketException("the packet is a fragment");
    }
    ByteBuffer tcp = ip.slice(header, total - header);
    long pseudo = Checksum.sum(ip.slice(12, 8)) + 6 + tcp.capacity();
    TcpPacket packet = readTcp(number, address(ip.slice(12, 4)), address(ip.slice(16, 4)), tcp);
    if (Checksum.fold(Checksum.sum(ip.slice(0, header))) != 0xffff) {
      packet.faults.add("the IP header checksum is wrong");
    }
    packet.checkTcpChecksum(tcp, pseudo, checkChecksums);
    return Optional.of(packet);
  }

  private static Optional<TcpPacket> readIpv6(
      long number, ByteBuffer ip, boolean cutOff, boolean checkChecksums)
      throws MalformedPacketException {
    if (ip.capacity() < 40) {
      throw new MalformedPacketException("the IPv6 header is cut off");
    }
    int length = ip.getShort(4) & 0xffff;
    // RFC 2675, and what segmentation offload leaves: no length here, the frame ends the packet.
    int end = length == 0 ? ip.capacity() : 40 + length;
    int next = ip.get(6) & 0xff;
    int at = 40;
    while (next == 0 || next == 43 || next == 60) {
      if (at + 8 > ip.capacity()) {
        throw new MalformedPacketException("the IPv6 extension headers are cut off");
      }
      next = ip.get(at) & 0xff;
      at += ((ip.get(at + 1) & 0xff) + 1) * 8;
    }
    if (next != 6) {
      return Optional.empty();
    }
    if (cutOff) {
      throw new MalformedPacketException("the packet is cut off: capture whole packets (-s 0)");
    }
    if (end > ip.capacity() || at > end) {
      throw new MalformedPacketException("the lengths of the IPv6 header contradict each other");
    }
    ByteBuffer tcp = ip.slice(at, end - at);
    long pseudo = Checksum.sum(ip.slice(8, 32)) + 6 + (tcp.capacity() >>> 16);
    pseudo += tcp.capacity() & 0xffff;
    TcpPacket packet = readTcp(number, address(ip.slice(8, 16)), address(ip.slice(24, 16)), tcp);
    packet.checkTcpChecksum(tcp, pseudo, checkChecksums);
    return Optional.of(packet);
  }

  private static String address(ByteBuffer bytes) {
    StringBuilder text = new StringBuilder();
    if (bytes.capacity() == 4) {
      for (int i = 0; i < 4; i++) {
        text.append(i == 0 ? "" : ".").append(bytes.get(i) & 0xff);
      }
      return text.toString();
    }
    text.append('[');
    for (int i = 0; i < 16; i += 2) {
      text.append(i == 0 ? "" : ":").append(Integer.toHexString(bytes.getShort(i) & 0xffff));
    }
    return text.append(']').toString();
  }

  private static TcpPacket readTcp(long number, String source, String destination, ByteBuffer tcp)
      throws MalformedPacketException {
    if (tcp.capacity() < 20) {
      throw new MalformedPacketException("the TCP header is cut off");
    }
    int headerLength = (tcp.get(12) >>> 4 & 0xf) * 4;
    if (headerLength < 20 || headerLength > tcp.capacity()) {
      throw new MalformedPacketException("the TCP data offset is " + headerLength / 4);
    }
    TcpPacket packet =
        new TcpPacket(
            number,
            source + ":" + (tcp.getShort(0) & 0xffff),
            destination + ":" + (tcp.getShort(2) & 0xffff),
            tcp,
            headerLength);
    packet.readOptions(tcp.slice(20, headerLength - 20));
    return packet;
  }

  private void readOptions(ByteBuffer options) {
    int at = 0;
    while (at < options.capacity()) {
      int kind = options.get(at) & 0xff;
      if (kind == 0) {
        return;
      }
      if (kind == 1) {
        at++;
        continue;
      }
      int length = at + 1 < options.capacity() ? options.get(at + 1) & 0xff : 0;
      if (length < 2 || at + length > options.capacity()) {
        faults.add("the TCP option of kind " + kind + " has the impossible length " + length);
        return;
      }
      if (kind == MptcpOption.KIND) {
        readMptcp(options.slice(at, length));
      }
      at += length;
    }
  }

  private void readMptcp(ByteBuffer option) {
    Optional<MptcpOption> read = MptcpOption.read(option, has(SYN), has(ACK));
    if (read.isPresent()) {
      mptcp.add(read.get());
    } else {
      byte[] bytes = new byte[option.capacity()];
      option.get(0, bytes);
      faults.add("the MPTCP option " + HexFormat.of().formatHex(bytes) + " is malformed");
    }
  }

  private void checkTcpChecksum(ByteBuffer tcp, long pseudo, boolean check) {
    if (check && Checksum.fold(Checksum.sum(tcp) + pseudo) != 0xffff) {
      faults.add("the TCP checksum is wrong");
    }
  }
}
