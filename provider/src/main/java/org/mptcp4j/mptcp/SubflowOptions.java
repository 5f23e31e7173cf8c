package org.mptcp4j.mptcp;

import org.mptcp4j.tcp.TcpUser.SegmentRole;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpOptionWriter;

/**
 * What MPTCP puts into the option space of a segment. The space is 40 bytes, of which timestamps
 * take 12, so each kind of segment has its order of importance:
 *
 * <pre>
 * SYN            MP_CAPABLE (4) or MP_JOIN (12); a Fast Open cookie takes what is left (up to 14)
 * SYN/ACK        MP_CAPABLE (12) or MP_JOIN (16); beside the former, a Fast Open cookie of 6 bytes (8)
 * ACK            third ACK: MP_CAPABLE with both keys (20) or MP_JOIN with HMAC (24), and nothing else,
 *                but for DSS with a 32-bit DATA_ACK (8) when the peer took data in our SYN (Fast Open);
 *                MP_FASTCLOSE (12), and nothing else;
 *                a waiting control option, with DSS (12) before it where both fit, alone otherwise;
 *                DSS with DATA_ACK (12), with DATA_FIN (28); SACK takes what is left
 * data           MP_CAPABLE with data length (24) on the first, DSS with mapping (28) on every other;
 *                of a server before the third ACK (Fast Open), DSS with mapping and no DATA_ACK (20)
 * FIN            DSS with DATA_ACK (12), with DATA_FIN (28)
 * RST            MP_FASTCLOSE (12) or MP_FAIL (12), and MP_TCPRST (4)
 * </pre>
 */
final class SubflowOptions {
  /** DSS with 64-bit numbers, mapping and checksum. */
  static final int MOST_WITH_DATA = 28;

  static final int VERSION = 1;

  private final MptcpConnection connection;
  private final Session session;

  SubflowOptions(MptcpConnection connection, Session session) {
    this.connection = connection;
    this.session = session;
  }

  void write(OutgoingSegment segment, Subflow subflow, SegmentRole role, Mapping mapping) {
    TcpOptionWriter options = segment.options();
    switch (role) {
      case SYN -> writeSyn(options, subflow);
      case SYN_ACK -> writeSynAck(options, subflow);
      case ACK -> writeAck(segment, subflow);
      case DATA -> writeData(options, subflow, mapping);
      case FIN -> writeFin(segment, subflow);
      case RESET -> writeReset(options, subflow);
    }
  }

  private int capableFlags() {
    return capableFlags(session.usesChecksum());
  }

  static int capableFlags(boolean checksum) {
    return MptcpOption.CAPABLE_HMAC_SHA256 | (checksum ? MptcpOption.CAPABLE_CHECKSUM_REQUIRED : 0);
  }

  private void writeSyn(TcpOptionWriter options, Subflow subflow) {
    if (!subflow.isInitial()) {
      options.mpJoinSyn(
          subflow.isOwnBackup(),
          subflow.identity().localAddressId(),
          session.remote().token(),
          subflow.identity().localNonce());
    } else if (session.isNegotiating() && subflow.offers().takeOne()) {
      options.mpCapableSyn(VERSION, capableFlags());
    }
  }

  private void writeSynAck(TcpOptionWriter options, Subflow subflow) {
    if (!subflow.isInitial()) {
      options.mpJoinSynAck(
          subflow.isOwnBackup(),
          subflow.identity().localAddressId(),
          Hmac.leftmost64(subflow.identity().ownHmac()),
          subflow.identity().localNonce());
    } else if (session.isNegotiating()) {
      options.mpCapableSynAck(VERSION, capableFlags(), session.local().key());
    }
  }

  private void writeAck(OutgoingSegment segment, Subflow subflow) {
    TcpOptionWriter options = segment.options();
    if (session.isPlain()) {
      writeControl(segment, subflow);
      return;
    }
    if (!session.isMultipath()) {
      return;
    }
    if (connection.closing().isFastcloseOnAcks(subflow)) {
      options.mpFastclose(session.remote().key());
      return;
    }
    if (subflow.isThirdAckDue()) {
      options.mpJoinAck(subflow.identity().ownHmac());
      return;
    }
    if (owesKeys(subflow) && !connection.closing().prefersDataFin()) {
      options.mpCapableAck(VERSION, capableFlags(), session.local().key(), session.remote().key());
      if (subflow.hasSentEarly()) {
        // Linux' server lets an answer that was written before this segment came wait until a
        // DATA_ACK does, and a client that has said all in its SYN sends nothing more.
        options.dssAck32((int) connection.receiver().receiveNext());
      }
      return;
    }
    ControlOption control = subflow.controls().first();
    if (control != null && !subflow.isProbe(segment)) {
      if (options.remaining() >= 12 + control.length()) {
        options.dssAck(connection.receiver().receiveNext());
      }
      writeControl(segment, subflow);
      return;
    }
    writeDss(options, subflow);
  }

  /**
   * Whether the peer may not know the keys (RFC 8684 §3.1). One that sends data with a mapping
   * does, unless it answers data in our SYN.
   */
  private boolean owesKeys(Subflow subflow) {
    long first = session.remote().initialDataSequenceNumber() + 1;
    boolean hasAnswered = connection.receiver().receiveNext() != first;
    return subflow.isInitial()
        && connection.isClient()
        && !session.isConfirmed()
        && !subflow.hasSent()
        && (subflow.hasSentEarly() || !hasAnswered);
  }

  private void writeControl(OutgoingSegment segment, Subflow subflow) {
    ControlOption control = subflow.controls().first();
    if (control != null && !subflow.isProbe(segment) && control.writeTo(segment.options())) {
      subflow.controls().firstWritten();
    }
  }

  private void writeData(TcpOptionWriter options, Subflow subflow, Mapping mapping) {
    if (mapping.isInfinite()) {
      writeInfinite(options, mapping.dsn(), mapping.subflowSequenceNumber());
      return;
    }
    if (session.isNegotiating()) {
      // RFC 8684 appendix B.3: a server that answers data in a SYN does not know the peer's key,
      // and so not what to acknowledge.
      options.dssMapping(
          mapping.dsn(), mapping.subflowSequenceNumber(), mapping.length(), mapping.checksum());
      return;
    }
    if (!session.isMultipath()) {
      return;
    }
    if (subflow.isInitial()
        && connection.isClient()
        && mapping.subflowSequenceNumber() == 1
        && !session.isConfirmed()) {
      options.mpCapableData(
          VERSION,
          capableFlags(),
          session.local().key(),
          session.remote().key(),
          mapping.length(),
          mapping.checksum());
      return;
    }
    options.dss(
        connection.receiver().receiveNext(),
        mapping.dsn(),
        mapping.subflowSequenceNumber(),
        mapping.length(),
        mapping.checksum(),
        false);
  }

  private void writeFin(OutgoingSegment segment, Subflow subflow) {
    if (!session.isPlain() || !connection.fallback().isInfiniteMappingDue()) {
      writeDss(segment.options(), subflow);
      return;
    }
    // No data came after the fallback that could have told of it; a peer that does not know would
    // wait for a DATA_FIN in vain.
    int relative = subflow.relativeOfSent(segment.sequenceNumber());
    long dsn = session.sentDsn(relative, connection.sender().unacknowledged());
    writeInfinite(segment.options(), dsn, relative);
  }

  /** RFC 8684 §3.7: length 0 and checksum 0. */
  private void writeInfinite(TcpOptionWriter options, long dsn, int relative) {
    int checksum = session.usesChecksum() ? 0 : -1;
    if (session.remote() == null) {
      options.dssMapping(dsn, relative, 0, checksum);
    } else {
      options.dss(connection.receiver().receiveNext(), dsn, relative, 0, checksum, false);
    }
  }

  private void writeDss(TcpOptionWriter options, Subflow subflow) {
    if (!session.isMultipath()) {
      return;
    }
    subflow.controls().dataFinWritten();
    long dataAck = connection.receiver().receiveNext();
    if (connection.closing().owesDataFin()) {
      // RFC 8684 §3.3.3: a DATA_FIN without data has subflow sequence number 0 and length 1; its
      // checksum covers the pseudo-header only.
      long dsn = connection.sender().end();
      int checksum = session.usesChecksum() ? DssChecksum.compute(0, dsn, 0, 1) : -1;
      options.dss(dataAck, dsn, 0, 1, checksum, true);
    } else {
      options.dssAck(dataAck);
    }
  }

  private void writeReset(TcpOptionWriter options, Subflow subflow) {
    if (session.remote() == null || session.isPlain()) {
      return;
    }
    if (connection.closing().isFastcloseOnResets()) {
      options.mpFastclose(session.remote().key());
    } else if (subflow.reset().failedDsn().isPresent()) {
      options.mpFail(subflow.reset().failedDsn().getAsLong());
    }
    options.mpTcpReset(subflow.reset().isTransient(), subflow.reset().reason());
  }
}
