package org.mptcp4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.mptcp4j.Settings;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/**
 * A socket of plain TCP, or a listener, on an engine that runs, in a state of RFC 9293; the peer is
 * played by hand, its segments written as the RFC writes them.
 */
final class SocketBench implements AutoCloseable {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);
  private static final int LISTENING = 8_080;

  /** A port of the engine that nobody listens on, as long as a socket is bound to it. */
  private static final int BOUND = 8_081;

  private static final int PORT_OF_NOBODY = 7;
  private static final int PEERS_PORT = 9_000;
  private static final int IRS = 500_000;
  private static final Pattern FIELD = Pattern.compile("<([A-Z]+)=([^>]*)>");
  private static final Pattern NUMBER = Pattern.compile("(?:(ISS|IRS)\\+?)?(\\d*)");
  private static final Map<String, Integer> FLAGS =
      Map.of(
          "FIN", TcpFlags.FIN,
          "SYN", TcpFlags.SYN,
          "RST", TcpFlags.RST,
          "PSH", TcpFlags.PSH,
          "ACK", TcpFlags.ACK);

  /** Of what goes out. */
  private record Seen(int sequence, int acknowledgment, int flags, int length) {}

  private final MemoryLink near;
  private final MemoryLink far;
  private final Engine engine;
  private final StreamSocket socket;
  private final StreamListener listener;
  private final IncomingSegment incoming = new IncomingSegment();

  /** What went out, each once: what is sent again says nothing new. */
  private final Set<Seen> out = new LinkedHashSet<>();

  private int toldSoFar;
  private boolean issKnown;
  private int iss;
  private int ownPort = BOUND;

  SocketBench(String state) throws IOException {
    MemoryLink[] links = MemoryLink.pair(1);
    near = links[0];
    far = links[1];
    engine = new Engine(near, EngineConfig.of(Settings.of(Map.of())));
    socket = engine.openSocket(false);
    listener = engine.listen(nearAddress(LISTENING), 10, false);
    switch (state) {
      case "CLOSED" -> {}
      case "LISTEN" -> ownPort = LISTENING;
      default -> {
        socket.connect(farAddress());
        await("SYN", () -> outNow().size() == 1);
        enter(state);
      }
    }
    toldSoFar = outNow().size();
  }

  private void enter(String state) throws IOException {
    switch (state) {
      case "SYN-SENT" -> {}
      case "SYN-RECEIVED" -> arrives("<SEQ=IRS><CTL=SYN>");
      case "ESTABLISHED" -> arrives("<SEQ=IRS><ACK=ISS+1><CTL=SYN,ACK>");
      case "FIN-WAIT-1" -> {
        enter("ESTABLISHED");
        socket.shutdownOutput();
      }
      case "FIN-WAIT-2" -> {
        enter("FIN-WAIT-1");
        arrives("<SEQ=IRS+1><ACK=ISS+2><CTL=ACK>");
      }
      case "CLOSE-WAIT" -> {
        enter("ESTABLISHED");
        arrives("<SEQ=IRS+1><ACK=ISS+1><CTL=FIN,ACK>");
      }
      case "CLOSING" -> {
        enter("FIN-WAIT-1");
        arrives("<SEQ=IRS+1><ACK=ISS+1><CTL=FIN,ACK>");
      }
      case "LAST-ACK" -> {
        enter("CLOSE-WAIT");
        socket.shutdownOutput();
      }
      case "TIME-WAIT" -> {
        enter("FIN-WAIT-2");
        arrives("<SEQ=IRS+1><ACK=ISS+2><CTL=FIN,ACK>");
      }
      default -> throw new IllegalArgumentException(state);
    }
    awaitState(state);
  }

  private InetSocketAddress nearAddress(int port) {
    return new InetSocketAddress(near.address(0).toInetAddress(), port);
  }

  private InetSocketAddress farAddress() {
    return new InetSocketAddress(far.address(0).toInetAddress(), PEERS_PORT);
  }

  private void await(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + PATIENCE;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited for: " + what).isLessThan(end);
      Thread.onSpinWait();
    }
  }

  /** The state of the connection; what is forgotten is CLOSED. */
  String state() {
    return engine.flows().flows().stream()
        .map(entry -> entry.subflow().endpoint().state().name().replace('_', '-'))
        .findFirst()
        .orElse("CLOSED");
  }

  /** When this returns, what the step to the state sends is out as well. */
  void awaitState(String state) {
    await(state, () -> state().equals(state));
    for (EngineConnection connection : engine.flows().connections()) {
      connection.acquire();
      connection.release();
    }
  }

  private Collection<Seen> outNow() {
    far.receive(
        (buffer, offset, length, interfaceIndex, timestamp, trusted) -> {
          incoming.parse(buffer, offset, length);
          if (incoming.has(TcpFlags.SYN)) {
            issKnown = true;
            iss = incoming.sequenceNumber();
            ownPort = incoming.sourcePort();
          }
          out.add(
              new Seen(
                  incoming.sequenceNumber(),
                  incoming.has(TcpFlags.ACK) ? incoming.acknowledgmentNumber() : 0,
                  incoming.flags() & 0x1f,
                  incoming.payloadLength()));
        },
        100);
    return out;
  }

  /** What went out since the state was reached, when it is as much as {@code expected}. */
  String awaitOut(String expected) {
    long end = System.nanoTime() + PATIENCE;
    String text = outText();
    while (text.length() < expected.length() && System.nanoTime() < end) {
      Thread.onSpinWait();
      text = outText();
    }
    return text;
  }

  private String outText() {
    List<String> texts = outNow().stream().skip(toldSoFar).map(this::describe).toList();
    return texts.isEmpty() ? "—" : String.join(" ", texts);
  }

  private String describe(Seen segment) {
    List<String> flags = new ArrayList<>();
    for (String name : List.of("FIN", "SYN", "RST", "PSH", "ACK")) {
      if ((segment.flags() & FLAGS.get(name)) != 0) {
        flags.add(name);
      }
    }
    return "<SEQ="
        + relative(segment.sequence(), iss, "ISS")
        + ">"
        + (flags.contains("ACK")
            ? "<ACK=" + relative(segment.acknowledgment(), IRS, "IRS") + ">"
            : "")
        + "<CTL="
        + String.join(",", flags)
        + ">"
        + (segment.length() > 0 ? "<LEN=" + segment.length() + ">" : "");
  }

  private String relative(int number, int origin, String name) {
    int distance = number - origin;
    if (!issKnown || distance < 0 || distance > 1_000) {
      return Integer.toUnsignedString(number);
    }
    return distance == 0 ? name : name + "+" + distance;
  }

  private int number(String text) {
    Matcher matcher = NUMBER.matcher(text);
    assertThat(matcher.matches()).as(text).isTrue();
    int added = matcher.group(2).isEmpty() ? 0 : Integer.parseInt(matcher.group(2));
    if (matcher.group(1) == null) {
      return added;
    }
    return (matcher.group(1).equals("ISS") ? iss : IRS) + added;
  }

  private void arrives(String text) {
    OutgoingSegment segment =
        new OutgoingSegment()
            .begin(far.address(0), PEERS_PORT, near.address(0), ownPort)
            .window(20_000);
    int payload = 0;
    Matcher field = FIELD.matcher(text);
    while (field.find()) {
      String value = field.group(2);
      switch (field.group(1)) {
        case "SEQ" -> segment.sequenceNumber(number(value));
        case "ACK" -> segment.acknowledgmentNumber(number(value));
        case "CTL" -> segment.flags(Arrays.stream(value.split(",", -1)).mapToInt(FLAGS::get).sum());
        case "LEN" -> payload = Integer.parseInt(value);
        default -> throw new IllegalArgumentException(text);
      }
    }
    segment.payload(ByteBuffer.allocate(payload), 0, payload);
    long before = engine.counters().packetsReceived.sum();
    inject(segment);
    // The engine takes one after the other: when it looks at the next, it is done with this.
    inject(
        new OutgoingSegment()
            .begin(far.address(0), PEERS_PORT, near.address(0), PORT_OF_NOBODY)
            .flags(TcpFlags.RST));
    await("it is taken in", () -> engine.counters().packetsReceived.sum() == before + 2);
  }

  private void inject(OutgoingSegment segment) {
    ByteBuffer headers = ByteBuffer.allocate(OutgoingSegment.MAX_HEADER_LENGTH);
    int length = segment.encodeHeaders(headers, 0, OutgoingSegment.ChecksumMode.FULL);
    near.inject(Arrays.copyOf(headers.array(), length + segment.payloadLength()));
  }

  /** A call, or a segment that arrives: what the caller gets; "—" for a segment. */
  String happens(String event) throws IOException {
    if (event.startsWith("<")) {
      if (ownPort == BOUND) {
        engine.openSocket(false).bind(nearAddress(BOUND));
      }
      arrives(event);
      return "—";
    }
    try {
      return call(event);
    } catch (IOException e) {
      return e.getClass().getSimpleName() + ": " + e.getMessage();
    }
  }

  private String call(String event) throws IOException {
    switch (event) {
      case "OPEN active" -> socket.connect(farAddress());
      case "OPEN passive" ->
          engine.listen(socket.localAddress().orElse(nearAddress(BOUND)), 10, false);
      case "OPEN passive, same port" -> engine.listen(nearAddress(LISTENING), 10, false);
      case "SEND 5" -> {
        return socket.write(ByteBuffer.allocate(5)) + " bytes taken";
      }
      case "RECEIVE" -> {
        int count = socket.read(ByteBuffer.allocate(100));
        return count < 0 ? "end of stream" : count == 0 ? "nothing yet" : count + " bytes";
      }
      case "RECEIVE, of 5 bytes there" -> {
        arrives("<SEQ=IRS+1><ACK=ISS+1><CTL=ACK><LEN=5>");
        await("they are there", () -> (socket.readiness() & StreamSocket.READABLE) != 0);
        return call("RECEIVE");
      }
      case "RECEIVE, of 5 bytes before the FIN" -> {
        arrives("<SEQ=IRS+1><ACK=ISS+1><CTL=FIN,ACK><LEN=5>");
        awaitState("CLOSE-WAIT");
        return call("RECEIVE") + ", " + call("RECEIVE");
      }
      case "RECEIVE, of 5 bytes before the FIN and a RST" -> {
        arrives("<SEQ=IRS+1><ACK=ISS+1><CTL=FIN,ACK><LEN=5>");
        arrives("<SEQ=IRS+7><CTL=RST>");
        awaitState("CLOSED");
        return call("RECEIVE") + ", " + call("RECEIVE");
      }
      case "CLOSE output" -> socket.shutdownOutput();
      case "CLOSE" -> socket.close();
      case "CLOSE listener" -> listener.close();
      case "ABORT" -> {
        socket.setOption(StandardSocketOptions.SO_LINGER, 0);
        socket.close();
      }
      case "STATUS" -> {
        return socket.subflows().isEmpty()
            ? "no subflow"
            : "state = " + socket.subflows().get(0).tcp().state().name().replace('_', '-');
      }
      case "STATUS of the listener" -> {
        return "listens on " + listener.localAddress().getPort();
      }
      default -> throw new IllegalArgumentException(event);
    }
    return "ok";
  }

  @Override
  public void close() throws IOException {
    engine.close();
    assertThat(engine.counters().faults.sum()).isZero();
  }
}
