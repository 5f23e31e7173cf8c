package org.mptcp4j.spi;

/**
 * A congestion control algorithm, one instance for each subflow. All byte counts are payload bytes,
 * all times nanoseconds of one monotonic clock. Not thread-safe: calls are serialised.
 */
public interface CongestionControl {
  /** The algorithm's name as users write it: {@code cubic}, {@code reno}, {@code bbr}. */
  String name();

  /** Called once, when the subflow's segment size is known. */
  void init(long now, int mss, int initialWindow);

  /**
   * Earlier connections over the path had this slow start threshold, bytes (RFC 9040); comes after
   * {@link #init}, where anything is known. The window begins as ever.
   */
  default void onLearnedThreshold(long bytes) {}

  /**
   * {@code bytesAcked} were newly acknowledged, cumulatively or by SACK, outside of fast recovery;
   * {@code rttNanos} is 0 where the ACK gave no sample, {@code bytesInFlight} is what was in flight
   * before it.
   */
  void onAck(long now, long bytesAcked, long rttNanos, long bytesInFlight);

  /**
   * An acknowledgment told that something has arrived, in recovery or outside of it; comes after
   * {@link #onLoss} and before {@link #onAck} where the same acknowledgment calls for them. For
   * algorithms that go by the rate at which the path delivers; the others let it pass.
   */
  default void onRateSample(long now, RateSample sample) {}

  /** Something is about to be sent, and nothing is outstanding. */
  default void onTransmissionStart(long now) {}

  /** A loss was detected and a new recovery begins; {@code bytesInFlight} are those before it. */
  void onLoss(long now, long bytesInFlight);

  /** The retransmission timer fired. */
  void onRetransmissionTimeout(long now, long bytesInFlight);

  /** Recovery is over. */
  default void onRecovered(long now) {}

  /**
   * Recovery is over; this is what is called. {@code bytesSentAgain} were sent again in it, each
   * counted once; 0 where a mark of ECN had asked for the reduction.
   */
  default void onRecovered(long now, long bytesSentAgain) {
    onRecovered(now);
  }

  /** The last reduction answered a loss that was none: undo it. */
  default void onSpuriousLoss(long now) {}

  /** Nothing was sent for longer than a retransmission timeout (RFC 5681 §4.1). */
  default void onIdle(long now, long idleNanos) {}

  /**
   * The subflow holds up the others: what it has under way fills the window that the connection
   * shares (RFC 8041 §2.2). The congestion window is to be halved, and to grow from there; that is
   * no sign of congestion. An algorithm that does nothing is not penalized. Never called in
   * recovery.
   */
  default void onPenalty(long now) {}

  /** The congestion window in bytes. */
  long congestionWindow();

  /** The slow start threshold in bytes; {@link Long#MAX_VALUE} while it is not known. */
  long slowStartThreshold();

  /**
   * Bytes a second to pace at; 0 for no pacing. About a millisecond's worth, and two segments at
   * least, leave at once. Asked for each segment.
   */
  default long pacingRateBytesPerSecond() {
    return 0;
  }
}
