package org.mptcp4j.link;

import java.nio.ByteBuffer;

/**
 * How much an interface may hold of what we send. A socket's send buffer is charged until the
 * queueing discipline lets a frame go, so its size bounds the queue below TCP. The rate is unknown
 * until the queue fills; from then on it is measured, and the buffer follows it.
 */
final class SendQueue {
  /** The smallest buffer as the kernel counts it, overhead included: some ten packets. */
  private static final long MIN_BUFFER = 32 * 1024;

  private static final long MAX_BUFFER = 8 * 1024 * 1024;
  private static final int INITIAL_BUFFER = 128 * 1024;
  private static final int MAX_PAYLOAD = 65_280;
  private static final int MIN_PAYLOAD = 3_000;

  /** The kernel charges a frame's memory, which is more than its bytes. */
  private static final double OVERHEAD = 1.5;

  private static final long MEASURE_NANOS = 10_000_000;
  private static final long GAP_NANOS = 50_000_000;
  private static final long FORGET_NANOS = 1_000_000_000;

  private final int fd;
  private final long queueNanos;
  private long bytesSent;
  private long measuredFrom;
  private long bytesAtStart;
  private long lastBusy;
  private int currentBuffer;
  private volatile long bytesPerSecond;
  private volatile int payloadLimit = MAX_PAYLOAD;

  SendQueue(int fd, long queueNanos) {
    this.fd = fd;
    this.queueNanos = queueNanos;
    setBuffer(INITIAL_BUFFER);
  }

  /** Notes what the kernel took. Racing threads may lose a count: this is an estimate. */
  void sent(int bytes) {
    bytesSent += bytes;
  }

  /** Notes that the queue is full: what it took between two such moments is what it let go. */
  synchronized void full(long now) {
    if (now - lastBusy > GAP_NANOS) {
      measuredFrom = now;
      bytesAtStart = bytesSent;
    } else if (now - measuredFrom > MEASURE_NANOS) {
      long rate = (long) ((bytesSent - bytesAtStart) * 1e9 / (now - measuredFrom));
      // Up at once, down slowly: a sender that paused makes the rate look smaller than it is.
      long before = bytesPerSecond;
      setRate(rate >= before ? rate : before - (before - rate) / 32);
      measuredFrom = now;
      bytesAtStart = bytesSent;
    }
    lastBusy = now;
  }

  private void setRate(long rate) {
    bytesPerSecond = rate;
    double buffer = rate * OVERHEAD * queueNanos / 1e9;
    int wanted = (int) Math.max(MIN_BUFFER, Math.min(MAX_BUFFER, buffer));
    if (Math.abs(wanted - currentBuffer) > currentBuffer / 8) {
      setBuffer(wanted);
    }
    // One frame occupies the wire for a quarter of the queue's time at most.
    double frame = rate * queueNanos / 4e9;
    payloadLimit = (int) Math.max(MIN_PAYLOAD, Math.min(MAX_PAYLOAD, frame));
  }

  private void setBuffer(int bytes) {
    currentBuffer = bytes;
    ByteBuffer memory = Native.allocate(4);
    // The kernel doubles what it is given.
    memory.putInt(0, bytes / 2);
    Native.C.setsockopt(fd, Native.SOL_SOCKET, Native.SO_SNDBUF, Native.address(memory), 4);
    Native.keep(memory);
  }

  /** The most payload that should go in one frame now. */
  int payloadLimit() {
    if (bytesPerSecond > 0 && System.nanoTime() - lastBusy > FORGET_NANOS) {
      forget();
    }
    return payloadLimit;
  }

  private synchronized void forget() {
    bytesPerSecond = 0;
    payloadLimit = MAX_PAYLOAD;
    setBuffer(INITIAL_BUFFER);
  }
}
