package org.mptcp4j.link;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A file descriptor used by many threads: it is closed when the last of them is done with it, so
 * that none writes to what has meanwhile become another's. Thread-safe.
 */
final class SharedDescriptor implements AutoCloseable {
  private static final int CLOSING = Integer.MIN_VALUE;

  private final int fd;
  private final AtomicInteger users = new AtomicInteger();
  private final AtomicBoolean closing = new AtomicBoolean();
  private final AtomicBoolean closed = new AtomicBoolean();

  SharedDescriptor(int fd) {
    this.fd = fd;
  }

  /** The descriptor, to be {@linkplain #release released} after use; -1 when it is closed. */
  int acquire() {
    if (users.getAndIncrement() < 0) {
      release();
      return -1;
    }
    return fd;
  }

  void release() {
    if (users.decrementAndGet() == CLOSING) {
      closeNow();
    }
  }

  /** For polling only: closing is synchronised with that by the caller. */
  int value() {
    return fd;
  }

  private void closeNow() {
    if (closed.compareAndSet(false, true)) {
      Native.C.close(fd);
    }
  }

  @Override
  public void close() {
    if (closing.compareAndSet(false, true) && users.getAndAdd(CLOSING) == 0) {
      closeNow();
    }
  }
}
