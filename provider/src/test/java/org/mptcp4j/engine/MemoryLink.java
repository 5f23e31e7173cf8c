package org.mptcp4j.engine;

import java.io.IOException;
import java.net.BindException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.mptcp4j.link.Egress;
import org.mptcp4j.link.PacketLink;
import org.mptcp4j.link.PacketReceiver;
import org.mptcp4j.link.PortGuard;
import org.mptcp4j.observe.LinkCounters;
import org.mptcp4j.wire.IcmpError;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.OutgoingSegment;

/** A link between two engines in memory: what one sends is what the other receives. */
final class MemoryLink implements PacketLink {
  private static final int FIRST_EPHEMERAL = 40_000;

  /** A way to an address of the other host. */
  record Way(IpAddress source, IpAddress destination, int interfaceIndex) implements Egress {
    @Override
    public int mtu() {
      return 1500;
    }

    @Override
    public int maxPayloadPerSend() {
      return 64_000;
    }

    @Override
    public boolean isUsable() {
      return true;
    }
  }

  private final List<IpAddress> addresses = new CopyOnWriteArrayList<>();
  private final ArrayDeque<byte[]> arriving = new ArrayDeque<>();
  private final Semaphore signals = new Semaphore(0);
  private final Set<Integer> guarded = new HashSet<>();
  private final LinkCounters counters = new LinkCounters();
  private final IcmpError icmp = new IcmpError();
  private MemoryLink peer;
  private int nextPort = 39_000;
  private int nextEphemeral;

  /** How many ports {@link #guardEphemeral} has to give. */
  volatile int ephemeralPorts = 25_000;

  /** Whether what is sent gets lost. */
  volatile boolean drop;

  /** Every so many segments one is refused with BUSY; 0 for none. */
  volatile int busyEvery;

  /** Whether each address reaches every address of the other host. */
  volatile boolean crossed;

  /** What of that which is sent gets lost. */
  volatile Optional<Predicate<IncomingSegment>> loses = Optional.empty();

  /** Whether what arrives is lost. */
  volatile boolean deaf;

  /** Is shown every TCP packet that arrives, valid until it returns. */
  volatile Consumer<IncomingSegment> onArrival = segment -> {};

  private final IncomingSegment seen = new IncomingSegment();
  private int sends;

  /** Two hosts with so many addresses each: 10.0.1.1 and 10.0.1.2, 10.0.2.1 and 10.0.2.2, … */
  static MemoryLink[] pair(int paths) {
    MemoryLink a = new MemoryLink();
    MemoryLink b = new MemoryLink();
    a.peer = b;
    b.peer = a;
    for (int i = 1; i <= paths; i++) {
      a.addresses.add(IpAddress.parse("10.0." + i + ".1"));
      b.addresses.add(IpAddress.parse("10.0." + i + ".2"));
    }
    return new MemoryLink[] {a, b};
  }

  /** Another address, of which no news goes out. */
  void addAddress(String address) {
    addresses.add(IpAddress.parse(address));
  }

  IpAddress address(int index) {
    return addresses.get(index);
  }

  synchronized Set<Integer> guardedPorts() {
    return Set.copyOf(guarded);
  }

  /** A packet out of nowhere, from the IP header on. */
  void inject(byte[] packet) {
    if (deaf) {
      return;
    }
    synchronized (arriving) {
      arriving.add(packet);
    }
    signals.release();
  }

  @Override
  public int receive(PacketReceiver receiver, int limit) {
    int count = 0;
    while (count < limit) {
      byte[] packet;
      synchronized (arriving) {
        packet = arriving.poll();
      }
      if (packet == null) {
        break;
      }
      ByteBuffer buffer = ByteBuffer.wrap(packet);
      if (icmp.parse(buffer, 0, packet.length) == IcmpError.Verdict.OK) {
        receiver.onIcmpError(icmp);
      } else {
        if (seen.parse(buffer, 0, packet.length) == IncomingSegment.Verdict.OK) {
          onArrival.accept(seen);
        }
        receiver.onPacket(
            buffer, 0, packet.length, 1, System.nanoTime(), /* checksumTrusted= */ false);
      }
      count++;
    }
    return count;
  }

  @Override
  public void await(long timeoutNanos) {
    try {
      if (signals.tryAcquire(timeoutNanos, TimeUnit.NANOSECONDS)) {
        signals.drainPermits();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void wakeup() {
    signals.release();
  }

  @Override
  public SendResult send(OutgoingSegment segment, Egress egress) {
    synchronized (this) {
      if (busyEvery > 0 && ++sends % busyEvery == 0) {
        return SendResult.BUSY;
      }
    }
    byte[] packet =
        new byte[segment.ipHeaderLength() + segment.tcpHeaderLength() + segment.payloadLength()];
    ByteBuffer scratch = ByteBuffer.allocate(OutgoingSegment.MAX_HEADER_LENGTH);
    int headers = segment.encodeHeaders(scratch, 0, OutgoingSegment.ChecksumMode.FULL);
    scratch.get(0, packet, 0, headers);
    if (segment.payloadLength() > 0) {
      segment.payload().get(segment.payloadOffset(), packet, headers, segment.payloadLength());
    }
    if (!drop && !isLost(packet)) {
      peer.inject(packet);
    }
    return SendResult.SENT;
  }

  private boolean isLost(byte[] packet) {
    Optional<Predicate<IncomingSegment>> which = loses;
    if (which.isEmpty()) {
      return false;
    }
    IncomingSegment segment = new IncomingSegment();
    segment.parse(ByteBuffer.wrap(packet), 0, packet.length);
    return which.get().test(segment);
  }

  @Override
  public List<LocalAddress> localAddresses() {
    return addresses.stream().map(a -> new LocalAddress(a, 1, "mem0", 24)).toList();
  }

  @Override
  public boolean isLocal(IpAddress address) {
    return addresses.contains(address) || address.isLoopback();
  }

  @Override
  public boolean isKernelOnly(IpAddress address) {
    return false;
  }

  @Override
  public Optional<Egress> egress(IpAddress source, IpAddress destination) {
    int index = addresses.indexOf(source);
    int far = peer.addresses.indexOf(destination);
    boolean hasRoute = index >= 0 && (crossed ? far >= 0 : far == index);
    return hasRoute ? Optional.of(new Way(source, destination, index + 1)) : Optional.empty();
  }

  @Override
  public Optional<IpAddress> preferredSource(IpAddress destination) {
    int index = peer.addresses.indexOf(destination);
    return index < 0 ? Optional.empty() : Optional.of(addresses.get(index));
  }

  @Override
  public synchronized PortGuard guard(IpAddress local, int port, boolean listening)
      throws IOException {
    int chosen = port == 0 ? nextPort++ : port;
    if (!guarded.add(chosen)) {
      throw new BindException("Address already in use");
    }
    return new PortGuard() {
      @Override
      public int port() {
        return chosen;
      }

      @Override
      public Optional<SocketChannel> accept() {
        return Optional.empty();
      }

      @Override
      public void setAcceptListener(Runnable listener) {
        // No local clients here.
      }

      @Override
      public void close() {
        synchronized (MemoryLink.this) {
          guarded.remove(chosen);
        }
      }
    };
  }

  private synchronized int freeEphemeral() throws BindException {
    for (int i = 0; i < ephemeralPorts; i++) {
      int port = FIRST_EPHEMERAL + (nextEphemeral++ & 0x7fff_ffff) % ephemeralPorts;
      if (!guarded.contains(port)) {
        return port;
      }
    }
    throw new BindException("no free port");
  }

  @Override
  public PortGuard guardEphemeral() throws IOException {
    return guard(IpAddress.ANY_V6, freeEphemeral(), false);
  }

  @Override
  public void setNetworkListener(NetworkListener listener) {
    // Addresses stay as they are.
  }

  @Override
  public LinkCounters counters() {
    return counters;
  }

  @Override
  public void close() {
    wakeup();
  }
}
