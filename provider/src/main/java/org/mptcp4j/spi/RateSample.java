package org.mptcp4j.spi;

/**
 * What one acknowledgment tells of the rate at which the path delivers
 * (draft-cheng-iccrg-delivery-rate-estimation). A view of the sender's books: it is good for the
 * duration of the call that passes it.
 */
public interface RateSample {
  /** Payload bytes that have arrived since the connection began, each counted once. */
  long deliveredBytes();

  /** Of those, what this acknowledgment told of, cumulatively or by SACK. */
  long newlyDeliveredBytes();

  /**
   * {@link #deliveredBytes} as it was when the segment was sent which was sent last of those that
   * this acknowledgment told of: when it reaches what {@link #deliveredBytes} was at some moment, a
   * round trip has passed since that moment.
   */
  long priorDeliveredBytes();

  /**
   * Bytes a second that were delivered between the sending of that segment and now, and no more
   * than were sent a second meanwhile; 0 where the acknowledgment gives no sample.
   */
  long rateBytesPerSecond();

  /**
   * Whether the rate was held down, perhaps, by who had nothing to send, and not by the path: then
   * the path can do at least as much.
   */
  boolean isApplicationLimited();

  /** The round trip that the acknowledgment measured, nanoseconds; 0 where it measured none. */
  long rttNanos();

  /** Bytes that were held lost since the last sample. */
  long newlyLostBytes();

  /** What is in flight after the acknowledgment. */
  long bytesInFlight();
}
