package org.mptcp4j.nio;

import java.util.concurrent.atomic.AtomicReference;

/**
 * The keys that a selector must look at again: filled by any thread, emptied by the selecting one.
 * A stack through the keys themselves, so that a packet's arrival allocates nothing.
 */
final class ChangedKeys {
  private final AtomicReference<MptcpSelectionKey> top = new AtomicReference<>();

  /** Adds a key that is in no such stack. */
  void push(MptcpSelectionKey key) {
    MptcpSelectionKey old;
    do {
      old = top.get();
      key.nextChanged = old;
    } while (!top.compareAndSet(old, key));
  }

  boolean isEmpty() {
    return top.get() == null;
  }

  /** Takes all: the first, the others by {@link MptcpSelectionKey#nextChanged}; null when empty. */
  MptcpSelectionKey takeAll() {
    return top.get() == null ? null : top.getAndSet(null);
  }
}
