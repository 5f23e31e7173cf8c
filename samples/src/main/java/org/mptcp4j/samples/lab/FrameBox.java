package org.mptcp4j.samples.lab;

import java.nio.ByteBuffer;

/**
 * Takes IP packets out of Ethernet frames with an offload header, for boxes, and puts packets back
 * into such frames. Used by one thread.
 */
final class FrameBox {
  // struct virtio_net_hdr: fields of two bytes are in the machine's order.
  private static final int NEEDS_CHECKSUM = 1;
  private static final int GSO_TYPE_AT = 1;
  private static final int CHECKSUM_START_AT = 6;
  private static final int CHECKSUM_OFFSET_AT = 8;

  private static final int ETHERNET_HEADER = 14;
  private static final int IP = PathDirection.OFFLOAD_HEADER + ETHERNET_HEADER;
  private static final int TCP = 6;

  private final byte[] ethernet = new byte[ETHERNET_HEADER];

  /** Whether the frame has a TCP segment in an IPv4 packet. */
  static boolean concerns(ByteBuffer memory, int place) {
    return memory.get(place + IP - 2) == 8
        && memory.get(place + IP - 1) == 0
        && memory.get(place + IP + 9) == TCP;
  }

  /** The packet of a frame, as a copy, with its checksum finished. */
  ByteBuffer takeOut(ByteBuffer memory, int place) {
    if (memory.get(place + GSO_TYPE_AT) != 0) {
      throw new IllegalStateException("a box needs single segments, and here come several in one");
    }
    memory.get(place + PathDirection.OFFLOAD_HEADER, ethernet);
    int length = (memory.get(place + IP + 2) & 0xff) << 8 | memory.get(place + IP + 3) & 0xff;
    byte[] packet = new byte[length];
    memory.get(place + IP, packet);
    ByteBuffer result = ByteBuffer.wrap(packet);
    if ((memory.get(place) & NEEDS_CHECKSUM) != 0) {
      int start = (memory.getShort(place + CHECKSUM_START_AT) & 0xffff) - ETHERNET_HEADER;
      int at = start + (memory.getShort(place + CHECKSUM_OFFSET_AT) & 0xffff);
      // The field holds the sum of the pseudo-header already.
      result.putShort(at, (short) ~sum(result, start, length));
    }
    return result;
  }

  private static int sum(ByteBuffer packet, int from, int to) {
    long sum = 0;
    int at = from;
    for (; at + 1 < to; at += 2) {
      sum += packet.getShort(at) & 0xffff;
    }
    if (at < to) {
      sum += (packet.get(at) & 0xff) << 8;
    }
    while (sum >>> 16 != 0) {
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return (int) sum;
  }

  /** Writes a frame with the packet, to where the last one went; returns its length. */
  int putBack(ByteBuffer packet, ByteBuffer memory, int place) {
    for (int i = 0; i < PathDirection.OFFLOAD_HEADER; i++) {
      memory.put(place + i, (byte) 0);
    }
    memory.put(place + PathDirection.OFFLOAD_HEADER, ethernet);
    memory.put(place + IP, packet, 0, packet.limit());
    return IP + packet.limit();
  }
}
