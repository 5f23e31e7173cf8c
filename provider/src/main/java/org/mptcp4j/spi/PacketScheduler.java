package org.mptcp4j.spi;

/**
 * Decides which subflow carries the next bytes of a connection; one instance for each connection.
 * Called for every segment: it must be quick and should not allocate. Not thread-safe: calls are
 * serialised.
 */
public interface PacketScheduler {
  /** Returned by {@link #select} when it is better to wait than to send now. */
  int NONE = -1;

  /** A subflow that could carry data, at this moment. All byte counts are payload bytes. */
  interface Candidate {
    /** Smoothed round-trip time in nanoseconds; 0 before the first sample. */
    long smoothedRttNanos();

    /** Mean deviation of the round-trip time in nanoseconds. */
    long rttVarianceNanos();

    /** The congestion window in bytes. */
    long congestionWindow();

    /** Bytes sent, neither acknowledged nor held lost. */
    long bytesInFlight();

    /** Bytes that may be sent on it now; 0 when its window is full. */
    int allowance();

    /** Most payload of one segment on the wire. */
    int segmentPayloadLimit();

    /** Whether either side wants it used only when no other is there (RFC 8684 §3.3.8). */
    boolean isBackup();

    /** Whether data on it has been waiting for an acknowledgment beyond its probe timeout. */
    boolean isSuspect();
  }

  /** The connection as the scheduler sees it. */
  interface Choice {
    /** How many subflows there are. */
    int size();

    /** A subflow, by its index. */
    Candidate candidate(int index);

    /** Bytes written that were not sent yet. */
    long unsentBytes();

    /** Bytes that the connection's shared window still takes. */
    long windowBytes();
  }

  /**
   * The index of the subflow that carries the next bytes; it must have an allowance. {@link #NONE}
   * to wait for the next event.
   */
  int select(Choice choice);
}
