package org.mptcp4j.tcp;

import java.util.Optional;
import org.mptcp4j.TcpInfo;
import org.mptcp4j.tcp.TcpUser.CloseReason;
import org.mptcp4j.wire.IcmpError;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;

/**
 * One end of a TCP connection, or of an MPTCP subflow. Not thread-safe.
 *
 * <p>Use: {@link #connect} or {@link #accept}; then for each arriving segment {@link
 * #segmentArrives}, which only takes things in; then, always last and after any {@link #send},
 * {@link #flush}, which puts out what the endpoint itself owes: retransmissions, FIN, ACKs.
 */
public final class TcpEndpoint {
  private final Tcb tcb;
  private final TcpReceiver receiver;
  private final SegmentWriter writer;
  private final TcpSender sender;
  private final Handshake handshake;
  private final KeepAliveTimer keepAlive;
  private final UserTimeout userTimeout;
  private final SegmentArrival arrival;
  private final IcmpArrival icmpArrival;
  private final TimeWaitSuccession succession;

  private boolean detached;

  public TcpEndpoint(
      TcpConfig config,
      TcpUser user,
      NetworkPath path,
      IpAddress local,
      int localPort,
      IpAddress remote,
      int remotePort,
      int initialSequenceNumber) {
    tcb = new Tcb(config, user, path, local, localPort, remote, remotePort, initialSequenceNumber);
    receiver = new TcpReceiver(tcb);
    writer = new SegmentWriter(tcb, receiver);
    sender = new TcpSender(tcb, writer, receiver);
    handshake = new Handshake(tcb, writer, receiver, sender);
    keepAlive = new KeepAliveTimer(tcb, writer, sender);
    userTimeout = new UserTimeout(tcb, sender);
    arrival = new SegmentArrival(tcb, writer, receiver, sender, handshake, keepAlive);
    icmpArrival = new IcmpArrival(tcb, sender);
    succession = new TimeWaitSuccession(tcb, sender, receiver);
  }

  /**
   * What earlier endpoints have learned of the path (RFC 9040), to begin with; before {@link
   * #connect} or {@link #accept}. Figures that make no sense are ignored.
   */
  public void learn(PathEstimate estimate) {
    sender.learn(estimate);
  }

  /** What this one has learned, for others; empty when that is next to nothing. */
  public Optional<PathEstimate> learned() {
    return sender.learned();
  }

  /** Active open: sends SYN. */
  public void connect(long now, SegmentSink sink) {
    handshake.connect(now, sink);
    userTimeout.onStep(now);
  }

  /**
   * Active open with TCP Fast Open (RFC 7413): the SYN asks for a cookie, or brings one.
   *
   * @param data what goes with the SYN where it brings a cookie, as far as there is room; empty for
   *     nothing. It is read until the state changes. How much of it the peer took, the
   *     acknowledgment of its SYN/ACK says; what it did not is for the user to send after that
   */
  public void connect(
      long now, FastOpenAttempt attempt, Optional<SegmentPayload> data, SegmentSink sink) {
    tcb.fastOpen.attempt(attempt, data.orElse(null));
    connect(now, sink);
  }

  /** Passive open: takes the SYN and sends SYN/ACK. */
  public void accept(long now, IncomingSegment syn, SegmentSink sink) {
    accept(now, syn, FastOpenAnswer.NONE, 0, sink);
  }

  /**
   * Passive open of a SYN with a Fast Open option (RFC 7413). Where the answer is to open, payload
   * may be sent from now on.
   *
   * @param bytes how much of the SYN's payload the user has taken; the SYN/ACK acknowledges it
   */
  public void accept(
      long now, IncomingSegment syn, FastOpenAnswer answer, int bytes, SegmentSink sink) {
    tcb.fastOpen.answer(answer);
    handshake.accept(now, syn, bytes, sink);
    userTimeout.onStep(now);
  }

  /**
   * Passive open for a SYN that was answered already with this endpoint's initial sequence number
   * ({@link SynCookies}); sends nothing.
   */
  public void acceptAnswered(long now, IncomingSegment syn) {
    handshake.acceptAnswered(now, syn);
  }

  /**
   * Takes a segment of this flow, with its checksum verified. Sends nothing but RST. Call {@link
   * #flush} afterwards. {@code now} may be the time at which the packet reached this host.
   */
  public void segmentArrives(long now, IncomingSegment segment, SegmentSink sink) {
    arrival.process(now, segment, sink);
    keepAlive.arm(now);
    userTimeout.onStep(now);
    boundFinWait2(now);
  }

  /**
   * Takes an ICMP error that quotes a segment of this flow, its checksum verified. It is believed
   * when the segment is outstanding (RFC 5927 §4). Sends nothing; call {@link #flush} afterwards.
   */
  public void icmpArrives(long now, IcmpError error) {
    icmpArrival.process(now, error);
  }

  /**
   * Sends what is due: retransmissions, FIN, and an ACK where one is owed and nothing sent so far
   * carried it.
   */
  public void flush(long now, SegmentSink sink) {
    switch (tcb.state) {
      case CLOSED -> {
        return;
      }
      case SYN_SENT -> {
        handshake.flush(now, sink);
        return;
      }
      case SYN_RECEIVED -> handshake.flush(now, sink);
      default -> {
        sender.flush(now, sink);
        userTimeout.onStep(now);
      }
    }
    if (receiver.isAckDue(now) && !tcb.blocked) {
      writer.ack(now, sender.sndNxt(), sink);
    }
  }

  /**
   * The next time at which {@link #onDeadline} is due; {@link Long#MAX_VALUE} for none. A later
   * call is harmless.
   */
  public long nextDeadline() {
    return tcb.timers.next();
  }

  /** Runs the timers that are due. Call {@link #flush} afterwards. A stray call is harmless. */
  public void onDeadline(long now, SegmentSink sink) {
    switch (tcb.state) {
      case CLOSED -> {
        return;
      }
      case SYN_SENT, SYN_RECEIVED -> {
        handshake.onDeadline(now);
        sender.onDeadlineInHandshake(now);
      }
      default -> sender.onDeadline(now);
    }
    if (tcb.timers.isDue(Timers.Kind.DELAYED_ACK, now)) {
      tcb.timers.clear(Timers.Kind.DELAYED_ACK);
      receiver.onDelayedAckTimer();
    }
    if (tcb.timers.isDue(Timers.Kind.LINGER, now)) {
      tcb.closed(
          now,
          tcb.state == TcpState.TIME_WAIT ? CloseReason.FINISHED : CloseReason.TIMED_OUT,
          null);
    }
    keepAlive.onDeadline(now, sink);
    userTimeout.onDeadline(now);
  }

  /** The application wants other options from now on. */
  public void setOptions(long now, EndpointOptions options) {
    EndpointOptions before = tcb.options;
    tcb.options = options;
    if (options.ackMode() == AckMode.QUICK && tcb.timers.isSet(Timers.Kind.DELAYED_ACK)) {
      // What waits now is the first that is wanted at once.
      tcb.timers.set(Timers.Kind.DELAYED_ACK, now);
    }
    keepAlive.onOptions(now, before.keepAlive());
    userTimeout.onOptions(now, before);
  }

  /**
   * How many payload bytes may be sent now: congestion window (and pacing), less what is in flight;
   * 0 while lost segments wait for retransmission, outside of the states that send, after {@link
   * #close}, and while the path is backed up. The peer's window is the user's matter. A multiple of
   * {@link #segmentPayloadLimit}.
   */
  public int sendAllowance(long now) {
    return sender.sendAllowance(now);
  }

  /**
   * The most payload of one segment on the wire with the user's data options: MSS less option
   * bytes. More than the path is known to take while {@link #sendAllowance} last offered to try a
   * larger one (RFC 4821).
   */
  public int segmentPayloadLimit() {
    return sender.segmentPayloadLimit();
  }

  /**
   * The largest IP packet that the path is held to take, in bytes: what its link takes, or less as
   * far as ICMP, or the silence of the path, has told.
   */
  public int packetLimit() {
    return tcb.packetLimit();
  }

  /**
   * The most payload of one {@link #send}: a multiple of {@link #segmentPayloadLimit} with offload,
   * sized by rate.
   */
  public int sendLimit() {
    return sender.sendLimit();
  }

  /**
   * Sends new payload of at most {@link #sendLimit} bytes, as one segment that offload may cut.
   *
   * @return false when the path is backed up, or nothing may be sent in this state: nothing was
   *     taken, sequence numbers did not move
   */
  public boolean send(long now, SegmentPayload payload, boolean push, SegmentSink sink) {
    return sender.send(now, payload, push, sink);
  }

  /**
   * Sends an ACK at the next {@link #flush}, with the user's options (used for options that must go
   * out now).
   */
  public void requestAck() {
    receiver.requestAck();
  }

  /** Sends an ACK now, with the user's options; false when the path is backed up. */
  public boolean sendAck(long now, SegmentSink sink) {
    return mayAck() && writer.ack(now, sender.sndNxt(), sink);
  }

  private boolean mayAck() {
    return !tcb.blocked && (tcb.state.isSynchronized() || tcb.state == TcpState.SYN_RECEIVED);
  }

  /**
   * An empty segment with an old sequence number, which makes the peer say its window (as Linux
   * probes).
   */
  public boolean sendWindowProbe(long now, SegmentSink sink) {
    return mayAck() && writer.ack(now, sender.sndUna() - 1, sink);
  }

  /**
   * No more payload will be sent: FIN follows what was sent, at the next {@link #flush}. In
   * SYN-SENT the endpoint is gone at once (RFC 9293 §3.10.4). Idempotent.
   */
  public void close(long now) {
    sender.close();
    if (tcb.state == TcpState.SYN_SENT) {
      tcb.closed(now, CloseReason.ABORTED, null);
    }
  }

  /** The user has also stopped reading: FIN-WAIT-2 is bounded from now on (as Linux's orphans). */
  public void detach(long now) {
    detached = true;
    boundFinWait2(now);
  }

  private void boundFinWait2(long now) {
    if (detached && tcb.state == TcpState.FIN_WAIT_2 && !tcb.timers.isSet(Timers.Kind.LINGER)) {
      tcb.timers.set(Timers.Kind.LINGER, now + tcb.config.finWait2Nanos());
    }
  }

  /**
   * Sends RST where the state calls for it and goes to CLOSED; {@link TcpUser#onClosed} is called
   * with ABORTED.
   */
  public void abort(long now, SegmentSink sink) {
    // RFC 9293 §3.10.5.
    switch (tcb.state) {
      case SYN_RECEIVED, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT ->
          writer.reset(now, sender.sndNxt(), sink);
      case CLOSED, SYN_SENT, CLOSING, LAST_ACK, TIME_WAIT -> {
        // The peer needs no RST.
      }
    }
    tcb.closed(now, CloseReason.ABORTED, null);
  }

  /**
   * The user's window grew: sends a window update where it is worth one (RFC 9293 §3.8.6.2.2),
   * judged by what this endpoint announced last.
   */
  public void windowOpened(long now, SegmentSink sink) {
    // Before the handshake is over the window is that of the SYN/ACK; the first ACK tells more.
    // After the peer's FIN nothing is to come, and a peer that is done would answer with RST.
    boolean wanted = tcb.state.isSynchronized() && !tcb.state.isPeerDone();
    if (wanted && mayAck() && receiver.isWindowUpdateDue()) {
      writer.ack(now, sender.sndNxt(), sink);
    }
  }

  /** The path changed (route, MTU): use it from now on. */
  public void setPath(NetworkPath path) {
    if (path.interfaceIndex() != tcb.path.interfaceIndex()) {
      tcb.pathMtu.forget();
    }
    tcb.path = path;
    tcb.blocked = false;
  }

  /**
   * The path was silent and is known to work again, by the answer to a probe that was sent after
   * what is outstanding: that is lost, and goes out again at the next {@link #flush}, whatever the
   * timer has backed off to.
   */
  public void pathRecovered(long now) {
    if (tcb.state.isSynchronized()) {
      sender.onPathRecovered(now);
    }
  }

  /**
   * The user wants less of its data on this path: the congestion window is halved, without a sign
   * of congestion.
   *
   * @return false when it stays, since a loss makes it smaller at this time, or it is as small as
   *     can be
   */
  public boolean reduceWindow(long now) {
    return sender.reduceWindow(now);
  }

  /** The path that was backed up takes segments again. Call {@link #flush} afterwards. */
  public void pathWritable() {
    tcb.blocked = false;
  }

  /** Whether this is in TIME-WAIT, and the peer's SYN may begin a new connection (RFC 6191). */
  public boolean mayBeFollowedBy(IncomingSegment syn) {
    return succession.admits(syn);
  }

  /**
   * Whether this is in TIME-WAIT, and a SYN of ours with this sequence number may begin a new
   * connection.
   */
  public boolean mayBeFollowedBy(long now, int initialSequenceNumber) {
    return succession.allows(now, initialSequenceNumber);
  }

  public NetworkPath path() {
    return tcb.path;
  }

  public TcpState state() {
    return tcb.state;
  }

  public int initialSendSequenceNumber() {
    return tcb.initialSend;
  }

  public int initialReceiveSequenceNumber() {
    return tcb.initialReceive;
  }

  /** SND.UNA. */
  public int sendUnacknowledged() {
    return sender.sndUna();
  }

  /** SND.NXT. */
  public int sendNext() {
    return sender.sndNxt();
  }

  /** RCV.NXT. */
  public int receiveNext() {
    return receiver.next();
  }

  /** Payload bytes sent and neither acknowledged, nor SACKed, nor held lost. */
  public long bytesInFlight() {
    return sender.bytesInFlight();
  }

  /** Bytes; 0 before ESTABLISHED. */
  public long congestionWindow() {
    return sender.congestion().congestionWindow();
  }

  /** Bytes; {@link Long#MAX_VALUE} while it is not known. */
  public long slowStartThreshold() {
    return sender.congestion().slowStartThreshold();
  }

  /** Smoothed round-trip time in nanoseconds; 0 before the first sample. */
  public long smoothedRttNanos() {
    return sender.rtt().smoothedNanos();
  }

  /**
   * The round-trip time as the receiving half sees it, nanoseconds: from an ACK to the data that
   * answers it. The smoothed round-trip time of the sender while there is no sample; 0 when there
   * is none at all.
   */
  public long receiveRttNanos() {
    return arrival.receiveRtt().nanos();
  }

  public long rttVarianceNanos() {
    return sender.rtt().varianceNanos();
  }

  /** The least round-trip time of the last minutes; 0 before the first sample. */
  public long minRttNanos() {
    return sender.rtt().smoothedNanos() == 0 ? 0 : sender.rtt().minNanos();
  }

  public long retransmissionTimeoutNanos() {
    return sender.rtt().rtoNanos();
  }

  /** Segments sent again, since the start. */
  public long retransmissions() {
    return sender.retransmissions();
  }

  /** Loss recoveries begun (fast or by timeout), since the start. */
  public long lossEpisodes() {
    return sender.lossEpisodes();
  }

  /** Whether in fast recovery or after a timeout. */
  public boolean isInRecovery() {
    return sender.isInRecovery();
  }

  /** Whether payload or FIN is outstanding. */
  public boolean hasUnacknowledged() {
    return sender.hasUnacknowledged();
  }

  /** All figures at once. */
  public TcpInfo info(long now) {
    return InfoReport.of(now, tcb, sender);
  }

  /** Whether the path refused a segment and {@link #pathWritable} has not been called since. */
  public boolean isPathBackedUp() {
    return tcb.blocked;
  }

  @Override
  public String toString() {
    return tcb.local
        + ":"
        + tcb.localPort
        + " - "
        + tcb.remote
        + ":"
        + tcb.remotePort
        + " "
        + tcb.state;
  }
}
