package org.mptcp4j.link;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Waits for any of the link's descriptors. The set is built anew only when it changed, so waiting
 * allocates nothing. {@link #await} is for one thread at a time; the rest for any.
 */
final class Poller implements AutoCloseable {
  private final int wakeupFd;
  private final int[] always;
  private final ByteBuffer memory = Native.allocate(64);
  private final ByteBuffer one = Native.allocate(8).putLong(0, 1);
  private final AtomicBoolean wakeupPending = new AtomicBoolean();
  private volatile boolean waiting;
  private volatile boolean changed = true;
  private ByteBuffer set = Native.allocate(256);
  private long setAddress = Native.address(set);
  private int count;
  private final List<PortGuards.Listening> guards = new ArrayList<>();
  private final List<InterfaceSender> senders = new ArrayList<>();
  private boolean netlinkReady;

  /** {@code netlink} and {@code rings} are always polled for input. */
  Poller(int netlink, int... rings) throws java.io.IOException {
    wakeupFd =
        Native.check(Native.C.eventfd(0, Native.EFD_NONBLOCK_CLOEXEC), "cannot make an eventfd");
    always = new int[rings.length + 2];
    always[0] = wakeupFd;
    always[1] = netlink;
    System.arraycopy(rings, 0, always, 2, rings.length);
  }

  /** The descriptors to poll are others now. */
  void changed() {
    changed = true;
    if (waiting) {
      wakeup();
    }
  }

  void wakeup() {
    if (wakeupPending.compareAndSet(false, true)) {
      Native.C.write(wakeupFd, Native.address(one), 8);
    }
  }

  /** Whether the last wait found netlink notifications; forgets it. */
  boolean takeNetlinkReady() {
    boolean result = netlinkReady;
    netlinkReady = false;
    return result;
  }

  private void build(
      Collection<PortGuards.Listening> listening, Collection<InterfaceSender> interfaces) {
    changed = false;
    guards.clear();
    senders.clear();
    for (PortGuards.Listening guard : listening) {
      if (guard.isArmed()) {
        guards.add(guard);
      }
    }
    for (InterfaceSender sender : interfaces) {
      if (sender.isBusy()) {
        senders.add(sender);
      }
    }
    count = always.length + guards.size() + senders.size();
    if (set.capacity() < count * 8) {
      set = Native.allocate(count * 16);
      setAddress = Native.address(set);
    }
    // struct pollfd: descriptor, events, what happened
    for (int i = 0; i < always.length; i++) {
      set.putInt(i * 8, always[i]).putShort(i * 8 + 4, Native.POLLIN);
    }
    int at = always.length * 8;
    for (int i = 0; i < guards.size(); i++, at += 8) {
      set.putInt(at, guards.get(i).descriptor()).putShort(at + 4, Native.POLLIN);
    }
    for (int i = 0; i < senders.size(); i++, at += 8) {
      set.putInt(at, senders.get(i).packetDescriptor()).putShort(at + 4, Native.POLLOUT);
    }
  }

  /** Waits and tells guards and senders what came of it; {@code timeoutNanos} 0 only looks. */
  void await(
      long timeoutNanos,
      Collection<PortGuards.Listening> listening,
      Collection<InterfaceSender> interfaces) {
    waiting = true;
    try {
      if (changed) {
        build(listening, interfaces);
      }
      memory.putLong(0, timeoutNanos / 1_000_000_000).putLong(8, timeoutNanos % 1_000_000_000);
      int ready = Native.C.ppoll(setAddress, count, Native.address(memory), 0);
      if (ready <= 0) {
        return;
      }
    } finally {
      waiting = false;
    }
    dispatch();
  }

  private void dispatch() {
    if (happened(0)) {
      Native.C.read(wakeupFd, Native.address(memory) + 16, 8);
      wakeupPending.set(false);
    }
    netlinkReady |= happened(1);
    int at = always.length;
    for (int i = 0; i < guards.size(); i++, at++) {
      if (happened(at)) {
        changed = true;
        guards.get(i).ready();
      }
    }
    for (int i = 0; i < senders.size(); i++, at++) {
      if (happened(at)) {
        changed = true;
        senders.get(i).writable();
      }
    }
  }

  private boolean happened(int slot) {
    return set.getShort(slot * 8 + 6) != 0;
  }

  @Override
  public void close() {
    Native.C.close(wakeupFd);
  }
}
