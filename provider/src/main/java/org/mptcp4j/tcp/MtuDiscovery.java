package org.mptcp4j.tcp;

import org.mptcp4j.spi.CongestionControl;
import org.mptcp4j.tcp.SentSegment.State;

/**
 * What the sender does for its {@link PathMtu} (RFC 4821): it notices that large packets vanish,
 * and tries larger ones with ordinary payload.
 */
final class MtuDiscovery {
  /** RFC 4821 §7.4: so much in flight shows the loss of a probe without a timeout. */
  private static final int SEGMENTS_IN_FLIGHT = 3;

  /** RFC 4821 §7.6.3: how much dearer a probe is whose loss took a timeout. */
  private static final int TIMEOUT_PENALTY = 5;

  private final Tcb tcb;
  private final SentQueue queue;
  private final LossRecovery recovery;
  private final RttEstimator rtt;
  private final CongestionControl congestion;
  private final PathMtu mtu;
  private int offered;

  MtuDiscovery(
      Tcb tcb,
      SentQueue queue,
      LossRecovery recovery,
      RttEstimator rtt,
      CongestionControl congestion) {
    this.tcb = tcb;
    this.queue = queue;
    this.recovery = recovery;
    this.rtt = rtt;
    this.congestion = congestion;
    this.mtu = tcb.pathMtu;
  }

  /** Payload of a probe that may be sent now; 0 for none. */
  int offered() {
    return offered;
  }

  void withdrawOffer() {
    offered = 0;
  }

  /**
   * Whether new payload should go into a probe now, or wait until there is room for one: the
   * acknowledgments of what is in flight make it.
   */
  boolean offer(long now, long room) {
    int most = tcb.largestPacket();
    // Only SACK tells that a probe, and nothing else, was lost.
    if (mtu.limit() >= most || !tcb.sack || !recovery.isOpen()) {
      return false;
    }
    int segment = tcb.segmentPayloadLimit();
    int payload = mtu.candidate(now, most) - tcb.dataHeaders();
    if (payload <= segment || queue.bytesInFlight() < (long) SEGMENTS_IN_FLIGHT * segment) {
      return false;
    }
    offered = room >= payload ? payload : 0;
    return true;
  }

  /** A packet of {@code size} bytes went out as a probe. */
  void sent(int sequenceNumber, int length, int size) {
    tcb.user.counters().mtuProbes.increment();
    mtu.probeSent(sequenceNumber, sequenceNumber + length, size);
  }

  /** {@code s} up to {@code end} was acknowledged or SACKed. */
  void onDelivered(long now, SentSegment s, int end) {
    if (mtu.isProbe(s.seq) && end == mtu.probeEnd()) {
      mtu.probeArrived(now, tcb.largestPacket());
    }
  }

  /** SND.UNA moved. */
  void onProgress(long now, int sndUna) {
    mtu.onProgress();
    if (mtu.isProbePassed(sndUna)) {
      mtu.probeInconclusive(now, 0);
    }
  }

  /**
   * Segments were found lost. RFC 4821 §7.6.2: the loss of a probe, and of nothing else, is no sign
   * of congestion.
   */
  boolean isOnlyProbeLost(long now) {
    if (!mtu.isProbing()) {
      return false;
    }
    if (recovery.isOpen() && queue.isLostOnlyWithin(mtu.probeSequence(), mtu.probeEnd())) {
      probeLost(now, roundTripsOfWindow());
      return true;
    }
    SentSegment probe = queue.find(mtu.probeSequence());
    if (probe == null || probe.state != State.IN_FLIGHT) {
      mtu.probeInconclusive(now, rtt.smoothedNanos());
    }
    return false;
  }

  private void probeLost(long now, long waitNanos) {
    mtu.probeLost(now, waitNanos);
    tcb.user.counters().mtuProbesLost.increment();
  }

  /** RFC 4821 §7.6.2: not more often than congestion would be expected to lose something. */
  private long roundTripsOfWindow() {
    return rtt.smoothedNanos() * (1 + congestion.congestionWindow() / tcb.segmentPayloadLimit());
  }

  /**
   * The oldest segment stays unanswered. Its size may be why, where no router says anything: then
   * all that is as large is lost.
   */
  void onSilence(long now) {
    SentSegment head = queue.head();
    if (mtu.isProbe(head.seq)) {
      probeLost(now, TIMEOUT_PENALTY * roundTripsOfWindow());
      return;
    }
    if (mtu.isProbing()) {
      mtu.probeInconclusive(now, rtt.smoothedNanos());
    }
    int size = tcb.dataHeaders() + Math.min(head.length, head.segmentSize);
    if (!tcb.unreachable && mtu.onSilence(now, size, tcb.packetLimit())) {
      tcb.user.counters().blackHoles.increment();
      markWhatDoesNotFit();
    }
  }

  /** Holds lost what is in flight in packets that the path does not take. */
  void markWhatDoesNotFit() {
    int segment = tcb.segmentPayloadLimit();
    for (SentSegment s = queue.head(); s != null; s = s.next) {
      if (s.state == State.IN_FLIGHT && Math.min(s.length, s.segmentSize) > segment) {
        queue.markLost(s);
      }
    }
  }
}
