package org.mptcp4j.tcp;

import org.mptcp4j.wire.SequenceNumber;

/** Loss detection without SACK: three duplicate ACKs, then partial ACKs (RFC 5681, RFC 6582). */
final class DuplicateAckDetection implements LossDetection {
  private static final int DUPLICATE_THRESHOLD = 3;

  private final Tcb tcb;
  private final SentQueue queue;
  private int duplicates;
  private boolean partial;

  /**
   * Bytes to send again at once: doubled while each partial ACK covers just what was sent again,
   * which is how the loss of a whole offloaded segment looks.
   */
  private int burst;

  private int sndUna;

  /** RFC 6582 §3.2: after a timeout, duplicates of what came before it mean nothing. */
  private boolean recoverKnown;

  private int recover;

  DuplicateAckDetection(Tcb tcb, SentQueue queue) {
    this.tcb = tcb;
    this.queue = queue;
  }

  @Override
  public void onDelivered(long now, SentSegment s, int end, boolean ofOriginal) {
    // Who sent what when plays no part here.
  }

  @Override
  public void onAck(int una, long advanced, boolean duplicate, boolean inFastRecovery) {
    sndUna = una;
    partial = inFastRecovery && advanced > 0;
    if (partial) {
      burst = advanced <= burst ? 2 * burst : tcb.segmentPayloadLimit();
    }
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
    int segment = tcb.segmentPayloadLimit();
    burst = inRecovery ? Math.min(Math.max(segment, burst), 1 << 20) : segment;
    for (SentSegment s = head; s != null && bytesLeft(head, s) > 0; s = s.next) {
      if (s.state == SentSegment.State.IN_FLIGHT) {
        if (s.length > bytesLeft(head, s)) {
          queue.split(s, bytesLeft(head, s));
        }
        queue.markLost(s);
      }
    }
    return true;
  }

  private int bytesLeft(SentSegment head, SentSegment s) {
    return head.seq + burst - s.seq;
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
