package org.mptcp4j.link;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.mptcp4j.wire.IpAddress;

/**
 * What the host has: devices, addresses, neighbours, kept up to date from netlink by one thread and
 * read by any.
 */
final class NetworkTables {
  private static final int IFA_F_TEMPORARY = 0x01;
  private static final int IFA_F_DADFAILED = 0x08;
  private static final int IFA_F_DEPRECATED = 0x20;
  private static final int IFA_F_TENTATIVE = 0x40;
  private static final int UNUSABLE = IFA_F_DADFAILED | IFA_F_DEPRECATED | IFA_F_TENTATIVE;

  private static final int IFA_ADDRESS = 1;
  private static final int IFA_LOCAL = 2;
  private static final int IFA_FLAGS = 8;
  private static final int IFADDRMSG = 8;
  private static final int MAX_NEIGHBOURS = 16_384;
  static final int NDA_DST = 1;
  private static final int NDA_LLADDR = 2;
  private static final int NDMSG = 12;

  private record AddressKey(int interfaceIndex, IpAddress address) {}

  private record AddressEntry(int interfaceIndex, IpAddress address, int prefixLength, int flags) {}

  private final Map<Integer, Device> devices = new ConcurrentHashMap<>();
  private final Map<AddressKey, AddressEntry> addresses = new ConcurrentHashMap<>();
  private final Map<Neighbour.Key, Neighbour> neighbours = new ConcurrentHashMap<>();
  private final AtomicInteger neighbourGeneration = new AtomicInteger();
  private Resync resync;
  private volatile Receiving receiving = new Receiving(Map.of(), List.of());
  private volatile List<PacketLink.LocalAddress> usable = List.of();

  /** Takes in one message; true when it changed what routes or senders depend on. */
  boolean apply(NetlinkMessage m) {
    switch (m.type()) {
      case NetlinkMessage.NEWLINK -> {
        // Messages of the bridge's own family describe the port, not the device.
        if (m.fixedByte(0) == 0) {
          Device device = Device.parse(m);
          if (resync != null) {
            resync.devicesSeen.add(device.index());
          }
          return !device.equals(devices.put(device.index(), device));
        }
        return false;
      }
      case NetlinkMessage.DELLINK -> {
        if (m.fixedByte(0) != 0) {
          return false;
        }
        int gone = m.fixedInt(4);
        addresses.keySet().removeIf(key -> key.interfaceIndex == gone);
        return devices.remove(gone) != null;
      }
      case NetlinkMessage.NEWADDR, NetlinkMessage.DELADDR -> applyAddress(m);
      case NetlinkMessage.NEWNEIGH, NetlinkMessage.DELNEIGH -> {
        applyNeighbour(m);
        return false;
      }
      default -> {
        // Routes, rules and next-hop objects: what they come to is asked when needed.
      }
    }
    return true;
  }

  private void applyAddress(NetlinkMessage m) {
    NetlinkMessage.Attributes a = m.attributes(IFADDRMSG);
    int index = m.fixedInt(4);
    // On a point-to-point device ADDRESS is the other end and LOCAL ours.
    Optional<IpAddress> address = a.address(IFA_LOCAL).or(() -> a.address(IFA_ADDRESS));
    if (address.isEmpty()) {
      return;
    }
    AddressKey key = new AddressKey(index, address.get());
    if (m.type() == NetlinkMessage.DELADDR) {
      addresses.remove(key);
    } else {
      int flags = a.intValue(IFA_FLAGS, m.fixedByte(2));
      addresses.put(key, new AddressEntry(index, address.get(), m.fixedByte(1), flags));
      if (resync != null) {
        resync.addressesSeen.add(key);
      }
    }
  }

  /** The neighbour as one entry of the kernel's table says; for threads that cannot wait for it. */
  void applyTo(Neighbour neighbour, NetlinkMessage m) {
    neighbour.learn(m.fixedShort(8), m.attributes(NDMSG).mac(NDA_LLADDR));
  }

  private void applyNeighbour(NetlinkMessage m) {
    int family = m.fixedByte(0);
    if (family != Native.AF_INET && family != Native.AF_INET6) {
      return;
    }
    NetlinkMessage.Attributes a = m.attributes(NDMSG);
    Optional<IpAddress> address = a.address(NDA_DST);
    if (address.isEmpty()) {
      return;
    }
    Neighbour.Key key = new Neighbour.Key(m.fixedInt(4), address.get());
    if (m.type() == NetlinkMessage.DELNEIGH) {
      Neighbour known = neighbours.get(key);
      if (known != null) {
        known.forget();
      }
    } else {
      neighbour(key).update(m.fixedShort(8), a.mac(NDA_LLADDR));
      if (resync != null) {
        resync.neighboursSeen.add(key);
      }
    }
  }

  /** What a complete reading has shown; what it has not shown is gone. */
  private final class Resync {
    private final Set<Integer> devicesSeen = new HashSet<>();
    private final Set<AddressKey> addressesSeen = new HashSet<>();
    private final Set<Neighbour.Key> neighboursSeen = new HashSet<>();

    private void finish() {
      devices.keySet().retainAll(devicesSeen);
      addresses.keySet().retainAll(addressesSeen);
      neighbours.forEach(
          (key, neighbour) -> {
            if (!neighboursSeen.contains(key)) {
              neighbour.forget();
            }
          });
    }
  }

  /** Begins a reading of all tables. */
  void beginResync() {
    resync = new Resync();
  }

  /** Ends it: what was not applied since its beginning is dropped. */
  void endResync() {
    resync.finish();
    resync = null;
  }

  /** What changed among the addresses that {@link PacketLink#localAddresses} gives. */
  record AddressChanges(
      List<PacketLink.LocalAddress> added, List<PacketLink.LocalAddress> removed) {}

  /** Makes the snapshots that readers use, after messages were applied. */
  AddressChanges publish() {
    receiving = new Receiving(devices, addresses.values());
    List<PacketLink.LocalAddress> before = usable;
    List<PacketLink.LocalAddress> after = new ArrayList<>();
    for (AddressEntry entry : addresses.values()) {
      Device device = devices.get(entry.interfaceIndex);
      if (device != null && isUsable(entry, device)) {
        after.add(
            new PacketLink.LocalAddress(
                entry.address, entry.interfaceIndex, device.name(), entry.prefixLength));
      }
    }
    after.sort(
        (a, b) ->
            a.interfaceIndex() != b.interfaceIndex()
                ? Integer.compare(a.interfaceIndex(), b.interfaceIndex())
                : a.address().toString().compareTo(b.address().toString()));
    usable = List.copyOf(after);
    Set<PacketLink.LocalAddress> added = new LinkedHashSet<>(after);
    before.forEach(added::remove);
    Set<PacketLink.LocalAddress> removed = new LinkedHashSet<>(before);
    after.forEach(removed::remove);
    return new AddressChanges(List.copyOf(added), List.copyOf(removed));
  }

  private boolean isUsable(AddressEntry entry, Device device) {
    boolean temporary = entry.address.isIpv6() && (entry.flags & IFA_F_TEMPORARY) != 0;
    return device.isRunning()
        && !device.isLoopback()
        && !isPort(device, devices)
        && !entry.address.isLoopback()
        && !entry.address.isLinkLocal()
        && !entry.address.isMulticast()
        && (entry.flags & UNUSABLE) == 0
        && !temporary;
  }

  private static boolean isPort(Device device, Map<Integer, Device> devices) {
    if (device.master() == 0) {
      return false;
    }
    Device master = devices.get(device.master());
    return master == null || !master.isVrf();
  }

  List<PacketLink.LocalAddress> usableAddresses() {
    return usable;
  }

  Optional<Device> device(int index) {
    return Optional.ofNullable(devices.get(index));
  }

  /** The devices that hold this address. */
  List<Device> devicesOf(IpAddress address) {
    List<Device> result = new ArrayList<>(1);
    for (AddressEntry entry : addresses.values()) {
      Device device = devices.get(entry.interfaceIndex);
      if (device != null && entry.address.equals(address)) {
        result.add(device);
      }
    }
    return result;
  }

  boolean isAssigned(IpAddress address) {
    return receiving.find(address.high(), address.low(), 0) != Receiving.Owner.NOT_LOCAL;
  }

  /** The entry for a next hop, made when there is none yet. */
  Neighbour neighbour(Neighbour.Key key) {
    if (neighbours.size() > MAX_NEIGHBOURS) {
      // Packets from made-up sources on the link leave entries behind that nobody answers for.
      neighbours.values().removeIf(neighbour -> neighbour.mac() < 0);
      neighbourGeneration.incrementAndGet();
    }
    return neighbours.computeIfAbsent(key, k -> new Neighbour());
  }

  /** Grows when senders must ask for their next hop's entry again. */
  int neighbourGeneration() {
    return neighbourGeneration.get();
  }

  Receiving receiving() {
    return receiving;
  }

  /** What the receive path asks of each frame, without allocating. Immutable. */
  static final class Receiving {
    /** Whose a destination address is. */
    enum Owner {
      LOCAL,
      NOT_LOCAL,
      /** Ours, on a device above the one the frame came by: it appears there again. */
      SEEN_AGAIN_ABOVE
    }

    private final int loopbackIndex;
    private final int[] portsOfMasters;
    private final int mask;
    private final long[] highs;
    private final long[] lows;
    private final int[] lowerDevices;
    private final boolean[] taken;

    private Receiving(Map<Integer, Device> devices, Iterable<AddressEntry> addresses) {
      loopbackIndex =
          devices.values().stream()
              .filter(Device::isLoopback)
              .mapToInt(Device::index)
              .findFirst()
              .orElse(1);
      portsOfMasters =
          devices.values().stream()
              .filter(device -> isPort(device, devices))
              .mapToInt(Device::index)
              .toArray();
      List<AddressEntry> entries = new ArrayList<>();
      addresses.forEach(entries::add);
      int capacity = Integer.highestOneBit(Math.max(4, entries.size())) * 4;
      mask = capacity - 1;
      highs = new long[capacity];
      lows = new long[capacity];
      lowerDevices = new int[capacity];
      taken = new boolean[capacity];
      for (AddressEntry entry : entries) {
        insert(entry.address, sharedWith(devices.get(entry.interfaceIndex), devices));
      }
    }

    /**
     * The lower device whose frames for this one's addresses are seen again here: one with the same
     * link-layer address. (With another, a frame to the lower's own is served there only.)
     */
    private static int sharedWith(Device device, Map<Integer, Device> devices) {
      Device lower = device == null ? null : devices.get(device.lower());
      return lower != null && lower.mac() == device.mac() ? lower.index() : 0;
    }

    private void insert(IpAddress address, int lower) {
      int slot = slotOf(address.high(), address.low());
      while (taken[slot]) {
        slot = slot + 1 & mask;
      }
      taken[slot] = true;
      highs[slot] = address.high();
      lows[slot] = address.low();
      lowerDevices[slot] = lower;
    }

    private int slotOf(long high, long low) {
      long hash = (high * 31 + low) * 0x9e37_79b9_7f4a_7c15L;
      return (int) (hash >>> 40) & mask;
    }

    int loopbackIndex() {
      return loopbackIndex;
    }

    /** Whether the device is a port of a bridge, bond or the like. */
    boolean isBelowAnother(int interfaceIndex) {
      for (int index : portsOfMasters) {
        if (index == interfaceIndex) {
          return true;
        }
      }
      return false;
    }

    Owner find(long high, long low, int interfaceIndex) {
      boolean found = false;
      for (int slot = slotOf(high, low); taken[slot]; slot = slot + 1 & mask) {
        if (lows[slot] == low && highs[slot] == high) {
          if (lowerDevices[slot] != 0 && lowerDevices[slot] == interfaceIndex) {
            return Owner.SEEN_AGAIN_ABOVE;
          }
          found = true;
        }
      }
      // All of 127.0.0.0/8 is this host (RFC 1122 §3.2.1.3).
      boolean loopback = high == 0 && low >>> 24 == 0xffff7fL;
      return found || loopback ? Owner.LOCAL : Owner.NOT_LOCAL;
    }
  }
}
