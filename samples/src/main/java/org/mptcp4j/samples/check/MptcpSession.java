package org.mptcp4j.samples.check;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One MPTCP connection: its keys, its flows, its two streams of data. */
final class MptcpSession {
  private final Findings findings;
  private final Flow first;
  private final List<Flow> flows = new ArrayList<>();
  private final boolean checksums;
  private final long responderKey;
  private final DataStream fromResponder;
  private final Map<String, Boolean> announced = new HashMap<>();
  private long initiatorKey;
  private DataStream fromInitiator;
  private boolean fastclosed;

  MptcpSession(Flow first, long responderKey, boolean checksums, Findings findings) {
    this.first = first;
    this.responderKey = responderKey;
    this.checksums = checksums;
    this.findings = findings;
    flows.add(first);
    fromResponder =
        new DataStream(
            "from " + first.responder, findings, Keys.initialDataSequenceNumber(responderKey));
  }

  void initiatorKey(long packet, long key) {
    initiatorKey = key;
    fromInitiator =
        new DataStream("from " + first.initiator, findings, Keys.initialDataSequenceNumber(key));
    if (Keys.token(key) == Keys.token(responderKey)) {
      findings.violation(packet, "both keys have the same token");
    }
  }

  boolean isReady() {
    return fromInitiator != null;
  }

  boolean checksums() {
    return checksums;
  }

  Flow first() {
    return first;
  }

  List<Flow> flows() {
    return flows;
  }

  void add(Flow flow) {
    flows.add(flow);
  }

  boolean isTokenOfResponder(int token) {
    return token == Keys.token(responderKey);
  }

  long key(boolean ofInitiator) {
    return ofInitiator ? initiatorKey : responderKey;
  }

  DataStream stream(boolean ofInitiator) {
    return ofInitiator ? fromInitiator : fromResponder;
  }

  /** MP_CAPABLE of the third ACK and of the first data carries both keys as they were (§3.1). */
  void echo(long packet, MptcpOption.Capable capable) {
    if (capable.receiverKey() != responderKey) {
      findings.violation(packet, "MP_CAPABLE echoes another key than that of the SYN/ACK");
    }
    if (capable.senderKey() != initiatorKey) {
      findings.violation(packet, "MP_CAPABLE has another key of its sender than before");
    }
  }

  void addAddr(TcpPacket packet, MptcpOption.AddAddr option, boolean byInitiator) {
    String what =
        option.addressId() + " " + option.address().getHostAddress() + " " + option.port();
    if (option.echo()) {
      if (!announced.containsKey(!byInitiator + " " + what)) {
        findings.violation(packet.number, "the ADD_ADDR echo repeats what was never announced");
      }
      return;
    }
    announced.put(byInitiator + " " + what, true);
    long expected =
        Keys.addAddrHmac(
            key(byInitiator),
            key(!byInitiator),
            option.addressId(),
            option.address().getAddress(),
            option.port());
    if (expected != option.hmac()) {
      findings.violation(packet.number, "the HMAC of ADD_ADDR is wrong");
    }
  }

  void fastclose(TcpPacket packet, MptcpOption.Fastclose option, boolean byInitiator) {
    fastclosed = true;
    if (option.receiverKey() != key(!byInitiator)) {
      findings.violation(packet.number, "MP_FASTCLOSE has another key than its receiver's");
    }
  }

  boolean hasFallenBack() {
    return first.out.isInfinite() || first.back.isInfinite() || first.fellBackSilently();
  }

  /** What can only be said when the whole capture is read. */
  void finish() {
    if (!isReady() || fastclosed || hasFallenBack()) {
      return;
    }
    boolean anyReset = flows.stream().anyMatch(Flow::isReset);
    boolean closed = flows.stream().anyMatch(Flow::isClosedGracefully);
    for (DataStream stream : List.of(fromInitiator, fromResponder)) {
      if (closed && !anyReset && stream.finAt() < 0) {
        findings.violation("the subflows were closed without a DATA_FIN " + stream.name());
      }
      if (stream.finAt() >= 0 && !stream.hasEnded() && (stream.isFinAcknowledged() || !anyReset)) {
        findings.violation(
            "the data "
                + stream.name()
                + " has a hole at byte "
                + stream.length()
                + " of "
                + stream.finAt());
      }
    }
  }
}
