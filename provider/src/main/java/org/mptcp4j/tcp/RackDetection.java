package org.mptcp4j.tcp;

import org.mptcp4j.wire.SequenceNumber;

/**
 * RACK (RFC 8985 §6): a segment is lost when one sent sufficiently later has been delivered. The
 * walk is along the order of sending and ends at the first segment that is not yet lost, so an ACK
 * costs as much as it finds lost.
 */
final class RackDetection implements LossDetection {
  private static final int DUPLICATE_THRESHOLD = 3;
  private static final int MULTIPLIER_LIFE = 16;

  private final Tcb tcb;
  private final SentQueue queue;
  private final RttEstimator rtt;

  /** RACK.xmit_ts, RACK.end_seq and RACK.rtt: of the segment sent last among those delivered. */
  private boolean started;

  private long sentOrder;
  private int endSequence;
  private long rttNanos;

  /** RACK.fack, RACK.reordering_seen. */
  private int forwardAck;

  private boolean reorderingSeen;

  /** RACK.reo_wnd_mult, RACK.reo_wnd_persist, RACK.dsack_round. */
  private int multiplier = 1;

  private int multiplierLife = MULTIPLIER_LIFE;
  private boolean duplicateRoundKnown;
  private int duplicateRound;

  RackDetection(Tcb tcb, SentQueue queue, RttEstimator rtt) {
    this.tcb = tcb;
    this.queue = queue;
    this.rtt = rtt;
    this.forwardAck = tcb.initialSend;
  }

  private static boolean sentAfter(long orderA, int endA, long orderB, int endB) {
    return orderA > orderB || orderA == orderB && SequenceNumber.gt(endA, endB);
  }

  @Override
  public void onDelivered(long now, SentSegment s, int end, boolean ofOriginal) {
    if (s.retransmits == 0 && SequenceNumber.lt(end, forwardAck)) {
      reorderingSeen = true;
    }
    forwardAck = SequenceNumber.max(forwardAck, end);
    long sample = now - s.sentNanos;
    // RFC 8985 §6.2 step 2: an ACK of a retransmitted segment may be that of the original.
    if (s.retransmits > 0 && (ofOriginal || sample < rtt.minNanos())) {
      return;
    }
    if (!started || sentAfter(s.sentOrder, end, sentOrder, endSequence)) {
      started = true;
      sentOrder = s.sentOrder;
      endSequence = end;
      rttNanos = Math.max(0, sample);
    }
  }

  @Override
  public void onAck(int sndUna, long advanced, boolean duplicate, boolean inFastRecovery) {
    if (duplicateRoundKnown && SequenceNumber.geq(sndUna, duplicateRound)) {
      duplicateRoundKnown = false;
    }
  }

  @Override
  public void onDuplicateReported(int sndNxt) {
    // RFC 8985 §6.2 step 4: once in a round trip.
    if (!duplicateRoundKnown) {
      duplicateRoundKnown = true;
      duplicateRound = sndNxt;
      multiplier = Math.min(multiplier + 1, 255);
      multiplierLife = MULTIPLIER_LIFE;
    }
  }

  private long reorderingWindow(boolean inRecovery) {
    if (!reorderingSeen) {
      boolean enoughSacked =
          queue.sackedSegments() >= DUPLICATE_THRESHOLD
              || queue.sackedBytes() >= (long) DUPLICATE_THRESHOLD * tcb.segmentPayloadLimit();
      if (inRecovery || enoughSacked) {
        return 0;
      }
    }
    if (rtt.smoothedNanos() == 0) {
      return 0;
    }
    return Math.min(multiplier * (rtt.minNanos() / 4), rtt.smoothedNanos());
  }

  @Override
  public boolean detect(long now, boolean inRecovery) {
    tcb.timers.clear(Timers.Kind.REORDERING);
    if (!started) {
      return false;
    }
    long patience = rttNanos + reorderingWindow(inRecovery);
    boolean found = false;
    SentSegment s = queue.earliest();
    while (s != null && sentAfter(sentOrder, endSequence, s.sentOrder, s.end())) {
      long deadline = s.sentNanos + patience;
      if (deadline - now > 0) {
        tcb.timers.set(Timers.Kind.REORDERING, deadline);
        break;
      }
      SentSegment later = s.later;
      queue.markLost(s);
      found = true;
      s = later;
    }
    return found;
  }

  @Override
  public void onTimeout(long now, int sndNxt) {
    SentSegment head = queue.head();
    if (head == null) {
      return;
    }
    if (head.state == SentSegment.State.SACKED) {
      queue.forgetSacks();
    }
    // RFC 8985 §6.3: the first, and whatever was sent longer ago than a round trip.
    long patience = rttNanos + reorderingWindow(true);
    SentSegment s = queue.earliest();
    while (s != null && s.sentNanos + patience - now <= 0) {
      SentSegment later = s.later;
      queue.markLost(s);
      s = later;
    }
    if (head.state == SentSegment.State.IN_FLIGHT) {
      queue.markLost(head);
    }
  }

  @Override
  public void onRecovered() {
    if (multiplier > 1 && --multiplierLife <= 0) {
      multiplier = 1;
      multiplierLife = MULTIPLIER_LIFE;
    }
  }

  @Override
  public long assumedDelivered() {
    return 0;
  }
}
