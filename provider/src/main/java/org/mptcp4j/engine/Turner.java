package org.mptcp4j.engine;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Who turns the engine: one thread at a time, the leader. A thread of the application that has
 * nothing to do but wait leads when nobody else does ({@link Doorbell}); others follow, and the
 * first of them leads when the leader leaves. The engine's own thread leads when no thread of the
 * application has done so for a moment, and while there is so much work that it never sleeps.
 *
 * <p>So a packet that a thread waits for is taken in by that thread itself, and while the
 * application computes the engine's own thread keeps connections alive. Thread-safe.
 */
final class Turner {
  /** How often the engine's own thread looks whether anybody leads. */
  private static final long TICK_NANOS = 1_000_000;

  /**
   * After so many looks at one leader that stays, the own thread sleeps until the leader leaves.
   */
  private static final int STEADY_TICKS = 20;

  private final Engine engine;
  private final boolean ownThread;

  /** Held by the leader. */
  private final ReentrantLock turning = new ReentrantLock();

  private final AtomicLong leaders = new AtomicLong();
  private final ConcurrentLinkedQueue<Doorbell> followers = new ConcurrentLinkedQueue<>();
  private volatile Thread own;
  private volatile boolean ledByOwn;
  private volatile boolean ownSleepsUntilLeft;

  /**
   * @param ownThread false when whoever made the engine turns it by hand
   */
  Turner(Engine engine, boolean ownThread) {
    this.engine = engine;
    this.ownThread = ownThread;
  }

  void start() {
    Thread thread = new Thread(this::run, "mptcp4j-engine");
    thread.setDaemon(true);
    own = thread;
    thread.start();
  }

  /** Turns once, unless another thread leads: then -1. */
  int poll() {
    if (!turning.tryLock()) {
      return -1;
    }
    try {
      return engine.turn(0);
    } finally {
      turning.unlock();
    }
  }

  /** Runs {@code last} when no thread turns the engine, nor will. */
  void stop(Engine.Closing last) throws java.io.IOException {
    wakeLeader();
    turning.lock();
    try {
      last.run();
    } finally {
      turning.unlock();
    }
    LockSupport.unpark(own);
  }

  /**
   * Turns the engine until the bell rings or the time is over.
   *
   * @return false, at once, when another thread leads, or nobody will any more
   */
  boolean lead(Doorbell bell, long timeoutNanos) {
    if (!ownThread || engine.isClosed() || !turning.tryLock()) {
      return false;
    }
    leaders.incrementAndGet();
    bell.setLeading(true);
    try {
      engine.turnUntil(bell, timeoutNanos);
    } finally {
      bell.setLeading(false);
      turning.unlock();
    }
    passOn();
    return true;
  }

  /** Waits until the bell rings, or its thread is to lead. */
  void follow(Doorbell bell, long timeoutNanos) {
    followers.add(bell);
    try {
      if (engine.isAsleep() && ledByOwn) {
        wakeLeader(); // it leaves the lead to us
      }
      // Whoever left before we were in the list did not see us there: then nobody leads.
      if ((turning.isLocked() || !ownThread || engine.isClosed()) && !bell.isRung()) {
        LockSupport.parkNanos(bell, timeoutNanos);
      }
    } finally {
      followers.remove(bell);
    }
  }

  boolean hasFollowers() {
    return !followers.isEmpty();
  }

  /** The leader has left. */
  void passOn() {
    Doorbell next = followers.peek();
    if (next != null) {
      next.promote();
    } else if (ownSleepsUntilLeft) {
      LockSupport.unpark(own);
    }
  }

  void wakeLeader() {
    engine.link().wakeup();
  }

  private void run() {
    long sleptOver = 0;
    while (!engine.isClosed()) {
      boolean leave = false;
      if (turning.tryLock()) {
        ledByOwn = true;
        try {
          if (engine.turn(sleptOver) > 0) {
            sleptOver = 0;
          } else if (hasFollowers()) {
            leave = true;
          } else {
            sleptOver = engine.sleep(Long.MAX_VALUE, null);
          }
        } catch (RuntimeException | Error e) {
          // Nothing that a peer or the network does may end the engine.
          engine.faulted("the engine's loop", e);
        } finally {
          ledByOwn = false;
          turning.unlock();
        }
      } else {
        leave = true;
      }
      if (leave) {
        passOn();
        standBy();
        sleptOver = 0;
      }
    }
  }

  /** Returns when nobody has led for a tick. */
  private void standBy() {
    long seen = leaders.get();
    int steady = 0;
    while (!engine.isClosed()) {
      LockSupport.parkNanos(this, TICK_NANOS);
      long now = leaders.get();
      boolean changed = now != seen;
      seen = now;
      if (!turning.isLocked()) {
        if (!changed) {
          return;
        }
        steady = 0;
      } else if (changed) {
        steady = 0;
      } else if (++steady > STEADY_TICKS) {
        steady = 0;
        sleepUntilLeft();
      }
    }
  }

  private void sleepUntilLeft() {
    ownSleepsUntilLeft = true;
    // Who leaves frees the lock and then looks whether we sleep.
    if (turning.isLocked() && !engine.isClosed()) {
      LockSupport.park(this);
    }
    ownSleepsUntilLeft = false;
  }
}
