package org.mptcp4j.mptcp;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.MptcpOptionSet;

/**
 * Addresses and their identifiers on both sides (RFC 8684 §3.4): which of ours were announced, and
 * which the peer announced. Bounded.
 */
final class AddressBook {
  /** An address of the peer. */
  record Remote(int id, IpAddress address, int port) {}

  /** An address of ours; port 0 for whatever has no identifier of its own. */
  private record Local(IpAddress address, int port) {}

  private static final int MOST_ANNOUNCED = 128;

  private final MptcpConnection connection;
  private final Session session;
  private final List<Remote> remotes = new ArrayList<>();
  private final List<Remote> withdrawn = new ArrayList<>();
  private final Map<Local, Integer> localIds = new HashMap<>();
  private final Announcements announcements;
  private int lastLocalId;

  AddressBook(MptcpConnection connection, Session session) {
    this.connection = connection;
    this.session = session;
    this.announcements = new Announcements(connection);
  }

  /** The addresses of the first subflow have identifier 0. */
  void initial(IpAddress local, IpAddress remote, int remotePort) {
    localIds.clear();
    remotes.clear();
    withdrawn.clear();
    localIds.put(new Local(local, 0), 0);
    remotes.add(new Remote(0, remote, remotePort));
  }

  /** Our identifier of an address; a new one when it has none. */
  int localId(IpAddress address) {
    return localId(new Local(address, 0));
  }

  /** Our identifier of an address, or the one that was announced with this port. */
  int localId(IpAddress address, int port) {
    Integer announced = localIds.get(new Local(address, port));
    return announced == null ? localId(address) : announced;
  }

  private int localId(Local local) {
    Integer known = localIds.get(local);
    if (known != null) {
      announcements.keep(local.address());
      return known;
    }
    do {
      lastLocalId = lastLocalId % 255 + 1;
    } while (localIds.containsValue(lastLocalId) && localIds.size() < 256);
    localIds.put(local, lastLocalId);
    return lastLocalId;
  }

  /** Addresses of the peer that take subflows. */
  List<Remote> remotes() {
    return remotes;
  }

  /**
   * Addresses that the peer has withdrawn. What it says of their coming back goes over subflows:
   * where none delivers, this side has to find out for itself.
   */
  List<Remote> withdrawn() {
    return withdrawn;
  }

  /** The identifier of a remote address that subflows are opened to. */
  int remoteId(IpAddress address, int port) {
    return Stream.concat(remotes.stream(), withdrawn.stream())
        .filter(remote -> remote.address().equals(address) && remote.port() == port)
        .mapToInt(Remote::id)
        .findFirst()
        .orElse(0);
  }

  private void withdrawn(Remote remote) {
    remotes.remove(remote);
    withdrawn.removeIf(known -> known.address().equals(remote.address()));
    if (withdrawn.size() == connection.config().maxAnnouncedAddresses()) {
      withdrawn.remove(0);
    }
    withdrawn.add(remote);
  }

  void onAddAddr(long now, Subflow subflow, MptcpOptionSet options) {
    int id = options.addAddrId();
    IpAddress address = options.addAddrAddress();
    int port = options.addAddrPort();
    if (options.addAddrEcho()) {
      announcements.onEcho(id, address);
      return;
    }
    long expected = Hmac.addAddr(session.remote().key(), session.local().key(), id, address, port);
    if (!Hmac.matches64(expected, options.addAddrHmac())) {
      connection.counters().hmacFailures.increment();
      return;
    }
    Remote announced = new Remote(id, address, port == 0 ? usualPort(subflow) : port);
    if (!remotes.contains(announced)) {
      boolean replaces = id != 0 && remotes.stream().anyMatch(r -> r.id() == id);
      if (!replaces && remotes.size() > connection.config().maxAnnouncedAddresses()) {
        connection.counters().addressesRefused.increment();
        return;
      }
      replace(now, announced);
      connection.paths().request();
    }
    subflow.addControl(new ControlOption.AddAddr(true, id, address, port, 0));
  }

  /** RFC 8684 §3.4.1: without a port, that of the subflow that brought the announcement. */
  private int usualPort(Subflow subflow) {
    return subflow.isOpener() ? subflow.flow().remotePort() : connection.initialRemotePort();
  }

  private void replace(long now, Remote announced) {
    int id = announced.id();
    for (int i = remotes.size() - 1; i >= 0 && id != 0; i--) {
      Remote before = remotes.get(i);
      if (before.id() == id) {
        withdrawn(before);
        if (!before.address().equals(announced.address())) {
          // RFC 8684 §3.4.1: REMOVE_ADDR must have come first, and was lost.
          checkPaths(now, id);
        }
      }
    }
    withdrawn.removeIf(known -> known.address().equals(announced.address()));
    remotes.add(announced);
  }

  void onRemoveAddr(long now, MptcpOptionSet options) {
    for (int i = 0; i < options.removeAddrCount(); i++) {
      int id = options.removeAddrId(i);
      remotes.stream().filter(r -> r.id() == id).toList().forEach(this::withdrawn);
      checkPaths(now, id);
    }
    connection.paths().request();
  }

  /** Subflows to an address that is said to be gone have to show that they work. */
  private void checkPaths(long now, int id) {
    for (int i = 0; i < connection.subflowCount(); i++) {
      Subflow subflow = connection.subflowAt(i);
      if (subflow.identity().remoteAddressId() == id) {
        subflow.remoteAddressRemoved(now);
      }
    }
  }

  /** Whether there is an identifier for it; half of them are for addresses that subflows use. */
  boolean mayAnnounce(IpAddress address, int port) {
    return localIds.size() < MOST_ANNOUNCED || localIds.containsKey(new Local(address, port));
  }

  /** Announces an address with the port of the first subflow. */
  void announce(long now, IpAddress address) {
    announce(now, address, 0);
  }

  /** Announces an address, and again until the peer echoes it; port 0 for the first subflow's. */
  void announce(long now, IpAddress address, int port) {
    if (!announcements.isAdded(address, port)) {
      int id = localId(new Local(address, port));
      long hmac = Hmac.addAddr(session.local().key(), session.remote().key(), id, address, port);
      announcements.add(now, new ControlOption.AddAddr(false, id, address, port, hmac));
    }
  }

  /** An address of ours is gone: the peer shall forget it. */
  void withdraw(long now, IpAddress address) {
    localIds.forEach(
        (local, id) -> {
          if (local.address().equals(address)) {
            announcements.remove(now, address, id);
          }
        });
  }

  /** The peer was told that the address is gone: when it comes back, it is another to the peer. */
  void forget(IpAddress address, int id) {
    if (id != 0) {
      localIds.entrySet().removeIf(e -> e.getKey().address().equals(address) && e.getValue() == id);
    }
  }

  /** An address of ours is there (again). */
  void returned(IpAddress address) {
    announcements.keep(address);
  }

  long nextDeadline() {
    return announcements.nextDeadline();
  }

  void onDeadline(long now) {
    announcements.onDeadline(now);
  }
}
