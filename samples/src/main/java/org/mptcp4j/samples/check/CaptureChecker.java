package org.mptcp4j.samples.check;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.mptcp4j.samples.check.CheckReport.ConnectionReport;
import org.mptcp4j.samples.check.CheckReport.Kind;
import org.mptcp4j.samples.check.CheckReport.StreamReport;
import org.mptcp4j.samples.check.CheckReport.SubflowReport;

/**
 * Reads a capture of whole connections, taken at one of their ends or between, and checks what RFC
 * 8684 says of them. One instance reads one capture. Not thread-safe.
 */
public final class CaptureChecker {
  private final Findings findings = new Findings();
  private final Sessions sessions = new Sessions(findings);
  private final Map<String, Flow> current = new HashMap<>();
  private final List<Flow> flows = new ArrayList<>();
  private final boolean checksumsComplete;
  private long strangers;

  private CaptureChecker(boolean checksumsComplete) {
    this.checksumsComplete = checksumsComplete;
  }

  /**
   * Checks a pcap file.
   *
   * @param file the capture
   * @param offloaded whether checksum offload was on where it was taken, so that TCP checksums are
   *     not finished
   * @throws IOException when the file cannot be read or is no pcap file
   */
  public static CheckReport check(Path file, boolean offloaded) throws IOException {
    CaptureChecker checker = new CaptureChecker(!offloaded);
    CaptureFile.read(file, checker::packet);
    return checker.report();
  }

  /**
   * Checks a pcap file that is in memory.
   *
   * @throws IOException when the bytes are no pcap file
   */
  public static CheckReport check(byte[] pcap, boolean offloaded) throws IOException {
    CaptureChecker checker = new CaptureChecker(!offloaded);
    CaptureFile.read(ByteBuffer.wrap(pcap), "the capture", checker::packet);
    return checker.report();
  }

  private void packet(long number, ByteBuffer ip, boolean cutOff) {
    Optional<TcpPacket> read;
    try {
      read = TcpPacket.read(number, ip, cutOff, checksumsComplete);
    } catch (MalformedPacketException e) {
      findings.violation(number, e.getMessage());
      return;
    }
    if (read.isPresent()) {
      read.get().faults.forEach(fault -> findings.violation(number, fault));
      segment(read.get());
    }
  }

  private void segment(TcpPacket packet) {
    String key = key(packet.source, packet.destination);
    Flow flow = current.get(key);
    boolean syn = packet.has(TcpPacket.SYN) && !packet.has(TcpPacket.ACK);
    if (syn && (flow == null || flow.out.initialSequence() != packet.sequence)) {
      Flow opened = new Flow(packet, findings);
      current.put(key, opened);
      flows.add(opened);
    } else if (flow == null) {
      strangers++;
    } else {
      flow.packet(packet, sessions);
    }
  }

  private static String key(String a, String b) {
    return a.compareTo(b) < 0 ? a + " " + b : b + " " + a;
  }

  private CheckReport report() {
    if (strangers > 0) {
      findings.note(strangers + " packets belong to connections whose handshake is not here");
    }
    flows.forEach(flow -> flow.finish(sessions));
    sessions.all().forEach(MptcpSession::finish);
    List<ConnectionReport> connections = new ArrayList<>();
    for (Flow flow : flows) {
      Optional<MptcpSession> session =
          sessions.all().stream().filter(s -> s.first() == flow && s.isReady()).findFirst();
      if (session.isPresent()) {
        connections.add(describe(session.get()));
      } else if (flow.isPlain() && !flow.isRefusedJoin()) {
        connections.add(describePlain(flow));
      }
    }
    return new CheckReport(connections, findings.violations(), findings.notes());
  }

  private ConnectionReport describe(MptcpSession session) {
    Flow first = session.first();
    boolean plain = first.fellBackSilently();
    return new ConnectionReport(
        session.hasFallenBack() ? Kind.MPTCP_FALLEN_BACK : Kind.MPTCP,
        first.initiator,
        first.responder,
        session.checksums(),
        session.flows().stream().map(CaptureChecker::describeSubflow).toList(),
        plain ? plainStream(first.out) : describe(session.stream(true), first.out),
        plain ? plainStream(first.back) : describe(session.stream(false), first.back));
  }

  private static SubflowReport describeSubflow(Flow flow) {
    return new SubflowReport(
        flow.initiator, flow.responder, flow.out.payloadBytes(), flow.back.payloadBytes());
  }

  private ConnectionReport describePlain(Flow flow) {
    return new ConnectionReport(
        Kind.PLAIN_TCP,
        flow.initiator,
        flow.responder,
        false,
        List.of(describeSubflow(flow)),
        plainStream(flow.out),
        plainStream(flow.back));
  }

  private StreamReport plainStream(FlowDirection direction) {
    DataStream stream = new DataStream("of a plain connection", findings, -1);
    direction.copyTo(stream);
    return describe(stream, direction);
  }

  private static StreamReport describe(DataStream stream, FlowDirection first) {
    long length = stream.length();
    // After an infinite mapping the end of data is the subflow's FIN (RFC 8684 §3.7).
    boolean ended = stream.hasEnded() || first.isInfinite() && first.hasFin();
    return new StreamReport(length, stream.bytes().sha256(length), ended);
  }
}
