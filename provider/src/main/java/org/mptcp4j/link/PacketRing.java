package org.mptcp4j.link;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A packet socket that sees all interfaces, with its receive ring (TPACKET_V2: it wakes for each
 * frame, where V3 wakes for a block of them). Frames are read at the head, which the reader moves
 * on. Not thread-safe, but for {@link #setFilter}.
 */
final class PacketRing implements AutoCloseable {
  /** Bits of the status word (linux/if_packet.h). */
  private static final int STATUS_USER = 1;

  private static final int STATUS_LOSING = 4;
  private static final int STATUS_VLAN_VALID = 16;

  // struct tpacket2_hdr
  private static final int LEN = 4;
  private static final int SNAPLEN = 8;
  private static final int MAC = 12;
  private static final int NET = 14;
  private static final int SECONDS = 16;
  private static final int NANOS = 20;
  private static final int VLAN_TCI = 24;

  // struct sockaddr_ll, after the header
  private static final int IFINDEX = 32 + 4;
  private static final int PACKET_TYPE = 32 + 10;

  private static final int VNET_HEADER_LENGTH = 10;
  private static final int CHECKSUM_KNOWN = 1 | 2;
  private static final int BLOCK = 1 << 20;

  private final int fd;
  private final long mapped;
  private final int size;
  private final int frameSize;
  private final int framesPerBlock;
  private final int frameCount;

  /** The whole ring in network order, for packets, and in machine order, for what frames it. */
  private final ByteBuffer packets;

  private final ByteBuffer headers;
  private final ByteBuffer statistics = Native.allocate(16);
  private int index;
  private int head;

  private PacketRing(
      int fd, long mapped, int size, int frameSize, int framesPerBlock, int frameCount) {
    this.fd = fd;
    this.mapped = mapped;
    this.size = size;
    this.frameSize = frameSize;
    this.framesPerBlock = framesPerBlock;
    this.frameCount = frameCount;
    packets = Native.wrap(mapped, size).order(ByteOrder.BIG_ENDIAN);
    headers = Native.wrap(mapped, size).order(ByteOrder.nativeOrder());
  }

  /** Opens a ring of {@code mebibytes} blocks, with {@code framesPerBlock} slots in each. */
  static PacketRing open(int mebibytes, int framesPerBlock, BpfProgram filter) throws IOException {
    // Protocol 0: nothing is received before bind, when all options are in place.
    int fd = Native.socket(Native.AF_PACKET, Native.SOCK_RAW, 0, "a packet socket");
    try {
      Native.setOption(
          fd,
          Native.SOL_PACKET,
          Native.PACKET_VERSION,
          Native.TPACKET_V2,
          "cannot choose ring version 2");
      // Before the ring: the kernel refuses it afterwards.
      Native.setOption(
          fd, Native.SOL_PACKET, Native.PACKET_VNET_HDR, 1, "cannot ask for offload headers");
      Native.setOption(
          fd,
          Native.SOL_PACKET,
          Native.PACKET_IGNORE_OUTGOING,
          1,
          "cannot leave out outgoing packets (needs Linux 4.20)");
      int frameSize = BLOCK / framesPerBlock & ~15;
      int frameCount = mebibytes * framesPerBlock;
      // struct tpacket_req
      ByteBuffer request = Native.allocate(16);
      request.putInt(0, BLOCK).putInt(4, mebibytes).putInt(8, frameSize).putInt(12, frameCount);
      int rc =
          Native.C.setsockopt(
              fd, Native.SOL_PACKET, Native.PACKET_RX_RING, Native.address(request), 16);
      Native.check(rc, "cannot make a receive ring of " + mebibytes + " MiB");
      Native.keep(request);
      Native.attachFilter(fd, filter);
      long mapped = Native.mapShared(fd, (long) mebibytes * BLOCK);
      PacketRing ring =
          new PacketRing(fd, mapped, mebibytes * BLOCK, frameSize, framesPerBlock, frameCount);
      ring.bindToAllInterfaces();
      return ring;
    } catch (IOException | RuntimeException e) {
      Native.C.close(fd);
      throw e;
    }
  }

  private void bindToAllInterfaces() throws IOException {
    ByteBuffer address = Native.allocate(20);
    address.putShort(0, (short) Native.AF_PACKET);
    address.put(2, (byte) 0).put(3, (byte) Native.ETH_P_ALL);
    Native.check(
        Native.C.bind(fd, Native.address(address), 20),
        "cannot bind a packet socket to all interfaces");
    Native.keep(address);
  }

  int descriptor() {
    return fd;
  }

  int frameSize() {
    return frameSize;
  }

  int frameCount() {
    return frameCount;
  }

  /** Replaces the filter in one step: no packet slips by or gets lost. */
  void setFilter(BpfProgram filter) throws IOException {
    Native.attachFilter(fd, filter);
  }

  private int status() {
    return (int) Native.INT.getAcquire(headers, head);
  }

  /** Whether a frame waits at the head. What this thread reads afterwards is newer than that. */
  boolean hasFrame() {
    return (status() & STATUS_USER) != 0;
  }

  /** Whether the kernel dropped frames since {@link #takeDrops} was called. */
  boolean isLosing() {
    return (status() & STATUS_LOSING) != 0;
  }

  /** When the kernel put the frame here, nanoseconds of the real-time clock. */
  long realtimeNanos() {
    return (headers.getInt(head + SECONDS) & 0xffff_ffffL) * 1_000_000_000L
        + headers.getInt(head + NANOS);
  }

  int interfaceIndex() {
    return headers.getInt(head + IFINDEX);
  }

  /** PACKET_HOST is 0. */
  int packetType() {
    return headers.get(head + PACKET_TYPE);
  }

  /** Whether the frame carries the tag of a VLAN, so that it appears again on the VLAN's device. */
  boolean isVlanTagged() {
    return (status() & STATUS_VLAN_VALID) != 0 && (headers.getInt(head + VLAN_TCI) & 0x0fff) != 0;
  }

  /** Whether all bytes of the frame are in the slot, and where it says. */
  boolean isWhole() {
    int snapLength = headers.getInt(head + SNAPLEN);
    int mac = headers.getShort(head + MAC) & 0xffff;
    int net = headers.getShort(head + NET) & 0xffff;
    return snapLength == headers.getInt(head + LEN)
        && snapLength >= 0
        && mac <= net
        && mac >= VNET_HEADER_LENGTH
        && net - mac <= snapLength
        && (long) mac + snapLength <= frameSize;
  }

  ByteBuffer packets() {
    return packets;
  }

  /** Where the IP header is in {@link #packets}, link header or none. */
  int ipOffset() {
    return head + (headers.getShort(head + NET) & 0xffff);
  }

  /** Bytes from the IP header on. */
  int ipLength() {
    return headers.getInt(head + SNAPLEN)
        - ((headers.getShort(head + NET) & 0xffff) - (headers.getShort(head + MAC) & 0xffff));
  }

  /** Whether the device verified the TCP checksum, or the packet never left this machine. */
  boolean isChecksumTrusted() {
    int flags = headers.get(head + (headers.getShort(head + MAC) & 0xffff) - VNET_HEADER_LENGTH);
    return (flags & CHECKSUM_KNOWN) != 0;
  }

  /** Gives the head's slot back to the kernel and moves on. */
  void release() {
    Native.INT.setRelease(headers, head, 0);
    index = index + 1 == frameCount ? 0 : index + 1;
    head = index / framesPerBlock * BLOCK + index % framesPerBlock * frameSize;
  }

  /** Frames dropped for want of a slot since the last call. */
  int takeDrops() {
    statistics.putInt(8, 8);
    long address = Native.address(statistics);
    int rc =
        Native.C.getsockopt(fd, Native.SOL_PACKET, Native.PACKET_STATISTICS, address, address + 8);
    return rc < 0 ? 0 : statistics.getInt(4);
  }

  /** Unmaps the ring: nobody may be reading it. */
  @Override
  public void close() {
    Native.C.munmap(mapped, size);
    Native.C.close(fd);
  }
}
