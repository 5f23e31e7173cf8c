package org.mptcp4j.samples.check;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** One TCP connection of a capture: the first subflow of a session, a join, or plain TCP. */
final class Flow {
  /** What the flow turned out to be. */
  private enum Role {
    UNDECIDED,
    PLAIN,
    FIRST,
    JOIN
  }

  final String initiator;
  final String responder;
  final FlowDirection out;
  final FlowDirection back;

  private final Findings findings;
  private final List<TcpPacket> pending = new ArrayList<>();
  private Role role = Role.UNDECIDED;
  private MptcpSession session;
  private Optional<MptcpOption.Capable> capableSyn = Optional.empty();
  private Optional<MptcpOption.JoinSyn> joinSyn = Optional.empty();
  private Optional<MptcpOption.JoinSynAck> joinSynAck = Optional.empty();
  private Optional<MptcpOption.JoinAck> joinAck = Optional.empty();
  private long joinSynAckPacket;
  private long joinAckPacket;
  private boolean joinedByInitiator;
  private boolean responderAcknowledged;
  private boolean reset;

  Flow(TcpPacket syn, Findings findings) {
    this.findings = findings;
    initiator = syn.source;
    responder = syn.destination;
    out = new FlowDirection(initiator + " (to " + responder + ")", findings);
    back = new FlowDirection(responder + " (to " + initiator + ")", findings);
    out.start(syn.sequence);
    capableSyn = syn.option(MptcpOption.Capable.class).filter(c -> c.bytes() == 4);
    joinSyn = syn.option(MptcpOption.JoinSyn.class);
    if (capableSyn.isPresent()) {
      checkCapable(syn, capableSyn.get());
    } else if (joinSyn.isEmpty()) {
      role = Role.PLAIN;
    }
  }

  boolean isReset() {
    return reset;
  }

  boolean isPlain() {
    return role == Role.PLAIN;
  }

  boolean isFirst() {
    return role == Role.FIRST;
  }

  /** Whether the flow is an attempt to join that carried nothing and was turned down. */
  boolean isRefusedJoin() {
    return joinSyn.isPresent() && (role != Role.JOIN || joinSynAck.isEmpty());
  }

  boolean isClosedGracefully() {
    return out.hasFin() && back.hasFin() && !reset;
  }

  private void checkCapable(TcpPacket packet, MptcpOption.Capable capable) {
    if (capable.version() != 1) {
      findings.note("packet " + packet.number + ": MP_CAPABLE offers version " + capable.version());
    }
    if ((capable.flags() & 1) == 0) {
      findings.violation(packet.number, "MP_CAPABLE lacks the H flag: no algorithm is offered");
    }
  }

  /** Takes the next packet of this flow; sessions are found and made in {@code all}. */
  void packet(TcpPacket packet, Sessions all) {
    boolean fromInitiator = packet.source.equals(initiator);
    reset |= packet.has(TcpPacket.RST);
    if (packet.has(TcpPacket.SYN)) {
      if (!fromInitiator) {
        synAck(packet, all);
      }
      return;
    }
    if (fromInitiator && role == Role.UNDECIDED) {
      decide(packet, all);
    }
    if (joinSyn.isPresent()) {
      joinPacket(packet, fromInitiator);
    }
    if (role == Role.UNDECIDED || role != Role.PLAIN && !session.isReady()) {
      pending.add(packet);
      return;
    }
    data(packet, fromInitiator);
  }

  private void synAck(TcpPacket packet, Sessions all) {
    if (back.isStarted()) {
      if (back.initialSequence() != packet.sequence) {
        findings.violation(packet.number, responder + " answers with another sequence number");
      }
      return;
    }
    back.start(packet.sequence);
    Optional<MptcpOption.Capable> capable =
        packet.option(MptcpOption.Capable.class).filter(c -> c.bytes() == 12);
    if (capable.isPresent()) {
      if (capableSyn.isEmpty()) {
        findings.violation(packet.number, "MP_CAPABLE in a SYN/ACK answers a SYN without it");
        return;
      }
      checkCapable(packet, capable.get());
      session =
          all.create(
              this,
              capable.get().senderKey(),
              capable.get().requiresChecksum() || capableSyn.get().requiresChecksum());
    } else if (capableSyn.isPresent()) {
      role = Role.PLAIN;
    }
    joinSynAck = packet.option(MptcpOption.JoinSynAck.class);
    joinSynAckPacket = packet.number;
    if (joinSynAck.isPresent()) {
      join(packet, all);
    }
  }

  private void join(TcpPacket packet, Sessions all) {
    if (joinSyn.isEmpty()) {
      findings.violation(packet.number, "MP_JOIN in a SYN/ACK answers a SYN without it");
      return;
    }
    int token = joinSyn.get().token();
    Optional<MptcpSession> found = all.byToken(token);
    if (found.isEmpty()) {
      findings.violation(
          packet.number,
          "a join with the token "
              + Integer.toUnsignedString(token)
              + " was accepted, which is that of no connection");
      role = Role.PLAIN;
      return;
    }
    session = found.get();
    joinedByInitiator = session.isTokenOfResponder(token);
    role = Role.JOIN;
    session.add(this);
    attach();
  }

  /** The initiator's first packet after the SYN says whether it goes on with MPTCP (§3.1). */
  private void decide(TcpPacket packet, Sessions all) {
    Optional<MptcpOption.Capable> capable =
        packet.option(MptcpOption.Capable.class).filter(MptcpOption.Capable::hasKeys);
    if (session == null) {
      return;
    }
    if (capable.isPresent()) {
      role = Role.FIRST;
      session.initiatorKey(packet.number, capable.get().senderKey());
      attach();
      all.registered(session);
    } else if (packet.payload.capacity() > 0 && packet.mptcp.isEmpty()) {
      becomePlain();
      all.forget(session);
    }
  }

  private void becomePlain() {
    role = Role.PLAIN;
    findings.note(initiator + " goes on without MPTCP after an MPTCP handshake");
    pending.forEach(p -> data(p, p.source.equals(initiator)));
    pending.clear();
  }

  private void attach() {
    if (session.isReady()) {
      boolean forward = role == Role.FIRST || joinedByInitiator;
      out.attach(session.stream(forward), session.checksums());
      back.attach(session.stream(!forward), session.checksums());
    }
  }

  /** The session has both keys now: what waited for them is taken in. */
  void sessionReady() {
    attach();
    List<TcpPacket> waiting = List.copyOf(pending);
    pending.clear();
    waiting.forEach(p -> data(p, p.source.equals(initiator)));
  }

  private void joinPacket(TcpPacket packet, boolean fromInitiator) {
    if (!fromInitiator) {
      responderAcknowledged = true;
      return;
    }
    Optional<MptcpOption.JoinAck> ack = packet.option(MptcpOption.JoinAck.class);
    if (ack.isPresent() && joinAck.isEmpty()) {
      joinAck = ack;
      joinAckPacket = packet.number;
    }
    if (packet.payload.capacity() > 0 && !responderAcknowledged) {
      // §3.2: the third ACK is repeated until the fourth comes; no data before it.
      findings.violation(
          packet.number, initiator + " sends data on a join before it was acknowledged");
      responderAcknowledged = true;
    }
  }

  private void data(TcpPacket packet, boolean fromInitiator) {
    FlowDirection own = fromInitiator ? out : back;
    FlowDirection other = fromInitiator ? back : out;
    if (packet.has(TcpPacket.ACK) && !packet.has(TcpPacket.RST)) {
      other.acknowledged(packet);
    }
    if (role != Role.PLAIN) {
      options(packet, own, other, fromInitiator);
    }
    if (!packet.has(TcpPacket.RST) && own.isStarted()) {
      own.payload(packet);
    }
    if (role != Role.PLAIN) {
      packet
          .option(MptcpOption.Dss.class)
          .filter(dss -> dss.ackBytes() > 0)
          .ifPresent(
              dss ->
                  other.stream()
                      .acknowledge(
                          packet.number, other.stream().offset(dss.dataAck(), dss.ackBytes())));
    }
  }

  private void options(
      TcpPacket packet, FlowDirection own, FlowDirection other, boolean fromInitiator) {
    boolean fromSessionInitiator = fromInitiator == (role == Role.FIRST || joinedByInitiator);
    for (MptcpOption option : packet.mptcp) {
      if (option instanceof MptcpOption.Capable capable) {
        capable(packet, capable, own, fromInitiator);
      } else if (option instanceof MptcpOption.Dss dss && dss.hasMapping()) {
        own.dss(packet, dss);
      } else if (option instanceof MptcpOption.Fail fail) {
        other.failed(packet, fail);
      } else if (option instanceof MptcpOption.AddAddr addAddr) {
        session.addAddr(packet, addAddr, fromSessionInitiator);
      } else if (option instanceof MptcpOption.Fastclose fastclose) {
        session.fastclose(packet, fastclose, fromSessionInitiator);
      }
    }
  }

  private void capable(
      TcpPacket packet, MptcpOption.Capable capable, FlowDirection own, boolean fromInitiator) {
    if (role != Role.FIRST || !fromInitiator || !capable.hasKeys()) {
      findings.violation(packet.number, "MP_CAPABLE where it has no place");
      return;
    }
    session.echo(packet.number, capable);
    // Segmentation offload copies the option to every segment of what it cuts.
    if (own.position(packet.sequence) > Math.max(1, capable.length())) {
      findings.violation(packet.number, "MP_CAPABLE is on a segment that it does not map");
    }
    if (capable.length() >= 0) {
      if (session.checksums() != capable.checksum() >= 0) {
        findings.violation(packet.number, "MP_CAPABLE and the agreement on checksums differ");
      }
      own.capableMapping(packet.number, capable.length(), capable.checksum());
    } else if (packet.payload.capacity() > 0) {
      findings.violation(packet.number, "MP_CAPABLE on a segment with data has no length");
    }
  }

  /** What can only be said when the whole capture is read. */
  void finish(Sessions all) {
    if (role == Role.UNDECIDED && session != null) {
      becomePlain();
      all.forget(session);
    }
    if (role == Role.JOIN && session.isReady()) {
      checkJoin();
    }
    if (role != Role.PLAIN && role != Role.UNDECIDED && session.isReady()) {
      out.finish();
      back.finish();
      if (!fellBackSilently()) {
        out.findUnmapped();
        back.findUnmapped();
      }
    }
  }

  /**
   * The options vanished after the handshake, and the only subflow goes on as plain TCP (§3.7): but
   * for MP_CAPABLE's there is no mapping on either side.
   */
  boolean fellBackSilently() {
    return role == Role.FIRST
        && session.flows().size() == 1
        && !back.hasMappings()
        && back.payloadBytes() > 0;
  }

  private void checkJoin() {
    int initiatorNonce = joinSyn.orElseThrow().nonce();
    int responderNonce = joinSynAck.orElseThrow().nonce();
    long initiatorKey = session.key(joinedByInitiator);
    long responderKey = session.key(!joinedByInitiator);
    byte[] fromResponder =
        Keys.joinHmac(responderKey, initiatorKey, responderNonce, initiatorNonce);
    if (ByteBuffer.wrap(fromResponder).getLong(0) != joinSynAck.get().hmac()) {
      findings.violation(joinSynAckPacket, "the HMAC of the join's SYN/ACK is wrong");
    }
    if (joinAck.isPresent()) {
      byte[] fromInitiator =
          Keys.joinHmac(initiatorKey, responderKey, initiatorNonce, responderNonce);
      if (!HexFormat.of().formatHex(fromInitiator, 0, 20).equals(joinAck.get().hmac())) {
        findings.violation(joinAckPacket, "the HMAC of the join's third ACK is wrong");
      }
    } else if (out.payloadBytes() + back.payloadBytes() > 0) {
      findings.violation(
          "the join of " + initiator + " to " + responder + " has data but no third ACK with HMAC");
    }
  }
}
