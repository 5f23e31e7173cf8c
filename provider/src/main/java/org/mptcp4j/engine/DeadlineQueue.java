package org.mptcp4j.engine;

import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;

/**
 * When each connection wants to be woken: a binary heap, lazy in that a deadline that moves later
 * stays where it is, so that the connection is woken too early, which is harmless, and queued anew.
 * Re-arming allocates nothing. Thread-safe; its lock is a leaf.
 */
final class DeadlineQueue {
  /** Something with a place in a queue. */
  abstract static class Entry {
    // Guarded by the queue's lock, but that the holder of the entry may read queuedAt: it can only
    // be stale towards an earlier time while no other thread arms the same entry.
    private int index = -1;
    private volatile long queuedAt = Long.MAX_VALUE;
  }

  private final ReentrantLock lock = new ReentrantLock();
  private Entry[] heap = new Entry[64];
  private int size;
  private volatile long earliest = Long.MAX_VALUE;

  /** The earliest time at which {@link #pollDue} may give something. */
  long earliest() {
    return earliest;
  }

  /**
   * Sees to it that {@code entry} comes out at {@code deadline} or before; {@link Long#MAX_VALUE}
   * asks for nothing.
   *
   * @return whether it is now the earliest of all
   */
  boolean arm(Entry entry, long deadline) {
    if (deadline >= entry.queuedAt) {
      return false;
    }
    lock.lock();
    try {
      entry.queuedAt = deadline;
      if (entry.index < 0) {
        if (size == heap.length) {
          heap = Arrays.copyOf(heap, size * 2);
        }
        entry.index = size;
        heap[size++] = entry;
      }
      siftUp(entry);
      earliest = heap[0].queuedAt;
      return entry.index == 0;
    } finally {
      lock.unlock();
    }
  }

  /** Takes out an entry whose time has come; null when there is none. */
  Entry pollDue(long now) {
    if (earliest > now) {
      return null;
    }
    lock.lock();
    try {
      if (size == 0 || heap[0].queuedAt > now) {
        return null;
      }
      Entry entry = heap[0];
      takeOut(entry);
      return entry;
    } finally {
      lock.unlock();
    }
  }

  /** Takes {@code entry} out, if it is in. */
  void remove(Entry entry) {
    lock.lock();
    try {
      if (entry.index >= 0) {
        takeOut(entry);
      }
    } finally {
      lock.unlock();
    }
  }

  private void takeOut(Entry entry) {
    int hole = entry.index;
    Entry last = heap[--size];
    heap[size] = null;
    entry.index = -1;
    entry.queuedAt = Long.MAX_VALUE;
    if (last != entry) {
      last.index = hole;
      heap[hole] = last;
      siftUp(last);
      siftDown(last);
    }
    earliest = size == 0 ? Long.MAX_VALUE : heap[0].queuedAt;
  }

  private void siftUp(Entry entry) {
    int at = entry.index;
    while (at > 0) {
      int parent = (at - 1) >>> 1;
      if (heap[parent].queuedAt <= entry.queuedAt) {
        break;
      }
      put(heap[parent], at);
      at = parent;
    }
    put(entry, at);
  }

  private void siftDown(Entry entry) {
    int at = entry.index;
    while (2 * at + 1 < size) {
      int child = 2 * at + 1;
      if (child + 1 < size && heap[child + 1].queuedAt < heap[child].queuedAt) {
        child++;
      }
      if (heap[child].queuedAt >= entry.queuedAt) {
        break;
      }
      put(heap[child], at);
      at = child;
    }
    put(entry, at);
  }

  private void put(Entry entry, int at) {
    heap[at] = entry;
    entry.index = at;
  }
}
