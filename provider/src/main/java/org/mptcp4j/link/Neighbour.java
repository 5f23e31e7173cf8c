package org.mptcp4j.link;

import org.mptcp4j.wire.IpAddress;

/**
 * A next hop on a link, as the kernel's neighbour table has it. The object stays the same while the
 * table changes, so that senders need not look it up again. Thread-safe.
 */
final class Neighbour {
  private static final int STATE_REACHABLE = 0x02;
  private static final int STATE_FAILED = 0x20;
  private static final int STATE_NOARP = 0x40;
  private static final int STATE_PERMANENT = 0x80;
  private static final int STATES_WITHOUT_NEED = STATE_REACHABLE | STATE_NOARP | STATE_PERMANENT;

  /** How often a neighbour that the kernel holds for stale is given a packet to check it with. */
  private static final long REFRESH_NANOS = 20_000_000_000L;

  record Key(int interfaceIndex, IpAddress address) {}

  private volatile long mac = -1;
  private volatile int state;
  private volatile long refreshedAt = System.nanoTime() - REFRESH_NANOS;

  void update(int newState, long newMac) {
    state = newState;
    mac = (newState & STATE_FAILED) != 0 ? -1 : newMac;
  }

  /** The same, of what was asked for: a notification that came meanwhile is younger. */
  void learn(int newState, long newMac) {
    if (mac < 0) {
      update(newState, newMac);
    }
  }

  void forget() {
    state = 0;
    mac = -1;
  }

  /** Six bytes as a number; -1 when not known. */
  long mac() {
    return mac;
  }

  boolean isConfirmed() {
    return mac >= 0 && (state & STATES_WITHOUT_NEED) != 0;
  }

  /** Whether a packet should go the slow way now, so that the kernel checks the neighbour. */
  boolean wantsRefresh(long now) {
    return !isConfirmed() && now - refreshedAt > REFRESH_NANOS;
  }

  void refreshed(long now) {
    refreshedAt = now;
  }
}
