package org.mptcp4j.mptcp;

import org.mptcp4j.tcp.NetworkPath;
import org.mptcp4j.tcp.SegmentSink;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.MptcpOptionSet;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/** Takes MP_JOIN from the peer, or refuses it with a reason (RFC 8684 §3.2). */
final class JoinAcceptor {
  /** Joins that have begun and are not established, at most: a bound on what a peer can cost. */
  private static final int MOST_HALF_OPEN = 16;

  private final MptcpConnection connection;
  private final Session session;

  JoinAcceptor(MptcpConnection connection, Session session) {
    this.connection = connection;
    this.session = session;
  }

  /** Answers the SYN; false when it was refused and RST was sent. */
  boolean accept(long now, IncomingSegment syn, NetworkPath path, SegmentSink sink) {
    MptcpOptionSet join = syn.mptcp();
    int reason = refusal(join);
    if (reason < 0) {
      FlowKey flow = SegmentInput.flowOf(syn);
      Subflow subflow = new Subflow(now, connection, flow, path, false, false);
      int nonce = Handshake.nonce(connection.host());
      SubflowIdentity identity = subflow.identity();
      identity.addressIds(connection.addresses().localId(flow.local()), join.joinAddressId());
      identity.nonces(nonce, join.joinRandom());
      identity.ownHmac(
          Hmac.join(session.local().key(), session.remote().key(), nonce, join.joinRandom()));
      subflow.peerBackup(join.joinBackup());
      if (connection.host().register(flow, subflow)) {
        connection.subflowSet().add(subflow);
        subflow.endpoint().accept(now, syn, sink);
        return true;
      }
      reason = MptcpOption.RESET_LACK_OF_RESOURCES;
    }
    connection.counters().joinFailures.increment();
    refuse(syn, path, reason, sink);
    return false;
  }

  /** Why a join is not taken; -1 when it is. */
  private int refusal(MptcpOptionSet join) {
    if (!join.has(MptcpOption.MP_JOIN)
        || join.joinLength() != 12
        || !session.isMultipath()
        || join.joinToken() != session.local().token()
        || connection.failure().isPresent()) {
      return MptcpOption.RESET_MPTCP_ERROR;
    }
    SubflowSet subflows = connection.subflowSet();
    boolean full =
        subflows.liveCount() >= connection.config().maxSubflows()
            || subflows.halfOpenCount() >= MOST_HALF_OPEN;
    return full ? MptcpOption.RESET_LACK_OF_RESOURCES : -1;
  }

  private static void refuse(IncomingSegment syn, NetworkPath path, int reason, SegmentSink sink) {
    // RFC 9293 §3.10.7.1: sequence number 0, and the SYN acknowledged.
    OutgoingSegment reset =
        new OutgoingSegment()
            .begin(
                /* source= */ syn.destination(),
                /* sourcePort= */ syn.destinationPort(),
                /* destination= */ syn.source(),
                /* destinationPort= */ syn.sourcePort())
            .acknowledgmentNumber(syn.sequenceNumber() + syn.segmentLength())
            .flags(TcpFlags.RST | TcpFlags.ACK);
    reset.options().mpTcpReset(reason == MptcpOption.RESET_LACK_OF_RESOURCES, reason);
    sink.transmit(reset, path);
  }
}
