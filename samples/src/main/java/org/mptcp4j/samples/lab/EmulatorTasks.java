package org.mptcp4j.samples.lab;

import java.util.Comparator;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;

/** What the emulator's thread is to do at some time beside carrying frames. Thread-safe. */
final class EmulatorTasks {
  private record Task(long dueNanos, long number, Runnable action) {}

  private final AtomicLong count = new AtomicLong();
  private final PriorityBlockingQueue<Task> tasks =
      new PriorityBlockingQueue<>(
          11, Comparator.comparingLong(Task::dueNanos).thenComparingLong(Task::number));

  void after(long nanos, Runnable action) {
    tasks.add(new Task(System.nanoTime() + nanos, count.incrementAndGet(), action));
  }

  /** Runs what is due. */
  void runDue(long now) {
    for (Task task = tasks.peek(); task != null && task.dueNanos() <= now; task = tasks.peek()) {
      tasks.remove(task);
      task.action().run();
    }
  }

  /** When the next one is due; {@link Long#MAX_VALUE} when there is none. */
  long nextDueNanos() {
    Task next = tasks.peek();
    return next == null ? Long.MAX_VALUE : next.dueNanos();
  }
}
