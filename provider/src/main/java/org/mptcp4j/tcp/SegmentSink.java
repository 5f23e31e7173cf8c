package org.mptcp4j.tcp;

import org.mptcp4j.wire.OutgoingSegment;

/** Where the protocol puts the segments that it wants sent. */
@FunctionalInterface
public interface SegmentSink {
  /**
   * Sends, or queues below TCP. The segment and its payload are read before the call returns.
   *
   * @return true when the segment is on its way (it may still get lost), false when the path is
   *     backed up and the segment was not taken; the owner tells the protocol when it is worth
   *     trying again
   */
  boolean transmit(OutgoingSegment segment, NetworkPath path);
}
