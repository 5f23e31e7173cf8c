package org.mptcp4j.mptcp;

import java.nio.ByteBuffer;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.MptcpOptionSet;
import org.mptcp4j.wire.TcpFlags;

/** MP_CAPABLE (RFC 8684 §3.1) and MP_JOIN (§3.2), as far as they are read. */
final class Handshake {
  private static final int VERSION = 1;

  private final MptcpConnection connection;
  private final Session session;

  Handshake(MptcpConnection connection, Session session) {
    this.connection = connection;
    this.session = session;
  }

  /** Whether a SYN offers an MPTCP that this side speaks. */
  static boolean isOffer(IncomingSegment syn) {
    MptcpOptionSet options = syn.mptcp();
    return options.has(MptcpOption.MP_CAPABLE)
        && options.capableLength() == 4
        && options.capableVersion() >= VERSION
        && hasKnownFlags(options);
  }

  private static boolean hasKnownFlags(MptcpOptionSet options) {
    // Flag B means a format of the future: as if the option were not there.
    return (options.capableFlags() & MptcpOption.CAPABLE_HMAC_SHA256) != 0
        && (options.capableFlags() & MptcpOption.CAPABLE_EXTENSION) == 0;
  }

  private static boolean hasOneAlgorithm(MptcpOptionSet options) {
    // RFC 8684 §3.1: the responder chooses one of D to H.
    return (options.capableFlags() & MptcpOption.CAPABLE_ALGORITHMS)
        == MptcpOption.CAPABLE_HMAC_SHA256;
  }

  /** The flags A and C of the peer, in whatever form of MP_CAPABLE. */
  void takeFlags(MptcpOptionSet options) {
    if ((options.capableFlags() & MptcpOption.CAPABLE_CHECKSUM_REQUIRED) != 0) {
      session.requireChecksum();
    }
    if ((options.capableFlags() & MptcpOption.CAPABLE_NO_JOIN_TO_INITIAL) != 0) {
      session.closeInitialAddress();
    }
  }

  static int nonce(MptcpHost host) {
    byte[] bytes = new byte[4];
    host.random(bytes);
    return ByteBuffer.wrap(bytes).getInt();
  }

  /** A segment that answers our SYN. */
  boolean onSynAck(long now, Subflow subflow, IncomingSegment segment) {
    return subflow.isInitial()
        ? onCapableSynAck(now, subflow, segment)
        : onJoinSynAck(subflow, segment);
  }

  private boolean onCapableSynAck(long now, Subflow subflow, IncomingSegment segment) {
    MptcpOptionSet options = segment.mptcp();
    connection.first().answered(now, subflow);
    if (!session.isNegotiating()) {
      return true;
    }
    boolean accepted =
        segment.has(TcpFlags.SYN | TcpFlags.ACK)
            && options.has(MptcpOption.MP_CAPABLE)
            && options.capableLength() == 12
            && options.capableVersion() == VERSION
            && hasKnownFlags(options)
            && hasOneAlgorithm(options);
    MptcpHost host = connection.host();
    FlowKey flow = subflow.flow();
    if (accepted) {
      takeFlags(options);
      host.multipathPassed(flow.local(), flow.remote());
      connection.beginMultipath(options.senderKey());
    } else {
      if (subflow.offers().areGivenUp() && !options.has(MptcpOption.MP_CAPABLE)) {
        connection.counters().blackHoles.increment();
        host.multipathBlocked(now, flow.local(), flow.remote());
      }
      connection.fallback().toPlain();
    }
    return true;
  }

  private boolean onJoinSynAck(Subflow subflow, IncomingSegment segment) {
    MptcpOptionSet options = segment.mptcp();
    if (!segment.has(TcpFlags.SYN | TcpFlags.ACK)
        || !options.has(MptcpOption.MP_JOIN)
        || !session.isMultipath()) {
      subflow.wantReset(MptcpOption.RESET_MPTCP_ERROR, false);
      return false;
    }
    long local = session.local().key();
    long remote = session.remote().key();
    int nonce = options.joinRandom();
    byte[] expected = Hmac.join(remote, local, nonce, subflow.identity().localNonce());
    if (!Hmac.matches64(Hmac.leftmost64(expected), options.joinTruncatedHmac())) {
      connection.counters().hmacFailures.increment();
      subflow.wantReset(MptcpOption.RESET_MPTCP_ERROR, false);
      return false;
    }
    subflow.identity().nonces(subflow.identity().localNonce(), nonce);
    subflow.identity().addressIds(subflow.identity().localAddressId(), options.joinAddressId());
    subflow.peerBackup(options.joinBackup());
    subflow.identity().ownHmac(Hmac.join(local, remote, subflow.identity().localNonce(), nonce));
    return true;
  }

  /** The ACK of our SYN/ACK, or what comes in its place. */
  boolean onThirdAck(Subflow subflow, IncomingSegment segment) {
    return subflow.isInitial() ? onCapableAck(segment) : onJoinAck(subflow, segment);
  }

  /**
   * The peer sends its SYN again. Without the offer that the first one had, it has given MPTCP up,
   * for the path may let no such SYN or SYN/ACK pass: then ours goes without, too.
   */
  void onRepeatedSyn(Subflow subflow, IncomingSegment segment) {
    if (subflow.isInitial() && session.isNegotiating() && !isOffer(segment)) {
      connection.fallback().toPlain();
    }
  }

  /** The third ACK of the first subflow; says what to make of the connection. */
  private boolean onCapableAck(IncomingSegment segment) {
    MptcpOptionSet options = segment.mptcp();
    if (!session.isNegotiating() || segment.has(TcpFlags.SYN)) {
      return true;
    }
    if (options.has(MptcpOption.MP_CAPABLE)
        && options.capableLength() >= 20
        && options.receiverKey() == session.local().key()) {
      takeFlags(options);
      connection.beginMultipath(options.senderKey());
    } else if (!options.has(MptcpOption.DSS)) {
      // RFC 8684 §3.1: without MP_CAPABLE in the third packet the session is regular TCP.
      connection.fallback().toPlain();
    }
    // With DSS, the peer holds this for an MPTCP connection and its third ACK and first data were
    // lost: the retransmission of that data brings the keys.
    return true;
  }

  private boolean onJoinAck(Subflow subflow, IncomingSegment segment) {
    MptcpOptionSet options = segment.mptcp();
    if (segment.has(TcpFlags.SYN)) {
      return true;
    }
    byte[] expected =
        Hmac.join(
            session.remote().key(),
            session.local().key(),
            subflow.identity().remoteNonce(),
            subflow.identity().localNonce());
    boolean present = options.has(MptcpOption.MP_JOIN);
    if (!present || !Hmac.matches160(expected, options.joinHmac())) {
      if (present) {
        connection.counters().hmacFailures.increment();
      }
      subflow.wantReset(MptcpOption.RESET_MPTCP_ERROR, false);
      return false;
    }
    return true;
  }
}
