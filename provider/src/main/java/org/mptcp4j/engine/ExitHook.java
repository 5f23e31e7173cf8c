package org.mptcp4j.engine;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/**
 * Runs when the program ends. A kernel's sockets outlive their program, so that what it wrote is
 * still delivered; ours cannot, so the program's end waits for them, for a time.
 */
final class ExitHook extends Thread {
  private static final System.Logger LOG = System.getLogger("org.mptcp4j");
  private static final long LOOK_EVERY_NANOS = 1_000_000;
  private static final long FINISH_GRACE_NANOS = 200_000_000;

  private final Engine engine;

  private ExitHook(Engine engine) {
    super("mptcp4j-exit");
    this.engine = engine;
  }

  static void install(Engine engine) {
    Runtime.getRuntime().addShutdownHook(new ExitHook(engine));
  }

  @Override
  public void run() {
    if (!engine.isClosed()) {
      long deadline = System.nanoTime() + engine.config().exitLinger().toNanos();
      await(EngineConnection::isDelivered, deadline);
      // What the program left open ends now, as the kernel would end it.
      for (EngineConnection connection : engine.flows().connections()) {
        connection.socket().closeAtExit();
      }
      await(EngineConnection::isDelivered, deadline);
      // A peer that closes at once finds us; one that takes its time finds the kernel's RST.
      long grace = System.nanoTime() + FINISH_GRACE_NANOS;
      await(EngineConnection::isFinished, Math.min(deadline, grace));
      while (engine.hasPendingResets() && System.nanoTime() < deadline) {
        LockSupport.parkNanos(LOOK_EVERY_NANOS);
      }
    }
    engine.config().countersFile().ifPresent(this::writeCounters);
  }

  private void await(Predicate<EngineConnection> condition, long deadline) {
    while (System.nanoTime() < deadline
        && !engine.flows().connections().stream().allMatch(condition)) {
      LockSupport.parkNanos(LOOK_EVERY_NANOS);
    }
  }

  private void writeCounters(Path file) {
    try {
      engine.counters().writeTo(file);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "cannot write the counters to " + file, e);
    }
  }
}
