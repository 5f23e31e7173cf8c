package org.mptcp4j.samples.check;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A pcap file: IP packets of Ethernet, Linux cooked (both versions) and raw captures. */
final class CaptureFile {
  private static final int MAGIC_MICROSECONDS = 0xa1b2c3d4;
  private static final int MAGIC_NANOSECONDS = 0xa1b23c4d;
  private static final int MAGIC_PCAPNG = 0x0a0d0d0a;

  private static final int LINK_ETHERNET = 1;
  private static final int LINK_RAW = 101;
  private static final int LINK_IPV4 = 228;
  private static final int LINK_IPV6 = 229;
  private static final int LINK_COOKED = 113;
  private static final int LINK_COOKED_2 = 276;

  /** Takes the packets of a file one by one. */
  @FunctionalInterface
  interface Visitor {
    /**
     * One captured frame with IP in it.
     *
     * @param number its number in the file, from 1
     * @param ip the IP packet, big-endian, from position 0 to the limit
     * @param cutOff whether the capture has not the whole of it
     */
    void packet(long number, ByteBuffer ip, boolean cutOff);
  }

  private CaptureFile() {}

  /** Visits every IP packet; what is no IP is passed over. */
  static void read(Path file, Visitor visitor) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (channel.size() > Integer.MAX_VALUE) {
        throw new IOException(file + " is larger than 2 GB: capture a shorter transfer");
      }
      read(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size()), file.toString(), visitor);
    }
  }

  static void read(ByteBuffer bytes, String name, Visitor visitor) throws IOException {
    if (bytes.capacity() < 24) {
      throw new IOException(name + " is no pcap file: it has only " + bytes.capacity() + " bytes");
    }
    ByteBuffer file = bytes.duplicate().order(ByteOrder.BIG_ENDIAN);
    if (file.getInt(0) == MAGIC_PCAPNG) {
      throw new IOException(
          name + " is pcapng: convert it with 'editcap -F pcap " + name + " OUT.pcap'");
    }
    if (!isPcap(file.getInt(0))) {
      file.order(ByteOrder.LITTLE_ENDIAN);
      if (!isPcap(file.getInt(0))) {
        throw new IOException(name + " is no pcap file");
      }
    }
    int linkType = file.getInt(20) & 0xffff;
    int at = 24;
    long number = 0;
    while (at + 16 <= file.capacity()) {
      int captured = file.getInt(at + 8);
      int original = file.getInt(at + 12);
      if (captured < 0 || captured > file.capacity() - at - 16) {
        // The writer was stopped in the middle of a record.
        return;
      }
      number++;
      ByteBuffer frame = bytes.slice(at + 16, captured).order(ByteOrder.BIG_ENDIAN);
      int ip = startOfIp(linkType, frame);
      if (ip >= 0) {
        visitor.packet(
            number,
            frame.slice(ip, captured - ip).order(ByteOrder.BIG_ENDIAN),
            captured < original);
      }
      at += 16 + captured;
    }
  }

  private static boolean isPcap(int magic) {
    return magic == MAGIC_MICROSECONDS || magic == MAGIC_NANOSECONDS;
  }

  /** Index of the IP header, or -1 where there is none. */
  private static int startOfIp(int linkType, ByteBuffer frame) throws IOException {
    return switch (linkType) {
      case LINK_RAW, LINK_IPV4, LINK_IPV6 -> frame.capacity() > 0 ? 0 : -1;
      case LINK_ETHERNET -> startAfterEthernet(frame);
      case LINK_COOKED -> startAfter(frame, 14, 16);
      case LINK_COOKED_2 -> startAfter(frame, 0, 20);
      default -> throw new IOException("link type " + linkType + " is not known here");
    };
  }

  private static int startAfterEthernet(ByteBuffer frame) {
    int protocolAt = 12;
    // IEEE 802.1Q tags stand between addresses and type.
    while (frame.capacity() >= protocolAt + 6 && isVlan(frame.getShort(protocolAt) & 0xffff)) {
      protocolAt += 4;
    }
    return startAfter(frame, protocolAt, protocolAt + 2);
  }

  private static int startAfter(ByteBuffer frame, int protocolAt, int start) {
    if (frame.capacity() < start) {
      return -1;
    }
    int protocol = frame.getShort(protocolAt) & 0xffff;
    return protocol == 0x0800 || protocol == 0x86dd ? start : -1;
  }

  private static boolean isVlan(int type) {
    return type == 0x8100 || type == 0x88a8;
  }
}
