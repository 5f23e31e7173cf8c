package org.mptcp4j.mptcp;

import java.util.Optional;
import org.mptcp4j.tcp.NetworkPath;
import org.mptcp4j.tcp.SegmentSink;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.MptcpOptionSet;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/** Takes MP_JOIN from the peer, or refuses it with a reason (RFC 8684 §3.2). */
final class JoinAcceptor {
  /** Joins that have begun and are not established, at most: a bound on what a peer can cost. */
  private static final int MOST_HALF_OPEN = 16;

  /** How long one may take: until a fifth SYN/ACK would be due. */
  private static final long ESTABLISH_WITHIN = 16_000_000_000L;

  /** Why a join is not taken, and what the RST says. */
  private enum Refusal {
    /** RFC 8684 §3.2: the token is nobody's. */
    UNKNOWN(MptcpOption.RESET_MPTCP_ERROR, false),
    /**
     * RFC 8684 §3.2 names this reason also where more subflows than are permitted are asked for.
     */
    TOO_MANY_SUBFLOWS(MptcpOption.RESET_MPTCP_ERROR, true),
    /** RFC 8684 §3.2: local policy. */
    PROHIBITED(MptcpOption.RESET_ADMINISTRATIVELY_PROHIBITED, false),
    /** RFC 8684 §3.6: what is used up for now. */
    LACK_OF_RESOURCES(MptcpOption.RESET_LACK_OF_RESOURCES, true);

    final int reason;
    final boolean isTransient;

    Refusal(int reason, boolean isTransient) {
      this.reason = reason;
      this.isTransient = isTransient;
    }
  }

  private final MptcpConnection connection;
  private final Session session;

  JoinAcceptor(MptcpConnection connection, Session session) {
    this.connection = connection;
    this.session = session;
  }

  /** Answers the SYN; false when it was refused and RST was sent. */
  boolean accept(long now, IncomingSegment syn, NetworkPath path, SegmentSink sink) {
    MptcpOptionSet join = syn.mptcp();
    Optional<Refusal> refusal = refusal(syn);
    if (refusal.isEmpty()) {
      FlowKey flow = SegmentInput.flowOf(syn);
      Subflow subflow = new Subflow(now, connection, flow, path, false, false);
      int nonce = Handshake.nonce(connection.host());
      SubflowIdentity identity = subflow.identity();
      identity.addressIds(
          connection.addresses().localId(flow.local(), flow.localPort()), join.joinAddressId());
      identity.nonces(nonce, join.joinRandom());
      identity.ownHmac(
          Hmac.join(session.local().key(), session.remote().key(), nonce, join.joinRandom()));
      subflow.peerBackup(join.joinBackup());
      if (connection.host().register(flow, subflow)) {
        connection.subflowSet().add(subflow);
        subflow.timers().establishBy(now + ESTABLISH_WITHIN);
        subflow.endpoint().accept(now, syn, sink);
        return true;
      }
      refusal = Optional.of(Refusal.LACK_OF_RESOURCES);
    }
    if (refusal.get() == Refusal.TOO_MANY_SUBFLOWS) {
      // Some may be dead at the other end, whose RST was lost: the next attempt finds room then.
      connection.subflowSet().askSilent(now);
    }
    connection.counters().joinFailures.increment();
    refuse(syn, path, refusal.get(), sink);
    return false;
  }

  /** Why a join is not taken; empty when it is. */
  private Optional<Refusal> refusal(IncomingSegment syn) {
    MptcpOptionSet join = syn.mptcp();
    if (!join.has(MptcpOption.MP_JOIN)
        || !session.isMultipath()
        || join.joinToken() != session.local().token()
        || connection.failure().isPresent()) {
      return Optional.of(Refusal.UNKNOWN);
    }
    if (!isPermitted(syn.destination())
        || !connection.host().addressFilter().admits(syn.source())) {
      return Optional.of(Refusal.PROHIBITED);
    }
    SubflowSet subflows = connection.subflowSet();
    if (subflows.liveCount() >= connection.config().maxSubflows()) {
      return Optional.of(Refusal.TOO_MANY_SUBFLOWS);
    }
    return subflows.halfOpenCount() >= MOST_HALF_OPEN
        ? Optional.of(Refusal.LACK_OF_RESOURCES)
        : Optional.empty();
  }

  /** RFC 6897 §3.1.1: an address that the application bound is the only one to be used. */
  private boolean isPermitted(IpAddress local) {
    return connection.config().boundToAddress()
        ? local.equals(connection.initialLocal())
        : connection.host().addressFilter().admits(local);
  }

  private static void refuse(
      IncomingSegment syn, NetworkPath path, Refusal refusal, SegmentSink sink) {
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
    reset.options().mpTcpReset(refusal.isTransient, refusal.reason);
    sink.transmit(reset, path);
  }
}
