package org.mptcp4j.nio;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.mptcp4j.engine.Engine;
import org.mptcp4j.engine.EngineConfig;
import org.mptcp4j.link.PacketLink;

/**
 * Starts the engine when it is first asked for, or a little before. Where that fails it says so
 * once, and there is none from then on: the program goes on with the kernel's sockets. Thread-safe.
 */
final class EngineStarter implements Supplier<Optional<Engine>> {
  private static final System.Logger LOG = System.getLogger("org.mptcp4j");

  /** Opens the link that the engine runs on. */
  @FunctionalInterface
  interface LinkOpener {
    PacketLink open() throws IOException;
  }

  private final LinkOpener opener;
  private final EngineConfig config;
  private final ConnectionPolicy policy;
  private final AtomicBoolean begun = new AtomicBoolean();
  private volatile Optional<Engine> engine;

  EngineStarter(LinkOpener opener, EngineConfig config, ConnectionPolicy policy) {
    this.opener = opener;
    this.config = config;
    this.policy = policy;
  }

  /**
   * Has the engine started by another thread, unless that has begun already. Binding the C library
   * and making the packet rings takes some 0.3 s when the JVM is cold, for which the first
   * connection then waits less, or not at all.
   */
  void startSoon() {
    if (begun.compareAndSet(false, true)) {
      Thread thread = new Thread(this::get, "mptcp4j-start");
      thread.setDaemon(true);
      thread.start();
    }
  }

  @Override
  public Optional<Engine> get() {
    Optional<Engine> started = engine;
    if (started == null) {
      synchronized (this) {
        started = engine;
        if (started == null) {
          started = start();
          engine = started;
        }
      }
    }
    return started;
  }

  private Optional<Engine> start() {
    try {
      Engine started = new Engine(opener.open(), config);
      if (policy.limitsPeers()) {
        started.setPeerFilter(policy::accepts);
      }
      return Optional.of(started);
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "Multipath TCP is off, and the kernel's sockets are used: " + e.getMessage());
    } catch (RuntimeException | LinkageError e) {
      // No native library for this processor, say. The program must not fail for it.
      LOG.log(
          System.Logger.Level.WARNING,
          "Multipath TCP is off, and the kernel's sockets are used: the engine cannot start",
          e);
    }
    return Optional.empty();
  }
}
