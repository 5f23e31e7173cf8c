package org.mptcp4j.mptcp;

import java.util.ArrayDeque;
import java.util.Optional;
import java.util.OptionalLong;
import org.mptcp4j.spi.PacketScheduler;
import org.mptcp4j.tcp.NetworkPath;
import org.mptcp4j.tcp.SegmentPayload;
import org.mptcp4j.tcp.SegmentSink;
import org.mptcp4j.tcp.TcpConfig;
import org.mptcp4j.tcp.TcpEndpoint;
import org.mptcp4j.tcp.TcpUser;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.OutgoingSegment;

/** One subflow: what joins a {@link TcpEndpoint} to its {@link MptcpConnection}. */
public final class Subflow implements TcpUser, PacketScheduler.Candidate {
  private static final int MOST_CONTROL_OPTIONS = 32;

  private final MptcpConnection connection;
  private final FlowKey flow;
  private final boolean initial;
  private final boolean opener;
  private final TcpEndpoint endpoint;
  private final ReceivedMappings mappings = new ReceivedMappings();
  private final ArrayDeque<Mapping> outstanding = new ArrayDeque<>();
  private final ArrayDeque<ControlOption> controls = new ArrayDeque<>();

  private int localAddressId;
  private int remoteAddressId;
  private int localNonce;
  private int remoteNonce;
  private byte[] ownHmac = new byte[0];
  private int synsWritten;
  private boolean thirdAckDue;
  private boolean carriesData;
  private boolean everCarriedData;
  private boolean peerBackup;
  private boolean suspect;
  private boolean peerFinished;
  private boolean closing;
  private boolean closed;
  private boolean detached;
  private boolean dssSeen;
  private CloseReason closeReason;
  private boolean permanentlyRefused;
  private boolean resetWanted;
  private int resetReason = MptcpOption.RESET_UNSPECIFIED;
  private boolean resetTransient;
  private OptionalLong failedDsn = OptionalLong.empty();
  private int delivered;
  private int windowEdge;
  private boolean hasWindowEdge;
  private int lastUnacknowledged;
  private int allowance;
  private boolean paused;
  private boolean touched;
  private boolean dataFinWaiting;
  private boolean pathless;
  private long establishBy = Long.MAX_VALUE;
  private long thirdAckAt = Long.MAX_VALUE;
  private long thirdAckInterval;
  private long probeAt = Long.MAX_VALUE;
  private boolean probeAwaitsAnswer;
  private long sentBytes;
  private long receivedBytes;

  Subflow(
      long now,
      MptcpConnection connection,
      FlowKey flow,
      NetworkPath path,
      boolean initial,
      boolean opener) {
    this.connection = connection;
    this.flow = flow;
    this.initial = initial;
    this.opener = opener;
    this.endpoint =
        new TcpEndpoint(
            configFor(connection.config().tcp(), flow, path),
            this,
            path,
            flow.local(),
            flow.localPort(),
            flow.remote(),
            flow.remotePort(),
            connection.host().initialSequenceNumber(now, flow));
  }

  private static TcpConfig configFor(TcpConfig tcp, FlowKey flow, NetworkPath path) {
    // RFC 6691: the MTU less the fixed headers.
    int mss = Math.min(tcp.mss(), path.mtu() - (flow.local().isIpv4() ? 40 : 60));
    if (mss == tcp.mss()) {
      return tcp;
    }
    return new TcpConfig(
        mss,
        tcp.receiveBufferLimit(),
        tcp.timestamps(),
        tcp.sack(),
        tcp.noDelay(),
        tcp.minRtoNanos(),
        tcp.synRetries(),
        tcp.retries(),
        tcp.timeWaitNanos(),
        tcp.finWait2Nanos(),
        tcp.congestionControl());
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
        peerBackup,
        suspect,
        localAddressId,
        remoteAddressId,
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

  int localAddressId() {
    return localAddressId;
  }

  int remoteAddressId() {
    return remoteAddressId;
  }

  void addressIds(int local, int remote) {
    localAddressId = local;
    remoteAddressId = remote;
  }

  int localNonce() {
    return localNonce;
  }

  int remoteNonce() {
    return remoteNonce;
  }

  void nonces(int local, int remote) {
    localNonce = local;
    remoteNonce = remote;
  }

  byte[] ownHmac() {
    return ownHmac;
  }

  void ownHmac(byte[] hmac) {
    ownHmac = hmac;
  }

  int countSyn() {
    return ++synsWritten;
  }

  /** Whether MP_JOIN's third ACK has to go on every segment: nothing came since. */
  boolean isThirdAckDue() {
    return thirdAckDue;
  }

  /** The peer holds this subflow for a member of the connection. */
  void thirdAckAnswered() {
    thirdAckDue = false;
    thirdAckAt = Long.MAX_VALUE;
    startCarrying();
  }

  void startCarrying() {
    establishBy = Long.MAX_VALUE;
    carriesData = true;
    everCarriedData = true;
  }

  void establishBy(long deadline) {
    establishBy = deadline;
  }

  boolean everCarriedData() {
    return everCarriedData;
  }

  /** Whether new data may go out on it. */
  boolean isUsable() {
    return carriesData && !closing && !closed && !resetWanted;
  }

  boolean hasSent() {
    return endpoint.sendNext() != endpoint.initialSendSequenceNumber() + 1;
  }

  boolean isProbe(OutgoingSegment segment) {
    return segment.sequenceNumber() != endpoint.sendNext();
  }

  boolean isDssSeen() {
    return dssSeen;
  }

  void dssSeen() {
    dssSeen = true;
  }

  void peerBackup(boolean backup) {
    peerBackup = backup;
  }

  boolean isPeerFinished() {
    return peerFinished;
  }

  /** What the host says of the way to the peer: a new one, the same, or none. */
  void pathMayHaveChanged(long now, Optional<NetworkPath> path) {
    if (path.isPresent()) {
      if (pathless) {
        pathless = false;
        endpoint.pathRecovered(now);
        touched = true;
      }
      if (!path.get().equals(endpoint.path())) {
        endpoint.setPath(path.get());
        touched = true;
      }
    } else if (!pathless) {
      pathless = true;
      becomeSuspect(now);
    }
  }

  // ---- control options

  ControlOption control() {
    return controls.peek();
  }

  void addControl(ControlOption option) {
    if (controls.size() < MOST_CONTROL_OPTIONS) {
      controls.add(option);
      touched = true;
    }
  }

  /** Whether the DATA_FIN has to go out on an ACK that is not written yet. */
  boolean isDataFinWaiting() {
    return dataFinWaiting;
  }

  void awaitDataFin() {
    dataFinWaiting = true;
    touched = true;
  }

  void dataFinWritten() {
    dataFinWaiting = false;
  }

  void controlWritten() {
    controls.poll();
  }

  // ---- ending

  /** Resets the subflow as soon as the segment in hand is done with. */
  void wantReset(int reason, boolean isTransient) {
    resetWanted = true;
    resetReason = reason;
    resetTransient = isTransient;
    touched = true;
  }

  boolean isResetWanted() {
    return resetWanted && !closed;
  }

  int resetReason() {
    return resetReason;
  }

  boolean isResetTransient() {
    return resetTransient;
  }

  OptionalLong failedDsn() {
    return failedDsn;
  }

  void failed(long dsn) {
    failedDsn = OptionalLong.of(dsn);
  }

  /** Sends FIN after what was sent. */
  void finish(long now) {
    if (!closing && !closed) {
      closing = true;
      touched = true;
      endpoint.close(now);
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

  boolean isPermanentlyRefused() {
    return permanentlyRefused;
  }

  // ---- sending

  /** Relative to the initial sequence number, as mappings name it. */
  int nextRelativeSequence() {
    return endpoint.sendNext() - endpoint.initialSendSequenceNumber();
  }

  /** Works out {@link #allowance} for someone who has {@code wanted} bytes to send. */
  int prepareToSend(long now, long wanted) {
    allowance = 0;
    if (!isUsable() || paused || pathless) {
      return 0;
    }
    int allowed = endpoint.sendAllowance(now);
    if (allowed <= 0) {
      return 0;
    }
    boolean idle = endpoint.bytesInFlight() == 0 && outstanding.isEmpty();
    if (!connection.session().isPlain()) {
      // The peer's TCP drops what lies beyond the window of the subflow itself, which may lag
      // behind
      // that of the connection; on an idle one, a segment makes the peer say it anew.
      int room = windowEdge - endpoint.sendNext();
      allowed = Math.min(allowed, idle ? Math.max(room, segmentPayloadLimit()) : room);
    }
    int worthwhile = (int) Math.min(wanted, segmentPayloadLimit());
    if (allowed < worthwhile && !idle) {
      return 0;
    }
    if (initial && !connection.session().isConfirmed() && !hasSent()) {
      // The first mapping rides in MP_CAPABLE; it stays within one segment.
      allowed = Math.min(allowed, segmentPayloadLimit());
    }
    allowance = Math.max(0, allowed);
    return allowance;
  }

  /** The path is backed up: nothing more until the next round. */
  void pauseSending() {
    paused = true;
    allowance = 0;
  }

  void resumeSending() {
    paused = false;
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

  /** The oldest mapping that the peer's TCP has not acknowledged; null for none. */
  Mapping oldestOutstanding() {
    return outstanding.peek();
  }

  /** Whether the byte {@code dsn} was sent here and waits for the acknowledgment. */
  boolean carries(long dsn) {
    for (Mapping mapping : outstanding) {
      if (mapping.dsn() - dsn <= 0 && mapping.endDsn() - dsn > 0) {
        return true;
      }
    }
    return false;
  }

  boolean isBetterThan(Subflow other) {
    if (suspect != other.suspect) {
      return !suspect;
    }
    if (peerBackup != other.peerBackup) {
      return !peerBackup;
    }
    return smoothedRttNanos() < other.smoothedRttNanos();
  }

  /** Queues for other subflows what was sent here and is not acknowledged at data level. */
  void reinjectOutstanding(boolean all) {
    if (!connection.session().isMultipath()) {
      return;
    }
    for (Mapping mapping : outstanding) {
      if (all || !mapping.isReinjected()) {
        connection.sender().reinject(mapping, this);
      }
    }
  }

  /** Avoided until acknowledgments come again; others take over its data. */
  void becomeSuspect(long now) {
    reinjectOutstanding(false);
    if (!suspect) {
      suspect = true;
      scheduleProbe(now);
    }
  }

  private void scheduleProbe(long now) {
    long interval = Math.max(250_000_000L, 2 * endpoint.smoothedRttNanos());
    probeAt = now + Math.min(interval, 1_000_000_000L);
  }

  // ---- timers

  long nextDeadline() {
    return Math.min(Math.min(endpoint.nextDeadline(), thirdAckAt), Math.min(establishBy, probeAt));
  }

  void onDeadline(long now, SegmentSink sink) {
    if (endpoint.nextDeadline() <= now) {
      touched = true;
      endpoint.onDeadline(now, sink);
    }
    if (closed) {
      return;
    }
    if (establishBy <= now) {
      establishBy = Long.MAX_VALUE;
      wantReset(MptcpOption.RESET_UNSPECIFIED, true);
    } else if (thirdAckAt <= now) {
      thirdAckInterval *= 2;
      thirdAckAt = now + thirdAckInterval;
      endpoint.requestAck();
      touched = true;
    }
    if (probeAt <= now) {
      // A path that comes back is used again at once, whatever the retransmission timer has backed
      // off to.
      scheduleProbe(now);
      probeAwaitsAnswer = endpoint.sendWindowProbe(now, sink);
    }
  }

  boolean takeTouched() {
    boolean was = touched;
    touched = false;
    return was;
  }

  void touch() {
    touched = true;
  }

  /** After a segment was taken in: an acknowledgment that moves on clears all suspicion. */
  void noteProgress(long now) {
    if (closed) {
      return;
    }
    if (probeAwaitsAnswer) {
      probeAwaitsAnswer = false;
      endpoint.pathRecovered(now);
    }
    int una = endpoint.sendUnacknowledged();
    if (una != lastUnacknowledged || outstanding.isEmpty()) {
      lastUnacknowledged = una;
      if (suspect) {
        suspect = false;
        probeAt = Long.MAX_VALUE;
        connection.sender().recovered(this);
        for (Mapping mapping : outstanding) {
          mapping.clearReinjected();
        }
      }
    }
  }

  // ---- TcpUser

  @Override
  public void writeOptions(
      long now, OutgoingSegment segment, SegmentRole role, SegmentPayload payload) {
    connection.options().write(segment, this, role, (Mapping) payload);
  }

  @Override
  public int dataOptionLength() {
    Session session = connection.session();
    return session.isPlain() && !session.keepsOptionRoom() ? 0 : SubflowOptions.MOST_WITH_DATA;
  }

  @Override
  public long receiveWindow() {
    return connection.receiver().window();
  }

  @Override
  public boolean onSegment(long now, IncomingSegment segment) {
    return connection.input().onSegment(now, this, segment);
  }

  @Override
  public boolean onPayload(
      long now, IncomingSegment segment, int skip, int sequenceNumber, int length) {
    return connection.input().onPayload(this, segment, skip, sequenceNumber, length);
  }

  @Override
  public void onInOrder(long now, int receiveNext) {
    receivedBytes +=
        receiveNext - endpoint.initialReceiveSequenceNumber() - 1 - (int) receivedBytes;
    connection.input().onInOrder(now, this, receiveNext);
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
    int edge = segment.acknowledgmentNumber() + (int) Math.min(windowBytes, 1 << 30);
    if (!hasWindowEdge || edge - windowEdge > 0) {
      hasWindowEdge = true;
      windowEdge = edge;
    }
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
    lastUnacknowledged = endpoint.initialSendSequenceNumber() + 1;
    if (!initial && opener) {
      thirdAckDue = true;
      thirdAckInterval = Math.max(200_000_000L, 2 * endpoint.smoothedRttNanos());
      thirdAckAt = now + thirdAckInterval;
      establishBy = Math.max(establishBy, now + 4 * thirdAckInterval);
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
      becomeSuspect(now);
    }
  }

  @Override
  public void onRetransmissionTimeout(long now, int consecutive) {
    onProbeTimeout(now);
  }

  @Override
  public void onTimeWait(long now) {
    releaseOutstanding();
  }

  @Override
  public void onClosed(long now, CloseReason reason, IncomingSegment segment) {
    closed = true;
    closeReason = reason;
    carriesData = false;
    touched = false;
    thirdAckAt = Long.MAX_VALUE;
    establishBy = Long.MAX_VALUE;
    probeAt = Long.MAX_VALUE;
    if (segment != null) {
      permanentlyRefused = connection.input().onReset(this, segment);
    }
    reinjectOutstanding(true);
    connection.sender().gone(this);
    releaseOutstanding();
    mappings.clear();
  }

  private void releaseOutstanding() {
    Mapping mapping;
    while ((mapping = outstanding.poll()) != null) {
      connection.sender().recycle(mapping);
    }
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
    return allowance;
  }

  @Override
  public int segmentPayloadLimit() {
    return endpoint.segmentPayloadLimit();
  }

  @Override
  public boolean isBackup() {
    return peerBackup;
  }

  @Override
  public boolean isSuspect() {
    return suspect || !isUsable();
  }

  @Override
  public String toString() {
    return flow + " " + endpoint.state();
  }
}
