package org.mptcp4j.link;

import java.nio.ByteBuffer;

/**
 * How much an interface may hold of what we send. A socket's send buffer is charged until the
 * queueing discipline lets a frame go, so its size bounds the queue below TCP. The rate is unknown
 * until the queue fills; from then on it is measured, and the buffer follows it.
 *
 * <p>How much time's worth of the rate that is follows from need, as in the kernel's dynamic queue
 * limits: where the queue had run dry before it was filled again, because the process did not get
 * the processor in time, it becomes longer; while it does not, slowly shorter.
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

  private static final long LONGEST_QUEUE_NANOS = 10_000_000;
  private static final double GROWTH = 1.5;
  private static final double DECAY = 0.9;
  private static final long DECAY_INTERVAL_NANOS = 1_000_000_000;

  /** Of SO_MEMINFO: nine words, the third of which is what the kernel still holds of ours. */
  private static final int MEMINFO_BYTES = 36;

  private static final int MEMINFO_SENDING = 8;

  private final int fd;
  private final long leastNanos;
  private final ByteBuffer memoryInfo = Native.allocate(MEMINFO_BYTES + 4);
  private long queueNanos;
  private long adaptedAt;
  private volatile boolean waiting;
  private long bytesSent;
  private long measuredFrom;
  private long bytesAtStart;
  private int bufferAtStart;
  private long lastBusy;
  private int currentBuffer;
  private volatile long bytesPerSecond;
  private volatile int payloadLimit = MAX_PAYLOAD;

  SendQueue(int fd, long leastNanos) {
    this.fd = fd;
    this.leastNanos = leastNanos;
    queueNanos = leastNanos;
    setBuffer(INITIAL_BUFFER);
  }

  /** Notes what the kernel took. Racing threads may lose a count: this is an estimate. */
  void sent(int bytes) {
    bytesSent += bytes;
  }

  /** Whether the queue was full, and nothing was sent since. */
  boolean isWaiting() {
    return waiting;
  }

  /**
   * The queue, which was full, is to be filled again.
   *
   * @return whether it had run dry, so that the interface stood idle
   */
  synchronized boolean resume(long now) {
    waiting = false;
    if (now - lastBusy > GAP_NANOS) {
      // There was nothing to send for a while.
      return false;
    }
    if (held() == 0) {
      queueNanos = Math.min(LONGEST_QUEUE_NANOS, (long) (queueNanos * GROWTH));
      adaptedAt = now;
      return true;
    }
    if (now - adaptedAt > DECAY_INTERVAL_NANOS) {
      queueNanos = Math.max(leastNanos, (long) (queueNanos * DECAY));
      adaptedAt = now;
    }
    return false;
  }

  /** Bytes, overhead included, that the kernel holds of what it took; -1 when it does not say. */
  private int held() {
    memoryInfo.putInt(MEMINFO_BYTES, MEMINFO_BYTES);
    long address = Native.address(memoryInfo);
    int result =
        Native.C.getsockopt(
            fd, Native.SOL_SOCKET, Native.SO_MEMINFO, address, address + MEMINFO_BYTES);
    Native.keep(memoryInfo);
    return result < 0 ? -1 : memoryInfo.getInt(MEMINFO_SENDING);
  }

  /** Notes that the queue is full: what it took between two such moments is what it let go. */
  synchronized void full(long now) {
    if (now - lastBusy > GAP_NANOS) {
      measureFrom(now);
    } else if (now - measuredFrom > MEASURE_NANOS) {
      // What a larger buffer took has not left yet.
      double passed = bytesSent - bytesAtStart - (currentBuffer - bufferAtStart) / OVERHEAD;
      long rate = (long) (Math.max(0, passed) * 1e9 / (now - measuredFrom));
      // Up at once, down slowly: a sender that paused makes the rate look smaller than it is.
      long before = bytesPerSecond;
      setRate(rate >= before ? rate : before - (before - rate) / 32);
      measureFrom(now);
    }
    lastBusy = now;
    waiting = true;
  }

  private void measureFrom(long now) {
    measuredFrom = now;
    bytesAtStart = bytesSent;
    bufferAtStart = currentBuffer;
  }

  private void setRate(long rate) {
    bytesPerSecond = rate;
    double buffer = rate * OVERHEAD * queueNanos / 1e9;
    int wanted = (int) Math.max(MIN_BUFFER, Math.min(MAX_BUFFER, buffer));
    if (Math.abs(wanted - currentBuffer) > currentBuffer / 8) {
      setBuffer(wanted);
    }
    // One frame occupies the wire for a quarter of the queue's least time at most.
    double frame = rate * leastNanos / 4e9;
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
