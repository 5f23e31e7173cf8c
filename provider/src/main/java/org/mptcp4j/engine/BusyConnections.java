package org.mptcp4j.engine;

import java.util.ArrayList;
import java.util.List;

/** Connections that a full path refused a segment of. Thread-safe; its lock is a leaf. */
final class BusyConnections {
  private final ArrayList<EngineConnection> waiting = new ArrayList<>();
  private volatile boolean any;

  boolean any() {
    return any;
  }

  /** Returns whether it is the first to wait. */
  synchronized boolean add(EngineConnection connection) {
    if (connection.waitsForPath) {
      return false;
    }
    connection.waitsForPath = true;
    waiting.add(connection);
    any = true;
    return waiting.size() == 1;
  }

  /** Moves all that wait to {@code target}. */
  synchronized void drainTo(List<EngineConnection> target) {
    for (int i = 0; i < waiting.size(); i++) {
      waiting.get(i).waitsForPath = false;
    }
    target.addAll(waiting);
    waiting.clear();
    any = false;
  }
}
