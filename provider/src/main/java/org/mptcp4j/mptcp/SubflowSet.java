package org.mptcp4j.mptcp;

import java.util.ArrayList;
import java.util.List;
import org.mptcp4j.tcp.EndpointOptions;
import org.mptcp4j.tcp.SegmentSink;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.MptcpOption;

/** The subflows of a connection, in the order in which they came. */
final class SubflowSet {
  /** Longer than a subflow in use is silent. */
  private static final long SILENT_FOR = 1_000_000_000L;

  private final List<Subflow> subflows = new ArrayList<>();

  int size() {
    return subflows.size();
  }

  boolean isEmpty() {
    return subflows.isEmpty();
  }

  Subflow get(int index) {
    return subflows.get(index);
  }

  void add(Subflow subflow) {
    subflows.add(subflow);
  }

  Subflow remove(int index) {
    return subflows.remove(index);
  }

  List<Subflow> copy() {
    return List.copyOf(subflows);
  }

  /** Subflows that carry data, or may come to. */
  int liveCount() {
    int count = 0;
    for (int i = 0; i < subflows.size(); i++) {
      Subflow s = subflows.get(i);
      count += s.isUsable() || !s.everCarriedData() ? 1 : 0;
    }
    return count;
  }

  /** Subflows that were begun and are not established. */
  int halfOpenCount() {
    int count = 0;
    for (int i = 0; i < subflows.size(); i++) {
      count += subflows.get(i).everCarriedData() ? 0 : 1;
    }
    return count;
  }

  /** Whether another one can carry data, and there is a way for it. */
  boolean hasOtherUsable(Subflow subflow) {
    for (int i = 0; i < subflows.size(); i++) {
      Subflow s = subflows.get(i);
      if (s != subflow && s.isUsable() && s.hasPath()) {
        return true;
      }
    }
    return false;
  }

  /** Asks those of which nothing was heard lately whether they live. */
  void askSilent(long now) {
    for (int i = 0; i < subflows.size(); i++) {
      Subflow subflow = subflows.get(i);
      if (subflow.isUsable() && now - subflow.heardAt() >= SILENT_FOR) {
        subflow.askWhetherAlive(now);
      }
    }
  }

  /** Those whose address did not come back are of no use where another one has a way. */
  void resetStranded() {
    for (int i = 0; i < subflows.size(); i++) {
      Subflow subflow = subflows.get(i);
      if (subflow.isStranded() && hasOtherUsable(subflow)) {
        subflow.wantReset(MptcpOption.RESET_UNSPECIFIED, true);
      }
    }
  }

  /**
   * One delivers that has just come, or did not before: what waits on silent ones, with copies
   * nowhere but on what has ended since, may go out on it.
   */
  void reinjectFromSilent() {
    for (int i = 0; i < subflows.size(); i++) {
      Subflow subflow = subflows.get(i);
      if (subflow.isSilent()) {
        subflow.reinjectOutstanding(true);
      }
    }
  }

  /** One has been established where another was silent for long: its path is up, and it is not. */
  void resetReplacedBy(Subflow joined) {
    for (int i = 0; i < subflows.size(); i++) {
      Subflow subflow = subflows.get(i);
      if (subflow.isSilent() && isSameWay(subflow, joined)) {
        subflow.wantReset(MptcpOption.RESET_UNACCEPTABLE_PERFORMANCE, true);
      }
    }
  }

  /** One speaks again: what was begun to take its place is not needed. */
  void giveUpJoinsInPlaceOf(long now, Subflow speaking) {
    for (int i = subflows.size() - 1; i >= 0; i--) {
      Subflow subflow = subflows.get(i);
      if (subflow.isOpener() && !subflow.everCarriedData() && isSameWay(subflow, speaking)) {
        subflow.giveUp(now);
      }
    }
  }

  private static boolean isSameWay(Subflow subflow, Subflow other) {
    FlowKey flow = subflow.flow();
    FlowKey otherFlow = other.flow();
    return subflow != other
        && flow.local().equals(otherFlow.local())
        && flow.remote().equals(otherFlow.remote())
        && flow.remotePort() == otherFlow.remotePort();
  }

  /** Whether one delivers what is sent on it. */
  boolean hasHealthy() {
    return hasOtherHealthy(null);
  }

  /** Whether another one delivers what is sent on it. */
  boolean hasOtherHealthy(Subflow subflow) {
    for (int i = 0; i < subflows.size(); i++) {
      if (subflows.get(i) != subflow && !subflows.get(i).isSuspect()) {
        return true;
      }
    }
    return false;
  }

  /** Whether data went or came over another one that lives. */
  boolean hasOtherInUse(Subflow subflow) {
    for (int i = 0; i < subflows.size(); i++) {
      Subflow s = subflows.get(i);
      if (s != subflow && s.isUsable() && s.hasMovedData()) {
        return true;
      }
    }
    return false;
  }

  /** The usable subflow to be preferred; null when there is none. */
  Subflow anyUsable() {
    Subflow best = null;
    for (int i = 0; i < subflows.size(); i++) {
      Subflow s = subflows.get(i);
      if (s.isUsable() && (best == null || s.isBetterThan(best))) {
        best = s;
      }
    }
    return best;
  }

  /** The same among those that do not use our address with this identifier. */
  Subflow anyUsableWithoutLocalId(int id) {
    Subflow best = null;
    for (int i = 0; i < subflows.size(); i++) {
      Subflow s = subflows.get(i);
      boolean other = s.identity().localAddressId() != id;
      if (other && s.isUsable() && (best == null || s.isBetterThan(best))) {
        best = s;
      }
    }
    return best;
  }

  long nextDeadline() {
    long next = Long.MAX_VALUE;
    for (int i = 0; i < subflows.size(); i++) {
      next = Math.min(next, subflows.get(i).nextDeadline());
    }
    return next;
  }

  void onDeadline(long now, SegmentSink sink) {
    for (int i = 0; i < subflows.size(); i++) {
      subflows.get(i).onDeadline(now, sink);
    }
  }

  void pathsWritable() {
    for (int i = 0; i < subflows.size(); i++) {
      Subflow subflow = subflows.get(i);
      if (!subflow.isClosed()) {
        subflow.endpoint().pathWritable();
        subflow.touch();
      }
    }
  }

  void setOptions(long now, EndpointOptions options) {
    for (int i = 0; i < subflows.size(); i++) {
      subflows.get(i).endpoint().setOptions(now, options);
    }
  }

  /** Whether one has carried data and still lives. */
  boolean hasEstablished() {
    for (int i = 0; i < subflows.size(); i++) {
      if (subflows.get(i).everCarriedData() && !subflows.get(i).isClosed()) {
        return true;
      }
    }
    return false;
  }

  /** The longest round trip of the subflows, as a receiver sees it; 0 when none is known. */
  long slowestReceiveRttNanos() {
    long slowest = 0;
    for (int i = 0; i < subflows.size(); i++) {
      slowest = Math.max(slowest, subflows.get(i).endpoint().receiveRttNanos());
    }
    return slowest;
  }

  /** The shared window grew: every subflow tells, for the peer's TCP minds each one's own. */
  void windowOpened(long now, SegmentSink sink) {
    for (int i = 0; i < subflows.size(); i++) {
      Subflow subflow = subflows.get(i);
      if (subflow.everCarriedData() && !subflow.isClosed()) {
        subflow.endpoint().windowOpened(now, sink);
      }
    }
  }

  /** The DATA_FIN goes out on each subflow that can carry it. */
  void sendDataFin() {
    for (int i = 0; i < subflows.size(); i++) {
      Subflow subflow = subflows.get(i);
      if (subflow.everCarriedData() && !subflow.isClosed()) {
        subflow.awaitDataFin();
      }
    }
  }

  void resumeSending() {
    for (int i = 0; i < subflows.size(); i++) {
      subflows.get(i).room().resume();
    }
  }

  /** Resets what has to go. */
  void resetWanted(long now, SegmentSink sink) {
    for (int i = 0; i < subflows.size(); i++) {
      Subflow subflow = subflows.get(i);
      if (subflow.isResetWanted()) {
        subflow.endpoint().abort(now, sink);
      }
    }
  }

  /**
   * Sends the options that a path refused, where it takes segments again: there is always more data
   * that would fill it before.
   */
  void sendRefusedOptions(long now, SegmentSink sink) {
    for (int i = 0; i < subflows.size(); i++) {
      Subflow subflow = subflows.get(i);
      if (subflow.controls().isRefused() && !subflow.endpoint().isPathBackedUp()) {
        subflow.controls().refused(false);
        sendWaitingOptions(now, subflow, sink);
      }
    }
  }

  /** Sends what the endpoints owe, of those that something was done with. */
  void flush(long now, SegmentSink sink) {
    for (int i = 0; i < subflows.size(); i++) {
      Subflow subflow = subflows.get(i);
      if (subflow.takeTouched() && !subflow.isClosed()) {
        subflow.endpoint().flush(now, sink);
        sendWaitingOptions(now, subflow, sink);
      }
    }
  }

  /** What did not find room in the segments so far goes out on ACKs of its own. */
  private static void sendWaitingOptions(long now, Subflow subflow, SegmentSink sink) {
    ControlQueue controls = subflow.controls();
    while (!controls.isEmpty()
        && !subflow.isClosed()
        && subflow.endpoint().state().isSynchronized()
        && !subflow.isThirdAckDue()) {
      ControlOption first = controls.first();
      boolean dataFin = controls.isDataFinWaiting();
      if (first != null && !subflow.signals().mayGo(now)) {
        controls.hold(true);
        if (dataFin) {
          subflow.endpoint().sendAck(now, sink);
        }
        controls.hold(false);
        return;
      }
      boolean sent = subflow.endpoint().sendAck(now, sink);
      if (!sent) {
        controls.refused(true);
      }
      if (!sent || (first == controls.first() && dataFin == controls.isDataFinWaiting())) {
        subflow.touch();
        return;
      }
      if (first != null) {
        subflow.signals().went(now);
      }
    }
  }
}
