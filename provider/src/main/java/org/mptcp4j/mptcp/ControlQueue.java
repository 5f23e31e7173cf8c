package org.mptcp4j.mptcp;

import java.util.ArrayDeque;

/** Options that wait for an ACK of a subflow. Bounded. */
final class ControlQueue {
  private static final int MOST = 32;

  private final ArrayDeque<ControlOption> options = new ArrayDeque<>();
  private boolean dataFinWaiting;
  private boolean held;
  private boolean refused;

  // In the segment in hand.
  private ControlOption written;
  private boolean dataFinWritten;

  /** The next to be written; null for none. */
  ControlOption first() {
    return held ? null : options.peek();
  }

  /** Whether the next ACK goes without. */
  void hold(boolean value) {
    held = value;
  }

  /** Whether the path was backed up when an ACK was to carry what waits. */
  boolean isRefused() {
    return refused;
  }

  void refused(boolean value) {
    refused = value;
  }

  /** Options are about to be written into a segment. */
  void beginSegment() {
    written = null;
    dataFinWritten = false;
  }

  void firstWritten() {
    written = options.poll();
  }

  /** The path did not take the segment: what was written into it waits again. */
  void segmentRefused() {
    if (written != null) {
      options.addFirst(written);
      refused = true;
    }
    if (dataFinWritten) {
      dataFinWaiting = true;
      refused = true;
    }
    beginSegment();
  }

  void add(ControlOption option) {
    // What a peer repeats is answered once, and leaves room for what else there is to say.
    boolean again = option instanceof ControlOption.AddAddr && options.contains(option);
    if (!again && options.size() < MOST) {
      options.add(option);
    }
  }

  /** Whether the DATA_FIN has to go out on an ACK that is not written yet. */
  boolean isDataFinWaiting() {
    return dataFinWaiting;
  }

  void awaitDataFin() {
    dataFinWaiting = true;
  }

  void dataFinWritten() {
    dataFinWritten |= dataFinWaiting;
    dataFinWaiting = false;
  }

  /** Nothing that waits is of use any more. */
  void clear() {
    options.clear();
    dataFinWaiting = false;
  }

  boolean isEmpty() {
    return options.isEmpty() && !dataFinWaiting;
  }
}
