package org.mptcp4j.mptcp;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.MptcpOptionSet;

/**
 * Addresses and their identifiers on both sides (RFC 8684 §3.4): which of ours were announced, and
 * which the peer announced. Bounded.
 */
final class AddressBook {
  private static final int ANNOUNCEMENTS_TRIED = 5;
  private static final long FIRST_INTERVAL = 1_000_000_000L;

  /** An address of the peer. */
  record Remote(int id, IpAddress address, int port) {}

  private static final class Announcement {
    final ControlOption.AddAddr option;
    int tries;
    long nextAt;
    boolean echoed;

    Announcement(ControlOption.AddAddr option) {
      this.option = option;
    }
  }

  private final MptcpConnection connection;
  private final Session session;
  private final List<Remote> remotes = new ArrayList<>();
  private final Map<IpAddress, Integer> localIds = new HashMap<>();
  private final List<Announcement> announcements = new ArrayList<>();
  private int lastLocalId;

  AddressBook(MptcpConnection connection, Session session) {
    this.connection = connection;
    this.session = session;
  }

  /** The addresses of the first subflow have identifier 0. */
  void initial(IpAddress local, IpAddress remote, int remotePort) {
    localIds.put(local, 0);
    remotes.add(new Remote(0, remote, remotePort));
  }

  /** Our identifier of an address; a new one when it has none. */
  int localId(IpAddress address) {
    Integer known = localIds.get(address);
    if (known != null) {
      return known;
    }
    do {
      lastLocalId = lastLocalId % 255 + 1;
    } while (localIds.containsValue(lastLocalId) && localIds.size() < 255);
    localIds.put(address, lastLocalId);
    return lastLocalId;
  }

  /** Addresses of the peer that take subflows. */
  List<Remote> remotes() {
    return remotes;
  }

  /** The identifier of a remote address that subflows are opened to. */
  int remoteId(IpAddress address, int port) {
    for (Remote remote : remotes) {
      if (remote.address().equals(address) && remote.port() == port) {
        return remote.id();
      }
    }
    return 0;
  }

  void onAddAddr(Subflow subflow, MptcpOptionSet options) {
    int id = options.addAddrId();
    IpAddress address = options.addAddrAddress();
    int port = options.addAddrPort();
    if (options.addAddrEcho()) {
      for (Announcement a : announcements) {
        a.echoed |= a.option.addressId() == id && a.option.address().equals(address);
      }
      return;
    }
    long expected = Hmac.addAddr(session.remote().key(), session.local().key(), id, address, port);
    if (!Hmac.matches64(expected, options.addAddrHmac())) {
      connection.counters().hmacFailures.increment();
      return;
    }
    int target = port == 0 ? connection.initialRemotePort() : port;
    Remote announced = new Remote(id, address, target);
    if (!remotes.contains(announced)) {
      if (remotes.size() > connection.config().maxAnnouncedAddresses()) {
        return;
      }
      remotes.removeIf(r -> r.id() == id && id != 0);
      remotes.add(announced);
      connection.paths().request();
    }
    subflow.addControl(new ControlOption.AddAddr(true, id, address, port, 0));
  }

  void onRemoveAddr(MptcpOptionSet options) {
    for (int i = 0; i < options.removeAddrCount(); i++) {
      int id = options.removeAddrId(i);
      remotes.removeIf(r -> r.id() == id);
      for (int k = 0; k < connection.subflowCount(); k++) {
        Subflow subflow = connection.subflowAt(k);
        if (subflow.identity().remoteAddressId() == id
            && connection.subflowSet().hasOtherUsable(subflow)) {
          subflow.wantReset(MptcpOption.RESET_UNSPECIFIED, false);
        }
      }
    }
    connection.paths().request();
  }

  /** Announces an address, and again until the peer echoes it. */
  void announce(long now, IpAddress address) {
    for (Announcement a : announcements) {
      if (a.option.address().equals(address)) {
        return;
      }
    }
    int id = localId(address);
    long hmac = Hmac.addAddr(session.local().key(), session.remote().key(), id, address, 0);
    Announcement announcement =
        new Announcement(new ControlOption.AddAddr(false, id, address, 0, hmac));
    announcement.nextAt = now;
    announcements.add(announcement);
  }

  /** An address of ours is gone: the peer shall forget it. */
  void withdraw(IpAddress address) {
    Integer id = localIds.get(address);
    announcements.removeIf(a -> a.option.address().equals(address));
    if (id != null) {
      Subflow subflow = connection.subflowSet().anyUsable();
      if (subflow != null) {
        subflow.addControl(new ControlOption.RemoveAddr(id));
      }
      if (id != 0) {
        localIds.remove(address);
      }
    }
  }

  long nextDeadline() {
    Announcement due = outstanding();
    return due == null ? Long.MAX_VALUE : due.nextAt;
  }

  /**
   * The announcement that is the first not to be echoed: the only one that is on its way, since
   * Linux takes in one at a time and drops what comes before it has acted on that.
   */
  private Announcement outstanding() {
    for (int i = 0; i < announcements.size(); i++) {
      Announcement a = announcements.get(i);
      if (!a.echoed && a.tries < ANNOUNCEMENTS_TRIED) {
        return a;
      }
    }
    return null;
  }

  /** Sends the announcement that is due. */
  void onDeadline(long now) {
    Announcement due = outstanding();
    if (due == null || due.nextAt - now > 0) {
      return;
    }
    due.nextAt = now + (FIRST_INTERVAL << due.tries);
    due.tries++;
    Subflow subflow = connection.subflowSet().anyUsable();
    if (subflow != null) {
      subflow.addControl(due.option);
    }
  }
}
