package org.mptcp4j.mptcp;

import java.nio.ByteBuffer;
import org.mptcp4j.tcp.TcpState;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.InternetChecksum;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.MptcpOptionSet;
import org.mptcp4j.wire.SequenceNumber;
import org.mptcp4j.wire.TcpFlags;

/** What arrives on a subflow, as far as it concerns the connection: options, mappings, payload. */
final class SegmentInput {
  private final MptcpConnection connection;
  private final Session session;
  private final Handshake handshake;
  private final DataReceiver receiver;

  SegmentInput(MptcpConnection connection, Session session, DataReceiver receiver) {
    this.connection = connection;
    this.session = session;
    this.handshake = new Handshake(connection, session);
    this.receiver = receiver;
  }

  Handshake handshake() {
    return handshake;
  }

  /** The first look at a segment; false to reset the subflow. */
  boolean onSegment(long now, Subflow subflow, IncomingSegment segment) {
    TcpState state = subflow.endpoint().state();
    if (state == TcpState.SYN_RECEIVED && !segment.has(TcpFlags.ACK)) {
      handshake.onRepeatedSyn(subflow, segment);
      return true;
    }
    if (subflow.isInitial()
        && subflow.isOpener()
        && !state.isSynchronized()
        && segment.has(TcpFlags.ACK)) {
      connection.earlyData().onAcknowledged(subflow, segment);
    }
    if (state == TcpState.SYN_SENT) {
      return handshake.onSynAck(now, subflow, segment);
    }
    boolean awaitsKeys = subflow.isInitial() && session.isNegotiating();
    if ((state == TcpState.SYN_RECEIVED || awaitsKeys) && !handshake.onThirdAck(subflow, segment)) {
      return false;
    }
    if (subflow.isThirdAckDue()) {
      subflow.thirdAckAnswered();
      connection.onJoined(now, subflow);
    }
    if (segment.mptcp().has(MptcpOption.MP_JOIN) && !subflow.isOpener()) {
      // RFC 8684 §3.2: each third ACK is answered, since the answer to an earlier one may be lost.
      subflow.endpoint().requestAck();
    }
    if (session.isMultipath()) {
      return onOptions(now, subflow, segment);
    }
    return agreesWithFallback(subflow, segment);
  }

  /**
   * After the fallback bytes follow one another as on the subflow. A mapping that says otherwise
   * comes from a peer that knows nothing of the fallback and has sent data a second time: rather no
   * connection than wrong data.
   */
  private boolean agreesWithFallback(Subflow subflow, IncomingSegment segment) {
    MptcpOptionSet options = segment.mptcp();
    if (!session.keepsOptionRoom()
        || session.remote() == null
        || segment.payloadLength() == 0
        || !options.hasMapping()
        || options.dataLevelLength() == 0
        || options.subflowSequenceNumber() == 0) {
      return true;
    }
    long dsn = receiver.expand(options.dataSequenceNumber(), options.dataSequenceNumberIs64Bit());
    long expected = session.receivedDsn(options.subflowSequenceNumber(), receiver.receiveNext());
    if (dsn != expected) {
      subflow.wantReset(MptcpOption.RESET_MPTCP_ERROR, false);
      return false;
    }
    return true;
  }

  private boolean onOptions(long now, Subflow subflow, IncomingSegment segment) {
    MptcpOptionSet options = segment.mptcp();
    boolean overtaken = wasOvertaken(subflow, segment);
    if (isFastclose(segment) && !overtaken) {
      connection.closing().onFastclose();
      return true;
    }
    if (options.has(MptcpOption.MP_FASTCLOSE)) {
      connection.counters().badFastcloses.increment();
    }
    if (connection.closing().isFastcloseWaiting()) {
      return true;
    }
    if (options.isEmpty()) {
      if (!overtaken) {
        subflow.evidence().bareSegmentSeen();
      }
      return onBareSegment(subflow, segment);
    }
    if (overtaken) {
      if (options.hasDataAck()) {
        onDataAck(now, options);
      }
      return true;
    }
    if (options.has(MptcpOption.DSS)) {
      subflow.evidence().dssSeen();
      if (options.hasDataAck()) {
        subflow.evidence().optionsPass();
        onDataAck(now, options);
        if (acknowledgesData(subflow, segment)) {
          subflow.evidence().dataAckSeen();
        }
      }
      if (options.hasMapping() && !onMapping(subflow, segment)) {
        return false;
      }
    } else if (options.has(MptcpOption.MP_CAPABLE) && options.capableDataLength() > 0) {
      if (!isChecksumAsAgreed(subflow, options.capableHasChecksum())) {
        return false;
      }
      addMapping(
          subflow,
          segment,
          1,
          session.remote().initialDataSequenceNumber() + 1,
          options.capableDataLength(),
          session.usesChecksum() ? options.capableChecksum() : -1);
    }
    if (options.has(MptcpOption.ADD_ADDR)) {
      connection.addresses().onAddAddr(now, subflow, options);
    }
    if (options.has(MptcpOption.REMOVE_ADDR)) {
      connection.addresses().onRemoveAddr(now, options);
    }
    if (options.has(MptcpOption.MP_PRIO)) {
      subflow.peerBackup(options.prioBackup());
    }
    if (options.has(MptcpOption.MP_FAIL)) {
      connection.fallback().onFail(subflow, options.failDataSequenceNumber());
    }
    return true;
  }

  /**
   * Whether an ACK lies before the window, since others came sooner. RFC 8684 §3 has signals obeyed
   * only within; but how far the peer had got is still true, and its number is hard to guess.
   */
  private static boolean wasOvertaken(Subflow subflow, IncomingSegment segment) {
    return segment.segmentLength() == 0
        && SequenceNumber.lt(segment.sequenceNumber(), subflow.endpoint().receiveNext());
  }

  /**
   * A segment without any MPTCP option. It shows that options do not pass when it acknowledges data
   * and no DATA_ACK ever did, or brings the first payload before any option was seen, or a FIN in
   * its place: a peer that has nothing to say and knows of no MPTCP. Where no data is sent in
   * either direction, it shows that after a DATA_FIN that was repeated in vain.
   */
  private boolean onBareSegment(Subflow subflow, IncomingSegment segment) {
    boolean acknowledgesData =
        acknowledgesData(subflow, segment)
            && !subflow.evidence().isDataAckSeen()
            && (!subflow.isInitial() || isNothingAcknowledged());
    boolean firstPayload =
        !subflow.evidence().isDssSeen()
            && segment.segmentLength() > 0
            && subflow.relativeOfReceived(segment.sequenceNumber()) == 1;
    boolean endUnheard =
        subflow.isInitial()
            && !subflow.evidence().isDssSeen()
            && connection.closing().isDataFinRepeated()
            && isNothingAcknowledged();
    if (!acknowledgesData && !firstPayload && !endUnheard) {
      return true;
    }
    // RFC 8684 §3.7: options pass with SYNs but not with data.
    if (subflow.isInitial() && !connection.subflowSet().hasOtherInUse(subflow)) {
      return connection.fallback().toPlainAfterHandshake(subflow);
    }
    if (!subflow.isInitial()) {
      subflow.wantReset(MptcpOption.RESET_MIDDLEBOX_INTERFERENCE, false);
      return false;
    }
    return true;
  }

  private static boolean acknowledgesData(Subflow subflow, IncomingSegment segment) {
    return SequenceNumber.gt(subflow.relativeOfSent(segment.acknowledgmentNumber()), 1);
  }

  private boolean isNothingAcknowledged() {
    return connection.sender().unacknowledged() == session.local().initialDataSequenceNumber() + 1;
  }

  private void onDataAck(long now, MptcpOptionSet options) {
    DataSender sender = connection.sender();
    long ack = options.dataAck();
    if (!options.dataAckIs64Bit()) {
      ack = SequenceNumber.expand((int) ack, sender.unacknowledged());
    }
    if (!session.isConfirmed()) {
      session.confirm();
      connection.paths().request();
    }
    if (ack - sender.next() > 1) {
      // More than all data and its end.
      connection.counters().badDataAcks.increment();
    }
    connection.closing().onDataAck(now, ack);
    if (sender.acknowledged(now, ack)) {
      connection.lifetime().onProgress();
    }
  }

  private boolean onMapping(Subflow subflow, IncomingSegment segment) {
    MptcpOptionSet options = segment.mptcp();
    long dsn = receiver.expand(options.dataSequenceNumber(), options.dataSequenceNumberIs64Bit());
    int length = options.dataLevelLength();
    if (length == 0) {
      return connection.fallback().onInfiniteMapping(subflow, dsn, options.subflowSequenceNumber());
    }
    if (!isChecksumAsAgreed(subflow, options.hasDssChecksum())) {
      return false;
    }
    int checksum = session.usesChecksum() ? options.dssChecksum() : -1;
    if (options.hasDataFin()) {
      if (receiver.finAt(dsn + length - 1)) {
        connection.closing().onDataFinSeen(subflow);
      } else {
        connection.counters().badDataFins.increment();
      }
      // The DATA_FIN counts in the length that the checksum covers, and has no byte.
      length--;
      if (checksum >= 0) {
        checksum = InternetChecksum.foldPositive(checksum + 1L);
      }
    }
    if (length > 0) {
      addMapping(subflow, segment, options.subflowSequenceNumber(), dsn, length, checksum);
    }
    return true;
  }

  /** RFC 8684 §3.3: the subflow of a peer that does not do what was agreed on is reset. */
  private boolean isChecksumAsAgreed(Subflow subflow, boolean present) {
    if (present == session.usesChecksum()) {
      return true;
    }
    subflow.wantReset(MptcpOption.RESET_MPTCP_ERROR, false);
    return false;
  }

  private void addMapping(
      Subflow subflow,
      IncomingSegment segment,
      int relativeSequence,
      long dsn,
      int length,
      int checksum) {
    int sequence = subflow.receiveBase() + relativeSequence;
    int segmentEnd = segment.sequenceNumber() + segment.payloadLength();
    boolean touchesSegment =
        SequenceNumber.lt(sequence, segmentEnd)
            && SequenceNumber.gt(sequence + length, segment.sequenceNumber());
    // RFC 8684 §3.3.1: a mapping applies to some of the segment that carries it.
    if (touchesSegment) {
      int receiveNext = subflow.endpoint().receiveNext();
      subflow.mappings().add(sequence, dsn, length, checksum, receiveNext);
    }
  }

  /** Payload goes to its place in the receive buffer; what has no place counts as not received. */
  boolean onPayload(
      long now,
      Subflow subflow,
      IncomingSegment segment,
      int skip,
      int sequenceNumber,
      int length) {
    if (!session.isPlain()
        && (session.isNegotiating() || connection.closing().isFastcloseWaiting())) {
      return false;
    }
    ByteBuffer from = segment.buffer();
    int offset = segment.payloadOffset() + skip;
    int mapped = place(subflow, from, offset, sequenceNumber, length);
    if (mapped == length) {
      if (session.isMultipath() && !isMapping(segment)) {
        subflow.evidence().mappingLeftOff();
      }
      subflow.unmapped().forgetWithin(sequenceNumber, sequenceNumber + length);
      return true;
    }
    if (mapped < 0) {
      return false;
    }
    connection.counters().unmappedBytes.add(length - mapped);
    boolean inOrder = sequenceNumber == subflow.endpoint().receiveNext();
    if (inOrder && isTakenUnmapped(now, subflow, segment, skip, sequenceNumber, length)) {
      return true;
    }
    // What is in order is not acknowledged before it has its place: where a box has taken the
    // mapping away it has to come again. Nor is the rest, unless its mapping is to be expected on
    // another segment.
    return mapped == 0
        && isHeld(subflow, from, offset, sequenceNumber, length)
        && !inOrder
        && subflow.evidence().isMappingLeftOff();
  }

  private static boolean isMapping(IncomingSegment segment) {
    MptcpOptionSet options = segment.mptcp();
    return options.hasMapping() || options.has(MptcpOption.MP_CAPABLE);
  }

  /**
   * RFC 8684 §3.3.1: data may be kept for a mapping that comes later. It counts in no window: of
   * the memory that the window grants, it takes what is left.
   */
  private boolean isHeld(
      Subflow subflow, ByteBuffer from, int offset, int sequenceNumber, int length) {
    long held = length;
    for (int i = 0; i < connection.subflowCount(); i++) {
      held += connection.subflowAt(i).unmapped().heldBytes();
    }
    return held <= receiver.window()
        && subflow.unmapped().add(sequenceNumber, from, offset, length);
  }

  /** What was kept without a place, and is followed by what has come in order, gets its place. */
  int takeHeld(Subflow subflow, int from, int to) {
    UnmappedData unmapped = subflow.unmapped();
    int end = to;
    unmapped.forgetBefore(from);
    UnmappedData.Piece piece = unmapped.firstEndingAfter(from);
    while (piece != null && SequenceNumber.leq(piece.sequence(), end)) {
      int at = SequenceNumber.max(piece.sequence(), from);
      int length = piece.end() - at;
      if (place(subflow, piece.bytes(), at - piece.sequence(), at, length) != length) {
        return SequenceNumber.min(at, end);
      }
      connection.counters().mappedLaterBytes.add(length);
      end = SequenceNumber.max(end, piece.end());
      unmapped.forgetBefore(piece.end());
      piece = unmapped.firstEndingAfter(piece.end());
    }
    return end;
  }

  /**
   * Puts payload of a subflow where its mappings say.
   *
   * @return how many bytes have mappings, from the first one on; -1 where the place of one is out
   *     of the window
   */
  private int place(Subflow subflow, ByteBuffer from, int offset, int sequenceNumber, int length) {
    if (session.isPlain()) {
      int relative = subflow.relativeOfReceived(sequenceNumber);
      long dsn = session.receivedDsn(relative, receiver.receiveNext());
      return isPlaced(from, offset, dsn, length) ? length : -1;
    }
    ReceivedMappings mappings = subflow.mappings();
    int done = 0;
    while (done < length) {
      int index = mappings.find(sequenceNumber + done);
      if (index < 0) {
        return done;
      }
      int into = sequenceNumber + done - mappings.sequence(index);
      int piece = Math.min(length - done, mappings.length(index) - into);
      long dsn = mappings.dsn(index) + into;
      if (!session.usesChecksum()) {
        if (!isPlaced(from, offset + done, dsn, piece)) {
          return -1;
        }
      } else if (receiver.placeSumming(from, offset + done, dsn, piece)) {
        mappings.placed(index, into, piece, receiver.placedSum());
        noteOverwritten(subflow, dsn, piece);
      } else {
        connection.counters().misplacedBytes.add(piece);
        return -1;
      }
      done += piece;
    }
    return length;
  }

  private void noteOverwritten(Subflow by, long dsn, int length) {
    SubflowSet subflows = connection.subflowSet();
    for (int i = 0; subflows.size() > 1 && i < subflows.size(); i++) {
      if (subflows.get(i) != by) {
        subflows.get(i).mappings().overwrittenBy(dsn, length);
      }
    }
  }

  private boolean isPlaced(ByteBuffer from, int offset, long dsn, int length) {
    if (receiver.place(from, offset, dsn, length)) {
      return true;
    }
    connection.counters().misplacedBytes.add(length);
    return false;
  }

  /**
   * The next payload of a subflow is not all mapped: its mapping comes with another segment; or a
   * box has joined segments, and the rest comes again with a mapping; or bytes were inserted, which
   * the checksum shows; or options pass no more.
   */
  private boolean isTakenUnmapped(
      long now,
      Subflow subflow,
      IncomingSegment segment,
      int skip,
      int sequenceNumber,
      int length) {
    ReceivedMappings mappings = subflow.mappings();
    boolean partlyMapped = !mappings.isEmpty() && mappings.find(sequenceNumber) == 0;
    if (partlyMapped && mappings.checksum(0) >= 0 && !isIntact(subflow, mappings)) {
      connection.fallback().onChecksumFailure(subflow, mappings.dsn(0), sequenceNumber);
      return session.isPlain() && onPayload(now, subflow, segment, skip, sequenceNumber, length);
    }
    if (subflow.evidence().isStuckUnmapped(now, sequenceNumber)) {
      // RFC 8684 §3.7: without mappings nothing can be delivered, nor a fallback be signalled.
      subflow.wantReset(MptcpOption.RESET_MIDDLEBOX_INTERFERENCE, false);
    }
    return false;
  }

  /**
   * Urgent data of plain TCP is dropped, as the JDK documents for sockets without SO_OOBINLINE; on
   * a subflow it is data like other (RFC 8684 §3.3.1).
   */
  void onUrgent(Subflow subflow, int sequenceNumber) {
    if (session.isPlain()) {
      int relative = subflow.relativeOfReceived(sequenceNumber);
      receiver.urgentAt(session.receivedDsn(relative, receiver.receiveNext()));
    }
  }

  /** The subflow's stream is whole up to {@code receiveNext}: mappings are delivered in order. */
  void onInOrder(long now, Subflow subflow, int receiveNext) {
    if (session.isPlain()) {
      int relative = subflow.relativeOfReceived(receiveNext);
      long end = session.receivedDsn(relative, receiver.receiveNext());
      received(receiver.receiveNext(), (int) (end - receiver.receiveNext()));
      return;
    }
    ReceivedMappings mappings = subflow.mappings();
    while (!mappings.isEmpty()) {
      int length = mappings.length(0);
      int covered = Math.min(receiveNext - mappings.sequence(0), length);
      if (covered <= 0) {
        return;
      }
      boolean whole = covered == length;
      if (mappings.checksum(0) < 0) {
        int delivered = subflow.delivered();
        received(mappings.dsn(0) + delivered, covered - delivered);
        subflow.delivered(whole ? 0 : covered);
      } else if (whole) {
        if (!isIntact(subflow, mappings)) {
          connection.fallback().onChecksumFailure(subflow, mappings.dsn(0), receiveNext);
          return;
        }
        int early = mappings.early(0);
        received(mappings.dsn(0) + early, length - early);
      }
      if (!whole) {
        return;
      }
      mappings.removeFirst();
    }
  }

  private boolean isIntact(Subflow subflow, ReceivedMappings mappings) {
    long dsn = mappings.dsn(0);
    int length = mappings.length(0);
    if (dsn + length - receiver.receiveNext() <= 0) {
      // Another subflow was faster: nothing of it is needed.
      return true;
    }
    if (!receiver.isReceived(dsn, mappings.early(0))) {
      // Its first bytes came under another mapping and lie elsewhere.
      return false;
    }
    int relative = subflow.relativeOfReceived(mappings.sequence(0));
    boolean summed = mappings.isSummed(0);
    assert !summed || isSame(mappings.sum(0), receiver.sum(dsn, length));
    long sum = summed ? mappings.sum(0) : receiver.sum(dsn, length);
    return DssChecksum.verify(sum, dsn, relative, length, mappings.checksum(0));
  }

  private static boolean isSame(long sum, long other) {
    return InternetChecksum.finish(sum) == InternetChecksum.finish(other);
  }

  private void received(long dsn, int length) {
    if (length > 0 && receiver.receive(dsn, length) > 0) {
      connection.closing().onNewData();
      if (!connection.sender().isOutstanding()) {
        connection.lifetime().onProgress();
      }
    }
  }

  void onPeerWindow(Subflow subflow, IncomingSegment segment, long windowBytes) {
    DataSender sender = connection.sender();
    MptcpOptionSet options = segment.mptcp();
    if (!segment.has(TcpFlags.ACK)) {
      if (subflow.isInitial()) {
        sender.setWindow(session.local().initialDataSequenceNumber() + 1 + windowBytes);
      }
    } else if (session.isPlain()) {
      int relative = subflow.relativeOfSent(segment.acknowledgmentNumber());
      sender.setWindow(session.sentDsn(relative, sender.unacknowledged()) + windowBytes);
    } else if (options.hasDataAck()) {
      long ack = options.dataAck();
      if (!options.dataAckIs64Bit()) {
        ack = SequenceNumber.expand((int) ack, sender.unacknowledged());
      }
      sender.windowTo(ack + windowBytes);
    } else if (!session.isConfirmed() && subflow.isInitial()) {
      // RFC 8684 §3.3.2: a window counts with a DATA_ACK only; before the first one the handshake's
      // stands.
      sender.windowTo(session.local().initialDataSequenceNumber() + 1 + windowBytes);
    }
  }

  /**
   * RFC 8684 §3.5: MP_FASTCLOSE with our key. Nobody but the peer knows that, so on a RST it counts
   * wherever in the window the sequence number is: after an abort the peer has no subflow left that
   * could say it again.
   */
  boolean isFastclose(IncomingSegment segment) {
    MptcpOptionSet options = segment.mptcp();
    return session.isMultipath()
        && options.has(MptcpOption.MP_FASTCLOSE)
        && options.fastcloseKey() == session.local().key();
  }

  /** A RST; says whether the peer called it permanent. */
  boolean onReset(Subflow subflow, IncomingSegment segment) {
    MptcpOptionSet options = segment.mptcp();
    if (!session.isMultipath()) {
      return false;
    }
    if (isFastclose(segment)) {
      connection.closing().onFastclose();
    }
    if (options.has(MptcpOption.MP_FAIL)) {
      connection.fallback().onFailWithReset(subflow);
    }
    return options.has(MptcpOption.MP_TCPRST)
        && (options.resetFlags() & 1) == 0
        // "Unspecified" only says that the subflow is no more: so does who loses an address.
        && options.resetReason() != MptcpOption.RESET_UNSPECIFIED;
  }

  /**
   * Whether a RST that answers a join of ours says that the peer knows nothing of the connection,
   * and not only that this path is none.
   */
  boolean deniesConnection(Subflow subflow, IncomingSegment reset) {
    FlowKey first = connection.initialFlow();
    if (!subflow.flow().remote().equals(first.remote())) {
      // It may be somebody else's: many a network has hosts with the private addresses of others.
      return false;
    }
    MptcpOptionSet options = reset.mptcp();
    if (!options.has(MptcpOption.MP_TCPRST)) {
      // Firewalls and captive portals say so to everybody who comes their way.
      return subflow.flow().local().equals(first.local());
    }
    // Who prohibits a path has found the connection (RFC 8684 §3.2).
    return (options.resetFlags() & 1) == 0
        && options.resetReason() != MptcpOption.RESET_ADMINISTRATIVELY_PROHIBITED;
  }

  /** The flow of a received SYN. */
  static FlowKey flowOf(IncomingSegment segment) {
    return FlowKey.of(
        segment.destination(), segment.destinationPort(), segment.source(), segment.sourcePort());
  }
}
