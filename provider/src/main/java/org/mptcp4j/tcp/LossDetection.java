package org.mptcp4j.tcp;

/** Decides which segments are lost, from what was acknowledged: a strategy of the sender. */
interface LossDetection {
  /**
   * {@code s}, or its part up to {@code end}, was newly acknowledged or SACKed.
   *
   * @param ofOriginal whether the echoed timestamp says that an earlier sending of {@code s} than
   *     the last was acknowledged
   */
  void onDelivered(long now, SentSegment s, int end, boolean ofOriginal);

  /** An ACK was taken in; {@code advanced} bytes by its number, or it was a duplicate. */
  void onAck(int sndUna, long advanced, boolean duplicate, boolean inFastRecovery);

  /** A duplicate SACK block came: something was sent again for nothing (RFC 2883). */
  void onDuplicateReported(int sndNxt);

  /** Marks what is lost by now; returns whether anything was. */
  boolean detect(long now, boolean inRecovery);

  /** Marks what is lost when the retransmission timer fires. */
  void onTimeout(long now, int sndNxt);

  /** Recovery is over at {@code sndUna}. */
  void onRecovered();

  /** Bytes that left the network without being SACKed, as duplicate ACKs tell. */
  long assumedDelivered();
}
