package org.mptcp4j.link;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.mptcp4j.wire.OutgoingSegment;

/**
 * Native memory in which one thread builds the arguments of sendmsg: message header, two I/O
 * vectors, address, then the offload header, link header and packet headers in one run.
 */
final class SendScratch {
  private static final ThreadLocal<SendScratch> OF_THREAD =
      ThreadLocal.withInitial(SendScratch::new);

  private static final int VECTORS = 64;
  private static final int ADDRESS = 96;

  /** Where the IP header is written; link and offload headers stand before it. */
  private static final int PACKET = 160;

  private static final int SIZE = PACKET + OutgoingSegment.MAX_HEADER_LENGTH + 32;
  private static final int VNET_LENGTH = 10;
  private static final int ETHERNET_LENGTH = 14;
  private static final int SOCKADDR_LL_LENGTH = 20;

  private final ByteBuffer arguments = Native.allocate(SIZE);
  private final ByteBuffer packet = arguments.duplicate().order(ByteOrder.BIG_ENDIAN);
  private final long base = Native.address(arguments);
  private ByteBuffer copied;

  private SendScratch() {
    // struct msghdr: name, namelen, iov, iovlen, control, controllen, flags
    arguments.putLong(0, base + ADDRESS);
    arguments.putLong(16, base + VECTORS);
    arguments.putLong(24, 1);
  }

  static SendScratch ofThisThread() {
    return OF_THREAD.get();
  }

  ByteBuffer packet() {
    return packet;
  }

  int packetOffset() {
    return PACKET;
  }

  /** The address of the finished struct msghdr. */
  long message() {
    return base;
  }

  /** Names the interface that a packet socket sends by. */
  void linkAddress(int interfaceIndex, boolean ipv4) {
    // struct sockaddr_ll
    int protocol = ipv4 ? Native.ETH_P_IP : Native.ETH_P_IPV6;
    arguments.putInt(8, SOCKADDR_LL_LENGTH);
    arguments.putShort(ADDRESS, (short) Native.AF_PACKET);
    packet.putShort(ADDRESS + 2, (short) protocol);
    arguments.putInt(ADDRESS + 4, interfaceIndex);
    arguments.putLong(ADDRESS + 8, 0);
    arguments.putInt(ADDRESS + 16, 0);
  }

  /** Names the destination for a raw IP socket. */
  void ipAddress(org.mptcp4j.wire.IpAddress destination, int interfaceIndex) {
    if (destination.isIpv4()) {
      arguments.putInt(8, 16);
      arguments.putShort(ADDRESS, (short) Native.AF_INET);
      packet.putShort(ADDRESS + 2, (short) 0);
      packet.putInt(ADDRESS + 4, destination.ipv4Bits());
      packet.putLong(ADDRESS + 8, 0);
    } else {
      arguments.putInt(8, 28);
      arguments.putShort(ADDRESS, (short) Native.AF_INET6);
      packet.putShort(ADDRESS + 2, (short) 0);
      packet.putInt(ADDRESS + 4, 0);
      packet.putLong(ADDRESS + 8, destination.high());
      packet.putLong(ADDRESS + 16, destination.low());
      arguments.putInt(ADDRESS + 24, destination.isLinkLocal() ? interfaceIndex : 0);
    }
  }

  /**
   * Writes the offload header (struct virtio_net_hdr) and the Ethernet header, if any, before the
   * packet. The kernel finishes the checksum of every frame, offloaded or not.
   *
   * @param pieceSize payload bytes in each piece, 0 for a frame that is not to be cut
   */
  void frameHeaders(
      OutgoingSegment segment, boolean ethernet, long source, long destination, int pieceSize) {
    boolean ipv4 = segment.source().isIpv4();
    int link = ethernet ? ETHERNET_LENGTH : 0;
    int headers = link + segment.ipHeaderLength() + segment.tcpHeaderLength();
    int vnet = PACKET - link - VNET_LENGTH;
    int gsoType = pieceSize == 0 ? 0 : ipv4 ? 1 : 4;
    if (pieceSize != 0 && (segment.flags() & org.mptcp4j.wire.TcpFlags.CWR) != 0) {
      gsoType |= 0x80;
    }
    arguments.put(vnet, (byte) 1); // VIRTIO_NET_HDR_F_NEEDS_CSUM
    arguments.put(vnet + 1, (byte) gsoType);
    arguments.putShort(vnet + 2, (short) headers);
    arguments.putShort(vnet + 4, (short) pieceSize);
    arguments.putShort(vnet + 6, (short) (link + segment.ipHeaderLength()));
    arguments.putShort(vnet + 8, (short) 16);
    if (ethernet) {
      packet.putLong(PACKET - 14, destination << 16 | source >>> 32);
      packet.putInt(PACKET - 6, (int) source);
      packet.putShort(PACKET - 2, (short) (ipv4 ? Native.ETH_P_IP : Native.ETH_P_IPV6));
    }
    firstVector(-link - VNET_LENGTH, headers + VNET_LENGTH);
  }

  /** For a raw IP socket: the packet only. */
  void packetHeaders(OutgoingSegment segment) {
    firstVector(0, segment.ipHeaderLength() + segment.tcpHeaderLength());
  }

  private void firstVector(int fromPacket, int length) {
    arguments.putLong(VECTORS, base + PACKET + fromPacket);
    arguments.putLong(VECTORS + 8, length);
  }

  /** The second vector: the payload where it is, or a copy when it lies on the heap. */
  void payload(ByteBuffer payload, int offset, int length) {
    if (length == 0) {
      arguments.putLong(24, 1);
      return;
    }
    arguments.putLong(24, 2);
    long address;
    if (payload.isDirect()) {
      address = Native.address(payload) + offset;
    } else {
      if (copied == null || copied.capacity() < length) {
        copied = Native.allocate(Math.max(length, 2048));
      }
      copied.put(0, payload, offset, length);
      address = Native.address(copied);
    }
    arguments.putLong(VECTORS + 16, address);
    arguments.putLong(VECTORS + 24, length);
  }
}
