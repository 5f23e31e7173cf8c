package org.mptcp4j.tcp;

/**
 * A range of sequence space that was sent: payload (all or a piece of what {@link TcpEndpoint#send}
 * took), or a FIN. Pooled by {@link SentQueue}, which alone changes state and links.
 */
final class SentSegment {
  /** Where the range stands. */
  enum State {
    IN_FLIGHT,
    SACKED,
    /** Held lost, waits for retransmission. */
    LOST
  }

  int seq;

  /** Payload bytes; 0 for a FIN. */
  int length;

  boolean fin;
  boolean push;

  /** What was given to {@link TcpEndpoint#send}; null for a FIN. */
  SegmentPayload payload;

  /** Offset of the first byte within {@link #payload}. */
  int payloadOffset;

  /** Whether the last byte of the payload is here. */
  boolean endsPayload;

  /** Payload of each segment on the wire when this was last sent. */
  int segmentSize;

  /** Sequence number from which the segments on the wire were counted. */
  int cutBase;

  /** When it was last sent. */
  long sentNanos;

  /**
   * Which sending of the endpoint that was: several may have one time. Pieces of one sending share
   * it.
   */
  long sentOrder;

  /** What {@link DeliveryRate} knew when this was last sent. */
  long deliveredBefore;

  long deliveredBeforeAt;
  long firstSentAt;
  boolean applicationLimited;

  /** How often it was sent again. */
  int retransmits;

  State state;

  /** Neighbours in sequence. */
  SentSegment next;

  SentSegment previous;

  /** Neighbours in the order of (last) sending; only of segments in flight. */
  SentSegment later;

  SentSegment earlier;

  /** The sequence number after the last. */
  int end() {
    return seq + (fin ? 1 : length);
  }

  /** {@code at}, moved up to where a segment on the wire began. */
  int alignUp(int at) {
    return alignDown(at + segmentSize - 1);
  }

  /** {@code at}, moved down to where a segment on the wire began. */
  int alignDown(int at) {
    return segmentSize <= 1 ? at : at - (at - cutBase) % segmentSize;
  }
}
