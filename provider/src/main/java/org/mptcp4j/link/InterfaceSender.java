package org.mptcp4j.link;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.mptcp4j.link.PacketLink.SendResult;
import org.mptcp4j.observe.LinkCounters;
import org.mptcp4j.observe.LinkCounters.Counter;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.OutgoingSegment.ChecksumMode;

/**
 * What sends by one interface: a packet socket, and raw IP sockets for the slow way. Sockets of its
 * own, since on a common one the backlog of a slow interface starves the others. Thread-safe.
 */
final class InterfaceSender implements AutoCloseable {
  private final int interfaceIndex;
  private final boolean ethernet;
  private final LinkCounters counters;
  private final SharedDescriptor packetSocket;
  private final SharedDescriptor rawIpv4;
  private final SharedDescriptor rawIpv6;
  private final SendQueue queue;
  private volatile boolean offloadRefused;
  private volatile boolean busy;

  /** Opens the sockets; unless {@code bound}, the kernel chooses the slow way's interface. */
  InterfaceSender(Device device, LinkConfig config, boolean bound, LinkCounters counters)
      throws IOException {
    interfaceIndex = device.index();
    ethernet = device.isEthernet();
    this.counters = counters;
    int nonBlocking = Native.SOCK_RAW | Native.SOCK_NONBLOCK;
    // Protocol 0: it never receives.
    int packet = Native.socket(Native.AF_PACKET, nonBlocking, 0, "a packet socket");
    packetSocket = new SharedDescriptor(packet);
    int ipv4 = -1;
    try {
      Native.setOption(
          packet, Native.SOL_PACKET, Native.PACKET_VNET_HDR, 1, "cannot ask for offload headers");
      // IPPROTO_RAW: the IP header is ours (IP_HDRINCL is implied), and nothing is received.
      ipv4 = Native.socket(Native.AF_INET, nonBlocking, Native.IPPROTO_RAW, "a raw IP socket");
      rawIpv4 = new SharedDescriptor(ipv4);
      if (bound) {
        bindTo(ipv4, device.name());
      }
      int ipv6 =
          Native.C.socket(Native.AF_INET6, nonBlocking | Native.SOCK_CLOEXEC, Native.IPPROTO_RAW);
      rawIpv6 = new SharedDescriptor(ipv6);
      if (bound && ipv6 >= 0) {
        bindTo(ipv6, device.name());
      }
    } catch (IOException | RuntimeException e) {
      Native.C.close(packet);
      if (ipv4 >= 0) {
        Native.C.close(ipv4);
      }
      throw e;
    }
    queue = new SendQueue(packet, config.queueNanos());
    offloadRefused = !config.segmentationOffload();
  }

  /** Names the interface: by source address alone the kernel's lookup may take another. */
  private static void bindTo(int fd, String name) throws IOException {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    ByteBuffer memory = Native.allocate(bytes.length + 1);
    memory.put(0, bytes);
    Native.check(
        Native.C.setsockopt(
            fd,
            Native.SOL_SOCKET,
            Native.SO_BINDTODEVICE,
            Native.address(memory),
            bytes.length + 1),
        "cannot bind a raw IP socket to " + name);
    Native.keep(memory);
  }

  int interfaceIndex() {
    return interfaceIndex;
  }

  int packetDescriptor() {
    return packetSocket.value();
  }

  /** Whether the last send found the queue full, and poll has not said otherwise since. */
  boolean isBusy() {
    return busy;
  }

  void writable() {
    busy = false;
  }

  boolean takesOffload() {
    return !offloadRefused;
  }

  int payloadLimit() {
    return queue.payloadLimit();
  }

  /** Sends frames by the packet socket, to a known link-layer address. */
  SendResult sendFrames(OutgoingSegment segment, long sourceMac, long destinationMac) {
    SendScratch scratch = SendScratch.ofThisThread();
    int fd = packetSocket.acquire();
    try {
      if (fd < 0) {
        return dropped();
      }
      if (queue.isWaiting() && queue.resume(System.nanoTime())) {
        counters.increment(Counter.QUEUE_RAN_DRY);
      }
      scratch.linkAddress(interfaceIndex, segment.source().isIpv4());
      if (!segment.needsSegmentation() || !offloadRefused) {
        int piece = segment.needsSegmentation() ? segment.segmentSize() : 0;
        segment.encodeHeaders(scratch.packet(), scratch.packetOffset(), ChecksumMode.PARTIAL);
        scratch.frameHeaders(segment, ethernet, sourceMac, destinationMac, piece);
        scratch.payload(segment.payload(), segment.payloadOffset(), segment.payloadLength());
        int errno = transmit(fd, scratch, segment);
        if (piece == 0 || errno != Native.EINVAL && errno != Native.EMSGSIZE) {
          return result(errno, segment, segment.payloadLength(), piece != 0);
        }
        offloadRefused = true;
      }
      return sendPieces(segment, fd, scratch, sourceMac, destinationMac);
    } finally {
      packetSocket.release();
    }
  }

  private SendResult sendPieces(
      OutgoingSegment segment, int fd, SendScratch scratch, long sourceMac, long destinationMac) {
    int size = segment.segmentSize();
    for (int offset = 0; offset < segment.payloadLength(); offset += size) {
      int length = Math.min(size, segment.payloadLength() - offset);
      segment.encodePieceHeaders(
          scratch.packet(), scratch.packetOffset(), ChecksumMode.PARTIAL, offset, length);
      scratch.frameHeaders(segment, ethernet, sourceMac, destinationMac, 0);
      scratch.payload(segment.payload(), segment.payloadOffset() + offset, length);
      SendResult result = result(transmit(fd, scratch, segment), segment, length, false);
      if (result != SendResult.SENT) {
        // What is under way cannot be called back: the rest is a loss to TCP.
        return offset == 0 ? result : SendResult.SENT;
      }
    }
    return SendResult.SENT;
  }

  /**
   * Sends by a raw IP socket, so that the kernel resolves the neighbour; cut into pieces and with
   * whole checksums. Empty answer (null) when a firewall refuses.
   */
  SlowResult sendSlowly(OutgoingSegment segment) {
    SendScratch scratch = SendScratch.ofThisThread();
    SharedDescriptor socket = segment.source().isIpv4() ? rawIpv4 : rawIpv6;
    int fd = socket.acquire();
    try {
      if (fd < 0) {
        return SlowResult.DROPPED;
      }
      scratch.ipAddress(segment.destination(), interfaceIndex);
      int size = segment.needsSegmentation() ? segment.segmentSize() : segment.payloadLength();
      int offset = 0;
      do {
        int length = Math.min(size, segment.payloadLength() - offset);
        segment.encodePieceHeaders(
            scratch.packet(), scratch.packetOffset(), ChecksumMode.FULL, offset, length);
        scratch.packetHeaders(segment);
        scratch.payload(segment.payload(), segment.payloadOffset() + offset, length);
        int errno = transmit(fd, scratch, segment);
        if (errno == Native.EPERM) {
          counters.increment(Counter.FIREWALL_REFUSALS);
          return SlowResult.REFUSED;
        }
        if (errno != 0 && offset > 0) {
          return SlowResult.SENT;
        }
        if (errno != 0) {
          return errno == Native.EAGAIN ? SlowResult.BUSY : SlowResult.DROPPED;
        }
        counters.increment(Counter.SLOW_WAY_SENT);
        counters.add(
            Counter.BYTES_SENT, segment.ipHeaderLength() + segment.tcpHeaderLength() + length);
        offset += length;
      } while (offset < segment.payloadLength());
      return SlowResult.SENT;
    } finally {
      socket.release();
    }
  }

  /** What became of a packet on the slow way. */
  enum SlowResult {
    SENT,
    BUSY,
    DROPPED,
    /** A firewall of this host says no. */
    REFUSED
  }

  /** The errno of the send; 0 for success. */
  private static int transmit(int fd, SendScratch scratch, OutgoingSegment segment) {
    int errno;
    do {
      long sent = Native.C.sendmsg(fd, scratch.message(), Native.MSG_DONTWAIT);
      errno = sent < 0 ? Native.errno() : 0;
    } while (errno == Native.EINTR);
    Native.keep(scratch);
    Native.keep(segment.payload());
    return errno;
  }

  private SendResult result(int errno, OutgoingSegment segment, int payload, boolean offloaded) {
    if (errno == 0) {
      int bytes = segment.ipHeaderLength() + segment.tcpHeaderLength() + payload;
      queue.sent(bytes);
      counters.increment(Counter.FRAMES_SENT);
      counters.add(Counter.BYTES_SENT, bytes);
      if (offloaded) {
        counters.increment(Counter.OFFLOADED_FRAMES_SENT);
      }
      return SendResult.SENT;
    }
    if (errno == Native.EAGAIN) {
      queue.full(System.nanoTime());
      busy = true;
      counters.increment(Counter.SENDS_BUSY);
      return SendResult.BUSY;
    }
    // ENOBUFS: the queueing discipline dropped it. Others: the interface is down or gone.
    return dropped();
  }

  private SendResult dropped() {
    counters.increment(Counter.SENDS_DROPPED);
    return SendResult.DROPPED;
  }

  @Override
  public void close() {
    packetSocket.close();
    rawIpv4.close();
    if (rawIpv6.value() >= 0) {
      rawIpv6.close();
    }
  }
}
