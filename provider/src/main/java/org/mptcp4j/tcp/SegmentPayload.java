package org.mptcp4j.tcp;

import java.nio.ByteBuffer;

/**
 * A range of bytes handed to a {@link TcpEndpoint} for sending. The bytes stay where they are,
 * unchanged, until the endpoint reports them acknowledged or is closed.
 */
public interface SegmentPayload {
  /** The memory, big-endian, read by absolute index. */
  ByteBuffer buffer();

  /** Index of the first byte. */
  int offset();

  /** Number of bytes, at least 1. */
  int length();
}
