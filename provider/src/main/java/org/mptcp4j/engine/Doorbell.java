package org.mptcp4j.engine;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.locks.LockSupport;

/**
 * What a thread of the application waits at until another rings; while it waits it turns the engine
 * when nobody else does, so that a packet for it needs no second thread. {@link #ring} is for any
 * thread, the rest for one at a time.
 */
public final class Doorbell {
  private static final MethodHandle IS_VIRTUAL = findIsVirtual();

  private final Turner turner;
  private volatile boolean rung;
  private volatile Thread waiting;
  private volatile boolean leading;
  private volatile boolean promoted;

  Doorbell(Turner turner) {
    this.turner = turner;
  }

  /** Ends the wait that is under way, or the next one. */
  public void ring() {
    if (rung) {
      return;
    }
    rung = true;
    wake();
  }

  /** Forgets earlier rings. */
  public void reset() {
    rung = false;
  }

  boolean isRung() {
    return rung;
  }

  /**
   * Waits for {@link #ring}; returns at once when it was rung since {@link #reset}.
   *
   * @param timeoutNanos at most this long; 0 or less: as long as it takes. An interrupt ends the
   *     wait, too, but is noticed within a second only, unless who interrupts also rings
   */
  public void await(long timeoutNanos) {
    boolean timed = timeoutNanos > 0;
    long deadline = timed ? System.nanoTime() + timeoutNanos : 0;
    Thread current = Thread.currentThread();
    boolean mayLead = !isVirtual(current);
    waiting = current;
    try {
      while (!rung && !current.isInterrupted()) {
        long remaining = timed ? deadline - System.nanoTime() : Long.MAX_VALUE;
        if (remaining <= 0) {
          return;
        }
        if (!mayLead) {
          LockSupport.parkNanos(this, remaining);
        } else if (!turner.lead(this, remaining)) {
          turner.follow(this, remaining);
        }
      }
    } finally {
      waiting = null;
      if (promoted) {
        promoted = false;
        turner.passOn();
      }
    }
  }

  /** Its thread is to turn the engine from now on. */
  void promote() {
    promoted = true;
    Thread thread = waiting;
    if (thread != null) {
      LockSupport.unpark(thread);
    }
  }

  void setLeading(boolean value) {
    leading = value;
    if (value) {
      promoted = false;
    }
  }

  private void wake() {
    Thread thread = waiting;
    if (thread == null || thread == Thread.currentThread()) {
      return;
    }
    // Who begins to lead says so, and then looks whether it was rung: no ring is lost between.
    if (leading) {
      turner.wakeLeader();
    } else {
      LockSupport.unpark(thread);
    }
  }

  /** A virtual thread must not lead: the wait in the link would hold its carrier. */
  private static boolean isVirtual(Thread thread) {
    if (IS_VIRTUAL == null) {
      return false;
    }
    try {
      return (boolean) IS_VIRTUAL.invokeExact(thread);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("Thread.isVirtual declares no checked exception", e);
    }
  }

  /** Null before Java 21, where no thread is virtual. */
  private static MethodHandle findIsVirtual() {
    try {
      return MethodHandles.publicLookup()
          .findVirtual(Thread.class, "isVirtual", MethodType.methodType(boolean.class));
    } catch (ReflectiveOperationException e) {
      return null;
    }
  }
}
