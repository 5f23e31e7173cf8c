package org.mptcp4j.mptcp;

import java.util.Optional;
import org.mptcp4j.spi.PacketScheduler;
import org.mptcp4j.tcp.NetworkPath;
import org.mptcp4j.tcp.SegmentPayload;
import org.mptcp4j.tcp.SegmentSink;
import org.mptcp4j.tcp.TcpCounters;
import org.mptcp4j.tcp.TcpEndpoint;
import org.mptcp4j.tcp.TcpState;
import org.mptcp4j.tcp.TcpUser;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.OutgoingSegment;

/** One subflow: what joins a {@link TcpEndpoint} to its {@link MptcpConnection}. */
public final class Subflow implements TcpUser, PacketScheduler.Candidate {
  private final MptcpConnection connection;
  private final FlowKey flow;
  private final boolean initial;
  private final boolean opener;
  private final TcpEndpoint endpoint;
  private final ReceivedMappings mappings = new ReceivedMappings();
  private final UnmappedData unmapped = new UnmappedData();
  private final OutstandingMappings outstanding = new OutstandingMappings();
  private final SubflowIdentity identity = new SubflowIdentity();
  private final SubflowTimers timers = new SubflowTimers();
  private final ControlQueue controls = new ControlQueue();
  private final SignalPacing signals;
  private final ResetRequest reset = new ResetRequest();
  private final OptionEvidence evidence = new OptionEvidence();
  private final RemovalCheck removalCheck = new RemovalCheck();
  private final Suspicion suspicion;
  private final Staleness staleness;
  private final SendRoom room;
  private final Penalty penalty = new Penalty(this);
  private final SynOffers offers;

  private boolean thirdAckDue;
  private boolean carriesData;
  private boolean everCarriedData;
  private boolean peerBackup;
  private boolean ownBackup;
  private boolean peerFinished;
  private boolean closing;
  private boolean closed;
  private boolean learningTold;
  private boolean detached;
  private CloseReason closeReason;
  private boolean permanentlyRefused;
  private boolean unknownToPeer;
  private int delivered;
  private boolean touched;
  private boolean pathless;
  private boolean stranded;
  private long heardAt;
  private long sentBytes;
  private long receivedBytes;

  /** Data in the SYN, which has no place in the data sequence space (RFC 8684 appendix B.2). */
  private int earlySent;

  private int earlyReceived;

  Subflow(
      long now,
      MptcpConnection connection,
      FlowKey flow,
      NetworkPath path,
      boolean initial,
      boolean opener) {
    this(
        connection,
        flow,
        path,
        initial,
        opener,
        connection.host().initialSequenceNumber(now, flow));
  }

  Subflow(
      MptcpConnection connection,
      FlowKey flow,
      NetworkPath path,
      boolean initial,
      boolean opener,
      int initialSequenceNumber) {
    this.connection = connection;
    this.flow = flow;
    this.initial = initial;
    this.opener = opener;
    this.endpoint =
        new TcpEndpoint(
            connection.tcpConfig().withMssAtMost(mostPayload(path, flow.local().isIpv4())),
            this,
            path,
            flow.local(),
            flow.localPort(),
            flow.remote(),
            flow.remotePort(),
            initialSequenceNumber);
    connection.host().learnedPath(flow.local(), flow.remote()).ifPresent(endpoint::learn);
    this.suspicion = new Suspicion(connection, this);
    this.staleness = new Staleness(connection, this);
    this.room = new SendRoom(endpoint);
    this.offers = new SynOffers(connection.config().opening().offers());
    this.signals = new SignalPacing(endpoint);
  }

  /** RFC 6691: the MTU less the fixed headers. */
  static int mostPayload(NetworkPath path, boolean ipv4) {
    return path.mtu() - (ipv4 ? 40 : 60);
  }

  public MptcpConnection connection() {
    return connection;
  }

  public FlowKey flow() {
    return flow;
  }

  public TcpEndpoint endpoint() {
    return endpoint;
  }

  /** What it is doing at this moment. */
  public SubflowInfo info() {
    return new SubflowInfo(
        flow,
        endpoint.state(),
        carriesData,
        isBackup(),
        suspicion.isRaised(),
        identity.localAddressId(),
        identity.remoteAddressId(),
        sentBytes,
        receivedBytes,
        endpoint.smoothedRttNanos(),
        endpoint.congestionWindow(),
        endpoint.bytesInFlight(),
        endpoint.retransmissions());
  }

  /** Whether it is the connection's first subflow. */
  boolean isInitial() {
    return initial;
  }

  /** Whether this side sent the SYN. */
  boolean isOpener() {
    return opener;
  }

  ReceivedMappings mappings() {
    return mappings;
  }

  UnmappedData unmapped() {
    return unmapped;
  }

  SubflowIdentity identity() {
    return identity;
  }

  OptionEvidence evidence() {
    return evidence;
  }

  OutstandingMappings outstanding() {
    return outstanding;
  }

  SubflowTimers timers() {
    return timers;
  }

  SynOffers offers() {
    return offers;
  }

  /** Whether MP_JOIN's third ACK has to go on every segment: nothing came since. */
  boolean isThirdAckDue() {
    return thirdAckDue;
  }

  /** The peer holds this subflow for a member of the connection. */
  void thirdAckAnswered() {
    thirdAckDue = false;
    startCarrying();
    connection.subflowSet().resetReplacedBy(this);
  }

  void startCarrying() {
    timers.established();
    carriesData = true;
    everCarriedData = true;
    connection.subflowSet().reinjectFromSilent();
  }

  boolean everCarriedData() {
    return everCarriedData;
  }

  /** Whether new data may go out on it. */
  boolean isUsable() {
    return carriesData && !closing && !closed && !reset.isWanted();
  }

  boolean hasSent() {
    return nextRelativeSequence() != 1;
  }

  /** Whether payload was sent, or came: what one that has just joined has not done. */
  boolean hasMovedData() {
    return sentBytes > 0 || receivedBytes > 0 || !mappings.isEmpty();
  }

  boolean isProbe(OutgoingSegment segment) {
    return segment.sequenceNumber() != endpoint.sendNext();
  }

  /** What the peer wants of us, by MP_JOIN or MP_PRIO. */
  void peerBackup(boolean backup) {
    peerBackup = backup;
  }

  /** Before its SYN, which then tells the peer to spare it. */
  void beginAsBackup() {
    ownBackup = true;
  }

  boolean isOwnBackup() {
    return ownBackup;
  }

  /** Whether this subflow is to be spared; the peer is told to spare it as well. */
  void ownBackup(boolean backup) {
    if (ownBackup != backup) {
      ownBackup = backup;
      addControl(new ControlOption.Prio(backup));
    }
  }

  boolean isPeerFinished() {
    return peerFinished;
  }

  /** Where the bytes end that came in order; the FIN is none. */
  int receivedEnd() {
    return endpoint.receiveNext() - (peerFinished ? 1 : 0);
  }

  /** What the host says of the way to the peer: a new one, the same, or none. */
  void pathMayHaveChanged(long now, Optional<NetworkPath> path) {
    if (path.isPresent()) {
      stranded = false;
      if (pathless) {
        pathless = false;
        suspicion.mayProbe(now);
        endpoint.pathRecovered(now);
        touched = true;
      }
      if (!path.get().equals(endpoint.path())) {
        endpoint.setPath(path.get());
        touched = true;
      }
    } else if (!pathless) {
      pathless = true;
      suspicion.raise(now);
      // There is nobody to ask, and no address of ours to ask from.
      timers.stopProbing();
    }
  }

  /** Its address is gone, and it stays for want of another subflow. */
  void strand() {
    stranded = true;
  }

  /** Whether its address is gone and has not come back. */
  boolean isStranded() {
    return stranded && !closed;
  }

  /** The peer says that its address is gone: others take over until this subflow has answered. */
  void remoteAddressRemoved(long now) {
    if (isUsable()) {
      removalCheck.start(now, endpoint.retransmissionTimeoutNanos());
      suspicion.raise(now);
    }
  }

  /** It is reset where the peer does not answer and another subflow is left. */
  void askWhetherAlive(long now) {
    removalCheck.start(now, endpoint.retransmissionTimeoutNanos());
  }

  /** Whether the host knows a way to the peer. */
  boolean hasPath() {
    return !pathless;
  }

  // ---- control options

  ControlQueue controls() {
    return controls;
  }

  SignalPacing signals() {
    return signals;
  }

  void addControl(ControlOption option) {
    controls.add(option);
    touched = true;
  }

  void awaitDataFin() {
    controls.awaitDataFin();
    touched = true;
  }

  // ---- ending

  /** Resets the subflow as soon as the segment in hand is done with. */
  void wantReset(int reason, boolean isTransient) {
    reset.want(reason, isTransient);
    touched = true;
  }

  boolean isResetWanted() {
    return reset.isWanted() && !closed;
  }

  ResetRequest reset() {
    return reset;
  }

  /** Another attempt was answered: this one ends before it is established. */
  void giveUp(long now) {
    if (endpoint.state() == TcpState.SYN_SENT) {
      endpoint.close(now);
    } else {
      wantReset(MptcpOption.RESET_UNSPECIFIED, true);
    }
  }

  /** Sends FIN after what was sent. */
  void finish(long now) {
    if (!closing && !closed) {
      closing = true;
      touched = true;
      endpoint.close(now);
      if (connection.session().isMultipath()) {
        // Whatever else the peer has to say finds another way; its FIN is not waited for for ever.
        detachOnce(now);
      }
    }
  }

  /** The application reads no more. */
  void detachOnce(long now) {
    if (!detached && !closed) {
      detached = true;
      endpoint.detach(now);
    }
  }

  boolean isClosed() {
    return closed;
  }

  CloseReason closeReason() {
    return closeReason;
  }

  /** Whether this was a join that was answered by RST, since the peer knows of no connection. */
  boolean isUnknownToPeer() {
    return unknownToPeer;
  }

  /** Whether either side has found that trying again is of no use (RFC 8684 §3.6). */
  boolean isPermanentlyRefused() {
    return permanentlyRefused || reset.isPermanent();
  }

  // ---- sending

  /** As mappings name it. */
  int nextRelativeSequence() {
    return relativeOfSent(endpoint.sendNext());
  }

  /**
   * A sequence number of ours as mappings name it, relative to the initial one: 1 is the first byte
   * after the SYN and the data in it.
   */
  int relativeOfSent(int sequenceNumber) {
    return sequenceNumber - endpoint.initialSendSequenceNumber() - earlySent;
  }

  /** A sequence number of the peer's as mappings name it. */
  int relativeOfReceived(int sequenceNumber) {
    return sequenceNumber - receiveBase();
  }

  /** The peer's sequence number that mappings call 0. */
  int receiveBase() {
    return endpoint.initialReceiveSequenceNumber() + earlyReceived;
  }

  /** The peer has so much of the data that went with our SYN. */
  void sentEarly(int bytes) {
    earlySent = bytes;
    sentBytes += bytes;
  }

  boolean hasSentEarly() {
    return earlySent > 0;
  }

  /** So much of the data that came with the peer's SYN was taken. */
  void receivedEarly(int bytes) {
    earlyReceived = bytes;
    receivedBytes += bytes;
  }

  /** Works out {@link #allowance} for someone who has {@code wanted} bytes to send. */
  int prepareToSend(long now, long wanted) {
    boolean idle = endpoint.bytesInFlight() == 0 && outstanding.isEmpty();
    // Where there is no way at all, one segment goes out and is missed: the patience of TCP is
    // limited.
    boolean inVain = pathless && idle && !connection.subflowSet().hasOtherUsable(this);
    if (!isUsable() || (pathless && !inVain)) {
      room.close();
      return 0;
    }
    Session session = connection.session();
    // The first mapping rides in MP_CAPABLE; it stays within one segment.
    boolean first = initial && !session.isConfirmed() && !session.isPlain() && !hasSent();
    boolean oneSegment = first || inVain;
    room.prepare(now, wanted, idle, !session.isPlain(), oneSegment);
    return room.allowance();
  }

  SendRoom room() {
    return room;
  }

  Penalty penalty() {
    return penalty;
  }

  int sendLimit() {
    return endpoint.sendLimit();
  }

  boolean send(long now, Mapping mapping, boolean push, SegmentSink sink) {
    if (connection.fallback().takeInfiniteMapping()) {
      mapping.markInfinite();
    }
    if (!endpoint.send(now, mapping, push, sink)) {
      if (mapping.isInfinite()) {
        connection.fallback().owesInfiniteMapping();
      }
      return false;
    }
    outstanding.add(mapping);
    sentBytes += mapping.length();
    touched = true;
    return true;
  }

  /** Whether what was sent stays unacknowledged. */
  boolean isSilent() {
    return suspicion.isRaised();
  }

  long silentSince() {
    return suspicion.silentSince();
  }

  boolean isBetterThan(Subflow other) {
    if (isDoubtful() != other.isDoubtful()) {
      return !isDoubtful();
    }
    if (isBackup() != other.isBackup()) {
      return !isBackup();
    }
    return smoothedRttNanos() < other.smoothedRttNanos();
  }

  private boolean isDoubtful() {
    return suspicion.isRaised() || pathless;
  }

  /** Queues for other subflows what was sent here and is not acknowledged at data level. */
  void reinjectOutstanding(boolean all) {
    if (!connection.session().isMultipath()) {
      return;
    }
    outstanding.reinject(connection.sender().reinjection(), this, all);
  }

  // ---- timers

  long nextDeadline() {
    long next = Math.min(endpoint.nextDeadline(), timers.next());
    return Math.min(next, Math.min(removalCheck.nextDeadline(), signals.nextDeadline()));
  }

  void onDeadline(long now, SegmentSink sink) {
    if (endpoint.nextDeadline() <= now) {
      touched = true;
      endpoint.onDeadline(now, sink);
    }
    if (closed) {
      return;
    }
    if (timers.takeTooLate(now)) {
      wantReset(MptcpOption.RESET_UNSPECIFIED, true);
    } else if (timers.takeThirdAckDue(now)) {
      endpoint.requestAck();
      touched = true;
    }
    suspicion.probeIfDue(now, sink);
    if (removalCheck.run(now, this, sink) && connection.subflowSet().hasOtherUsable(this)) {
      wantReset(MptcpOption.RESET_UNSPECIFIED, false);
    }
    touched |= signals.takeDue(now);
  }

  boolean takeTouched() {
    boolean was = touched;
    touched = false;
    return was;
  }

  void touch() {
    touched = true;
  }

  /** When the last segment came. */
  long heardAt() {
    return heardAt;
  }

  /** After a segment was taken in. */
  void noteProgress(long now) {
    heardAt = now;
    if (!closed) {
      removalCheck.onSegment(now, endpoint.smoothedRttNanos());
      suspicion.noteProgress(now);
      staleness.noteSegment();
    }
  }

  // ---- TcpUser

  @Override
  public void writeOptions(
      long now, OutgoingSegment segment, SegmentRole role, SegmentPayload payload) {
    controls.beginSegment();
    connection.options().write(segment, this, role, (Mapping) payload);
  }

  @Override
  public void onRefused() {
    controls.segmentRefused();
  }

  @Override
  public boolean isProvenReset(IncomingSegment segment) {
    return connection.input().isFastclose(segment);
  }

  @Override
  public int timestampOffset() {
    return connection.host().timestampOffset(flow.local(), flow.remote());
  }

  @Override
  public TcpCounters counters() {
    return connection.counters().tcp;
  }

  @Override
  public int dataOptionLength() {
    Session session = connection.session();
    return session.isPlain() && !session.keepsOptionRoom() ? 0 : SubflowOptions.MOST_WITH_DATA;
  }

  @Override
  public long receiveWindow() {
    return isWindowShared() ? connection.receiver().sharedWindow() : connection.receiver().window();
  }

  @Override
  public boolean isWindowShared() {
    return connection.session().isMultipath();
  }

  @Override
  public boolean onSegment(long now, IncomingSegment segment) {
    return connection.input().onSegment(now, this, segment);
  }

  @Override
  public boolean onPayload(
      long now, IncomingSegment segment, int skip, int sequenceNumber, int length) {
    return connection.input().onPayload(now, this, segment, skip, sequenceNumber, length);
  }

  @Override
  public boolean isHolding() {
    return !unmapped.isEmpty();
  }

  @Override
  public int takeHeld(int from, int to) {
    return connection.input().takeHeld(this, from, to);
  }

  @Override
  public int heldEnd(int sequence) {
    UnmappedData.Piece piece = unmapped.firstEndingAfter(sequence);
    return piece == null ? sequence : piece.end();
  }

  @Override
  public void onInOrder(long now, int receiveNext) {
    receivedBytes +=
        receiveNext - endpoint.initialReceiveSequenceNumber() - 1 - (int) receivedBytes;
    connection.input().onInOrder(now, this, receiveNext);
  }

  @Override
  public void onUrgent(long now, int sequenceNumber) {
    connection.input().onUrgent(this, sequenceNumber);
  }

  /** How many bytes of the first received mapping were delivered. */
  int delivered() {
    return delivered;
  }

  void delivered(int bytes) {
    delivered = bytes;
  }

  @Override
  public void onPeerWindow(long now, IncomingSegment segment, long windowBytes) {
    room.onPeerWindow(segment, windowBytes);
    connection.input().onPeerWindow(this, segment, windowBytes);
  }

  @Override
  public void onPayloadAcknowledged(long now, SegmentPayload payload) {
    Mapping mapping = outstanding.poll();
    if (mapping == null) {
      return;
    }
    if (connection.session().isPlain()) {
      connection.sender().acknowledged(now, mapping.endDsn());
    }
    connection.sender().recycle(mapping);
  }

  @Override
  public void onEstablished(long now) {
    suspicion.onEstablished();
    if (!initial && opener) {
      thirdAckDue = true;
      timers.startThirdAck(now, endpoint.smoothedRttNanos());
    }
    connection.onSubflowEstablished(now, this);
  }

  @Override
  public void onPeerFin(long now) {
    peerFinished = true;
    connection.closing().onSubflowFin(this);
  }

  @Override
  public void onProbeTimeout(long now) {
    if (!outstanding.isEmpty()) {
      suspicion.raise(now);
    }
  }

  @Override
  public void onRetransmissionTimeout(long now, int consecutive) {
    if (endpoint.state() == TcpState.SYN_SENT && initial) {
      connection.first().onSynTimeout(this, consecutive);
    }
    onProbeTimeout(now);
    staleness.onTimeout();
  }

  /** Once: whoever comes next need not wait for the end of TIME-WAIT. */
  private void tellWhatIsLearned() {
    if (!learningTold) {
      learningTold = true;
      endpoint
          .learned()
          .ifPresent(known -> connection.host().pathLearned(flow.local(), flow.remote(), known));
    }
  }

  @Override
  public void onTimeWait(long now) {
    tellWhatIsLearned();
    outstanding.release(connection.sender());
  }

  @Override
  public void onClosed(long now, CloseReason reason, IncomingSegment segment) {
    closed = true;
    closeReason = reason;
    tellWhatIsLearned();
    carriesData = false;
    touched = false;
    timers.stop();
    removalCheck.stop();
    if (initial) {
      connection.earlyData().release();
    }
    if (segment != null) {
      permanentlyRefused = connection.input().onReset(this, segment);
      unknownToPeer =
          opener && !everCarriedData && connection.input().deniesConnection(this, segment);
    }
    reinjectOutstanding(true);
    connection.sender().reinjection().gone(this);
    outstanding.release(connection.sender());
    mappings.clear();
    unmapped.clear();
  }

  // ---- PacketScheduler.Candidate

  @Override
  public long smoothedRttNanos() {
    return endpoint.smoothedRttNanos();
  }

  @Override
  public long rttVarianceNanos() {
    return endpoint.rttVarianceNanos();
  }

  @Override
  public long congestionWindow() {
    return endpoint.congestionWindow();
  }

  @Override
  public long bytesInFlight() {
    return endpoint.bytesInFlight();
  }

  @Override
  public int allowance() {
    return room.allowance();
  }

  @Override
  public int segmentPayloadLimit() {
    return endpoint.segmentPayloadLimit();
  }

  @Override
  public boolean isBackup() {
    return peerBackup || ownBackup;
  }

  @Override
  public boolean isSuspect() {
    return isDoubtful() || !isUsable();
  }

  @Override
  public String toString() {
    return flow + " " + endpoint.state();
  }
}
