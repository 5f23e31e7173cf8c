package org.mptcp4j.mptcp;

import java.util.ArrayList;
import java.util.List;
import org.mptcp4j.wire.IpAddress;

/**
 * What the peer is told of our addresses: ADD_ADDR until it is echoed, REMOVE_ADDR, which nothing
 * answers, a few times (RFC 8684 §3.4.1, §3.4.2). Each interval is twice the one before and begins
 * with the retransmission timeout of the subflow that carries it. Bounded.
 */
final class Announcements {
  private static final int ADDITIONS_SENT = 5;
  private static final int REMOVALS_SENT = 3;
  private static final int MOST_REMOVALS = 32;

  /** How soon to look again where no subflow can carry it. */
  private static final long WITHOUT_SUBFLOW = 1_000_000_000L;

  private static final class Item {
    final ControlOption option;
    final IpAddress address;
    final int port;
    final int id;
    final int most;
    int sent;
    long nextAt;
    boolean done;

    Item(ControlOption option, IpAddress address, int port, int id, int most, long now) {
      this.option = option;
      this.address = address;
      this.port = port;
      this.id = id;
      this.most = most;
      this.nextAt = now;
    }

    boolean isOutstanding() {
      return !done && sent < most;
    }
  }

  private final MptcpConnection connection;
  private final List<Item> additions = new ArrayList<>();
  private final List<Item> removals = new ArrayList<>();

  Announcements(MptcpConnection connection) {
    this.connection = connection;
  }

  boolean isAdded(IpAddress address, int port) {
    return additions.stream().anyMatch(item -> item.port == port && item.address.equals(address));
  }

  void add(long now, ControlOption.AddAddr option) {
    additions.add(
        new Item(option, option.address(), option.port(), option.addressId(), ADDITIONS_SENT, now));
  }

  void onEcho(int id, IpAddress address) {
    for (Item item : additions) {
      item.done |= item.id == id && item.address.equals(address);
    }
  }

  /** The address is gone, and the peer may know of it by this identifier. */
  void remove(long now, IpAddress address, int id) {
    additions.removeIf(item -> item.address.equals(address));
    boolean known = removals.stream().anyMatch(item -> item.id == id && item.isOutstanding());
    if (!known) {
      removals.removeIf(item -> !item.isOutstanding());
      if (removals.size() < MOST_REMOVALS) {
        removals.add(
            new Item(new ControlOption.RemoveAddr(id), address, 0, id, REMOVALS_SENT, now));
      }
    }
  }

  /**
   * The address is there, be it again: what says otherwise is not said any more, unless it was said
   * already, when the address will have another identifier; 0 is always the first address.
   */
  void keep(IpAddress address) {
    removals.removeIf(item -> item.address.equals(address) && (item.sent == 0 || item.id == 0));
  }

  long nextDeadline() {
    Item addition = outstanding();
    long next = addition == null ? Long.MAX_VALUE : addition.nextAt;
    for (int i = 0; i < removals.size(); i++) {
      if (removals.get(i).isOutstanding()) {
        next = Math.min(next, removals.get(i).nextAt);
      }
    }
    return next;
  }

  /**
   * The announcement that is the first not to be echoed: the only one that is on its way, since
   * Linux takes in one at a time and drops what comes before it has acted on that.
   */
  private Item outstanding() {
    for (int i = 0; i < additions.size(); i++) {
      if (additions.get(i).isOutstanding()) {
        return additions.get(i);
      }
    }
    return null;
  }

  /** Sends what is due. */
  void onDeadline(long now) {
    for (int i = 0; i < removals.size(); i++) {
      Item removal = removals.get(i);
      if (removal.isOutstanding() && removal.nextAt - now <= 0) {
        // The path that uses the address is the one that may not carry it.
        send(now, removal, connection.subflowSet().anyUsableWithoutLocalId(removal.id));
        if (removal.sent == 1) {
          connection.addresses().forget(removal.address, removal.id);
        }
      }
    }
    Item addition = outstanding();
    if (addition != null && addition.nextAt - now <= 0) {
      send(now, addition, connection.subflowSet().anyUsable());
    }
  }

  private static void send(long now, Item item, Subflow subflow) {
    if (subflow == null) {
      item.nextAt = now + WITHOUT_SUBFLOW;
      return;
    }
    item.nextAt = now + (subflow.endpoint().retransmissionTimeoutNanos() << item.sent);
    item.sent++;
    subflow.addControl(item.option);
  }
}
