package org.mptcp4j.mptcp;

import java.util.ArrayDeque;

/** Options that wait for an ACK of a subflow. Bounded. */
final class ControlQueue {
  private static final int MOST = 32;

  private final ArrayDeque<ControlOption> options = new ArrayDeque<>();
  private boolean dataFinWaiting;
  private boolean held;

  /** The next to be written; null for none. */
  ControlOption first() {
    return held ? null : options.peek();
  }

  /** Whether the next ACK goes without. */
  void hold(boolean value) {
    held = value;
  }

  void firstWritten() {
    options.poll();
  }

  void add(ControlOption option) {
    if (options.size() < MOST) {
      options.add(option);
    }
  }

  /** Whether the DATA_FIN has to go out on an ACK that is not written yet. */
  boolean isDataFinWaiting() {
    return dataFinWaiting;
  }

  void dataFinWaiting(boolean value) {
    dataFinWaiting = value;
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
