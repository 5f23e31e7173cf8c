package org.mptcp4j.samples.check;

import java.util.List;

/**
 * What a capture holds.
 *
 * @param connections the connections, in the order of their first packets
 * @param violations what contradicts the RFCs, one sentence each
 * @param notes what is remarkable and no fault of an end point
 */
public record CheckReport(
    List<ConnectionReport> connections, List<String> violations, List<String> notes) {

  /** How a connection went. */
  public enum Kind {
    /** Multipath TCP to the end. */
    MPTCP,
    /** Begun as Multipath TCP, went on as plain TCP on its one subflow. */
    MPTCP_FALLEN_BACK,
    /** Plain TCP from the handshake on. */
    PLAIN_TCP
  }

  /**
   * One connection.
   *
   * @param kind how it went
   * @param initiator address and port that opened it
   * @param responder address and port that it was opened to
   * @param checksums whether DSS checksums are in use
   * @param subflows its subflows, the first one first
   * @param fromInitiator the data stream of the side that opened it
   * @param fromResponder the data stream of the other side
   */
  public record ConnectionReport(
      Kind kind,
      String initiator,
      String responder,
      boolean checksums,
      List<SubflowReport> subflows,
      StreamReport fromInitiator,
      StreamReport fromResponder) {}

  /**
   * One subflow; byte counts are payload without retransmissions.
   *
   * @param initiator address and port that sent the SYN
   * @param responder address and port that answered it
   * @param bytesFromInitiator payload from the side that sent the SYN
   * @param bytesFromResponder payload from the other side
   */
  public record SubflowReport(
      String initiator, String responder, long bytesFromInitiator, long bytesFromResponder) {}

  /**
   * One direction's data as rebuilt from all subflows.
   *
   * @param length bytes from the start without a hole
   * @param sha256 their SHA-256 in hexadecimal
   * @param ended whether the sender's end of data (DATA_FIN, or FIN on plain TCP) follows them
   */
  public record StreamReport(long length, String sha256, boolean ended) {}

  /** Whether nothing contradicts the RFCs. */
  public boolean isClean() {
    return violations.isEmpty();
  }

  /** The report as text for people. */
  public String toText() {
    StringBuilder text = new StringBuilder();
    int number = 0;
    for (ConnectionReport c : connections) {
      number++;
      text.append("connection ").append(number).append(": ").append(c.initiator());
      text.append(" to ").append(c.responder()).append(", ");
      text.append(
          switch (c.kind()) {
            case MPTCP -> "Multipath TCP";
            case MPTCP_FALLEN_BACK -> "Multipath TCP fallen back to plain TCP";
            case PLAIN_TCP -> "plain TCP";
          });
      text.append(c.checksums() ? ", with data checksums\n" : "\n");
      for (SubflowReport s : c.subflows()) {
        text.append("  subflow ").append(s.initiator()).append(" to ").append(s.responder());
        text.append(": ").append(s.bytesFromInitiator()).append(" bytes out, ");
        text.append(s.bytesFromResponder()).append(" bytes back\n");
      }
      appendStream(text, "  initiator's data: ", c.fromInitiator());
      appendStream(text, "  responder's data: ", c.fromResponder());
    }
    notes.forEach(note -> text.append("note: ").append(note).append('\n'));
    violations.forEach(violation -> text.append("WRONG: ").append(violation).append('\n'));
    text.append(isClean() ? "all is right\n" : violations.size() + " violations\n");
    return text.toString();
  }

  private static void appendStream(StringBuilder text, String title, StreamReport stream) {
    text.append(title).append(stream.length()).append(" bytes, sha256 ").append(stream.sha256());
    text.append(stream.ended() ? "\n" : ", not ended\n");
  }
}
