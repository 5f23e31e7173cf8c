package org.mptcp4j.mptcp;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.mptcp4j.spi.PacketScheduler;
import org.mptcp4j.tcp.SegmentSink;

/**
 * The sending half of a connection: what was written goes out in mappings on the subflows that the
 * scheduler picks, within the shared window; what got lost on one subflow goes out again on another
 * (RFC 8684 §3.3.5, §3.3.6).
 */
final class DataSender implements PacketScheduler.Choice {
  /** The data-level length of a mapping has 16 bits, and 0 means infinite. */
  private static final int MOST_MAPPED = 65535;

  private static final int MOST_POOLED = 1024;

  /** What Nagle's algorithm may keep back. */
  private static final int SMALL_REST = 2048;

  private final MptcpConnection connection;
  private final Session session;
  private final PacketScheduler scheduler;
  private final SendBuffer buffer;
  private final Reinjection reinjection;
  private final WindowUnblocking unblocking;
  private Mapping[] pool = new Mapping[16];
  private int pooled;
  private long next;
  private long rightEdge;
  private long largestWindow;
  private boolean noDelay;
  private boolean finQueued;
  private boolean override;
  private long lastProgress;

  DataSender(MptcpConnection connection, Session session, PacketScheduler scheduler) {
    this.connection = connection;
    this.session = session;
    this.scheduler = scheduler;
    long first = session.local().initialDataSequenceNumber() + 1;
    this.buffer =
        new SendBuffer(
            first,
            connection.config().firstSendBufferBytes(),
            connection.config().sendBufferBytes());
    this.reinjection = new Reinjection(connection, this, buffer);
    this.unblocking = new WindowUnblocking(connection, this);
    this.next = first;
    this.rightEdge = first;
    this.noDelay = connection.config().tcp().noDelay();
  }

  int write(ByteBuffer source) {
    boolean summed =
        !session.isPlain() && (session.usesChecksum() || connection.config().checksum());
    return buffer.append(source, summed);
  }

  /** Whether a third of the buffer is free: as with the kernel, that is worth a wake-up. */
  boolean isWritable() {
    return 3L * buffer.room() >= buffer.size();
  }

  /**
   * Has the buffer hold what the windows of the subflows keep on its way until it is acknowledged
   * at data level, which the slowest of them may hold up, and as much again to be sent then.
   */
  void growBuffer() {
    if (buffer.isAtLimit()) {
      return;
    }
    long slowest = 0;
    for (int i = 0; i < size(); i++) {
      slowest = Math.max(slowest, connection.subflowAt(i).smoothedRttNanos());
    }
    double wanted = 0;
    for (int i = 0; i < size(); i++) {
      Subflow s = connection.subflowAt(i);
      if (s.smoothedRttNanos() > 0) {
        wanted += 2.0 * s.congestionWindow() * slowest / s.smoothedRttNanos();
      }
    }
    buffer.growTo((long) wanted);
  }

  int room() {
    return buffer.room();
  }

  long unacknowledged() {
    return buffer.unacknowledged();
  }

  /** The first data sequence number that was never sent. */
  long next() {
    return next;
  }

  /** The data sequence number after everything written: that of the DATA_FIN. */
  long end() {
    return buffer.end();
  }

  boolean isAllSent() {
    return next == buffer.end();
  }

  boolean isAllAcknowledged() {
    return buffer.unacknowledged() == buffer.end();
  }

  /** Whether bytes were sent that no acknowledgment at data level covers. */
  boolean isOutstanding() {
    return next != buffer.unacknowledged();
  }

  /** What goes out a second time, on another subflow. */
  Reinjection reinjection() {
    return reinjection;
  }

  WindowUnblocking unblocking() {
    return unblocking;
  }

  long lastProgress() {
    return lastProgress;
  }

  void noDelay(boolean value) {
    noDelay = value;
  }

  /** Nothing more will be written. */
  void finQueued() {
    finQueued = true;
  }

  /**
   * Bytes before {@code dsn} are acknowledged; one that lies outside of what was sent is ignored.
   *
   * @return whether any of them were not acknowledged before
   */
  boolean acknowledged(long now, long dsn) {
    boolean isNew = dsn - buffer.unacknowledged() > 0 && dsn - next <= 0;
    if (isNew) {
      buffer.acknowledge(dsn);
      lastProgress = now;
    }
    return isNew;
  }

  /**
   * The peer takes bytes before {@code edge}; the shared window never shrinks (RFC 8684 §3.3.4).
   */
  void windowTo(long edge) {
    if (edge - rightEdge > 0) {
      setWindow(edge);
    }
  }

  /** The same for plain TCP, where the last word of the peer counts. */
  void setWindow(long edge) {
    rightEdge = edge;
    largestWindow = Math.max(largestWindow, edge - buffer.unacknowledged());
  }

  /** Bytes wait and the window is what keeps them back, with nothing in flight to reopen it. */
  boolean isPersisting() {
    return !isAllSent()
        && !isOutstanding()
        && rightEdge - next < Math.min(buffer.end() - next, Math.max(1, largestWindow / 2));
  }

  /** The peer's silence lasted long enough: what the window takes goes out, however little. */
  void overrideOnce() {
    override = true;
  }

  boolean isWindowClosed() {
    return rightEdge - next <= 0;
  }

  /** Sends what windows allow: reinjections first. */
  void push(long now, SegmentSink sink) {
    boolean keyUnknown = session.isNegotiating() && !connection.isClient();
    if (keyUnknown && !connection.earlyData().isOpened()) {
      return;
    }
    reinjection.push(now, sink);
    pushNew(now, sink);
    if (size() > 1 && session.isMultipath() && isHeldBack()) {
      unblocking.run(now, sink);
    }
    override = false;
  }

  /** Whether data in flight keeps new data back: the peer's window is full, or our own buffer. */
  private boolean isHeldBack() {
    boolean nothingToSend = buffer.end() - next < SMALL_REST;
    return nothingToSend ? 3L * buffer.room() < buffer.size() : isWindowClosed();
  }

  private void pushNew(long now, SegmentSink sink) {
    while (!isAllSent() && rightEdge - next > 0) {
      long unsent = buffer.end() - next;
      if (!prepareCandidates(now, unsent)) {
        return;
      }
      int index = size() == 1 ? 0 : scheduler.select(this);
      if (index < 0 || index >= size()) {
        return;
      }
      Subflow subflow = connection.subflowAt(index);
      int length = lengthOn(subflow, unsent);
      if (length == 0) {
        return;
      }
      boolean trial = isTrial(subflow);
      if (send(now, subflow, next, length, unsent == length, sink)) {
        next += length;
        if (trial) {
          unblocking.onTrial(now, subflow, sink);
        }
      } else {
        subflow.room().pause();
      }
    }
  }

  /** Has each subflow work out its allowance; false when none has any. */
  boolean prepareCandidates(long now, long wanted) {
    boolean any = false;
    for (int i = 0; i < size(); i++) {
      any |= connection.subflowAt(i).prepareToSend(now, wanted) > 0;
    }
    return any;
  }

  private int lengthOn(Subflow subflow, long unsent) {
    long window = rightEdge - next;
    int piece = contiguous(next);
    int mss = subflow.segmentPayloadLimit();
    long length = Math.min(Math.min(unsent, window), Math.min(subflow.allowance(), piece));
    length = Math.min(length, Math.min(subflow.sendLimit(), MOST_MAPPED));
    if (isTrial(subflow)) {
      length = Math.min(length, mss);
    }
    boolean tail = length == unsent;
    boolean hold = tail && !noDelay && !finQueued && !override;
    if (length > mss) {
      long rest = length % mss;
      // Whole segments, unless the rest is the end of what was written or of its chunk.
      return (int) ((tail && !hold) || length == piece ? length : length - rest);
    }
    if (length == mss || (length == piece && !tail)) {
      return (int) length;
    }
    if (tail) {
      // Nagle's algorithm (RFC 9293 §3.7.4), at the level where the application's bytes are.
      return hold && isOutstanding() ? 0 : (int) length;
    }
    if (length == window) {
      // RFC 9293 §3.8.6.2.1: no silly windows.
      return length >= largestWindow / 2 || override ? (int) length : 0;
    }
    return (int) length;
  }

  /** Whether it may show what it can do, at the price of one segment. */
  private boolean isTrial(Subflow subflow) {
    return subflow.bytesInFlight() == 0 && isMuchSlower(subflow);
  }

  private boolean isMuchSlower(Subflow subflow) {
    for (int i = 0; i < size(); i++) {
      Subflow other = connection.subflowAt(i);
      if (other.isUsable() && 2 * other.smoothedRttNanos() < subflow.smoothedRttNanos()) {
        return true;
      }
    }
    return false;
  }

  /** How many bytes from {@code dsn} on one mapping can cover. */
  int contiguous(long dsn) {
    return (int) Math.min(MOST_MAPPED, buffer.chunkAt(dsn).endDsn() - dsn);
  }

  /** Sends bytes of the buffer on a subflow; false when its path is backed up. */
  boolean send(long now, Subflow subflow, long dsn, int length, boolean push, SegmentSink sink) {
    Mapping mapping = pooled > 0 ? pool[--pooled] : new Mapping();
    SendChunk chunk = buffer.chunkAt(dsn);
    boolean withChecksum = !session.isPlain() && session.usesChecksum();
    mapping.set(now, chunk, dsn, length, subflow.nextRelativeSequence(), withChecksum);
    if (subflow.send(now, mapping, push, sink)) {
      return true;
    }
    recycle(mapping);
    return false;
  }

  /** What was written first, at most {@code most} bytes, for a SYN; to be {@link #recycle}d. */
  Mapping firstBytes(int most) {
    Mapping mapping = new Mapping();
    int length = (int) Math.min(Math.min(most, contiguous(next)), buffer.end() - next);
    mapping.set(0, buffer.chunkAt(next), next, length, 0, false);
    return mapping;
  }

  /**
   * The peer has the first {@code bytes}, by a SYN; no number was used so far, and those behind
   * them take their place.
   */
  void sentEarly(int bytes) {
    buffer.takeOut(bytes);
  }

  /** No subflow needs the mapping any more. */
  void recycle(Mapping mapping) {
    mapping.release();
    if (pooled < MOST_POOLED) {
      if (pooled == pool.length) {
        pool = Arrays.copyOf(pool, 2 * pooled);
      }
      pool[pooled++] = mapping;
    }
  }

  void clear() {
    reinjection.clear();
    buffer.clear();
    next = buffer.end();
  }

  @Override
  public int size() {
    return connection.subflowCount();
  }

  @Override
  public PacketScheduler.Candidate candidate(int index) {
    return connection.subflowAt(index);
  }

  @Override
  public long unsentBytes() {
    return buffer.end() - next;
  }

  @Override
  public long windowBytes() {
    return Math.min(rightEdge - next, buffer.unacknowledged() + buffer.size() - next);
  }
}
