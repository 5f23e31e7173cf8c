package org.mptcp4j.tcp;

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
  private static final IllegalStateException SKELETON = new IllegalStateException("skeleton");

  public TcpEndpoint(
      TcpConfig config,
      TcpUser user,
      NetworkPath path,
      IpAddress local,
      int localPort,
      IpAddress remote,
      int remotePort,
      int initialSequenceNumber) {
    throw SKELETON;
  }

  /** Active open: sends SYN. */
  public void connect(long now, SegmentSink sink) {
    throw SKELETON;
  }

  /** Passive open: takes the SYN and sends SYN/ACK. */
  public void accept(long now, IncomingSegment syn, SegmentSink sink) {
    throw SKELETON;
  }

  /**
   * Takes a segment of this flow, with its checksum verified. Sends nothing but RST. Call {@link
   * #flush} afterwards.
   */
  public void segmentArrives(long now, IncomingSegment segment, SegmentSink sink) {
    throw SKELETON;
  }

  /**
   * Sends what is due: retransmissions, FIN, and an ACK where one is owed and nothing sent so far
   * carried it.
   */
  public void flush(long now, SegmentSink sink) {
    throw SKELETON;
  }

  /**
   * The next time at which {@link #onDeadline} is due; {@link Long#MAX_VALUE} for none. A later
   * call is harmless.
   */
  public long nextDeadline() {
    throw SKELETON;
  }

  /** Runs the timers that are due. Call {@link #flush} afterwards. A stray call is harmless. */
  public void onDeadline(long now, SegmentSink sink) {
    throw SKELETON;
  }

  /**
   * How many payload bytes may be sent now: congestion window (and pacing), less what is in flight;
   * 0 while lost segments wait for retransmission, outside of the states that send, after {@link
   * #close}, and while the path is backed up. The peer's window is the user's matter.
   */
  public int sendAllowance(long now) {
    throw SKELETON;
  }

  /**
   * The most payload of one segment on the wire with the user's data options: MSS less option
   * bytes.
   */
  public int segmentPayloadLimit() {
    throw SKELETON;
  }

  /**
   * The most payload of one {@link #send}: a multiple of {@link #segmentPayloadLimit} with offload,
   * sized by rate.
   */
  public int sendLimit() {
    throw SKELETON;
  }

  /**
   * Sends new payload of at most {@link #sendLimit} bytes, as one segment that offload may cut.
   *
   * @return false when the path is backed up: nothing was taken, sequence numbers did not move
   */
  public boolean send(long now, SegmentPayload payload, boolean push, SegmentSink sink) {
    throw SKELETON;
  }

  /**
   * Sends an ACK at the next {@link #flush}, with the user's options (used for options that must go
   * out now).
   */
  public void requestAck() {
    throw SKELETON;
  }

  /** Sends an ACK now, with the user's options; false when the path is backed up. */
  public boolean sendAck(long now, SegmentSink sink) {
    throw SKELETON;
  }

  /**
   * An empty segment with an old sequence number, which makes the peer say its window (as Linux
   * probes).
   */
  public boolean sendWindowProbe(long now, SegmentSink sink) {
    throw SKELETON;
  }

  /** No more payload will be sent: FIN follows what was sent. Idempotent. */
  public void close(long now) {
    throw SKELETON;
  }

  /** The user has also stopped reading: FIN-WAIT-2 is bounded from now on (as Linux's orphans). */
  public void detach(long now) {
    throw SKELETON;
  }

  /**
   * Sends RST where the state calls for it and goes to CLOSED; {@link TcpUser#onClosed} is called
   * with ABORTED.
   */
  public void abort(long now, SegmentSink sink) {
    throw SKELETON;
  }

  /** The user's window grew: sends a window update where it is worth one (RFC 9293 §3.8.6.2.2). */
  public void windowOpened(long now, SegmentSink sink) {
    throw SKELETON;
  }

  /** The path changed (route, MTU): use it from now on. */
  public void setPath(NetworkPath path) {
    throw SKELETON;
  }

  /** The path that was backed up takes segments again. */
  public void pathWritable() {
    throw SKELETON;
  }

  public NetworkPath path() {
    throw SKELETON;
  }

  public TcpState state() {
    throw SKELETON;
  }

  public int initialSendSequenceNumber() {
    throw SKELETON;
  }

  public int initialReceiveSequenceNumber() {
    throw SKELETON;
  }

  /** SND.UNA. */
  public int sendUnacknowledged() {
    throw SKELETON;
  }

  /** SND.NXT. */
  public int sendNext() {
    throw SKELETON;
  }

  /** RCV.NXT. */
  public int receiveNext() {
    throw SKELETON;
  }

  /** Payload bytes sent and neither acknowledged, nor SACKed, nor held lost. */
  public long bytesInFlight() {
    throw SKELETON;
  }

  public long congestionWindow() {
    throw SKELETON;
  }

  public long slowStartThreshold() {
    throw SKELETON;
  }

  /** Smoothed round-trip time in nanoseconds; 0 before the first sample. */
  public long smoothedRttNanos() {
    throw SKELETON;
  }

  public long rttVarianceNanos() {
    throw SKELETON;
  }

  public long retransmissionTimeoutNanos() {
    throw SKELETON;
  }

  /** Segments sent again, since the start. */
  public long retransmissions() {
    throw SKELETON;
  }

  /** Loss recoveries begun (fast or by timeout), since the start. */
  public long lossEpisodes() {
    throw SKELETON;
  }

  /** Whether in fast recovery or after a timeout. */
  public boolean isInRecovery() {
    throw SKELETON;
  }

  /** Whether payload or FIN is outstanding. */
  public boolean hasUnacknowledged() {
    throw SKELETON;
  }
}
