package org.mptcp4j.link;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.mptcp4j.observe.LinkCounters;
import org.mptcp4j.observe.LinkCounters.Counter;
import org.mptcp4j.wire.IcmpError;

/**
 * Takes frames out of two rings, one with many small slots and one with slots for offloaded frames
 * of 64 KB, in the order in which the kernel received them, and passes on what is for us. Two rings
 * hold thousands of small frames and hundreds of large ones in 32 MiB. One thread at a time.
 */
final class RingReceiver implements AutoCloseable {
  private static final int SMALL_PER_MEBIBYTE = 512;
  private static final int LARGE_PER_MEBIBYTE = 15;

  /**
   * The largest frame for the ring of small slots: 2048 bytes less the kernel's frame header, the
   * offload header and their alignment.
   */
  static final int MAX_SMALL_FRAME = 1_900;

  /** BIG TCP makes larger ones, which no IP length field describes; they do not fit a slot. */
  private static final int MAX_FRAME = 69_000;

  private static final int PROTOCOL_ICMP = 1;
  private static final int PROTOCOL_ICMPV6 = 58;

  private static final long CLOCK_CHECK_NANOS = 50_000_000;
  private static final long OLDEST_FRAME_NANOS = 60_000_000_000L;

  private final PacketRing small;
  private final PacketRing large;
  private final NetworkTables tables;
  private final GuardedPorts ports;
  private final LinkCounters counters;
  private final boolean acceptLoopback;
  private final IcmpError icmp = new IcmpError();
  private final ByteBuffer clock = Native.allocate(16);
  private long clockOffset;
  private long clockCheckedAt;

  RingReceiver(LinkConfig config, NetworkTables tables, GuardedPorts ports, LinkCounters counters)
      throws IOException {
    this.tables = tables;
    this.ports = ports;
    this.counters = counters;
    acceptLoopback = config.loopbackOnEngine();
    small =
        PacketRing.open(
            config.smallFrames() / SMALL_PER_MEBIBYTE, SMALL_PER_MEBIBYTE, PortFilter.dropAll());
    try {
      large =
          PacketRing.open(config.largeFramesMebibytes(), LARGE_PER_MEBIBYTE, PortFilter.dropAll());
    } catch (IOException | RuntimeException e) {
      small.close();
      throw e;
    }
    checkClock(System.nanoTime());
  }

  int smallDescriptor() {
    return small.descriptor();
  }

  int largeDescriptor() {
    return large.descriptor();
  }

  /** Lets packets to these ports in. Any thread. */
  void setPorts(List<PortFilter.PortRange> ranges) throws IOException {
    // A frame passes by exactly one of the two, so that none is missed or seen twice in between.
    int except = acceptLoopback ? 0 : tables.receiving().loopbackIndex();
    large.setFilter(PortFilter.receive(ranges, MAX_SMALL_FRAME + 1, MAX_FRAME, except));
    small.setFilter(PortFilter.receive(ranges, 0, MAX_SMALL_FRAME, except));
  }

  boolean hasFrames() {
    return small.hasFrame() || large.hasFrame();
  }

  /** As {@link PacketLink#receive}. */
  int receive(PacketReceiver receiver, int limit) {
    long now = System.nanoTime();
    if (now - clockCheckedAt > CLOCK_CHECK_NANOS) {
      checkClock(now);
    }
    int delivered = 0;
    PacketRing ring;
    while (delivered < limit && (ring = oldest()) != null) {
      try {
        if (deliver(ring, receiver)) {
          delivered++;
        }
      } finally {
        ring.release();
      }
    }
    return delivered;
  }

  /**
   * The ring whose head is the oldest frame. A ring found empty is looked at again after a frame
   * was seen in the other: a frame of the same flow that came earlier is visible by then.
   */
  private PacketRing oldest() {
    boolean inSmall = small.hasFrame();
    boolean inLarge = large.hasFrame();
    if (inLarge && !inSmall) {
      inSmall = small.hasFrame();
    }
    if (inSmall && inLarge) {
      return small.realtimeNanos() <= large.realtimeNanos() ? small : large;
    }
    if (inSmall) {
      return small;
    }
    return inLarge ? large : null;
  }

  private boolean deliver(PacketRing ring, PacketReceiver receiver) {
    if (ring.isLosing()) {
      counters.add(Counter.RING_DROPS, ring.takeDrops());
    }
    if (!ring.isWhole() || ring.ipLength() < 20) {
      counters.increment(Counter.MALFORMED);
      return false;
    }
    int interfaceIndex = ring.interfaceIndex();
    NetworkTables.Receiving receiving = tables.receiving();
    if (ring.packetType() != 0) {
      counters.increment(Counter.NOT_OURS);
      return false;
    }
    if (ring.isVlanTagged() || receiving.isBelowAnother(interfaceIndex)) {
      counters.increment(Counter.SEEN_TWICE);
      return false;
    }
    if (!acceptLoopback && interfaceIndex == receiving.loopbackIndex()) {
      return false;
    }
    ByteBuffer packets = ring.packets();
    int ip = ring.ipOffset();
    int length = ring.ipLength();
    if (isIcmp(packets, ip)) {
      return deliverIcmp(packets, ip, length, interfaceIndex, receiving, receiver);
    }
    if (!isForUs(packets, ip, length, interfaceIndex, receiving)) {
      return false;
    }
    counters.increment(Counter.PACKETS_RECEIVED);
    counters.add(Counter.BYTES_RECEIVED, length);
    receiver.onPacket(
        packets,
        ip,
        length,
        interfaceIndex,
        monotonic(ring.realtimeNanos()),
        ring.isChecksumTrusted());
    return true;
  }

  private static boolean isIcmp(ByteBuffer b, int ip) {
    return (b.get(ip) >>> 4 & 0xf) == 4
        ? b.get(ip + 9) == PROTOCOL_ICMP
        : b.get(ip + 6) == PROTOCOL_ICMPV6;
  }

  private boolean deliverIcmp(
      ByteBuffer b,
      int ip,
      int length,
      int interfaceIndex,
      NetworkTables.Receiving receiving,
      PacketReceiver receiver) {
    if (icmp.parse(b, ip, length) != IcmpError.Verdict.OK) {
      counters.increment(Counter.MALFORMED);
      return false;
    }
    if (!isLocal(icmp.localHigh(), icmp.localLow(), icmp.localPort(), interfaceIndex, receiving)) {
      return false;
    }
    counters.increment(Counter.ICMP_ERRORS);
    receiver.onIcmpError(icmp);
    return true;
  }

  private boolean isForUs(
      ByteBuffer b, int ip, int length, int interfaceIndex, NetworkTables.Receiving receiving) {
    long high;
    long low;
    int tcp;
    if ((b.get(ip) >>> 4 & 0xf) == 4) {
      high = 0;
      low = org.mptcp4j.wire.IpAddress.lowOfIpv4(b.getInt(ip + 16));
      tcp = (b.get(ip) & 0xf) * 4;
      if ((b.getShort(ip + 6) & 0x3fff) != 0) {
        counters.increment(Counter.FRAGMENTS);
        return false;
      }
    } else if (length >= 40) {
      high = b.getLong(ip + 24);
      low = b.getLong(ip + 32);
      tcp = offsetOfTcp(b, ip, length);
    } else {
      tcp = -1;
      high = 0;
      low = 0;
    }
    if (tcp < 0 || tcp + 4 > length) {
      counters.increment(Counter.MALFORMED);
      return false;
    }
    int port = b.getShort(ip + tcp + 2) & 0xffff;
    return isLocal(high, low, port, interfaceIndex, receiving);
  }

  private boolean isLocal(
      long high, long low, int port, int interfaceIndex, NetworkTables.Receiving receiving) {
    switch (receiving.find(high, low, interfaceIndex)) {
      case NOT_LOCAL -> counters.increment(Counter.NOT_OURS);
      case SEEN_AGAIN_ABOVE -> counters.increment(Counter.SEEN_TWICE);
      case LOCAL -> {
        if (ports.isGuarded(high, low, port)) {
          return true;
        }
        counters.increment(Counter.NOT_OURS);
      }
    }
    return false;
  }

  /** Counts fragments; -1 when there is no TCP header. */
  private int offsetOfTcp(ByteBuffer b, int ip, int length) {
    int next = b.get(ip + 6) & 0xff;
    int at = 40;
    while (next != 6) {
      if (next == 44) {
        counters.increment(Counter.FRAGMENTS);
        return -1;
      }
      if ((next != 0 && next != 43 && next != 60) || at + 8 > length) {
        return -1;
      }
      next = b.get(ip + at) & 0xff;
      at += ((b.get(ip + at + 1) & 0xff) + 1) * 8;
    }
    return at;
  }

  /** The ring's time on the scale of System.nanoTime; now, when the clock was set in between. */
  private long monotonic(long realtimeNanos) {
    long result = realtimeNanos + clockOffset;
    long now = System.nanoTime();
    return result - now > 0 || now - result > OLDEST_FRAME_NANOS ? now : result;
  }

  private void checkClock(long now) {
    long address = Native.address(clock);
    long before = System.nanoTime();
    Native.C.clock_gettime(Native.CLOCK_REALTIME, address);
    long after = System.nanoTime();
    Native.keep(clock);
    long realtime = clock.getLong(0) * 1_000_000_000L + clock.getLong(8);
    clockOffset = before + (after - before) / 2 - realtime;
    clockCheckedAt = now;
  }

  @Override
  public void close() {
    small.close();
    large.close();
  }
}
