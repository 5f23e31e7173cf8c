package org.mptcp4j.mptcp;

import org.mptcp4j.tcp.SegmentSink;
import org.mptcp4j.tcp.TcpState;

/**
 * How a connection ends: DATA_FIN in each direction, then FIN on every subflow (RFC 8684 §3.3.3);
 * or at once, with MP_FASTCLOSE (§3.5). On plain TCP the FIN does all.
 */
final class Closing {
  private static final long FIRST_DATA_FIN_INTERVAL = 200_000_000L;
  private static final long LONGEST_DATA_FIN_INTERVAL = 5_000_000_000L;
  private static final long LONGEST_WAIT_FOR_FIN = 1_000_000_000L;

  private final MptcpConnection connection;
  private final Session session;
  private boolean outputShut;
  private boolean inputShut;
  private boolean applicationGone;
  private boolean dataFinSent;
  private boolean dataFinAcknowledged;
  private boolean resetsSayFastclose;
  private final FastClose fastClose = new FastClose();
  private boolean fastcloseReceived;
  private boolean lateData;
  private boolean subflowsFinished;
  private boolean alternate;

  /** Whether the peer ended its stream before we ended ours. */
  private boolean passive;

  private boolean bothEnded;
  private boolean waitedForFin;
  private long finishBy = Long.MAX_VALUE;
  private long dataFinAt = Long.MAX_VALUE;
  private long dataFinInterval = FIRST_DATA_FIN_INTERVAL;
  private long giveUpAt = Long.MAX_VALUE;

  Closing(MptcpConnection connection, Session session) {
    this.connection = connection;
    this.session = session;
  }

  boolean isOutputShut() {
    return outputShut;
  }

  boolean isInputShut() {
    return inputShut;
  }

  boolean isApplicationGone() {
    return applicationGone;
  }

  /** Whether RST segments carry MP_FASTCLOSE. */
  boolean isFastcloseOnResets() {
    return resetsSayFastclose;
  }

  /** Whether ACKs of this subflow carry MP_FASTCLOSE. */
  boolean isFastcloseOnAcks(Subflow subflow) {
    return fastClose.isOn(subflow);
  }

  /** Whether the peer has to answer an MP_FASTCLOSE (FASTCLOSE_WAIT): nothing else is taken. */
  boolean isFastcloseWaiting() {
    return fastClose.isWaiting();
  }

  boolean isFastcloseReceived() {
    return fastcloseReceived;
  }

  /** Whether data came that nobody will read. */
  boolean isLateData() {
    return lateData;
  }

  /** Whether the peer has acknowledged the end of our stream. */
  boolean isEndAcknowledged() {
    if (!session.isPlain()) {
      return dataFinAcknowledged;
    }
    for (int i = 0; i < connection.subflowCount(); i++) {
      TcpState state = connection.subflowAt(i).endpoint().state();
      if (state != TcpState.FIN_WAIT_2 && state != TcpState.TIME_WAIT && state != TcpState.CLOSED) {
        return false;
      }
    }
    return true;
  }

  /** Whether both directions are done with and every subflow was told so. */
  boolean isFinished() {
    return subflowsFinished;
  }

  void shutdownOutput() {
    if (!outputShut) {
      outputShut = true;
      connection.sender().finQueued();
    }
  }

  void shutdownInput() {
    inputShut = true;
    connection.receiver().discard();
  }

  void applicationGone(long now) {
    applicationGone = true;
    giveUpAt = now + connection.config().closeTimeoutNanos();
    shutdownOutput();
    shutdownInput();
  }

  /** MP_FASTCLOSE on every RST, and nothing is left to be done (RFC 8684 §3.5, option R). */
  void fastClose() {
    resetsSayFastclose = true;
  }

  /** MP_FASTCLOSE in the way that the configuration asks for. */
  void fastClose(long now) {
    Subflow chosen = connection.subflowSet().anyUsable();
    boolean byAck =
        connection.config().fastcloseByAck()
            && session.isMultipath()
            && session.isConfirmed()
            && chosen != null;
    if (byAck) {
      fastClose.begin(now, chosen);
    } else {
      fastClose();
    }
  }

  void onFastclose() {
    fastcloseReceived = true;
    fastClose.end();
  }

  /** The connection has failed: its subflows are reset, but for one that awaits an answer. */
  void resetSubflows(long now, SegmentSink sink) {
    SubflowSet subflows = connection.subflowSet();
    for (int i = 0; i < subflows.size(); i++) {
      Subflow subflow = subflows.get(i);
      if (!subflow.isClosed() && !fastClose.isOn(subflow)) {
        subflow.endpoint().abort(now, sink);
      }
    }
    if (fastClose.isWaiting() && !fastClose.run(now, sink)) {
      // RFC 8684 §3.5: a RST with the option, to clear the state of middleboxes.
      fastClose();
      resetSubflows(now, sink);
    }
  }

  /** New bytes of the stream arrived. */
  void onNewData() {
    if (applicationGone) {
      lateData = true;
    }
  }

  /** The peer's DATA_FIN was seen, on this subflow. */
  void onDataFinSeen(Subflow subflow) {
    if (connection.receiver().isFinReceived()) {
      passive |= !dataFinSent;
      subflow.endpoint().requestAck();
      subflow.touch();
    }
  }

  /** The peer's FIN on a subflow. */
  void onSubflowFin(Subflow subflow) {
    if (session.isPlain()) {
      connection.receiver().finHere();
    } else {
      subflow.touch();
      connection.paths().request();
    }
  }

  void onDataAck(long now, long ack) {
    if (dataFinSent && !dataFinAcknowledged && ack == connection.sender().end() + 1) {
      dataFinAcknowledged = true;
      dataFinAt = Long.MAX_VALUE;
      connection.sender().acknowledged(now, connection.sender().end());
    }
  }

  /** Whether segments without mapping carry the DATA_FIN. */
  boolean owesDataFin() {
    return dataFinSent && !dataFinAcknowledged;
  }

  /** Whether a DATA_FIN was sent several times and never acknowledged. */
  boolean isDataFinRepeated() {
    return owesDataFin() && dataFinInterval > 2 * FIRST_DATA_FIN_INTERVAL;
  }

  /**
   * Whether a DATA_FIN goes before the repetition of the third ACK, whose option leaves no room for
   * it: they take turns.
   */
  boolean prefersDataFin() {
    if (!owesDataFin()) {
      return false;
    }
    alternate = !alternate;
    return alternate;
  }

  /** Takes the steps that have become due. */
  void advance(long now) {
    Lifetime lifetime = connection.lifetime();
    if (session.isNegotiating() || lifetime.hasFailed() || !lifetime.isHandshakeOver()) {
      return;
    }
    if (session.isPlain()) {
      advancePlain(now);
      return;
    }
    DataSender sender = connection.sender();
    if (outputShut && sender.isAllSent() && !dataFinSent && connection.isEstablished()) {
      dataFinSent = true;
      dataFinAt = now + dataFinInterval;
      connection.subflowSet().sendDataFin();
    }
    boolean both = dataFinAcknowledged && connection.receiver().isFinReceived();
    if (both && !bothEnded) {
      bothEnded = true;
      finishBy = passive ? now + LONGEST_WAIT_FOR_FIN : Long.MAX_VALUE;
    }
    // RFC 8041 §3.6: who closed second leaves the first FIN of each subflow, and with it TIME-WAIT,
    // to the peer, for a time.
    boolean peerFirst = passive && !waitedForFin;
    for (int i = 0; i < connection.subflowCount(); i++) {
      Subflow subflow = connection.subflowAt(i);
      // A subflow that the peer has finished is of use only while it is the last one.
      boolean superfluous =
          subflow.isPeerFinished() && connection.subflowSet().hasOtherUsable(subflow);
      if (superfluous || (both && (!peerFirst || subflow.isPeerFinished()))) {
        subflow.finish(now);
      }
    }
    subflowsFinished |= both;
  }

  private void advancePlain(long now) {
    if (!outputShut || !connection.sender().isAllSent()) {
      return;
    }
    for (int i = 0; i < connection.subflowCount(); i++) {
      connection.subflowAt(i).finish(now);
      if (applicationGone) {
        connection.subflowAt(i).detachOnce(now);
      }
    }
    subflowsFinished |= connection.receiver().isFinReceived();
  }

  long nextDeadline() {
    return Math.min(Math.min(finishBy, fastClose.nextDeadline()), Math.min(dataFinAt, giveUpAt));
  }

  void onDeadline(long now) {
    if (connection.lifetime().hasFailed()) {
      finishBy = Long.MAX_VALUE;
      dataFinAt = Long.MAX_VALUE;
      giveUpAt = Long.MAX_VALUE;
    }
    if (finishBy <= now) {
      waitedForFin = true;
      finishBy = Long.MAX_VALUE;
    }
    if (dataFinAt <= now) {
      // Nothing else makes a DATA_FIN without data reliable.
      dataFinInterval = Math.min(2 * dataFinInterval, LONGEST_DATA_FIN_INTERVAL);
      dataFinAt = now + dataFinInterval;
      connection.subflowSet().sendDataFin();
    }
    if (giveUpAt <= now) {
      long quietSince = connection.sender().lastProgress();
      long patience = connection.config().closeTimeoutNanos();
      if (now - quietSince < patience && !connection.sender().isAllAcknowledged()) {
        giveUpAt = quietSince + patience;
      } else {
        giveUpAt = Long.MAX_VALUE;
        connection.lifetime().abandon();
      }
    }
  }
}
