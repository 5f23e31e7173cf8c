package org.mptcp4j.link;

import java.io.IOException;
import java.lang.System.Logger;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.mptcp4j.observe.LinkCounters;
import org.mptcp4j.observe.LinkCounters.Counter;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/**
 * The network of a Linux host: packet sockets with rings to receive, one socket per interface to
 * send, netlink for what the host has, kernel sockets to guard ports. Needs CAP_NET_RAW. All of it
 * goes with the process, however that ends.
 */
public final class LinuxPacketLink implements PacketLink {
  private static final Logger LOG = System.getLogger("org.mptcp4j");

  /** Under steady traffic, how often descriptors other than the rings are looked at. */
  private static final long HOUSEKEEPING_NANOS = 1_000_000;

  private static final long LONGEST_WAIT_NANOS = 86_400_000_000_000L;

  private static final AtomicBoolean FILTERS_TOLD = new AtomicBoolean();

  private final LinkConfig config;
  private final LinkCounters counters = new LinkCounters();
  private final NetworkTables tables = new NetworkTables();
  private final GuardedPorts ports = new GuardedPorts();
  private final Routes routes;
  private final NetworkMonitor monitor;
  private final IpsecPolicies ipsec;
  private final RingReceiver rings;
  private final Poller poller;
  private final PortGuards guards;
  private final Map<Integer, InterfaceSender> senders = new ConcurrentHashMap<>();
  private final Map<Integer, InterfaceSender> unboundSenders = new ConcurrentHashMap<>();
  private final LinuxEgress.Resolver resolver = new WayResolver();

  /** Held by the one that reads the rings, so that they are not unmapped under it. */
  private final ReentrantLock reading = new ReentrantLock();

  private volatile boolean closed;
  private boolean freed;
  private volatile NetworkListener networkListener;
  private long houseKeptAt = System.nanoTime();

  private LinuxPacketLink(LinkConfig config) throws IOException {
    this.config = config;
    Routes openedRoutes = null;
    NetworkMonitor openedMonitor = null;
    IpsecPolicies openedIpsec = null;
    RingReceiver openedRings = null;
    try {
      // The rings first: they need the privilege, and their failure says so.
      openedRings = new RingReceiver(config, tables, ports, counters);
      openedRoutes = new Routes();
      openedMonitor = new NetworkMonitor(tables, openedRoutes, counters);
      openedIpsec = new IpsecPolicies();
      poller =
          new Poller(
              openedMonitor.descriptor(),
              openedRings.smallDescriptor(),
              openedRings.largeDescriptor());
    } catch (IOException | RuntimeException e) {
      if (openedIpsec != null) {
        openedIpsec.close();
      }
      if (openedMonitor != null) {
        openedMonitor.close();
      }
      if (openedRoutes != null) {
        openedRoutes.close();
      }
      if (openedRings != null) {
        openedRings.close();
      }
      throw e;
    }
    routes = openedRoutes;
    monitor = openedMonitor;
    ipsec = openedIpsec;
    rings = openedRings;
    guards =
        new PortGuards(
            ports,
            this::setFilter,
            poller::changed,
            tables.receiving().loopbackIndex(),
            config.loopbackOnEngine());
  }

  /**
   * Opens the link of this process's network namespace.
   *
   * @throws LinkUnavailableException when this is not Linux, or CAP_NET_RAW is missing; the message
   *     says how to grant it
   * @throws IOException when the kernel refuses something else, memory for the rings for example
   */
  public static LinuxPacketLink open(LinkConfig config) throws IOException {
    Native.requireSupportedPlatform();
    try {
      LinuxPacketLink link = new LinuxPacketLink(config);
      warnOfFilters();
      return link;
    } catch (LinkageError e) {
      throw new LinkUnavailableException(
          "cannot load the C library's binding (jnr-ffi): " + e.getMessage(), e);
    }
  }

  /** Below the host's packet filter we answer for what it no longer sees: people should know. */
  private static void warnOfFilters() {
    Set<String> chains = FilterRules.chains();
    if (!chains.isEmpty() && FILTERS_TOLD.compareAndSet(false, true)) {
      LOG.log(
          Logger.Level.WARNING,
          "This host filters or translates packets, and Multipath TCP's packets do not pass there: "
              + String.join(", ", chains)
              + ". The setting mptcp4j.rules says which connections are multipath, and who may"
              + " connect.");
    }
  }

  @Override
  public LinkCounters counters() {
    return counters;
  }

  private void setFilter(List<PortFilter.PortRange> ranges) throws IOException {
    if (!closed) {
      rings.setPorts(ranges);
    }
  }

  @Override
  public int receive(PacketReceiver receiver, int limit) {
    reading.lock();
    try {
      if (closed) {
        return 0;
      }
      keepHouse(System.nanoTime());
      return closed ? 0 : rings.receive(receiver, limit);
    } finally {
      doneReading();
    }
  }

  private void keepHouse(long now) {
    if (now - houseKeptAt > HOUSEKEEPING_NANOS) {
      poll(0);
      houseKeptAt = now;
    }
    if (poller.takeNetlinkReady()) {
      monitor.drain(networkListener);
      senders.values().removeIf(this::closeWhenGone);
    }
  }

  private boolean closeWhenGone(InterfaceSender sender) {
    if (tables.device(sender.interfaceIndex()).isPresent()) {
      return false;
    }
    sender.close();
    poller.changed();
    return true;
  }

  private void poll(long timeoutNanos) {
    poller.await(timeoutNanos, guards.listening(), senders.values());
  }

  @Override
  public void await(long timeoutNanos) {
    reading.lock();
    try {
      if (!closed && !rings.hasFrames()) {
        poll(Math.max(0, Math.min(timeoutNanos, LONGEST_WAIT_NANOS)));
        houseKeptAt = System.nanoTime();
      }
    } finally {
      doneReading();
    }
  }

  private void doneReading() {
    try {
      if (closed && reading.getHoldCount() == 1) {
        free();
      }
    } finally {
      reading.unlock();
    }
  }

  @Override
  public void wakeup() {
    if (!closed) {
      poller.wakeup();
    }
  }

  @Override
  public SendResult send(OutgoingSegment segment, Egress egress) {
    LinuxEgress.Way way = ((LinuxEgress) egress).current();
    if (way == null) {
      counters.increment(Counter.SENDS_DROPPED);
      return SendResult.DROPPED;
    }
    Neighbour neighbour = way.neighbour();
    boolean known = neighbour == null || neighbour.mac() >= 0;
    if (!known || way.slowOnly() || wantsKernel(segment, neighbour)) {
      switch (way.sender().sendSlowly(segment)) {
        case SENT -> {
          return SendResult.SENT;
        }
        case BUSY -> {
          return SendResult.BUSY;
        }
        case REFUSED -> {
          // A firewall on OUTPUT. Below it the frame passes, once the neighbour is known.
          if (!known || way.slowOnly()) {
            counters.increment(Counter.SENDS_DROPPED);
            return SendResult.DROPPED;
          }
        }
        case DROPPED -> {
          counters.increment(Counter.SENDS_DROPPED);
          return SendResult.DROPPED;
        }
      }
    }
    long destinationMac = neighbour == null ? 0 : neighbour.mac();
    if (destinationMac < 0) {
      // Forgotten since it was looked at: the next try goes the slow way.
      counters.increment(Counter.SENDS_DROPPED);
      return SendResult.DROPPED;
    }
    boolean wasBusy = way.sender().isBusy();
    SendResult result =
        way.sender().sendFrames(segment, Math.max(0, way.device().mac()), destinationMac);
    if (result == SendResult.BUSY && !wasBusy) {
      poller.changed();
    }
    return result;
  }

  /** Whether the kernel should see this segment, to check or find the neighbour anew. */
  private static boolean wantsKernel(OutgoingSegment segment, Neighbour neighbour) {
    if (segment.isRetransmissionAfterTimeout()) {
      return true;
    }
    if (neighbour == null || neighbour.isConfirmed() || segment.needsSegmentation()) {
      return false;
    }
    long now = System.nanoTime();
    if ((segment.flags() & TcpFlags.SYN) != 0 || neighbour.wantsRefresh(now)) {
      neighbour.refreshed(now);
      return true;
    }
    return false;
  }

  @Override
  public List<LocalAddress> localAddresses() {
    return tables.usableAddresses();
  }

  @Override
  public boolean isLocal(IpAddress address) {
    if (address.isLoopback() || tables.isAssigned(address)) {
      return true;
    }
    return ask(address).map(Routes.Route::local).orElse(false);
  }

  @Override
  public boolean isKernelOnly(IpAddress address) {
    return ipsec.cover(address.isIpv4() ? IpAddress.ANY_V4 : IpAddress.ANY_V6, address);
  }

  private Optional<Routes.Route> ask(IpAddress destination) {
    try {
      return closed ? Optional.empty() : routes.findAny(destination);
    } catch (IOException e) {
      LOG.log(Logger.Level.WARNING, "no answer on the route to " + destination, e);
      return Optional.empty();
    }
  }

  @Override
  public Optional<Egress> egress(IpAddress source, IpAddress destination) {
    LinuxEgress.Way way = resolver.resolve(source, destination);
    return way == null
        ? Optional.empty()
        : Optional.of(new LinuxEgress(source, destination, way, resolver));
  }

  @Override
  public Optional<IpAddress> preferredSource(IpAddress destination) {
    Optional<Routes.Route> route = ask(destination);
    return route
        .flatMap(Routes.Route::preferredSource)
        .or(() -> route.flatMap(r -> firstAddress(r.interfaceIndex(), destination)));
  }

  private Optional<IpAddress> firstAddress(int interfaceIndex, IpAddress destination) {
    return tables.usableAddresses().stream()
        .filter(a -> a.interfaceIndex() == interfaceIndex)
        .map(LocalAddress::address)
        .filter(destination::sameFamily)
        .findFirst();
  }

  @Override
  public PortGuard guard(IpAddress local, int port, boolean listening) throws IOException {
    requireOpen();
    return guards.guard(local, port, listening);
  }

  @Override
  public PortGuard guardEphemeral() throws IOException {
    requireOpen();
    return guards.guardEphemeral();
  }

  private void requireOpen() throws IOException {
    if (closed) {
      throw new IOException("the packet link is closed");
    }
  }

  @Override
  public void setNetworkListener(NetworkListener listener) {
    networkListener = listener;
  }

  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      guards.close();
      closed = true;
    }
    poller.wakeup();
    reading.lock();
    // Within a receiver's call the rings are in use further down this stack: freed on the way out.
    doneReading();
  }

  private void free() {
    if (freed) {
      return;
    }
    freed = true;
    rings.close();
    senders.values().forEach(InterfaceSender::close);
    unboundSenders.values().forEach(InterfaceSender::close);
    poller.close();
    monitor.close();
    try {
      ipsec.close();
      routes.close();
    } catch (IOException e) {
      LOG.log(Logger.Level.DEBUG, "closing netlink", e);
    }
  }

  /** Answers where segments go, from the routing tables and the host's tables. */
  private final class WayResolver implements LinuxEgress.Resolver {
    @Override
    public int generation() {
      return monitor.routesGeneration() + tables.neighbourGeneration();
    }

    @Override
    public LinuxEgress.Way resolve(IpAddress source, IpAddress destination) {
      if (closed || !source.sameFamily(destination)) {
        return null;
      }
      int generation = generation();
      try {
        if (config.loopbackOnEngine() && isLocal(destination)) {
          return toThisHost(generation);
        }
        if (ipsec.cover(source, destination)) {
          return null;
        }
        for (Device device : tables.devicesOf(source)) {
          LinuxEgress.Way way = by(device, source, destination, generation);
          if (way != null) {
            return way;
          }
        }
      } catch (IOException e) {
        LOG.log(Logger.Level.WARNING, "no way from " + source + " to " + destination, e);
      }
      return null;
    }

    private LinuxEgress.Way toThisHost(int generation) throws IOException {
      Optional<Device> loopback = tables.device(tables.receiving().loopbackIndex());
      if (loopback.isEmpty()) {
        return null;
      }
      Device device = loopback.get();
      // What a packet socket sends on loopback never reaches a kernel socket; raw IP does.
      int mtu = Math.min(device.mtu(), 65_535);
      return new LinuxEgress.Way(
          generation, device, sender(unboundSenders, device, false), null, mtu, true);
    }

    private LinuxEgress.Way by(
        Device device, IpAddress source, IpAddress destination, int generation) throws IOException {
      // An address on loopback (a service address) may leave by any interface.
      int asked = device.isLoopback() ? 0 : device.index();
      Optional<Routes.Route> found = routes.find(source, destination, asked);
      if (found.isEmpty() || found.get().local()) {
        return null;
      }
      Routes.Route route = found.get();
      Optional<Device> out = tables.device(route.interfaceIndex());
      if (out.isEmpty() || !out.get().isRunning() || out.get().isLoopback()) {
        return null;
      }
      Device by = out.get();
      Neighbour neighbour =
          by.needsNeighbour() ? neighbour(new Neighbour.Key(by.index(), route.nextHop())) : null;
      int mtu = route.mtu() > 0 ? Math.min(route.mtu(), by.mtu()) : by.mtu();
      boolean slowOnly = !by.isEthernet() && !by.hasNoLinkHeader();
      return new LinuxEgress.Way(
          generation, by, sender(senders, by, true), neighbour, mtu, slowOnly);
    }

    /**
     * Whoever sends us a first packet has just asked for our address, so the kernel knows him; but
     * its notification may not be read before the packet is answered.
     */
    private Neighbour neighbour(Neighbour.Key key) throws IOException {
      Neighbour neighbour = tables.neighbour(key);
      if (neighbour.mac() < 0) {
        routes.findNeighbour(key, m -> tables.applyTo(neighbour, m));
      }
      return neighbour;
    }

    private InterfaceSender sender(Map<Integer, InterfaceSender> pool, Device device, boolean bound)
        throws IOException {
      InterfaceSender known = pool.get(device.index());
      if (known != null) {
        return known;
      }
      InterfaceSender opened = new InterfaceSender(device, config, bound, counters);
      InterfaceSender first = pool.putIfAbsent(device.index(), opened);
      if (first != null) {
        opened.close();
        return first;
      }
      return opened;
    }
  }
}
