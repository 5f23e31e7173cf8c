package org.mptcp4j.tcp;

import java.util.Optional;
import org.mptcp4j.spi.CongestionControl;
import org.mptcp4j.tcp.LossRecovery.Phase;
import org.mptcp4j.tcp.SentSegment.State;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.SequenceNumber;
import org.mptcp4j.wire.TcpFlags;

/** The sending half: what is outstanding, what is lost, what may be sent when. */
final class TcpSender {
  private static final int MOST_PER_SEND = 64_000;

  /** The handshake's alone would only tell what the next one will tell again. */
  private static final int SAMPLES_WORTH_TELLING = 8;

  private final Tcb tcb;
  private final SegmentWriter writer;
  private final TcpReceiver receiver;
  private final SentQueue queue = new SentQueue();
  private final RttEstimator rtt;
  private final CongestionControl congestion;
  private final LossRecovery recovery = new LossRecovery();
  private final SackProcessor sacks;
  private final SenderTimers timers;
  private LossDetection detection;

  private int sndUna;
  private int sndNxt;
  private boolean closing;
  private boolean finSent;

  /** The retransmission that a timeout or a new recovery calls for, whatever the window says. */
  private boolean mustRetransmit;

  private boolean afterTimeout;
  private int consecutiveTimeouts;

  private final TailLossProbe tailProbe = new TailLossProbe();
  private final MtuDiscovery mtu;
  private final Pacer pacer;
  private final DeliveryRate deliveryRate = new DeliveryRate();

  private long learnedThreshold = Long.MAX_VALUE;

  /** New data was refused, as lost segments go first. */
  private boolean refusedForLoss;

  private long lastActivityAt;
  private long retransmissions;
  private long lossEpisodes;

  /** Of the acknowledgment being processed. */
  private long delivered;

  private final AckSample sample;

  TcpSender(Tcb tcb, SegmentWriter writer, TcpReceiver receiver) {
    this.tcb = tcb;
    this.writer = writer;
    this.receiver = receiver;
    this.rtt = new RttEstimator(tcb.config.minRtoNanos());
    this.sample = new AckSample(tcb);
    this.timers = new SenderTimers(tcb, queue, rtt);
    this.congestion = tcb.config.congestionControl().get();
    this.pacer = new Pacer(tcb.timers, congestion);
    this.mtu = new MtuDiscovery(tcb, queue, recovery, rtt, congestion);
    this.sacks = new SackProcessor(queue, tcb.user.counters(), this::onDelivered);
    this.sndUna = tcb.initialSend;
    this.sndNxt = tcb.initialSend;
  }

  /** The handshake is done: options are known, SYN is acknowledged. */
  void start(long now) {
    start(now, 0);
  }

  /**
   * The same where {@code acknowledged} bytes went with the SYN; what else did goes out again as if
   * it were new.
   */
  void start(long now, int acknowledged) {
    sndUna = tcb.initialSend + 1 + acknowledged;
    sndNxt = sndUna;
    int mss = tcb.segmentPayloadLimit();
    detection =
        tcb.sack ? new RackDetection(tcb, queue, rtt) : new DuplicateAckDetection(tcb, queue);
    // RFC 6928 §2.
    congestion.init(now, mss, Math.min(10 * mss, Math.max(2 * mss, 14_600)));
    if (learnedThreshold != Long.MAX_VALUE) {
      congestion.onLearnedThreshold(learnedThreshold);
    }
    lastActivityAt = now;
  }

  /** What earlier connections have learned of the path (RFC 9040); before {@link #start}. */
  void learn(PathEstimate estimate) {
    if (estimate.isPlausible()) {
      rtt.learned(estimate.smoothedRttNanos(), estimate.rttVarianceNanos());
      learnedThreshold = estimate.slowStartThreshold();
    }
  }

  /** What this connection has learned of it; empty when that is next to nothing. */
  Optional<PathEstimate> learned() {
    if (rtt.samples() < SAMPLES_WORTH_TELLING) {
      return Optional.empty();
    }
    return Optional.of(
        new PathEstimate(
            rtt.smoothedNanos(), rtt.varianceNanos(), congestion.slowStartThreshold()));
  }

  /** SYN took its place in sequence space, and what data went with it. */
  void onSynSent() {
    sndNxt = tcb.initialSend + 1 + tcb.fastOpen.sentBytes();
  }

  /** The handshake is over that payload was sent before the end of: it has the timers now. */
  void onHandshakeOver() {
    timers.requestRearm();
  }

  SentQueue queue() {
    return queue;
  }

  int consecutiveTimeouts() {
    return consecutiveTimeouts;
  }

  RttEstimator rtt() {
    return rtt;
  }

  CongestionControl congestion() {
    return congestion;
  }

  int sndUna() {
    return sndUna;
  }

  int sndNxt() {
    return sndNxt;
  }

  boolean hasUnacknowledged() {
    return !queue.isEmpty();
  }

  boolean isInRecovery() {
    return !recovery.isOpen();
  }

  boolean isFinAcknowledged() {
    return finSent && queue.isEmpty();
  }

  long retransmissions() {
    return retransmissions;
  }

  long lossEpisodes() {
    return lossEpisodes;
  }

  long bytesInFlight() {
    return queue.bytesInFlight() - (detection == null ? 0 : detection.assumedDelivered());
  }

  private long room() {
    return recovery.room(congestion.congestionWindow(), bytesInFlight());
  }

  // New payload

  int sendAllowance(long now) {
    mtu.withdrawOffer();
    refusedForLoss = queue.hasLost();
    if (!tcb.maySend() || closing || tcb.blocked || refusedForLoss) {
      return 0;
    }
    restartAfterIdle(now);
    int segment = tcb.segmentPayloadLimit();
    long room = queue.isEmpty() ? Math.max(segment, room()) : room();
    if (room < segment) {
      return 0;
    }
    room = Math.min(room, pacer.allowance(now, segment, queue.isEmpty()));
    if (room == 0) {
      return 0;
    }
    if (mtu.offer(now, room)) {
      return mtu.offered();
    }
    return (int) Math.min(Integer.MAX_VALUE / 2, room - room % segment);
  }

  /** Payload of one packet: that of a probe while {@link #sendAllowance} offers one. */
  int segmentPayloadLimit() {
    return mtu.offered() > 0 ? mtu.offered() : tcb.segmentPayloadLimit();
  }

  /** RFC 5681 §4.1, RFC 7661. */
  private void restartAfterIdle(long now) {
    if (timers.isRearmRequested()) {
      // An acknowledgment has just come, however old its packet is.
      lastActivityAt = now;
    }
    long idle = now - lastActivityAt;
    if (queue.isEmpty() && idle > rtt.rtoNanos()) {
      congestion.onIdle(now, idle);
      lastActivityAt = now;
    }
  }

  /**
   * The pacer's quantum, or about a millisecond and a half at the present rate, so that no path
   * sees a long burst.
   */
  int sendLimit() {
    return mtu.offered() > 0 ? mtu.offered() : burstLimit();
  }

  private int burstLimit() {
    int segment = tcb.segmentPayloadLimit();
    int most = Math.min(MOST_PER_SEND, tcb.path.maxPayloadPerSend());
    if (most < 2 * segment) {
      return segment;
    }
    long cwnd = congestion.congestionWindow();
    long byRate = pacer.quantum(segment);
    if (byRate == 0 && rtt.smoothedNanos() != 0) {
      byRate = (long) (cwnd * (1.5e6 / rtt.smoothedNanos()));
    }
    long bytes = Math.max(2L * segment, Math.min(byRate, cwnd / 2));
    bytes = Math.min(bytes, most);
    return (int) (bytes - bytes % segment);
  }

  boolean send(long now, SegmentPayload payload, boolean push, SegmentSink sink) {
    if (!tcb.maySend() || closing || tcb.blocked) {
      return false;
    }
    int length = payload.length();
    boolean probe = length == mtu.offered();
    if (!writer.data(now, sndNxt, payload, length, push, probe, sink)) {
      return false;
    }
    mtu.withdrawOffer();
    boolean first = queue.isEmpty();
    if (first) {
      congestion.onTransmissionStart(now);
    }
    queue.append(now, sndNxt, payload, length, push, probe ? length : tcb.segmentPayloadLimit());
    deliveryRate.onSent(now, queue.tail(), first);
    if (probe) {
      mtu.sent(sndNxt, length, writer.packetLength());
    }
    sndNxt += length;
    tcb.traffic.onSent(now, length);
    onSent(now, length);
    receiver.onDataSent(now);
    return true;
  }

  private void onSent(long now, int length) {
    recovery.onSent(length);
    pacer.onSent(now, length);
    lastActivityAt = now;
    timers.onSent(now);
  }

  void close() {
    closing = true;
  }

  // Acknowledgments

  /** Takes in a valid ACK, SND.UNA ≤ SEG.ACK ≤ SND.NXT. */
  void acknowledge(long now, IncomingSegment segment, boolean windowChanged) {
    // What comes after an outage has waited for its end: that is no round trip.
    boolean afterSilence = consecutiveTimeouts > 1;
    int ack = segment.acknowledgmentNumber();
    long flightBefore = bytesInFlight();
    int advanced = ack - sndUna;
    delivered = 0;
    tcb.unreachable = false;
    sample.begin(segment);
    deliveryRate.begin();
    boolean undo =
        advanced > 0 && sample.isEchoKnown() && recovery.isSpurious(ack, sample.echoReply());
    boolean duplicate =
        advanced == 0
            && segment.segmentLength() == 0
            && !windowChanged
            && !queue.isEmpty()
            // RFC 8684 §3: sent to carry the option, and no sign of a loss.
            && !segment.mptcp().hasSignal();
    if (advanced > 0) {
      advance(now, ack);
    }
    boolean duplicateReported = false;
    if (tcb.sack && segment.sackBlockCount() > 0) {
      duplicateReported = sacks.process(now, segment, sndUna, sndNxt);
    }
    detection.onAck(sndUna, advanced, duplicate, recovery.isFast());
    if (duplicateReported) {
      detection.onDuplicateReported(sndNxt);
    }
    if (!afterSilence) {
      sample.giveTo(rtt, now, advanced);
    }
    if (advanced > 0 || delivered > 0) {
      timers.onProgress();
      tailProbe.cancel();
    }
    if (undo) {
      undoReduction(now, tcb.ecn.isAgreed() && segment.has(TcpFlags.ECE));
    } else if (advanced > 0) {
      recovery.forgetFirstRetransmission(ack);
    }
    if (tailProbe.onAck(ack, duplicateReported || duplicate) && recovery.isOpen()) {
      countEpisode();
      congestion.onLoss(now, flightBefore);
      congestion.onRecovered(now, tcb.segmentPayloadLimit());
    }
    boolean wasOpen = recovery.isOpen();
    if (recovery.isOver(sndUna)) {
      recovery.leave();
      detection.onRecovered();
      congestion.onRecovered(now, recovery.sentAgain());
    }
    detectLosses(now, flightBefore);
    answerMark(now, segment, ack, flightBefore);
    long rttNanos = sample.isKnown() ? rtt.latestNanos() : 0;
    if (delivered > 0) {
      deliveryRate.end(rttNanos, rtt.minNanos(), queue.everLostBytes(), bytesInFlight());
      congestion.onRateSample(now, deliveryRate);
    }
    if (recovery.isFast()) {
      updateQuota(tcb.sack ? delivered : deliveredWithoutSack(advanced, duplicate));
    } else if (delivered > 0 && (wasOpen || recovery.phase() == Phase.TIMEOUT)) {
      // RFC 3465 §2.3: without SACK, what an ACK covers after a timeout may have arrived long ago,
      // and lets the window grow by a segment at most.
      long most = tcb.sack || wasOpen ? delivered : tcb.segmentPayloadLimit();
      long bytes = Math.min(delivered, most);
      congestion.onAck(now, bytes, rttNanos, flightBefore);
    }
  }

  private void updateQuota(long bytes) {
    recovery.onDelivered(
        bytes, bytesInFlight(), congestion.congestionWindow(), tcb.segmentPayloadLimit());
  }

  private long deliveredWithoutSack(int advanced, boolean duplicate) {
    return duplicate ? tcb.segmentPayloadLimit() : Math.min(advanced, tcb.segmentPayloadLimit());
  }

  private void advance(long now, int ack) {
    sndUna = ack;
    consecutiveTimeouts = 0;
    rtt.resetBackoff();
    SentSegment head = queue.head();
    while (head != null && SequenceNumber.leq(head.end(), ack)) {
      if (head.state != State.SACKED) {
        onDelivered(now, head, head.end());
      }
      queue.removeHead();
      SegmentPayload payload = head.payload;
      boolean complete = head.endsPayload;
      head.payload = null;
      if (complete) {
        tcb.user.onPayloadAcknowledged(now, payload);
      }
      head = queue.head();
    }
    if (head != null && SequenceNumber.lt(head.seq, ack)) {
      if (head.state != State.SACKED) {
        onDelivered(now, head, ack);
      }
      queue.trimHead(ack - head.seq);
    }
    mtu.onProgress(now, ack);
  }

  private void onDelivered(long now, SentSegment s, int end) {
    int bytes = Math.min(s.length, end - s.seq);
    delivered += bytes;
    deliveryRate.onDelivered(now, s, bytes);
    // RFC 7323 §4.3: the echo belongs to the segment that moved SND.UNA, not to what is SACKed.
    boolean ofOriginal = SequenceNumber.leq(end, sndUna) && sample.isOfOriginal(s);
    detection.onDelivered(now, s, end, ofOriginal);
    sample.onDelivered(s);
    mtu.onDelivered(now, s, end);
  }

  /** RFC 4015 §3.1; {@code marked} when the ACK tells of congestion on the way. */
  private void undoReduction(long now, boolean marked) {
    recovery.leave();
    queue.unmarkAllLost();
    mustRetransmit = false;
    afterTimeout = false;
    if (marked) {
      // Step 9: what was sent again for nothing stops; the window stays reduced.
      congestion.onRecovered(now, 0);
    } else {
      congestion.onSpuriousLoss(now);
    }
  }

  private void detectLosses(long now, long flightBefore) {
    boolean found = detection.detect(now, !recovery.isOpen());
    if (found && mtu.isOnlyProbeLost(now)) {
      mustRetransmit = true;
    } else if (found && recovery.isOpen()) {
      countEpisode();
      tcb.ecn.onReduced(sndNxt);
      recovery.enterFast(sndNxt, flightBefore);
      congestion.onLoss(now, flightBefore);
      mustRetransmit = true;
    }
  }

  /** RFC 3168 §6.1.2: a mark counts as a lost packet, once for each window of data. */
  private void answerMark(long now, IncomingSegment segment, int ack, long flightBefore) {
    if (!tcb.ecn.asksForReduction(segment, ack)) {
      return;
    }
    if (recovery.isOpen()) {
      tcb.user.counters().ecnReductions.increment();
      congestion.onLoss(now, flightBefore);
      congestion.onRecovered(now, 0);
    }
    tcb.ecn.onReduced(sndNxt);
  }

  private void countEpisode() {
    lossEpisodes++;
    tcb.user.counters().lossEpisodes.increment();
  }

  // Timers

  /** Of what may run out before the handshake is over, where payload is sent so early. */
  void onDeadlineInHandshake(long now) {
    pacer.onDeadline(now);
  }

  void onDeadline(long now) {
    pacer.onDeadline(now);
    if (tcb.timers.isDue(Timers.Kind.REORDERING, now)) {
      detectLosses(now, bytesInFlight());
      if (recovery.isFast()) {
        updateQuota(0);
      }
    }
    if (timers.takeProbeTimeout(now)) {
      tailProbe.timeout(tcb.sack && recovery.isOpen());
      tcb.user.onProbeTimeout(now);
    }
    if (timers.takeRetransmissionTimeout(now)) {
      onRetransmissionTimeout(now);
    }
  }

  private void onRetransmissionTimeout(long now) {
    consecutiveTimeouts++;
    // As on Linux a user timeout counts instead of the number, also one that lasts longer.
    if (consecutiveTimeouts > tcb.config.retries() && tcb.userTimeoutNanos() == 0) {
      tcb.closedBySilence(now);
      return;
    }
    long flight = bytesInFlight();
    detection.onTimeout(now, sndNxt);
    sacks.forget();
    if (consecutiveTimeouts == 1) {
      countEpisode();
      congestion.onRetransmissionTimeout(now, flight);
      tcb.ecn.onReduced(sndNxt);
    }
    recovery.enterTimeout(sndNxt);
    rtt.backOff();
    tailProbe.forget();
    mustRetransmit = true;
    afterTimeout = true;
    timers.requestRearm();
    mtu.onSilence(now);
    tcb.user.onRetransmissionTimeout(now, consecutiveTimeouts);
  }

  /**
   * The path works again after a silence: what the backed-off timer would hold back goes out at the
   * next flush.
   */
  void onPathRecovered(long now) {
    if (queue.isEmpty()) {
      return;
    }
    detection.onTimeout(now, sndNxt);
    sacks.forget();
    rtt.resetBackoff();
    tailProbe.forget();
    mustRetransmit = true;
    timers.requestRearm();
    mtu.onSilence(now);
  }

  /**
   * What is outstanding and no longer fits goes out again at the next flush. That is no congestion
   * (RFC 1191 §6.5): the window stays.
   */
  void onPacketLimitLowered() {
    mtu.markWhatDoesNotFit();
    if (queue.hasLost()) {
      mustRetransmit = true;
      timers.requestRearm();
    }
  }

  /** The user wants less under way here; false while a recovery sees to that. */
  boolean reduceWindow(long now) {
    if (!recovery.isOpen()) {
      return false;
    }
    long before = congestion.congestionWindow();
    congestion.onPenalty(now);
    return congestion.congestionWindow() < before;
  }

  // What the sender owes

  /** Retransmissions, the probe, FIN; then timers, counted from now. */
  void flush(long now, SegmentSink sink) {
    retransmitLost(now, sink);
    if (tailProbe.isPending() && !tcb.blocked) {
      sendProbe(now, sink);
    }
    if (closing && !finSent && tcb.state.isSynchronized() && !tcb.blocked) {
      sendFin(now, sink);
    }
    if (timers.isRearmRequested()) {
      lastActivityAt = now;
      timers.arm(now);
    }
    noteUnusedRoom(now);
  }

  /** The user has had its turn: what of the window is free now, it had nothing for. */
  private void noteUnusedRoom(long now) {
    if (detection == null
        || queue.hasLost()
        || tcb.blocked
        || pacer.isHolding()
        || room() < tcb.segmentPayloadLimit()) {
      return;
    }
    if (refusedForLoss) {
      // It had something, when there was no room yet; by now the lost segments are on their way.
      refusedForLoss = false;
      pacer.askAgain(now);
    } else {
      deliveryRate.limitedByApplication(bytesInFlight());
    }
  }

  private void retransmitLost(long now, SegmentSink sink) {
    while (!tcb.blocked) {
      SentSegment s = queue.firstLost();
      if (s == null) {
        mustRetransmit = false;
        afterTimeout = false;
        return;
      }
      int segment = tcb.segmentPayloadLimit();
      long room = room();
      if (mustRetransmit) {
        room = Math.max(segment, room);
      } else if (room < Math.min(segment, s.length)) {
        return;
      } else {
        room = Math.min(room, pacer.allowance(now, segment, false));
      }
      if (room == 0) {
        return;
      }
      int most = (int) Math.min(burstLimit(), Math.max(segment, room - room % segment));
      if (s.length > most) {
        queue.split(s, most);
      }
      if (!retransmit(now, s, sink)) {
        return;
      }
      mustRetransmit = false;
    }
  }

  private boolean retransmit(long now, SentSegment s, SegmentSink sink) {
    if (!writer.again(now, s, afterTimeout, sink)) {
      return false;
    }
    int segment = tcb.segmentPayloadLimit();
    afterTimeout = false;
    int segments = Math.max(1, (s.length + segment - 1) / segment);
    retransmissions += segments;
    tcb.traffic.onSentAgain(now, s.length);
    tcb.user.counters().retransmissions.add(segments);
    if (!recovery.isOpen()) {
      recovery.onRetransmission(tcb.timestampAt(now), s.end());
      recovery.onSentAgain(s.retransmits == 0 ? s.length : 0);
    }
    queue.markSentAgain(now, s, segment);
    deliveryRate.onSent(now, s, false);
    onSent(now, s.length);
    return true;
  }

  /** RFC 8985 §7.3: the last segment once more, so that its SACK or ACK shows what is missing. */
  private void sendProbe(long now, SegmentSink sink) {
    SentSegment s = queue.tail();
    while (s != null && s.state == State.SACKED) {
      s = s.previous;
    }
    if (s == null || s.state == State.LOST) {
      tailProbe.cancel();
      return;
    }
    int segment = tcb.segmentPayloadLimit();
    if (s.length > segment) {
      s = queue.split(s, s.length - segment);
    }
    if (retransmit(now, s, sink)) {
      tailProbe.sent(s.end());
      timers.onProbeSent(now);
    }
  }

  private void sendFin(long now, SegmentSink sink) {
    if (!writer.fin(now, sndNxt, false, sink)) {
      return;
    }
    boolean first = queue.isEmpty();
    queue.append(now, sndNxt, null, 0, false, 1);
    deliveryRate.onSent(now, queue.tail(), first);
    sndNxt++;
    finSent = true;
    tcb.state = tcb.state == TcpState.CLOSE_WAIT ? TcpState.LAST_ACK : TcpState.FIN_WAIT_1;
    onSent(now, 0);
  }
}
