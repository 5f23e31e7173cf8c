package org.mptcp4j.tcp;

import org.mptcp4j.tcp.SentSegment.State;
import org.mptcp4j.wire.SequenceNumber;

/**
 * What is sent and not yet acknowledged, in two orders: by sequence, and (segments in flight only)
 * by the time of the last sending, which is what RACK walks. Segments are pooled: nothing is
 * allocated once the queue has had its size.
 */
final class SentQueue {
  private SentSegment head;
  private SentSegment tail;
  private SentSegment earliest;
  private SentSegment latest;
  private SentSegment pool;

  /** Where the last search ended: SACK blocks grow at one end, so the next begins there. */
  private SentSegment searchHint;

  /** No segment before this one is lost; null when none is. */
  private SentSegment lostHint;

  private long outstandingBytes;
  private long sackedBytes;
  private int sackedSegments;
  private long lostBytes;
  private int lostSegments;
  private long everLostBytes;
  private long sendings;

  SentSegment head() {
    return head;
  }

  SentSegment tail() {
    return tail;
  }

  /** The segment in flight that was sent first. */
  SentSegment earliest() {
    return earliest;
  }

  boolean isEmpty() {
    return head == null;
  }

  long outstandingBytes() {
    return outstandingBytes;
  }

  long sackedBytes() {
    return sackedBytes;
  }

  long lostBytes() {
    return lostBytes;
  }

  /** All that was ever held lost, as often as it was. */
  long everLostBytes() {
    return everLostBytes;
  }

  int sackedSegments() {
    return sackedSegments;
  }

  boolean hasLost() {
    return lostSegments > 0;
  }

  /** Whether what is held lost all lies from {@code from} up to {@code to}, and there is some. */
  boolean isLostOnlyWithin(int from, int to) {
    long within = 0;
    for (SentSegment s = firstLost(); s != null && SequenceNumber.lt(s.seq, to); s = s.next) {
      if (s.state == State.LOST && SequenceNumber.geq(s.seq, from)) {
        within += s.length;
      }
    }
    return within > 0 && within == lostBytes;
  }

  /** Payload neither acknowledged, nor SACKed, nor held lost. */
  long bytesInFlight() {
    return outstandingBytes - sackedBytes - lostBytes;
  }

  /** Appends new payload or, with {@code payload} null, a FIN. */
  void append(
      long now, int seq, SegmentPayload payload, int length, boolean push, int segmentSize) {
    SentSegment s = take();
    s.seq = seq;
    s.length = length;
    s.fin = payload == null;
    s.push = push;
    s.payload = payload;
    s.payloadOffset = 0;
    s.endsPayload = payload != null;
    s.segmentSize = segmentSize;
    s.cutBase = seq;
    s.retransmits = 0;
    s.next = null;
    s.previous = tail;
    if (tail == null) {
      head = s;
    } else {
      tail.next = s;
    }
    tail = s;
    outstandingBytes += length;
    s.state = State.IN_FLIGHT;
    s.sentNanos = now;
    s.sentOrder = sendings++;
    appendByTime(s);
  }

  private SentSegment take() {
    SentSegment s = pool;
    if (s == null) {
      return new SentSegment();
    }
    pool = s.next;
    return s;
  }

  /** Removes the first segment; its fields stay readable until the next append or split. */
  SentSegment removeHead() {
    SentSegment s = head;
    forgetState(s);
    outstandingBytes -= s.length;
    if (searchHint == s) {
      searchHint = s.next;
    }
    if (lostHint == s) {
      lostHint = s.next;
    }
    head = s.next;
    if (head == null) {
      tail = null;
    } else {
      head.previous = null;
    }
    s.next = pool;
    pool = s;
    return s;
  }

  /** Takes the first {@code bytes} off the first segment. */
  void trimHead(int bytes) {
    SentSegment s = head;
    outstandingBytes -= bytes;
    if (s.state == State.LOST) {
      lostBytes -= bytes;
    } else if (s.state == State.SACKED) {
      sackedBytes -= bytes;
    }
    s.seq += bytes;
    s.payloadOffset += bytes;
    s.length -= bytes;
  }

  /** Cuts {@code s} so that it keeps {@code bytes}; returns the rest, which follows it. */
  SentSegment split(SentSegment s, int bytes) {
    SentSegment rest = take();
    rest.seq = s.seq + bytes;
    rest.length = s.length - bytes;
    rest.fin = false;
    rest.push = s.push;
    rest.payload = s.payload;
    rest.payloadOffset = s.payloadOffset + bytes;
    rest.endsPayload = s.endsPayload;
    rest.segmentSize = s.segmentSize;
    rest.cutBase = s.cutBase;
    rest.sentNanos = s.sentNanos;
    rest.sentOrder = s.sentOrder;
    rest.retransmits = s.retransmits;
    rest.deliveredBefore = s.deliveredBefore;
    rest.deliveredBeforeAt = s.deliveredBeforeAt;
    rest.firstSentAt = s.firstSentAt;
    rest.applicationLimited = s.applicationLimited;
    rest.state = s.state;
    s.length = bytes;
    s.push = false;
    s.endsPayload = false;
    rest.previous = s;
    rest.next = s.next;
    if (s.next == null) {
      tail = rest;
    } else {
      s.next.previous = rest;
    }
    s.next = rest;
    switch (s.state) {
      case IN_FLIGHT -> {
        rest.earlier = s;
        rest.later = s.later;
        if (s.later == null) {
          latest = rest;
        } else {
          s.later.earlier = rest;
        }
        s.later = rest;
      }
      case SACKED -> sackedSegments++;
      case LOST -> lostSegments++;
    }
    return rest;
  }

  private void appendByTime(SentSegment s) {
    s.later = null;
    s.earlier = latest;
    if (latest == null) {
      earliest = s;
    } else {
      latest.later = s;
    }
    latest = s;
  }

  private void forgetState(SentSegment s) {
    switch (s.state) {
      case IN_FLIGHT -> {
        if (s.earlier == null) {
          earliest = s.later;
        } else {
          s.earlier.later = s.later;
        }
        if (s.later == null) {
          latest = s.earlier;
        } else {
          s.later.earlier = s.earlier;
        }
        s.earlier = null;
        s.later = null;
      }
      case SACKED -> {
        sackedBytes -= s.length;
        sackedSegments--;
      }
      case LOST -> {
        lostBytes -= s.length;
        lostSegments--;
      }
    }
  }

  void markSacked(SentSegment s) {
    forgetState(s);
    s.state = State.SACKED;
    sackedBytes += s.length;
    sackedSegments++;
  }

  void markLost(SentSegment s) {
    forgetState(s);
    s.state = State.LOST;
    lostBytes += s.length;
    everLostBytes += s.length;
    lostSegments++;
    if (lostHint == null || SequenceNumber.lt(s.seq, lostHint.seq)) {
      lostHint = s;
    }
  }

  /** {@code s} was sent again. */
  void markSentAgain(long now, SentSegment s, int segmentSize) {
    forgetState(s);
    s.state = State.IN_FLIGHT;
    s.sentNanos = now;
    s.sentOrder = sendings++;
    s.retransmits++;
    s.segmentSize = segmentSize;
    s.cutBase = s.seq;
    appendByTime(s);
  }

  /** What was held lost was not: it counts as in flight again, since the time it was sent. */
  void unmarkAllLost() {
    for (SentSegment s = tail; s != null && lostSegments > 0; s = s.previous) {
      if (s.state == State.LOST) {
        forgetState(s);
        s.state = State.IN_FLIGHT;
        insertByTime(s);
      }
    }
    lostHint = null;
  }

  /** What was held lost is mostly what was sent first, so the place is looked for from there. */
  private void insertByTime(SentSegment s) {
    SentSegment after = earliest;
    while (after != null
        && (after.sentOrder < s.sentOrder
            || after.sentOrder == s.sentOrder && SequenceNumber.lt(after.seq, s.seq))) {
      after = after.later;
    }
    if (after == null) {
      appendByTime(s);
      return;
    }
    s.later = after;
    s.earlier = after.earlier;
    if (after.earlier == null) {
      earliest = s;
    } else {
      after.earlier.later = s;
    }
    after.earlier = s;
  }

  /** RFC 2018 §8: the receiver may have dropped what it SACKed; all of it is held lost. */
  void forgetSacks() {
    for (SentSegment s = head; s != null && sackedSegments > 0; s = s.next) {
      if (s.state == State.SACKED) {
        markLost(s);
      }
    }
  }

  /** The first segment held lost, null for none. */
  SentSegment firstLost() {
    if (lostSegments == 0) {
      lostHint = null;
      return null;
    }
    SentSegment s = lostHint == null ? head : lostHint;
    while (s != null && s.state != State.LOST) {
      s = s.next;
    }
    lostHint = s;
    return s;
  }

  /** The segment that contains {@code seq}, which must lie between head and tail; else null. */
  SentSegment find(int seq) {
    SentSegment s = searchHint;
    if (s == null) {
      s = head;
    }
    while (s != null && SequenceNumber.lt(seq, s.seq)) {
      s = s.previous;
    }
    while (s != null && SequenceNumber.geq(seq, s.end())) {
      s = s.next;
    }
    searchHint = s;
    return s;
  }

  /** Drops everything. */
  void clear() {
    while (head != null) {
      removeHead();
    }
  }
}
