package org.mptcp4j.sim;

import static org.mptcp4j.sim.SimConfig.MILLI;
import static org.mptcp4j.sim.SimConfig.SECOND;

import java.nio.ByteBuffer;
import java.util.List;
import org.mptcp4j.fuzz.FuzzInput;
import org.mptcp4j.mptcp.Subflow;
import org.mptcp4j.tcp.TcpEndpoint;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/**
 * The bytes of a fuzzer play the applications at both ends of an MPTCP connection, the network
 * between them, and someone who puts in segments of his own with options of any kind. Nothing
 * throws, nothing grows beyond its bound, nothing goes on without end, and after the ends have
 * aborted nothing is left.
 */
public final class ConnectionFuzz {
  private static final int BUFFER = 64 << 10;
  private static final int SUBFLOWS = 8;
  private static final int PATHS = 2;

  /** Far more than it takes to send all that is written, every packet ten times. */
  private static final long MOST_PACKETS = 30_000;

  private static final int MOST_WRITTEN = 200_000;
  private static final ByteBuffer PAYLOAD = ByteBuffer.allocate(2_000);

  /** Remembers what the options of one direction said last, so that forged ones can be near it. */
  private final class Wire implements Middlebox {
    private final IncomingSegment seen = new IncomingSegment();
    private long dataSequence;
    private long dataAck;

    @Override
    public ByteBuffer process(long now, ByteBuffer packet) {
      seen.parse(packet, 0, packet.limit());
      if (seen.mptcp().hasMapping()) {
        dataSequence = seen.mptcp().dataSequenceNumber();
      }
      if (seen.mptcp().hasDataAck()) {
        dataAck = seen.mptcp().dataAck();
      }
      // Decisions about packets come from the other end of the input than those of the plot.
      int decision = input.last();
      if (decision < 200) {
        return packet;
      }
      if (decision < 215) {
        return null;
      }
      int tcp = Middleboxes.tcp(packet);
      int options = Middleboxes.headerLength(packet) - 20;
      if (decision < 225 || options == 0) {
        int at = tcp + 4 + input.last() % 12;
        packet.put(at, (byte) input.last());
      } else {
        packet.put(tcp + 20 + input.last() % options, (byte) input.last());
      }
      return Middleboxes.seal(packet);
    }
  }

  private final FuzzInput input;
  private final SimNetwork network;
  private final SimHost client;
  private final SimHost server;
  private final SimPath[] paths = new SimPath[PATHS];
  private final Wire[] wires = {new Wire(), new Wire()};
  private final ByteBuffer scratch = ByteBuffer.allocate(10_000);
  private final SimSocket socket;
  private SimSocket accepted;
  private int written;

  private ConnectionFuzz(FuzzInput input) {
    this.input = input;
    network = new SimNetwork(1 + input.next());
    client = network.host("client");
    server = network.host("server");
    for (int i = 0; i < PATHS; i++) {
      paths[i] = network.path(client, "10.0." + i + ".1", server, "10.0." + i + ".2");
      paths[i].rate(50_000_000).delay(5 * MILLI).queue(100_000);
      paths[i].forward().middlebox(wires[0]);
      paths[i].backward().middlebox(wires[1]);
    }
    int choices = input.next();
    SimConfig config = SimConfig.multipathTcp().withBuffers(BUFFER);
    config = (choices & 1) == 0 ? config : config.withChecksum();
    config = (choices & 2) == 0 ? config : config.withoutSack();
    config = (choices & 4) == 0 ? config : config.withoutTimestamps();
    if ((choices & 8) != 0) {
      server.answerWithCookies();
    }
    server.listen(80, config.toConnectionConfig(), s -> accepted = s);
    socket = client.connect("10.0.0.2", 80, config.toConnectionConfig());
  }

  public static void fuzzerTestOneInput(byte[] bytes) {
    new ConnectionFuzz(new FuzzInput(bytes)).run();
  }

  private void run() {
    while (!input.isEmpty()) {
      act(input.nextBoolean() && accepted != null ? accepted : socket);
      check();
    }
    network.runFor(5 * SECOND);
    check();
    for (SimHost host : List.of(client, server)) {
      host.sockets().forEach(SimSocket::abort);
    }
    // A handshake whose end was aborted times out, and a subflow that closed waits for a while.
    network.runFor(3_600 * SECOND);
    for (SimHost host : List.of(client, server)) {
      host.sockets().forEach(SimSocket::abort);
    }
    network.runFor(3_600 * SECOND);
    check();
    int left = client.flowCount() + server.flowCount() + client.tokenCount() + server.tokenCount();
    if (left > 0) {
      throw new AssertionError("flows or tokens are left:\n" + network.describe());
    }
  }

  private void act(SimSocket end) {
    switch (input.below(20)) {
      case 0, 1 -> write(end, input.nextShort());
      case 2 -> write(end, 1 + input.below(10));
      case 3, 4 -> network.runFor(input.next() * MILLI / 4);
      case 5 -> network.runFor(input.next() * 100L * MILLI);
      case 6 -> end.shutdownOutput();
      case 7 -> closeSometimes(end);
      case 8 -> end.shutdownInput();
      case 9 -> end.host().forgetFlow(input.next());
      case 10 -> paths[input.below(PATHS)].setUp(input.nextBoolean());
      case 11 -> address(end.host());
      case 12 -> end.onReady(s -> {});
      case 13, 14 -> read(end);
      default -> forge(end);
    }
  }

  private void closeSometimes(SimSocket end) {
    switch (input.below(4)) {
      case 0 -> end.abort();
      case 1 -> end.close();
      default -> read(end);
    }
  }

  private void write(SimSocket end, int bytes) {
    int count = Math.min(bytes, MOST_WRITTEN - written);
    if (count > 0 && !end.isClosed()) {
      written += Math.max(0, end.write(ByteBuffer.allocate(count)));
    }
  }

  private void read(SimSocket end) {
    boolean[] over = new boolean[1];
    end.onReady(
        s -> {
          while (!over[0] && s.isReadable()) {
            over[0] = s.read(scratch.clear()) < 0;
          }
        });
  }

  private void address(SimHost host) {
    String address = "10.0." + input.below(PATHS) + (host == client ? ".1" : ".2");
    if (input.nextBoolean()) {
      host.addressAppears(address);
    } else {
      host.addressDisappears(address);
    }
  }

  /** A segment that one end takes for its peer's, near what it expects. */
  private void forge(SimSocket end) {
    List<Subflow> subflows = end.connection().subflows();
    if (subflows.isEmpty()) {
      return;
    }
    Subflow subflow = subflows.get(input.below(subflows.size()));
    TcpEndpoint endpoint = subflow.endpoint();
    int shape = input.next();
    OutgoingSegment segment =
        new OutgoingSegment()
            .begin(
                subflow.flow().remote(),
                subflow.flow().remotePort(),
                subflow.flow().local(),
                subflow.flow().localPort())
            .sequenceNumber(endpoint.receiveNext() + ((shape & 1) == 0 ? 0 : near()))
            .acknowledgmentNumber(endpoint.sendNext() + ((shape & 2) == 0 ? 0 : near()))
            .flags((shape & 4) == 0 ? TcpFlags.ACK : input.next())
            .window((shape & 8) == 0 ? 1_000 : input.nextShort())
            .payload(PAYLOAD, 0, (shape & 16) == 0 ? 0 : input.nextShort() % 1_300);
    Wire wire = wires[end.host() == client ? 1 : 0];
    for (int i = 1 + (shape >>> 5) % 2; i > 0; i--) {
      option(segment, wire, endpoint.receiveNext() - endpoint.initialReceiveSequenceNumber());
    }
    ByteBuffer packet =
        network.buffer(
            segment.ipHeaderLength() + segment.tcpHeaderLength() + segment.payloadLength());
    int headers = segment.encodeHeaders(packet, 0, OutgoingSegment.ChecksumMode.FULL);
    packet.put(headers, PAYLOAD, 0, segment.payloadLength());
    if ((shape & 64) != 0 && segment.tcpHeaderLength() > 20) {
      int at = 20 + input.below(segment.tcpHeaderLength() - 20);
      packet.put(segment.ipHeaderLength() + at, (byte) input.next());
      Middleboxes.seal(packet);
    }
    network.deliver(network.now(), end.host(), packet);
    network.runFor(0);
  }

  private int near() {
    return switch (input.below(4)) {
      case 0 -> input.next();
      case 1 -> -input.next();
      case 2 -> (short) input.nextShort();
      default -> input.nextInt();
    };
  }

  private void option(OutgoingSegment segment, Wire wire, int relativeSequence) {
    long dsn = wire.dataSequence + near();
    long ack = wire.dataAck + near();
    switch (input.below(14)) {
      case 0 -> segment.options().dssAck(ack);
      case 1 -> segment.options().dssAck32((int) ack);
      case 2, 3, 4 ->
          segment
              .options()
              .dss(
                  ack,
                  dsn,
                  relativeSequence + (input.nextBoolean() ? 0 : near()),
                  input.nextShort(),
                  input.nextBoolean() ? -1 : input.nextShort(),
                  input.nextBoolean());
      case 5 ->
          segment
              .options()
              .addAddr(
                  input.nextBoolean(),
                  input.next(),
                  client.localAddresses().isEmpty()
                      ? server.localAddresses().get(0)
                      : client.localAddresses().get(0),
                  input.below(2) * 80,
                  input.next());
      case 6 -> segment.options().removeAddr(new int[] {input.below(4), input.below(9)}, 2);
      case 7 -> segment.options().mpPrio(input.nextBoolean());
      case 8 -> segment.options().mpFail(dsn);
      case 9 -> segment.options().mpFastclose(input.nextInt());
      case 10 -> segment.options().mpTcpReset(input.nextBoolean(), input.below(8));
      case 11 -> segment.options().mpJoinAck(input.bytes(20));
      case 12 -> segment.options().mpCapableData(1, input.next(), 1, 2, input.nextShort(), -1);
      default -> segment.options().mpJoinSyn(false, input.below(4), input.nextInt(), 1);
    }
  }

  private void check() {
    for (SimHost host : List.of(client, server)) {
      for (SimSocket each : host.sockets()) {
        if (each.connection().subflows().size() > SUBFLOWS
            || each.connection().available() > BUFFER) {
          throw new AssertionError("beyond its bound:\n" + network.describe());
        }
      }
      if (host.flowCount() > SUBFLOWS * (1 + host.sockets().size())) {
        throw new AssertionError("too many flows:\n" + network.describe());
      }
    }
    long carried = 0;
    for (SimPath path : paths) {
      carried += path.forward().carriedPackets() + path.backward().carriedPackets();
    }
    if (carried > MOST_PACKETS) {
      throw new AssertionError("packets without end:\n" + network.describe());
    }
  }
}
