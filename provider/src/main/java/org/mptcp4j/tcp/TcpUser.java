package org.mptcp4j.tcp;

import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.OutgoingSegment;

/**
 * What rides on a {@link TcpEndpoint}: a subflow of an MPTCP connection, or a plain byte stream.
 *
 * <p>The endpoint owns sequence numbers, acknowledgments, retransmission and congestion control;
 * the user owns the bytes: it provides receive buffer and window, decides what is sent when,
 * follows the peer's window, and adds its options. All calls come on the thread that called into
 * the endpoint, in the order of the segment's processing; none of these methods may call back into
 * a method of the endpoint that takes a {@link SegmentSink}.
 */
public interface TcpUser {
  /** What kind of segment options are asked for. */
  enum SegmentRole {
    SYN,
    SYN_ACK,
    /** No payload and no FIN; includes window probes and keep-alives. */
    ACK,
    /** Payload, perhaps with FIN. */
    DATA,
    /** FIN without payload. */
    FIN,
    RESET
  }

  /**
   * Adds the user's options to {@code segment.options()}, after MSS, SACK-permitted, timestamps and
   * window scale, before SACK blocks. Sequence number, flags and payload are set already. For DATA,
   * {@code payload} is what was given to {@link TcpEndpoint#send}, of which the segment carries all
   * or a part; for other roles it is null.
   */
  void writeOptions(long now, OutgoingSegment segment, SegmentRole role, SegmentPayload payload);

  /** The path refused the segment for which {@link #writeOptions} was called last. */
  void onRefused();

  /**
   * Bytes of options that {@link #writeOptions} will add to a DATA segment at most: the endpoint
   * lowers the payload of a segment by them.
   */
  int dataOptionLength();

  /**
   * The window to announce, in bytes, not scaled. It is announced as it is, rounded down by the
   * window scale, but for small growths, which wait until they are worth it (RFC 9293 §3.8.6.2.2).
   * That the right edge does not move back (RFC 9293 §3.8.6) is in the user's hands: the window of
   * an MPTCP connection is shared by its subflows and counts from the DATA_ACK (RFC 8684 §3.3.1),
   * so an endpoint cannot know.
   */
  long receiveWindow();

  /**
   * Whether other endpoints announce the same window. Then it is announced as the user gives it: of
   * small growths an endpoint does not know which the others have told of.
   */
  default boolean isWindowShared() {
    return false;
  }

  /**
   * The first look at an acceptable segment (in the window, not a RST, ACK valid), before its
   * acknowledgment and payload are processed. For a SYN/ACK it comes before the state changes to
   * ESTABLISHED. In SYN-RECEIVED it is also called for a SYN that comes again (without ACK), where
   * the answer does not count.
   *
   * @return false to reset the subflow
   */
  boolean onSegment(long now, IncomingSegment segment);

  /**
   * Payload within the window that has not been received before: {@code length} bytes of the
   * segment, starting {@code skip} bytes into its payload, the first with sequence number {@code
   * sequenceNumber}. It may be out of order. The user copies it.
   *
   * @return false when it cannot be taken (no room, no mapping): then it counts as not received
   */
  boolean onPayload(long now, IncomingSegment segment, int skip, int sequenceNumber, int length);

  /** Whether the user keeps payload that {@link #takeHeld} has to be asked about. */
  default boolean isHolding() {
    return false;
  }

  /**
   * Payload up to {@code from} has come in order, and that up to {@code to}, which {@link
   * #onPayload} took out of order, follows. Of what the user took, or refused and kept all the
   * same, before it knew its place, it now takes what has one.
   *
   * @return how far all is in its place: beyond {@code to} where more was kept; before it where
   *     something has no place yet, which counts as not received then
   */
  default int takeHeld(int from, int to) {
    return to;
  }

  /** Where the payload ends that {@link #takeHeld} found without a place at {@code sequence}. */
  default int heldEnd(int sequence) {
    return sequence;
  }

  /**
   * The peer calls the byte with this sequence number, which has not come in order yet, urgent. Not
   * called while {@link EndpointOptions#urgentInline}.
   */
  void onUrgent(long now, int sequenceNumber);

  /**
   * RCV.NXT moved over payload to {@code receiveNext}: everything before it has come through {@link
   * #onPayload}.
   */
  void onInOrder(long now, int receiveNext);

  /**
   * The peer's window field, scaled, of a segment that may update the window (RFC 9293 §3.10.7.4,
   * SND.WL1 and WL2).
   */
  void onPeerWindow(long now, IncomingSegment segment, long windowBytes);

  /**
   * The last byte of {@code payload} was acknowledged; called once for each payload, in the order
   * of sending.
   */
  void onPayloadAcknowledged(long now, SegmentPayload payload);

  /** The state became ESTABLISHED. */
  void onEstablished(long now);

  /** The peer's FIN arrived in order: no more payload will come. */
  void onPeerFin(long now);

  /**
   * No acknowledgment came for a probe timeout (RFC 8985 §7.2: about two round trips) while data is
   * outstanding. Comes once until an acknowledgment makes progress.
   */
  void onProbeTimeout(long now);

  /** The retransmission timer fired for the {@code consecutive}th time in a row. */
  void onRetransmissionTimeout(long now, int consecutive);

  /**
   * The state became TIME-WAIT: nothing more will be sent or received but answers to the peer's
   * retransmissions.
   */
  void onTimeWait(long now);

  /**
   * The state became CLOSED; the endpoint is dead and no further call comes. {@code segment} is the
   * RST, or null.
   */
  void onClosed(long now, CloseReason reason, IncomingSegment segment);

  /**
   * Whether an option of this RST, whose sequence number is in the window, proves that the peer
   * sent it.
   */
  boolean isProvenReset(IncomingSegment segment);

  /**
   * What the timestamps of this endpoint are moved by: the same for all connections between two
   * addresses, so that they grow from one connection to the next (RFC 6191 §2), and nothing that
   * strangers could guess (RFC 7323 §7.1). Asked once, when the endpoint is made.
   */
  int timestampOffset();

  /** Where the endpoint counts what happens. */
  TcpCounters counters();

  /** Why an endpoint is CLOSED. */
  enum CloseReason {
    /** Both FINs done, TIME-WAIT over. */
    FINISHED,
    /** RST from the peer. */
    PEER_RESET,
    /** RST from the peer, or ICMP's port or protocol unreachable, in answer to a SYN. */
    REFUSED,
    /** Retransmissions stayed unanswered. */
    TIMED_OUT,
    /** The same, and ICMP says that the peer cannot be reached. */
    UNREACHABLE,
    /** {@link TcpEndpoint#abort} or {@link #onSegment} returning false. */
    ABORTED
  }
}
