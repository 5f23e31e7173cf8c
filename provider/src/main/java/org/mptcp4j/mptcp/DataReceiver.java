package org.mptcp4j.mptcp;

import java.nio.ByteBuffer;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.SequenceNumber;

/**
 * The receiving half of a connection: puts bytes in their place by data sequence number, says how
 * far the stream is whole (DATA_ACK) and how much more may come (the shared window, RFC 8684
 * §3.3.4).
 */
final class DataReceiver {
  /** A segment: what the right edge of the window moves by at least. */
  private static final int SMALL_GROWTH = 1_460;

  private final int limit;
  private final ReceiveBufferTuning tuning;
  private ReceiveBuffer buffer;
  private long firstDsn;
  private final DataRanges ahead = new DataRanges();
  private final UrgentBytes urgent = new UrgentBytes();
  private long readDsn;
  private long receiveNext;
  private long sharedEdge;
  private long finDsn;
  private boolean finKnown;
  private boolean finReceived;
  private boolean discarding;

  /** See {@link #placedSum}. */
  private boolean summing;

  private long placedSum = -1;
  private long placedEnd;

  /** A buffer of {@code first} bytes that may grow to {@code limit}. */
  DataReceiver(int first, int limit) {
    this.limit = limit;
    this.tuning = new ReceiveBufferTuning(first, limit);
    start(1);
  }

  /**
   * The next byte will have {@code nextDsn}. Nothing was received so far but with the SYN: what of
   * that was not read lies before it.
   */
  void start(long nextDsn) {
    int unread = (int) (dataEnd() - readDsn);
    ReceiveBuffer before = buffer;
    buffer = new ReceiveBuffer(nextDsn - unread, limit);
    if (unread > 0) {
      ByteBuffer bytes = ByteBuffer.allocate(unread);
      before.get(readDsn, bytes, unread);
      buffer.put(nextDsn - unread, nextDsn - unread, bytes, 0, unread);
    }
    firstDsn = nextDsn;
    readDsn = nextDsn - unread;
    receiveNext = nextDsn;
    sharedEdge = nextDsn;
    tuning.restart();
  }

  /** Takes the data of a SYN, as far as there is room; returns how many bytes. */
  int takeEarly(IncomingSegment syn) {
    int length = Math.min(syn.payloadLength(), tuning.size());
    if (length > 0) {
      readDsn = receiveNext - length;
      buffer = new ReceiveBuffer(readDsn, limit);
      buffer.put(readDsn, readDsn, syn.buffer(), syn.payloadOffset(), length);
    }
    return length;
  }

  /** DATA_ACK: the next data sequence number that is missing. */
  long receiveNext() {
    return receiveNext;
  }

  /** The window, relative to DATA_ACK; its right edge never moves back. */
  long window() {
    return Math.max(0, readDsn + tuning.size() - receiveNext);
  }

  /**
   * The window as all subflows announce it. RFC 8684 §3.3.4: its right edge never moves back, on
   * whichever subflow it was announced last; so the waiting for growth that is worth telling (RFC
   * 9293 §3.8.6.2.2) is done for all of them in one place.
   */
  long sharedWindow() {
    long edge = readDsn + tuning.size();
    if (edge - sharedEdge >= Math.min(SMALL_GROWTH, tuning.size() / 2)) {
      sharedEdge = edge;
    }
    return Math.max(0, sharedEdge - receiveNext);
  }

  /** Widens a 32-bit data sequence number. */
  long expand(long dsn, boolean is64Bit) {
    return is64Bit ? dsn : SequenceNumber.expand((int) dsn, receiveNext);
  }

  /** The same as {@link #place}, and sums the bytes on the way. */
  boolean placeSumming(ByteBuffer from, int offset, long dsn, int length) {
    summing = true;
    boolean placed = place(from, offset, dsn, length);
    summing = false;
    return placed;
  }

  /**
   * The partial checksum of what {@link #placeSumming} placed last; -1 where not all of it was
   * copied, for some of it was received already.
   */
  long placedSum() {
    return placedSum;
  }

  /**
   * Copies bytes to their place, without counting them as received. Bytes that count as received
   * already are never touched.
   *
   * @param offset where they begin in {@code source}
   * @return false when they lie outside of the window
   */
  boolean place(ByteBuffer source, int offset, long dsn, int length) {
    long end = dsn + length;
    placedSum = -1;
    placedEnd = end;
    if (end - (readDsn + tuning.size()) > 0 || (ahead.isFull() && dsn - receiveNext > 0)) {
      return false;
    }
    if (finKnown && end - finDsn > 0) {
      return false;
    }
    long from = dsn - receiveNext < 0 ? receiveNext : dsn;
    if (ahead.isEmpty() || from - ahead.lastEnd() >= 0) {
      copy(source, offset, dsn, from, end);
      return true;
    }
    for (int i = 0; i < ahead.count() && end - from > 0; i++) {
      if (ahead.start(i) - from > 0) {
        copy(source, offset, dsn, from, min(end, ahead.start(i)));
      }
      if (ahead.end(i) - from > 0) {
        from = ahead.end(i);
      }
    }
    copy(source, offset, dsn, from, end);
    return true;
  }

  private static long min(long a, long b) {
    return a - b <= 0 ? a : b;
  }

  private void copy(ByteBuffer from, int payload, long payloadDsn, long start, long end) {
    if (end - start > 0) {
      tuning.onArrival((int) (end - start), start - receiveNext > 0);
      int skip = (int) (start - payloadDsn);
      int length = (int) (end - start);
      if (summing && skip == 0 && end == placedEnd) {
        placedSum = buffer.putSumming(readDsn, start, from, payload, length);
      } else {
        buffer.put(readDsn, start, from, payload + skip, length);
      }
    }
  }

  /**
   * Bytes that lie in their place count as received from now on.
   *
   * @return how far {@link #receiveNext} moved
   */
  long receive(long dsn, int length) {
    long before = receiveNext;
    long end = dsn + length;
    if (dsn - receiveNext > 0) {
      ahead.add(dsn, end);
      return 0;
    }
    if (end - receiveNext > 0) {
      receiveNext = ahead.isEmpty() ? end : ahead.absorb(end);
      checkFin();
      if (discarding) {
        readDsn = min(receiveNext, dataEnd());
      }
      skipUrgent();
      releaseWhenFinished();
    }
    return receiveNext - before;
  }

  /** Whether all of these bytes count as received. */
  boolean isReceived(long dsn, int length) {
    long end = dsn + length;
    if (length == 0 || dsn - firstDsn < 0) {
      return length == 0;
    }
    return end - receiveNext <= 0 || (dsn - receiveNext >= 0 && ahead.covers(dsn, end));
  }

  /** The partial checksum of bytes in their place, not all of which were read. */
  long sum(long dsn, int length) {
    return buffer.sum(dsn, length);
  }

  /** The peer's DATA_FIN has this data sequence number. Says whether that is possible. */
  boolean finAt(long dsn) {
    if (finKnown) {
      return finDsn == dsn;
    }
    if (dsn - receiveNext < 0 || dsn - (readDsn + tuning.size()) > 0) {
      return false;
    }
    finKnown = true;
    finDsn = dsn;
    checkFin();
    return true;
  }

  private void checkFin() {
    if (finKnown && !finReceived && receiveNext == finDsn) {
      finReceived = true;
      receiveNext = finDsn + 1;
      releaseWhenFinished();
    }
  }

  /**
   * The stream may have another length than the peer says, whose DATA_FIN counts no more: a box
   * changes it. One that came with all before it has ended the stream.
   */
  void forgetFin() {
    finKnown = finReceived;
  }

  /** Whether the peer has said where its stream ends. */
  boolean isFinKnown() {
    return finKnown;
  }

  /** The stream ends where it is now: the FIN of plain TCP. */
  void finHere() {
    if (finReceived) {
      // A DATA_FIN came before the fallback, and has its own number behind the last byte.
      return;
    }
    finKnown = true;
    finReceived = true;
    finDsn = receiveNext;
    releaseWhenFinished();
  }

  /** Whether the peer's DATA_FIN and everything before it arrived. */
  boolean isFinReceived() {
    return finReceived;
  }

  private long dataEnd() {
    return finReceived ? finDsn : receiveNext;
  }

  /** The application does not get this byte, which has not been received yet. */
  void urgentAt(long dsn) {
    urgent.add(dsn);
  }

  private void skipUrgent() {
    while (dataEnd() - readDsn > 0 && urgent.takeAt(readDsn)) {
      readDsn++;
    }
  }

  /** Bytes that can be read now. */
  int available() {
    return (int) (urgent.firstBefore(dataEnd()) - readDsn);
  }

  /** Moves what can be read to {@code target}; returns how many bytes. */
  int read(ByteBuffer target) {
    int length = Math.min(available(), target.remaining());
    if (length > 0) {
      buffer.get(readDsn, target, length);
      readDsn += length;
      skipUrgent();
      releaseWhenFinished();
    }
    return length;
  }

  /** The application has read; the buffer may be worth growing. */
  void onRead(long now, long rttNanos) {
    tuning.onRead(now, readDsn, rttNanos);
  }

  /** What is there and what will come is dropped. */
  void discard() {
    discarding = true;
    urgent.clear();
    readDsn = dataEnd();
    releaseWhenFinished();
  }

  /**
   * After the end of the stream no byte finds a place any more: a connection in TIME-WAIT holds no
   * memory.
   */
  private void releaseWhenFinished() {
    if (finReceived && readDsn == finDsn) {
      buffer.clear();
    }
  }

  /** Lets the memory go when nothing will be read any more. */
  void clear() {
    urgent.clear();
    readDsn = dataEnd();
    buffer.clear();
  }
}
