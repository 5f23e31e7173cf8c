package org.mptcp4j.mptcp;

/**
 * How large the receive buffer is: dynamic right-sizing (Fisk and Feng 2001, as Linux does it). The
 * window is to hold twice what the application reads in a round trip, so that the peer is never
 * kept back by it, also not while a loss is repaired. It only grows, so the right edge of the
 * window never moves back (RFC 9293 §3.8.6).
 */
final class ReceiveBufferTuning {
  private final int limit;
  private int size;
  private boolean measuring;
  private long measuredSince;
  private long firstDsn;
  private long most;
  private long arrived;
  private boolean holes;

  ReceiveBufferTuning(int first, int limit) {
    this.limit = limit;
    this.size = Math.min(first, limit);
  }

  /** Bytes that may have been received and not read. */
  int size() {
    return size;
  }

  /** The numbers of the bytes have changed. */
  void restart() {
    measuring = false;
  }

  /** New bytes arrived; {@code ahead} when others before them are missing. */
  void onArrival(int bytes, boolean ahead) {
    arrived += bytes;
    holes |= ahead;
  }

  /**
   * The application has read everything before {@code readDsn}.
   *
   * @param rttNanos the longest round trip of the connection's subflows; 0 when it is not known
   */
  void onRead(long now, long readDsn, long rttNanos) {
    if (size == limit || rttNanos == 0) {
      return;
    }
    if (!measuring) {
      begin(now, readDsn);
      return;
    }
    long elapsed = now - measuredSince;
    if (elapsed < rttNanos) {
      return;
    }
    long copied = readDsn - firstDsn;
    if (holes) {
      // What piled up behind a hole is read all at once: that is no measure of the path. Taken for
      // one, each repair would double the buffer.
      copied = Math.min(copied, (long) (arrived * ((double) rttNanos / elapsed)));
    }
    if (copied > most) {
      long wanted = 2 * copied;
      if (most > 0) {
        // The peer is in slow start: a round trip later it will have grown as much again.
        wanted += Math.min(2 * wanted, 2 * wanted * (copied - most) / most);
      }
      most = copied;
      size = (int) Math.min(limit, Math.max(size, wanted));
    }
    begin(now, readDsn);
  }

  private void begin(long now, long readDsn) {
    measuring = true;
    measuredSince = now;
    firstDsn = readDsn;
    arrived = 0;
    holes = false;
  }
}
