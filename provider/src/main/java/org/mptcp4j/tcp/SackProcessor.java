package org.mptcp4j.tcp;

import org.mptcp4j.tcp.SentSegment.State;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.SequenceNumber;

/**
 * Applies the SACK blocks of arriving ACKs to the {@link SentQueue} (RFC 2018 §5). Blocks repeat
 * from ACK to ACK and grow at their ends, so what an earlier ACK said is left out.
 */
final class SackProcessor {
  /** Told of each segment that a block covers for the first time, before its state changes. */
  @FunctionalInterface
  interface Listener {
    void onDelivered(long now, SentSegment segment, int end);
  }

  private static final int KNOWN = 4;

  private final SentQueue queue;
  private final TcpCounters counters;
  private final Listener listener;

  /** The blocks of the last ACK, as far as they are applied. */
  private final int[] knownLeft = new int[KNOWN];

  private final int[] knownRight = new int[KNOWN];
  private int known;

  private final int[] appliedLeft = new int[KNOWN];
  private final int[] appliedRight = new int[KNOWN];

  SackProcessor(SentQueue queue, TcpCounters counters, Listener listener) {
    this.queue = queue;
    this.counters = counters;
    this.listener = listener;
  }

  /** Forgets what was applied, when the queue has forgotten SACKs. */
  void forget() {
    known = 0;
  }

  /** Takes the blocks in; returns whether the first reports a duplicate (RFC 2883 §4). */
  boolean process(long now, IncomingSegment segment, int sndUna, int sndNxt) {
    boolean duplicate = isDuplicateReport(segment, sndUna);
    int count = 0;
    for (int i = duplicate ? 1 : 0; i < segment.sackBlockCount(); i++) {
      int left = segment.sackLeft(i);
      int right = segment.sackRight(i);
      if (SequenceNumber.gt(right, sndNxt) || SequenceNumber.geq(left, right)) {
        counters.badSackBlocks.increment();
        continue;
      }
      if (SequenceNumber.leq(left, sndUna)) {
        // It is about what was acknowledged since.
        continue;
      }
      appliedLeft[count] = left;
      appliedRight[count] = apply(now, left, right);
      count++;
    }
    System.arraycopy(appliedLeft, 0, knownLeft, 0, count);
    System.arraycopy(appliedRight, 0, knownRight, 0, count);
    known = count;
    return duplicate;
  }

  private static boolean isDuplicateReport(IncomingSegment segment, int sndUna) {
    int left = segment.sackLeft(0);
    int right = segment.sackRight(0);
    if (SequenceNumber.geq(left, right)) {
      return false;
    }
    if (SequenceNumber.leq(right, segment.acknowledgmentNumber())
        && SequenceNumber.leq(right, sndUna)) {
      return true;
    }
    return segment.sackBlockCount() > 1
        && SequenceNumber.geq(left, segment.sackLeft(1))
        && SequenceNumber.leq(right, segment.sackRight(1));
  }

  /** Returns up to where everything from {@code left} on is SACKed. */
  private int apply(long now, int left, int right) {
    int from = left;
    int to = right;
    int end = right;
    for (int i = 0; i < known; i++) {
      if (SequenceNumber.leq(knownLeft[i], from) && SequenceNumber.gt(knownRight[i], from)) {
        from = knownRight[i];
      }
      if (SequenceNumber.lt(knownLeft[i], to) && SequenceNumber.geq(knownRight[i], to)) {
        to = knownLeft[i];
      }
    }
    if (SequenceNumber.geq(from, to)) {
      return end;
    }
    SentSegment s = queue.find(from);
    while (s != null && SequenceNumber.lt(s.seq, to)) {
      if (s.state != State.SACKED) {
        s = applyTo(now, s, from, to);
        if (s.state != State.SACKED && to == right) {
          end = SequenceNumber.min(end, SequenceNumber.max(s.seq, from));
        }
      }
      s = s.next;
    }
    return end;
  }

  /** Marks the whole segments on the wire within the block; returns the last piece looked at. */
  private SentSegment applyTo(long now, SentSegment segment, int from, int to) {
    SentSegment s = segment;
    if (s.fin) {
      mark(now, s);
      return s;
    }
    int first = SequenceNumber.geq(s.seq, from) ? s.seq : s.alignUp(from);
    int last = SequenceNumber.leq(s.end(), to) ? s.end() : s.alignDown(to);
    if (SequenceNumber.geq(first, last)) {
      return s;
    }
    if (first != s.seq) {
      s = queue.split(s, first - s.seq);
    }
    SentSegment rest = last != s.end() ? queue.split(s, last - s.seq) : null;
    mark(now, s);
    return rest != null && SequenceNumber.lt(rest.seq, to) ? rest : s;
  }

  private void mark(long now, SentSegment s) {
    listener.onDelivered(now, s, s.end());
    queue.markSacked(s);
  }
}
