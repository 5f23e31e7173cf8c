package org.mptcp4j.engine;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;

/** Threads that wait for readiness bits of one socket or listener. Thread-safe. */
final class Waiters {
  private static final class Waiter {
    final Thread thread = Thread.currentThread();
    final int interest;
    volatile boolean dismissed;

    Waiter(int interest) {
      this.interest = interest;
    }
  }

  private final ConcurrentLinkedQueue<Waiter> waiting = new ConcurrentLinkedQueue<>();

  /**
   * Waits until {@code readiness} has one of the bits of {@code interest}.
   *
   * @return the bits; 0 when the time is over, on interrupt and on {@link #dismissAll}
   */
  int await(IntSupplier readiness, int interest, long timeoutNanos) {
    int ready = readiness.getAsInt();
    if ((ready & interest) != 0) {
      return ready;
    }
    long deadline = timeoutNanos > 0 ? System.nanoTime() + timeoutNanos : 0;
    Waiter waiter = new Waiter(interest);
    waiting.add(waiter);
    try {
      while (true) {
        // Looked at after the waiter is in the list: who turns a bit on later sees it there.
        ready = readiness.getAsInt();
        if ((ready & interest) != 0) {
          return ready;
        }
        if (waiter.dismissed || waiter.thread.isInterrupted()) {
          return 0;
        }
        if (timeoutNanos <= 0) {
          LockSupport.park(this);
          continue;
        }
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          return 0;
        }
        LockSupport.parkNanos(this, left);
      }
    } finally {
      waiting.remove(waiter);
    }
  }

  /** Wakes those who wait for one of {@code bits}. */
  void signal(int bits) {
    if (waiting.isEmpty()) {
      return;
    }
    for (Waiter waiter : waiting) {
      if ((waiter.interest & bits) != 0) {
        LockSupport.unpark(waiter.thread);
      }
    }
  }

  /** Makes every thread in {@link #await} return. */
  void dismissAll() {
    for (Waiter waiter : waiting) {
      waiter.dismissed = true;
      LockSupport.unpark(waiter.thread);
    }
  }
}
