package org.mptcp4j.mptcp;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.mptcp4j.sim.Middleboxes;
import org.mptcp4j.sim.SimHost;
import org.mptcp4j.sim.SimLink;
import org.mptcp4j.sim.SimNetwork;
import org.mptcp4j.sim.SimSocket;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.InternetChecksum;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.MptcpOptionSet;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;
import org.mptcp4j.wire.TcpOptionWriter;

/**
 * The other end of a connection, made by hand: it sends what a story wants, be it right or wrong,
 * and hands out the segments that come. It answers nothing by itself, and repeats nothing.
 */
final class HandMadePeer {
  static final int SYN = TcpFlags.SYN;
  static final int ACK = TcpFlags.ACK;
  static final int SYN_ACK = TcpFlags.SYN | TcpFlags.ACK;
  static final int RST = TcpFlags.RST;
  static final int HMAC_SHA256 = MptcpOption.CAPABLE_HMAC_SHA256;

  /** The key of this side. */
  static final long KEY = 0x1122_3344_5566_7788L;

  private static final int ISN = 5_000;
  private static final int NONCE = 0x0badcafe;
  private static final long PATIENCE = 60 * TwoHosts.SECOND;

  /** One flow, and what came on it that nobody has looked at. */
  final class Flow {
    final IpAddress local;
    final int localPort;
    final IpAddress remote;
    final int remotePort;
    private final SimLink link;
    private final Deque<IncomingSegment> arrived = new ArrayDeque<>();
    private int next = ISN;
    private int received;
    private int remoteIsn;
    private int window = 60_000;
    private int remoteNonce;
    private int urgentPointer;

    private Flow(IpAddress local, int localPort, IpAddress remote, int remotePort) {
      this.local = local;
      this.localPort = localPort;
      this.remote = remote;
      this.remotePort = remotePort;
      IpAddress access = engineIsServer ? local : remote;
      this.link =
          engineIsServer
              ? (access.equals(IpAddress.parse("10.0.1.1")) ? hosts.first : hosts.second).forward()
              : (access.equals(IpAddress.parse("10.0.1.1")) ? hosts.first : hosts.second)
                  .backward();
    }

    Flow window(int value) {
      window = value;
      return this;
    }

    /** How far into the segments from now on urgent data reaches; 0 for none. */
    void urgentPointer(int value) {
      urgentPointer = value;
    }

    /** The next sequence number of this side. */
    int next() {
      return next;
    }

    /** Where the next payload of this side is on the subflow, as mappings name it. */
    int relative() {
      return next - ISN;
    }

    /** What this side acknowledges on the subflow. */
    int received() {
      return received;
    }

    /** Where a segment of the engine begins on the subflow, as mappings name it. */
    int relative(IncomingSegment segment) {
      return segment.sequenceNumber() - remoteIsn;
    }

    /** Sends the next segment. */
    void send(int flags, byte[] payload, Consumer<TcpOptionWriter> options) {
      sendAt(next, received, flags, payload, options);
      int phantom = (flags & (TcpFlags.SYN | TcpFlags.FIN)) != 0 ? 1 : 0;
      next += payload.length + phantom;
    }

    void send(int flags, Consumer<TcpOptionWriter> options) {
      send(flags, new byte[0], options);
    }

    /** Sends a segment of any number, and counts nothing. */
    void sendAt(
        int sequence,
        int acknowledgment,
        int flags,
        byte[] payload,
        Consumer<TcpOptionWriter> options) {
      OutgoingSegment segment =
          new OutgoingSegment()
              .begin(local, localPort, remote, remotePort)
              .sequenceNumber(sequence)
              .acknowledgmentNumber((flags & ACK) == 0 ? 0 : acknowledgment)
              .flags(flags)
              .window(window)
              .payload(ByteBuffer.wrap(payload), 0, payload.length);
      options.accept(segment.options());
      ByteBuffer packet = ByteBuffer.allocate(OutgoingSegment.MAX_HEADER_LENGTH + payload.length);
      int headers =
          segment.encodePieceHeaders(
              packet, 0, OutgoingSegment.ChecksumMode.FULL, 0, payload.length);
      packet.put(headers, payload).limit(headers + payload.length);
      packet.putShort(38, (short) urgentPointer);
      link.emit(urgentPointer == 0 ? packet : Middleboxes.seal(packet));
    }

    /** Sends the next segment with options of any form, without payload. */
    void sendRaw(int flags, byte[] options) {
      OutgoingSegment segment =
          new OutgoingSegment()
              .begin(local, localPort, remote, remotePort)
              .sequenceNumber(next)
              .acknowledgmentNumber((flags & ACK) == 0 ? 0 : received)
              .flags(flags)
              .window(window);
      int padded = options.length + 3 & ~3;
      ByteBuffer packet = ByteBuffer.allocate(40 + padded);
      segment.encodeHeaders(packet, 0, OutgoingSegment.ChecksumMode.FULL);
      packet.put(40, options);
      for (int i = options.length; i < padded; i++) {
        packet.put(40 + i, (byte) 1);
      }
      packet.putShort(2, (short) packet.limit()).put(32, (byte) (20 + padded << 2));
      packet.putShort(10, (short) 0);
      packet.putShort(10, (short) InternetChecksum.finish(InternetChecksum.sum(packet, 0, 20)));
      link.emit(Middleboxes.seal(packet));
      next += (flags & (TcpFlags.SYN | TcpFlags.FIN)) != 0 ? 1 : 0;
    }

    /** An ACK with DATA_ACK of all that came in order. */
    void acknowledge() {
      send(ACK, options -> options.dssAck(dataAck));
    }

    /** Data with a mapping to {@code dsn}, without checksum. */
    void data(long dsn, byte[] payload) {
      data(dsn, payload, -1);
    }

    void data(long dsn, byte[] payload, int checksum) {
      int relative = relative();
      send(
          ACK | TcpFlags.PSH,
          payload,
          options -> options.dss(dataAck, dsn, relative, payload.length, checksum, false));
    }

    /** The next segment; waits for it. */
    IncomingSegment await() {
      network().runUntil(() -> !arrived.isEmpty(), PATIENCE);
      return arrived.poll();
    }

    /** The next segment like that; others before it are passed over. */
    IncomingSegment await(Predicate<IncomingSegment> wanted) {
      while (true) {
        IncomingSegment segment = await();
        if (wanted.test(segment)) {
          return segment;
        }
      }
    }

    /** Everything that comes within some time. */
    List<IncomingSegment> during(long nanos) {
      network().runFor(nanos);
      List<IncomingSegment> all = new ArrayList<>(arrived);
      arrived.clear();
      return all;
    }

    private void arrives(IncomingSegment segment) {
      arrived.add(segment);
      if (segment.has(SYN)) {
        remoteIsn = segment.sequenceNumber();
        if (segment.mptcp().has(MptcpOption.MP_JOIN)) {
          remoteNonce = segment.mptcp().joinRandom();
        }
        received = remoteIsn + 1;
      } else if (segment.sequenceNumber() == received) {
        received += segment.segmentLength();
      }
    }

    /** A connection with MPTCP where the engine has this key, its handshake over. */
    MptcpConnection established(KeyMaterial key, ConnectionConfig config) {
      OutgoingSegment offer =
          new OutgoingSegment()
              .begin(local, localPort, remote, remotePort)
              .sequenceNumber(next++)
              .flags(SYN)
              .window(window);
      offer.options().mpCapableSyn(1, HMAC_SHA256);
      ByteBuffer packet = ByteBuffer.allocate(OutgoingSegment.MAX_HEADER_LENGTH);
      int length = offer.encodeHeaders(packet, 0, OutgoingSegment.ChecksumMode.FULL);
      IncomingSegment syn = new IncomingSegment();
      syn.parse(packet, 0, length);
      MptcpConnection connection =
          ConnectionOpener.acceptAnswered(
              network().now(),
              engine(),
              config,
              syn,
              engine().path(/* local= */ remote, /* remote= */ local).orElseThrow(),
              key,
              remoteIsn);
      received = remoteIsn + 1;
      engineKey = key.key();
      dataAck = key.initialDataSequenceNumber() + 1;
      send(ACK, o -> o.mpCapableAck(1, HMAC_SHA256, KEY, engineKey));
      network().runUntil(connection::isEstablished, PATIENCE);
      return connection;
    }

    /** SYN with this offer. */
    void open(Consumer<TcpOptionWriter> offer) {
      send(
          SYN,
          options -> {
            options.maximumSegmentSize(1460);
            offer.accept(options);
          });
    }

    /** The client's MP_JOIN up to the SYN/ACK that comes. */
    IncomingSegment join(int addressId, boolean backup) {
      open(o -> o.mpJoinSyn(backup, addressId, KeyMaterial.of(engineKey).token(), NONCE));
      return await();
    }

    /** The HMAC by which this side proves itself. */
    byte[] proof() {
      return Hmac.join(KEY, engineKey, NONCE, remoteNonce);
    }

    /** The HMAC by which the engine should. */
    byte[] engineProof() {
      return Hmac.join(engineKey, KEY, remoteNonce, NONCE);
    }

    /** SYN/ACK that accepts the engine's join. */
    void acceptJoin(int addressId, boolean backup) {
      answer(o -> o.mpJoinSynAck(backup, addressId, Hmac.leftmost64(proof()), NONCE));
    }

    void answer(Consumer<TcpOptionWriter> options) {
      send(
          SYN_ACK,
          o -> {
            o.maximumSegmentSize(1460);
            options.accept(o);
          });
    }
  }

  final TwoHosts hosts = TwoHosts.twoPaths(1);
  private final boolean engineIsServer;
  private final List<Flow> flows = new ArrayList<>();
  private final Deque<Flow> begun = new ArrayDeque<>();
  private final List<IncomingSegment> all = new ArrayList<>();
  SimSocket socket;
  long engineKey;

  /** The next data sequence number that is missing here. */
  long dataAck;

  private HandMadePeer(boolean engineIsServer) {
    this.engineIsServer = engineIsServer;
    for (var path : List.of(hosts.first, hosts.second)) {
      (engineIsServer ? path.backward() : path.forward())
          .middlebox(
              (now, packet) -> {
                arrives(packet);
                return null;
              });
    }
  }

  /** Payload each byte of which tells where it belongs. */
  static byte[] bytes(int from, int count) {
    byte[] bytes = new byte[count];
    for (int i = 0; i < count; i++) {
      bytes[i] = (byte) (from + i);
    }
    return bytes;
  }

  /** A client, with the engine as a server. */
  static HandMadePeer client(ConnectionConfig config) {
    HandMadePeer peer = new HandMadePeer(true);
    peer.hosts.server.listen(TwoHosts.PORT, config, accepted -> peer.socket = accepted);
    return peer;
  }

  /** A server that the engine connects to. */
  static HandMadePeer server(ConnectionConfig config) {
    HandMadePeer peer = new HandMadePeer(false);
    peer.socket = peer.hosts.client.connect("10.0.1.2", TwoHosts.PORT, config);
    return peer;
  }

  SimNetwork network() {
    return hosts.network;
  }

  SimHost engine() {
    return engineIsServer ? hosts.server : hosts.client;
  }

  MptcpConnection connection() {
    return socket.connection();
  }

  /** Every segment of the engine so far. */
  List<IncomingSegment> all() {
    return all;
  }

  /** The data sequence number of this side's byte {@code index}. */
  long dsn(long index) {
    return KeyMaterial.of(KEY).initialDataSequenceNumber() + 1 + index;
  }

  /** The data sequence number of the engine's byte {@code index}. */
  long engineDsn(long index) {
    return KeyMaterial.of(engineKey).initialDataSequenceNumber() + 1 + index;
  }

  private void arrives(ByteBuffer packet) {
    byte[] bytes = new byte[packet.limit()];
    packet.get(0, bytes);
    IncomingSegment segment = new IncomingSegment();
    segment.parse(ByteBuffer.wrap(bytes), 0, bytes.length);
    all.add(segment);
    Flow flow = null;
    for (Flow known : flows) {
      if (known.local.equals(segment.destination())
          && known.localPort == segment.destinationPort()
          && known.remote.equals(segment.source())
          && known.remotePort == segment.sourcePort()) {
        flow = known;
      }
    }
    if (flow == null) {
      flow =
          new Flow(
              segment.destination(),
              segment.destinationPort(),
              segment.source(),
              segment.sourcePort());
      flows.add(flow);
      begun.add(flow);
    }
    flow.arrives(segment);
    MptcpOptionSet options = segment.mptcp();
    if (options.hasMapping()) {
      takeMapping(options.dataSequenceNumber(), options.dataLevelLength());
    } else if (options.has(MptcpOption.MP_CAPABLE) && options.capableDataLength() > 0) {
      takeMapping(engineDsn(0), options.capableDataLength());
    }
  }

  private void takeMapping(long dsn, int length) {
    if (dsn - dataAck <= 0 && dsn + length - dataAck > 0) {
      dataAck = dsn + length;
    }
  }

  /** A flow of this client, nothing of which was sent. */
  Flow flow(int path, int port) {
    return flow(path, port, TwoHosts.PORT);
  }

  Flow flow(int path, int port, int remotePort) {
    Flow flow =
        new Flow(
            IpAddress.parse("10.0." + path + ".1"),
            port,
            IpAddress.parse("10.0." + path + ".2"),
            remotePort);
    flows.add(flow);
    return flow;
  }

  /** A flow of this server to the client's address on a path, nothing of which was sent. */
  Flow flowToClient(int path, int port, int remotePort) {
    Flow flow =
        new Flow(
            IpAddress.parse("10.0." + path + ".2"),
            port,
            IpAddress.parse("10.0." + path + ".1"),
            remotePort);
    flows.add(flow);
    return flow;
  }

  /** The next flow that the engine begins; waits for it. */
  Flow awaitFlow() {
    network().runUntil(() -> !begun.isEmpty(), PATIENCE);
    return begun.poll();
  }

  /** The flows that the engine began and nobody has looked at. */
  Deque<Flow> begun() {
    return begun;
  }

  void engineKey(long key) {
    engineKey = key;
    dataAck = engineDsn(0);
  }

  /** A connection with MPTCP, this side's third ACK sent. */
  Flow connected(int flags) {
    Flow flow = flow(1, 40_000);
    flow.open(o -> o.mpCapableSyn(1, flags));
    engineKey(flow.await().mptcp().senderKey());
    flow.send(ACK, o -> o.mpCapableAck(1, flags, KEY, engineKey));
    network().runUntil(() -> socket != null && socket.isEstablished(), PATIENCE);
    return flow;
  }

  /** A connection with MPTCP, the engine's third ACK received. */
  Flow accepted(int flags) {
    Flow flow = awaitFlow();
    flow.await();
    flow.answer(o -> o.mpCapableSynAck(1, flags, KEY));
    engineKey(flow.await().mptcp().senderKey());
    return flow;
  }

  /** The same, and a DATA_ACK has come to the engine. */
  Flow confirmed(int flags) {
    Flow flow = accepted(flags);
    flow.acknowledge();
    return flow;
  }

  /** A flow of this client that has joined on the second path. */
  Flow joined(int port) {
    return joined(port, 7);
  }

  Flow joined(int port, int addressId) {
    Flow flow = flow(2, port);
    flow.join(addressId, false);
    flow.send(ACK, o -> o.mpJoinAck(flow.proof()));
    flow.await();
    return flow;
  }

  /**
   * The second subflow of the engine as a client: SYN answered, third ACK received and answered.
   */
  Flow joinedByEngine() {
    Flow flow = awaitFlow();
    flow.await();
    flow.acceptJoin(1, false);
    flow.await(segment -> segment.mptcp().has(MptcpOption.MP_JOIN));
    flow.acknowledge();
    return flow;
  }

  /** The flow that was made last. */
  Flow joinedFlow() {
    return flows.get(flows.size() - 1);
  }

  /** What the engine's application can read now. */
  byte[] read() {
    ByteBuffer buffer = ByteBuffer.allocate(4 << 20);
    int length = socket.read(buffer);
    byte[] bytes = new byte[Math.max(0, length)];
    buffer.get(0, bytes);
    return bytes;
  }
}
