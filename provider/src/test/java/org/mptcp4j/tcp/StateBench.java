package org.mptcp4j.tcp;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.SequenceNumber;
import org.mptcp4j.wire.TcpFlags;

/**
 * One endpoint in a state of RFC 9293, to which events happen that are written as the RFC writes
 * them: {@code <SEQ=RCV.NXT><ACK=SND.NXT><CTL=ACK>}. The other end and the clock are the table's.
 *
 * <p>Numbers in a segment are those of before the event. Steps are parted by semicolons. What a
 * segment does not say is: no payload, a window of 20 000, and no timestamp unless {@code TSVAL}
 * stands somewhere in the event.
 */
final class StateBench {
  private static final IpAddress LOCAL = IpAddress.parse("10.0.0.1");
  private static final IpAddress REMOTE = IpAddress.parse("10.0.0.2");
  private static final int LOCAL_PORT = 40_000;
  private static final int REMOTE_PORT = 80;

  /**
   * Where the numbers begin.
   *
   * @param send ISS
   * @param receive IRS
   * @param timestamp the peer's timestamp of its first segment
   */
  record Origin(int send, int receive, int timestamp) {
    static final Origin USUAL = new Origin(1_000, 900_000, 70_000);
  }

  private static final int WINDOW = 20_000;
  private static final long MILLI = 1_000_000L;

  /** What an endpoint is made with here: buffers of this size, so that the window ends near. */
  private static final int BUFFER = 60_000;

  private static final Pattern FIELD = Pattern.compile("<([A-Z]+)=([^>]*)>");
  private static final Pattern TERM = Pattern.compile("([+-]?)([A-Za-z.]+|\\d+)");
  private static final Pattern CALL = Pattern.compile("([A-Z][A-Z -]*[A-Z])(?: (\\d+))?");

  private static final Map<String, Integer> FLAGS =
      Map.of(
          "SYN", TcpFlags.SYN,
          "ACK", TcpFlags.ACK,
          "FIN", TcpFlags.FIN,
          "RST", TcpFlags.RST,
          "PSH", TcpFlags.PSH,
          "URG", TcpFlags.URG);

  private static final Map<String, String> TOLD =
      Map.of(
          "established", "established",
          "peer fin", "connection closing",
          "closed PEER_RESET", "connection reset",
          "closed REFUSED", "connection refused",
          "closed FINISHED", "closed",
          "closed ABORTED", "aborted",
          "closed TIMED_OUT", "timed out");

  private final Origin origin;
  private final StreamUser user = new StreamUser();
  private final TcpEndpoint endpoint;
  private final List<String> out = new ArrayList<>();
  private final IncomingSegment incoming = new IncomingSegment();
  private final SegmentSink sink =
      (segment, path) -> {
        out.add(describe(segment));
        return true;
      };
  private final boolean timestamps;
  private final boolean sack;
  private long now = 5_000 * MILLI;
  private int peerTimestamp;
  private String answer = "";

  StateBench(String state, boolean timestamps) {
    this(state, timestamps, /* sack= */ false, Origin.USUAL);
  }

  StateBench(String state, boolean timestamps, boolean sack, Origin origin) {
    this.origin = origin;
    this.peerTimestamp = origin.timestamp();
    this.sack = sack;
    this.timestamps = timestamps;
    TcpPair.Setup setup = new TcpPair.Setup();
    setup.timestamps = timestamps;
    setup.sack = sack;
    setup.bufferLimit = BUFFER;
    user.capacity = BUFFER;
    endpoint =
        new TcpEndpoint(
            setup.config(/* client= */ true),
            user,
            new TcpPair.Path(1, 1500, 1460),
            LOCAL,
            LOCAL_PORT,
            REMOTE,
            REMOTE_PORT,
            origin.send());
    user.endpoint = endpoint;
    reach(state);
    now += 100 * MILLI;
    out.clear();
    user.events.clear();
  }

  private void reach(String state) {
    switch (state) {
      case "CLOSED" -> {
        endpoint.connect(now, sink);
        endpoint.abort(now, sink);
      }
      case "SYN-SENT" -> endpoint.connect(now, sink);
      case "SYN-RECEIVED (passive)" -> endpoint.accept(now, parsed("<SEQ=IRS><CTL=SYN>"), sink);
      case "SYN-RECEIVED (active)" -> reachBy("SYN-SENT", "<SEQ=IRS><CTL=SYN>");
      case "ESTABLISHED" -> reachBy("SYN-SENT", "<SEQ=IRS><ACK=ISS+1><CTL=SYN,ACK>");
      case "FIN-WAIT-1" -> reachBy("ESTABLISHED", "CLOSE");
      case "FIN-WAIT-2" -> reachBy("FIN-WAIT-1", "<SEQ=RCV.NXT><ACK=SND.NXT><CTL=ACK>");
      case "CLOSE-WAIT" -> reachBy("ESTABLISHED", "<SEQ=RCV.NXT><ACK=SND.NXT><CTL=FIN,ACK>");
      case "CLOSING" -> reachBy("FIN-WAIT-1", "<SEQ=RCV.NXT><ACK=SND.NXT-1><CTL=FIN,ACK>");
      case "LAST-ACK" -> reachBy("CLOSE-WAIT", "CLOSE");
      case "TIME-WAIT" -> reachBy("FIN-WAIT-2", "<SEQ=RCV.NXT><ACK=SND.NXT><CTL=FIN,ACK>");
      default -> throw new AssertionError("no such state: " + state);
    }
    if (!state.startsWith(state())) {
      throw new AssertionError(state + " was not reached but " + state());
    }
  }

  private void reachBy(String before, String event) {
    reach(before);
    happens(event);
  }

  TcpCounters counters() {
    return user.counters();
  }

  String state() {
    return endpoint.state().name().replace('_', '-');
  }

  /** The segments that went out, parted by blanks. */
  String out() {
    return String.join(" ", out);
  }

  /** What the user was told, and which bytes came or were acknowledged, in the order of a table. */
  String told() {
    StringJoiner told = new StringJoiner(", ");
    if (!answer.isEmpty()) {
      told.add(answer);
    }
    if (user.receivedBytes() > 0) {
      told.add(user.receivedBytes() + " bytes");
    }
    if (user.acknowledgedBytes() > 0) {
      told.add(user.acknowledgedBytes() + " acknowledged");
    }
    user.events.stream().filter(TOLD::containsKey).map(TOLD::get).forEach(told::add);
    return told.toString();
  }

  /** Runs one or several steps. */
  void happen(String events) {
    for (String step : events.split(";", -1)) {
      happens(step.strip());
    }
  }

  private void happens(String step) {
    if (step.startsWith("<")) {
      endpoint.segmentArrives(now, parsed(step), sink);
    } else {
      Matcher call = CALL.matcher(step);
      if (!call.matches()) {
        throw new AssertionError("no such event: " + step);
      }
      call(call.group(1), call.group(2) == null ? 0 : Integer.parseInt(call.group(2)));
    }
    user.pump(now, sink);
    endpoint.flush(now, sink);
  }

  private void call(String name, int argument) {
    switch (name) {
      case "SEND" -> send(argument);
      case "CLOSE" -> endpoint.close(now);
      case "ABORT" -> endpoint.abort(now, sink);
      case "STATUS" -> answer = "state = " + state();
      case "STOP READING" -> user.reading = false;
      case "WAIT" -> pass(now + argument * 1_000L * MILLI);
      case "RETRANSMISSION TIMEOUT" -> pass(now + 2_000 * MILLI, "timeout 1");
      case "LAST RETRANSMISSION TIMEOUT" -> pass(now + 3_600_000 * MILLI, "closed TIMED_OUT");
      case "USER TIMEOUT" -> {
        endpoint.setOptions(now, EndpointOptions.DEFAULT.withUserTimeout(3_000 * MILLI));
        pass(now + 3_001 * MILLI);
      }
      case "TIME-WAIT TIMEOUT" -> pass(now + 61_000 * MILLI);
      default -> throw new AssertionError("no such call: " + name);
    }
  }

  private void send(int bytes) {
    user.write(TcpPair.bytes(bytes, 1));
    int before = endpoint.sendNext();
    user.pump(now, sink);
    if (endpoint.sendNext() == before) {
      answer = "not taken";
    }
  }

  private void pass(long end) {
    pass(end, null);
  }

  /** Lets time pass, to the given moment or until the user is told something. */
  private void pass(long end, String event) {
    while (endpoint.nextDeadline() <= end && (event == null || !user.events.contains(event))) {
      now = Math.max(now, endpoint.nextDeadline());
      endpoint.onDeadline(now, sink);
      endpoint.flush(now, sink);
    }
    if (event == null) {
      now = end;
    }
  }

  private IncomingSegment parsed(String text) {
    OutgoingSegment segment =
        new OutgoingSegment().begin(REMOTE, REMOTE_PORT, LOCAL, LOCAL_PORT).window(WINDOW);
    int timestamp = peerTimestamp;
    Matcher field = FIELD.matcher(text);
    while (field.find()) {
      String value = field.group(2);
      switch (field.group(1)) {
        case "SEQ" -> segment.sequenceNumber(number(value));
        case "ACK" -> segment.acknowledgmentNumber(number(value));
        case "CTL" -> segment.flags(flags(value));
        case "LEN" -> segment.payload(ByteBuffer.allocate(70_000), 0, number(value));
        case "WND" -> segment.window(number(value));
        case "TSVAL" -> timestamp = number(value);
        case "SACK" -> sack(segment, value);
        default -> throw new AssertionError("no such field: " + field.group());
      }
    }
    if (sack && (segment.flags() & TcpFlags.SYN) != 0) {
      segment.options().sackPermitted();
    }
    if (timestamps) {
      segment.options().timestamps(timestamp, 0);
      peerTimestamp = SequenceNumber.max(peerTimestamp, timestamp);
    }
    byte[] bytes = Segments.bytes(segment);
    if (incoming.parse(ByteBuffer.wrap(bytes), 0, bytes.length) != IncomingSegment.Verdict.OK) {
      throw new AssertionError("does not parse: " + text);
    }
    return incoming;
  }

  /** One block: its edges, parted by a colon. */
  private void sack(OutgoingSegment segment, String edges) {
    String[] edge = edges.split(":", -1);
    segment.options().sack(new int[] {number(edge[0])}, new int[] {number(edge[1])}, 1);
  }

  private int number(String expression) {
    int value = 0;
    Matcher term = TERM.matcher(expression);
    while (term.find()) {
      int operand = symbol(term.group(2));
      value += term.group(1).equals("-") ? -operand : operand;
    }
    return value;
  }

  private int symbol(String name) {
    return switch (name) {
      case "ISS" -> origin.send();
      case "IRS" -> origin.receive();
      case "SND.NXT" -> endpoint.sendNext();
      case "SND.UNA" -> endpoint.sendUnacknowledged();
      case "RCV.NXT" -> endpoint.receiveNext();
      case "RCV.WND" -> BUFFER;
      case "TS.Recent" -> peerTimestamp;
      default -> Integer.parseInt(name);
    };
  }

  private static int flags(String names) {
    int flags = 0;
    for (String name : names.split(",", -1)) {
      flags |= FLAGS.get(name);
    }
    return flags;
  }

  /** A segment that went out, with absolute numbers. */
  private static String describe(OutgoingSegment segment) {
    return describe(
        segment.sequenceNumber(),
        segment.acknowledgmentNumber(),
        segment.flags(),
        segment.payloadLength());
  }

  private static String describe(int sequence, int acknowledgment, int flags, int length) {
    boolean hasAck = (flags & TcpFlags.ACK) != 0;
    return "<SEQ="
        + Integer.toUnsignedString(sequence)
        + ">"
        + (hasAck ? "<ACK=" + Integer.toUnsignedString(acknowledgment) + ">" : "")
        + "<CTL="
        + TcpFlags.describe(flags)
        + ">"
        + (length > 0 ? "<LEN=" + length + ">" : "");
  }

  /** What a cell of the table expects to go out, in the form of {@link #out}. */
  String expected(String cell, String event) {
    StringJoiner result = new StringJoiner(" ");
    for (String text : cell.split(" ", -1)) {
      if (!text.startsWith("<")) {
        continue;
      }
      int sequence = 0;
      int acknowledgment = 0;
      int flags = 0;
      int length = 0;
      Matcher field = FIELD.matcher(text);
      while (field.find()) {
        String value = ofSegment(field.group(2), event);
        switch (field.group(1)) {
          case "SEQ" -> sequence = number(value);
          case "ACK" -> acknowledgment = number(value);
          case "CTL" -> flags = flags(value);
          case "LEN" -> length = number(value);
          default -> throw new AssertionError("no such field: " + field.group());
        }
      }
      result.add(describe(sequence, acknowledgment, flags, length));
    }
    return result.toString();
  }

  /** SEG.ACK and the like stand for what the event's last segment says. */
  private static String ofSegment(String value, String event) {
    if (!value.startsWith("SEG.")) {
      return value;
    }
    String name = value.substring(4);
    String last = event.substring(event.lastIndexOf(';') + 1);
    Matcher field = FIELD.matcher(last);
    while (field.find()) {
      if (field.group(1).equals(name)) {
        return field.group(2);
      }
    }
    throw new AssertionError("the event has no " + value);
  }
}
