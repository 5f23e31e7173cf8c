package org.mptcp4j.engine;

import java.io.IOException;
import java.net.BindException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.mptcp4j.link.PacketLink;
import org.mptcp4j.link.PortGuard;
import org.mptcp4j.wire.IpAddress;

/**
 * The local ports that are ours, and how long. A guard is taken from the link for each and lives
 * until the last flow on the port has left TIME-WAIT. Thread-safe; its lock is a leaf.
 */
final class PortBook {
  private static final System.Logger LOG = System.getLogger("org.mptcp4j");

  private final PacketLink link;
  // Read without the lock for every SYN; the lists are replaced, never changed.
  private final Map<Integer, List<GuardedPort>> ports = new ConcurrentHashMap<>();

  PortBook(PacketLink link) {
    this.link = link;
  }

  /**
   * Takes a port for a client.
   *
   * @param port 0 for an ephemeral one
   */
  synchronized GuardedPort take(IpAddress local, int port) throws IOException {
    return enter(
        port == 0
            ? new GuardedPort(IpAddress.ANY_V6, link.guardEphemeral(), false)
            : new GuardedPort(local, link.guard(local, port, false), false));
  }

  /**
   * Takes the port that a client binds: a free one, or one of other clients who all share it (as
   * Linux); they differ in where they connect to.
   *
   * @param port 0 for an ephemeral one
   * @throws java.net.BindException the port is in use, and not all who use it want to share it
   */
  synchronized GuardedPort takeForClient(IpAddress local, int port, PortSharing sharing)
      throws IOException {
    GuardedPort held = heldByClients(local, port, sharing);
    if (held != null) {
      held.holders++;
      held.sharing = held.sharing.and(sharing);
      return held;
    }
    GuardedPort taken = take(local, port);
    taken.sharing = sharing;
    return taken;
  }

  /** Whether clients have bound the port, and let another one with {@code sharing} do so. */
  synchronized boolean isShared(IpAddress local, int port, PortSharing sharing) {
    return heldByClients(local, port, sharing) != null;
  }

  private GuardedPort heldByClients(IpAddress local, int port, PortSharing sharing) {
    for (GuardedPort held : ports.getOrDefault(port, List.of())) {
      if (!held.listening
          && held.sharing != null
          && held.covers(local.high(), local.low())
          && held.sharing.allowsSuccessor(sharing)) {
        return held;
      }
    }
    return null;
  }

  /** Takes a port for joins, or becomes one more holder of one that is this engine's already. */
  synchronized GuardedPort takeOrRetain(IpAddress local, int port) throws IOException {
    GuardedPort held = find(local, port);
    if (held == null) {
      return take(local, port);
    }
    held.holders++;
    return held;
  }

  /**
   * Takes a port for a listener: a free one, or one that others hold who share it.
   *
   * @throws BindException the port is in use, and not all who use it want to share it
   */
  synchronized void takeForListener(
      IpAddress local, int port, PortSharing sharing, EngineListener listener) throws IOException {
    for (GuardedPort held : ports.getOrDefault(port, List.of())) {
      if (held.local.equals(local) && held.listening) {
        boolean shared =
            held.listeners.isEmpty()
                ? held.sharing.allowsSuccessor(sharing)
                : held.sharing.reusePort() && sharing.reusePort();
        if (!shared) {
          throw new BindException("Address already in use");
        }
        held.holders++;
        place(listener, held, sharing);
        return;
      }
    }
    PortGuard guard = link.guard(local, port, true);
    place(listener, enter(new GuardedPort(local, guard, true)), sharing);
  }

  private static void place(EngineListener listener, GuardedPort port, PortSharing sharing) {
    if (port.listeners.isEmpty()) {
      port.sharing = sharing;
    }
    listener.placedAt(port);
    port.listeners.add(listener);
  }

  /** The listener takes no more connections; it still holds the port. */
  synchronized void stopListening(GuardedPort port, EngineListener listener) {
    port.listeners.remove(listener);
  }

  /** The guarded port that a segment to this address and port reaches; null when none is ours. */
  GuardedPort find(long high, long low, int port) {
    List<GuardedPort> held = ports.get(port);
    if (held == null) {
      return null;
    }
    for (int i = 0; i < held.size(); i++) {
      if (held.get(i).covers(high, low)) {
        return held.get(i);
      }
    }
    return null;
  }

  GuardedPort find(IpAddress local, int port) {
    return find(local.high(), local.low(), port);
  }

  synchronized void retain(GuardedPort port) {
    port.holders++;
  }

  /** One holder more, unless the last one has just left: then the port is no longer ours. */
  synchronized boolean retainIfHeld(GuardedPort port) {
    if (port.holders == 0) {
      return false;
    }
    port.holders++;
    return true;
  }

  /** One holder less; the last one gives the port back to the system. */
  synchronized void release(GuardedPort port) {
    if (--port.holders > 0) {
      return;
    }
    List<GuardedPort> left = new ArrayList<>(ports.getOrDefault(port.port, List.of()));
    left.remove(port);
    if (left.isEmpty()) {
      ports.remove(port.port);
    } else {
      ports.put(port.port, List.copyOf(left));
    }
    try {
      port.guard.close();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "the guard of port " + port.port + " did not close", e);
    }
  }

  /** How many ports are held. */
  int size() {
    return ports.size();
  }

  private GuardedPort enter(GuardedPort port) {
    List<GuardedPort> held = new ArrayList<>(ports.getOrDefault(port.port, List.of()));
    held.add(port);
    ports.put(port.port, List.copyOf(held));
    return port;
  }
}
