package org.mptcp4j.mptcp;

import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.SequenceNumber;

/**
 * From MPTCP to plain TCP, when the peer, the path or a middlebox leaves nothing else (RFC 8684
 * §3.7).
 */
final class Fallback {
  private final MptcpConnection connection;
  private final Session session;
  private boolean happened;
  private boolean infiniteMappingDue;

  Fallback(MptcpConnection connection, Session session) {
    this.connection = connection;
    this.session = session;
  }

  boolean happened() {
    return happened;
  }

  /**
   * The handshake shows that there is no MPTCP. No data was sent so far but that of a server which
   * answered data in a SYN: the peer has seen mappings, and is told that there will be no more.
   */
  void toPlain() {
    boolean told = connection.earlyData().mappingsSent();
    session.becomePlain(told);
    infiniteMappingDue = told;
    happened = true;
    connection.counters().fallbacks.increment();
    connection.lifetime().releaseToken();
    connection.receiver().start(session.receiveBase() + 1);
  }

  /**
   * The first data shows that options do not pass. Everything so far went over one subflow in
   * order, so that the mapping stays what it was; false when that is not so.
   */
  boolean toPlainAfterHandshake(Subflow subflow) {
    if (!isContiguous(subflow) || leavesHole(subflow, session.receiveBase())) {
      subflow.wantReset(MptcpOption.RESET_MPTCP_ERROR, false);
      return false;
    }
    deliverUnmapped(subflow, subflow.receivedEnd());
    enterPlain(subflow);
    infiniteMappingDue = true;
    return true;
  }

  private void enterPlain(Subflow only) {
    // A join whose handshake is still under way would bring bytes of nowhere into the stream.
    SubflowSet subflows = connection.subflowSet();
    for (int i = 0; i < subflows.size(); i++) {
      if (subflows.get(i) != only) {
        subflows.get(i).wantReset(MptcpOption.RESET_MPTCP_ERROR, false);
      }
    }
    session.becomePlain(session.isMultipath());
    happened = true;
    connection.counters().fallbacks.increment();
    connection.lifetime().releaseToken();
    if (only.isPeerFinished()) {
      // What was the end of a subflow is the end of the stream now.
      connection.receiver().finHere();
    }
  }

  /** Whether the peer was not told of the fallback yet. */
  boolean isInfiniteMappingDue() {
    return infiniteMappingDue;
  }

  /** Whether the next mapping shall announce the fallback; asked once for each mapping. */
  boolean takeInfiniteMapping() {
    boolean due = infiniteMappingDue;
    infiniteMappingDue = false;
    return due;
  }

  /** The mapping that was to announce the fallback was not sent. */
  void owesInfiniteMapping() {
    infiniteMappingDue = true;
  }

  /** The peer has fallen back; false when that cannot be. */
  boolean onInfiniteMapping(Subflow subflow, long dsn, int relativeSequence) {
    long base = dsn - (relativeSequence & 0xffff_ffffL);
    if (!isContiguous(subflow) || leavesHole(subflow, base)) {
      subflow.wantReset(MptcpOption.RESET_MPTCP_ERROR, false);
      return false;
    }
    keepSendMapping(subflow);
    session.receiveBase(base);
    deliverUnmapped(subflow, subflow.receivedEnd());
    enterPlain(subflow);
    return true;
  }

  /** A mapping does not agree with its checksum. */
  void onChecksumFailure(Subflow subflow, long dsn, int receiveNext) {
    connection.counters().checksumFailures.increment();
    // RFC 8684 §3.7: only where the data is contiguous can it go on without mappings.
    if (!isContiguous(subflow)) {
      // Where the bytes are another subflow's, this one's path is not to blame.
      boolean overwritten = subflow.mappings().isOverwrittenByOthers();
      subflow.reset().failed(dsn);
      subflow.mappings().clear();
      subflow.wantReset(MptcpOption.RESET_MIDDLEBOX_INTERFERENCE, overwritten);
      return;
    }
    subflow.addControl(new ControlOption.Fail(dsn));
    subflow.endpoint().requestAck();
    keepSendMapping(subflow);
    infiniteMappingDue = true;
    keepReceiveMapping(subflow);
    deliverUnmapped(subflow, receiveNext);
    enterPlain(subflow);
  }

  /** Whether all data under way is on this subflow, in order. */
  private boolean isContiguous(Subflow subflow) {
    if (connection.subflowSet().hasOtherInUse(subflow)
        || connection.sender().reinjection().isOwedBeside(subflow)) {
      return false;
    }
    ReceivedMappings mappings = subflow.mappings();
    if (mappings.isEmpty()) {
      return true;
    }
    if (mappings.isOverwrittenByOthers()) {
      // One that was reset for a wrong checksum may have left its bytes in the place of this one's.
      return false;
    }
    int early = mappings.early(0);
    // What the subflow itself still misses before the first mapping will fill the gap in the data.
    int missing = Math.max(0, mappings.sequence(0) - subflow.endpoint().receiveNext());
    long ahead = mappings.dsn(0) + early - missing - connection.receiver().receiveNext();
    // What lies further back could not be told apart by 32 bits of subflow sequence number.
    return mappings.isLinear() && ahead <= 0 && ahead > Integer.MIN_VALUE;
  }

  /** Whether the infinite mapping gives bytes that were received a place that is not theirs. */
  private boolean leavesHole(Subflow subflow, long base) {
    ReceivedMappings mappings = subflow.mappings();
    if (!mappings.isEmpty()) {
      int relative = subflow.relativeOfReceived(mappings.sequence(0));
      return mappings.dsn(0) - base != (relative & 0xffff_ffffL);
    }
    long expected = connection.receiver().receiveNext();
    int relative = subflow.relativeOfReceived(subflow.receivedEnd());
    return SequenceNumber.expand(relative, expected - base) - (expected - base) > 0;
  }

  /** The peer found a wrong checksum on our only subflow and goes on without mappings. */
  void onFail(Subflow subflow, long dsn) {
    // An infinite mapping in the same segment has made it plain already.
    boolean wasMultipath = session.isMultipath();
    // RFC 8684 §3.7: only where the data is contiguous can it go on without mappings.
    if (wasMultipath && !isContiguous(subflow)) {
      subflow.wantReset(MptcpOption.RESET_MIDDLEBOX_INTERFERENCE, false);
      return;
    }
    subflow.addControl(new ControlOption.Fail(connection.receiver().receiveNext()));
    subflow.endpoint().requestAck();
    infiniteMappingDue = true;
    if (!wasMultipath) {
      return;
    }
    keepSendMapping(subflow);
    keepReceiveMapping(subflow);
    deliverUnmapped(subflow, subflow.receivedEnd());
    enterPlain(subflow);
  }

  /** The peer gave the subflow up for a wrong checksum; what it carried goes out on others. */
  void onFailWithReset(Subflow subflow) {
    connection.counters().checksumFailures.increment();
  }

  /** The implicit mapping goes on from the next byte to be sent. */
  private void keepSendMapping(Subflow subflow) {
    session.sendBase(connection.sender().next() - (subflow.nextRelativeSequence() & 0xffff_ffffL));
  }

  private void keepReceiveMapping(Subflow subflow) {
    ReceivedMappings mappings = subflow.mappings();
    if (mappings.isEmpty()) {
      int relative = subflow.relativeOfReceived(subflow.receivedEnd());
      session.receiveBase(connection.receiver().receiveNext() - (relative & 0xffff_ffffL));
    } else {
      int relative = subflow.relativeOfReceived(mappings.sequence(0));
      session.receiveBase(mappings.dsn(0) - (relative & 0xffff_ffffL));
    }
  }

  /** What the subflow has received in order belongs to the stream as it is. */
  private void deliverUnmapped(Subflow subflow, int receiveNext) {
    int relative = subflow.relativeOfReceived(receiveNext);
    DataReceiver receiver = connection.receiver();
    receiver.forgetFin();
    long end = session.receivedDsn(relative, receiver.receiveNext());
    if (end - receiver.receiveNext() > 0) {
      receiver.receive(receiver.receiveNext(), (int) (end - receiver.receiveNext()));
    }
    subflow.mappings().clear();
  }
}
