package org.mptcp4j.mptcp;

import java.nio.ByteBuffer;
import org.mptcp4j.tcp.SegmentPayload;

/**
 * A data sequence mapping that was sent on a subflow, with its bytes (RFC 8684 §3.3.1). Filled anew
 * for each use and fixed from the moment that it is sent.
 */
final class Mapping implements SegmentPayload {
  private SendChunk chunk;
  private int offset;
  private int length;
  private long dsn;
  private int subflowSequenceNumber;
  private int checksum;
  private long sentAt;
  private boolean infinite;
  private boolean reinjected;

  void set(
      long now,
      SendChunk chunk,
      long dsn,
      int length,
      int subflowSequenceNumber,
      boolean withChecksum) {
    this.sentAt = now;
    this.chunk = chunk;
    this.dsn = dsn;
    this.length = length;
    this.offset = (int) (dsn - chunk.startDsn());
    this.subflowSequenceNumber = subflowSequenceNumber;
    this.infinite = false;
    this.reinjected = false;
    this.checksum =
        withChecksum
            ? DssChecksum.compute(chunk.sum(offset, length), dsn, subflowSequenceNumber, length)
            : -1;
    chunk.retain();
  }

  /** Ends the use; the mapping may be filled again. */
  void release() {
    chunk.release();
    chunk = null;
  }

  @Override
  public ByteBuffer buffer() {
    return chunk.buffer();
  }

  @Override
  public int offset() {
    return offset;
  }

  @Override
  public int length() {
    return length;
  }

  long dsn() {
    return dsn;
  }

  long endDsn() {
    return dsn + length;
  }

  /** Relative to the subflow's initial sequence number: the first byte has 1. */
  int subflowSequenceNumber() {
    return subflowSequenceNumber;
  }

  /** -1 where checksums are not in use. */
  int checksum() {
    return checksum;
  }

  /** When the subflow sent it for the first time. */
  long sentAt() {
    return sentAt;
  }

  /** Whether it announces the infinite mapping (RFC 8684 §3.7). */
  boolean isInfinite() {
    return infinite;
  }

  void markInfinite() {
    infinite = true;
  }

  /** Whether its bytes were queued for another subflow already. */
  boolean isReinjected() {
    return reinjected;
  }

  void markReinjected() {
    reinjected = true;
  }

  void clearReinjected() {
    reinjected = false;
  }
}
