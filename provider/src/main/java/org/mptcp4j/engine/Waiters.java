package org.mptcp4j.engine;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.IntSupplier;

/** Threads that wait for readiness bits of one socket or listener. Thread-safe. */
final class Waiters {
  private static final class Waiter {
    final Doorbell bell;
    final int interest;
    volatile boolean dismissed;

    Waiter(Doorbell bell, int interest) {
      this.bell = bell;
      this.interest = interest;
    }
  }

  private final Engine engine;
  private final ConcurrentLinkedQueue<Waiter> waiting = new ConcurrentLinkedQueue<>();

  Waiters(Engine engine) {
    this.engine = engine;
  }

  /**
   * As {@link #await}, but neither an interrupt nor {@link #dismissAll} ends it.
   *
   * @param timeoutNanos more than 0
   * @return whether a bit is on
   */
  boolean awaitPatiently(IntSupplier readiness, int interest, long timeoutNanos) {
    long deadline = System.nanoTime() + timeoutNanos;
    boolean interrupted = false;
    try {
      long left = timeoutNanos;
      while (left > 0 && (await(readiness, interest, left) & interest) == 0) {
        interrupted |= Thread.interrupted();
        left = deadline - System.nanoTime();
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    return (readiness.getAsInt() & interest) != 0;
  }

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
    Waiter waiter = new Waiter(engine.newDoorbell(), interest);
    waiting.add(waiter);
    try {
      while (true) {
        waiter.bell.reset();
        // Looked at after the waiter is in the list: who turns a bit on later sees it there.
        ready = readiness.getAsInt();
        if ((ready & interest) != 0) {
          return ready;
        }
        if (waiter.dismissed || Thread.currentThread().isInterrupted()) {
          return 0;
        }
        long left = timeoutNanos > 0 ? deadline - System.nanoTime() : 0;
        if (timeoutNanos > 0 && left <= 0) {
          return 0;
        }
        waiter.bell.await(left);
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
        waiter.bell.ring();
      }
    }
  }

  /** Makes every thread in {@link #await} return. */
  void dismissAll() {
    for (Waiter waiter : waiting) {
      waiter.dismissed = true;
      waiter.bell.ring();
    }
  }
}
