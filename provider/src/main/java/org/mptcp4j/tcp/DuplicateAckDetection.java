package org.mptcp4j.tcp;

import org.mptcp4j.wire.SequenceNumber;

/** Loss detection without SACK: three duplicate ACKs, then partial ACKs (RFC 5681, RFC 6582). */
final class DuplicateAckDetection implements LossDetection {
  private static final int DUPLICATE_THRESHOLD = 3;

  private final Tcb tcb;
  private final SentQueue queue;
  private int duplicates;
  private boolean partial;
  private int sndUna;

  /** RFC 6582 §3.2: after a timeout, duplicates of what came before it mean nothing. */
  private boolean recoverKnown;

  private int recover;

  DuplicateAckDetection(Tcb tcb, SentQueue queue) {
    this.tcb = tcb;
    this.queue = queue;
  }

  @Override
  public void onDelivered(long now, SentSegment s, int end, boolean spuriousEcho) {
    // Who sent what when plays no part here.
  }

  @Override
  public void onAck(int una, long advanced, boolean duplicate, boolean inFastRecovery) {
    sndUna = una;
    partial = inFastRecovery && advanced > 0;
    if (duplicate) {
      duplicates++;
    } else if (advanced > 0) {
      // One segment filled the hole; the others are those that sent the duplicates.
      long segments = (advanced - 1) / tcb.segmentPayloadLimit();
      duplicates = inFastRecovery ? (int) Math.max(0, duplicates - segments) : 0;
    }
  }

  @Override
  public void onDuplicateReported(int sndNxt) {
    // Without SACK there are no such reports.
  }

  @Override
  public boolean detect(long now, boolean inRecovery) {
    SentSegment head = queue.head();
    if (head == null || head.state != SentSegment.State.IN_FLIGHT) {
      return false;
    }
    boolean fresh = !recoverKnown || SequenceNumber.geq(sndUna, recover);
    boolean lost = inRecovery ? partial : duplicates >= DUPLICATE_THRESHOLD && fresh;
    partial = false;
    if (!lost) {
      return false;
    }
    int segment = head.segmentSize;
    if (head.length > segment) {
      queue.split(head, segment);
    }
    queue.markLost(head);
    return true;
  }

  @Override
  public void onTimeout(long now, int sndNxt) {
    while (queue.earliest() != null) {
      queue.markLost(queue.earliest());
    }
    duplicates = 0;
    recoverKnown = true;
    recover = sndNxt;
  }

  @Override
  public void onRecovered() {
    duplicates = 0;
  }

  @Override
  public long assumedDelivered() {
    long bytes = (long) duplicates * tcb.segmentPayloadLimit();
    return Math.min(bytes, queue.bytesInFlight());
  }
}
