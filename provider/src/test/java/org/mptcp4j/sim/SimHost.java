package org.mptcp4j.sim;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.mptcp4j.Settings;
import org.mptcp4j.mptcp.AddressFilter;
import org.mptcp4j.mptcp.BlackHoles;
import org.mptcp4j.mptcp.ConnectionConfig;
import org.mptcp4j.mptcp.ConnectionOpener;
import org.mptcp4j.mptcp.MptcpConnection;
import org.mptcp4j.mptcp.MptcpCounters;
import org.mptcp4j.mptcp.MptcpHost;
import org.mptcp4j.mptcp.StatelessHandshake;
import org.mptcp4j.mptcp.Subflow;
import org.mptcp4j.tcp.FastOpenAnswer;
import org.mptcp4j.tcp.FastOpenAttempt;
import org.mptcp4j.tcp.FastOpenCache;
import org.mptcp4j.tcp.FastOpenServer;
import org.mptcp4j.tcp.NetworkPath;
import org.mptcp4j.tcp.SegmentSink;
import org.mptcp4j.tcp.SipHash;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IcmpError;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/**
 * A host with our protocol on it: addresses, tables, listeners, and the packets in and out. What
 * the engine does over the real network this does over the simulated one.
 */
public final class SimHost implements MptcpHost, SegmentSink {
  /** One way out, as the protocol sees it. */
  private static final class Way implements NetworkPath {
    private final SimPath path;
    private final SimLink link;
    private final int offloadBytes;

    Way(SimPath path, SimLink link, int offloadBytes) {
      this.path = path;
      this.link = link;
      this.offloadBytes = offloadBytes;
    }

    @Override
    public int interfaceIndex() {
      return path.index();
    }

    @Override
    public int mtu() {
      return link.mtu();
    }

    @Override
    public int maxPayloadPerSend() {
      return Math.max(link.mtu() - 40, offloadBytes);
    }
  }

  private static final AddressFilter FILTER =
      new AddressFilter(Settings.of(Map.of()).get(Settings.EXCLUDED_ADDRESSES));

  private record Listener(ConnectionConfig config, Consumer<SimSocket> onAccept) {}

  private final String name;
  private final SimNetwork network;
  private final SimRandom random;
  private final MptcpCounters counters = new MptcpCounters();
  private final List<IpAddress> addresses = new ArrayList<>();
  private final Map<Integer, Listener> listeners = new LinkedHashMap<>();
  private final Map<FlowKey, Subflow> flows = new HashMap<>();
  private final Map<Integer, MptcpConnection> tokens = new HashMap<>();
  private final Map<MptcpConnection, SimSocket> sockets = new LinkedHashMap<>();
  private final FlowKey scratchKey = new FlowKey();
  private final IncomingSegment segment = new IncomingSegment();
  private final IcmpError icmp = new IcmpError();
  private final OutgoingSegment reset = new OutgoingSegment();
  private final Deque<byte[]> plannedRandom = new ArrayDeque<>();
  private int nextPort = 40_000;
  private byte[] nextKey = new byte[0];
  private int offloadBytes;
  private long localQueueNanos = Long.MAX_VALUE;
  private boolean wakeUpPlanned;
  private boolean silent;
  private StatelessHandshake stateless;
  private FastOpenCache fastOpenCache;
  private FastOpenServer fastOpenServer;
  private BlackHoles blackHoles = new BlackHoles(100, 0);
  private SimCapture capture;
  private long badPackets;
  private long resetsSent;
  private long receivedPackets;

  SimHost(String name, SimNetwork network, SimRandom random) {
    this.name = name;
    this.network = network;
    this.random = random;
  }

  public SimNetwork network() {
    return network;
  }

  /** Up to so much payload leaves as one segment, which is cut into packets below TCP. */
  public SimHost offload(int bytes) {
    offloadBytes = bytes;
    return this;
  }

  /** Segments are turned away while the link has more than this to send. */
  public SimHost localQueue(long nanos) {
    localQueueNanos = nanos;
    return this;
  }

  /** Writes down every packet that this host sends and receives. */
  public SimHost capture(SimCapture value) {
    capture = value;
    return this;
  }

  /** What the source of random bytes gives the next time, after what was planned before. */
  public void planRandom(byte[] bytes) {
    plannedRandom.add(bytes);
  }

  /** From now on the host takes no packets and sends none, like one whose plug was pulled. */
  public void die() {
    silent = true;
  }

  /** Forgets one of the flows, like a stateful firewall: what comes for it is answered with RST. */
  public void forgetFlow(long number) {
    if (!flows.isEmpty()) {
      List<FlowKey> keys = new ArrayList<>(flows.keySet());
      keys.sort(Comparator.comparing(FlowKey::toString));
      flows.remove(keys.get((int) (number % keys.size())));
    }
  }

  public boolean hasAddress(IpAddress address) {
    return addresses.contains(address);
  }

  void addAddress(IpAddress address) {
    if (!addresses.contains(address)) {
      addresses.add(address);
    }
  }

  /** A new address comes up, and every connection is told. */
  public void addressAppears(String address) {
    IpAddress added = IpAddress.parse(address);
    addAddress(added);
    for (SimSocket socket : List.copyOf(sockets.values())) {
      socket.connection().localAddressAdded(network.now(), added, this);
      socket.afterCall();
    }
  }

  /** An address goes away, and every connection is told. */
  public void addressDisappears(String address) {
    IpAddress removed = IpAddress.parse(address);
    addresses.remove(removed);
    for (SimSocket socket : List.copyOf(sockets.values())) {
      socket.connection().localAddressRemoved(network.now(), removed, this);
      socket.afterCall();
    }
  }

  /** Takes connections on a port of every address. */
  public void listen(int port, ConnectionConfig config, Consumer<SimSocket> onAccept) {
    listeners.put(port, new Listener(config, onAccept));
  }

  /** From now on listeners answer SYNs with cookies, and remember none. */
  public void answerWithCookies() {
    stateless =
        new StatelessHandshake(
            new SipHash(random.nextLong(), random.nextLong()),
            new SipHash(random.nextLong(), random.nextLong()));
  }

  /** From now on connections that begin here use TCP Fast Open. */
  public SimHost fastOpenClient() {
    fastOpenCache = new FastOpenCache(counters.tcp);
    return this;
  }

  /** From now on listeners do, for so many connections at a time; also again, with other keys. */
  public SimHost fastOpenServer(int mostPending) {
    fastOpenServer =
        new FastOpenServer(
            () -> new SipHash(random.nextLong(), random.nextLong()), mostPending, counters.tcp);
    return this;
  }

  /** From now on the host remembers where MPTCP did not pass. */
  public SimHost rememberBlackHoles(long nanos) {
    blackHoles = new BlackHoles(100, nanos);
    return this;
  }

  public void stopListening(int port) {
    listeners.remove(port);
  }

  /** Opens a connection from the first address that has a path to {@code address}. */
  public SimSocket connect(String address, int port, ConnectionConfig config) {
    IpAddress remote = IpAddress.parse(address);
    for (IpAddress local : addresses) {
      Optional<NetworkPath> path = path(local, remote);
      if (path.isPresent()) {
        FlowKey flow = FlowKey.of(local, allocatePort(local, remote, port), remote, port);
        MptcpConnection connection =
            ConnectionOpener.connect(
                network.now(),
                this,
                config,
                flow,
                path.get(),
                fastOpenCache == null
                    ? FastOpenAttempt.NONE
                    : fastOpenCache.attempt(network.now(), flow),
                this);
        return adopt(connection);
      }
    }
    throw new AssertionError(name + " has no path to " + address);
  }

  private SimSocket adopt(MptcpConnection connection) {
    SimSocket socket = new SimSocket(this, connection);
    sockets.put(connection, socket);
    socket.afterCall();
    return socket;
  }

  void forget(SimSocket socket) {
    sockets.remove(socket.connection());
  }

  /** Connections that are not over yet. */
  public List<SimSocket> sockets() {
    return List.copyOf(sockets.values());
  }

  /** Flows that are registered. */
  public int flowCount() {
    return flows.size();
  }

  /** Tokens that are registered. */
  public int tokenCount() {
    return tokens.size();
  }

  /** Packets that were malformed or had a wrong checksum. */
  public long badPackets() {
    return badPackets;
  }

  /** Resets sent for segments that belong to no connection. */
  public long resetsSent() {
    return resetsSent;
  }

  // --- what the protocol asks of its host -----------------------------------------------------

  /** The key of the next connection, which determines where its data sequence numbers begin. */
  public SimHost nextKey(long key) {
    nextKey = ByteBuffer.allocate(Long.BYTES).putLong(key).array();
    return this;
  }

  @Override
  public void random(byte[] target) {
    byte[] planned = plannedRandom.poll();
    if (planned != null) {
      System.arraycopy(planned, 0, target, 0, target.length);
      return;
    }
    if (nextKey.length == target.length) {
      System.arraycopy(nextKey, 0, target, 0, target.length);
      nextKey = new byte[0];
      return;
    }
    for (int i = 0; i < target.length; i++) {
      target[i] = (byte) random.nextLong();
    }
  }

  @Override
  public int initialSequenceNumber(long now, FlowKey flow) {
    int isn = random.nextInt();
    // Every fourth connection wraps around early.
    return (isn & 3) == 0 ? -(isn >>> 12) : isn;
  }

  @Override
  public int timestampOffset(IpAddress local, IpAddress remote) {
    return (31 * local.hashCode() + remote.hashCode()) * 0x9E37_79B1;
  }

  @Override
  public List<IpAddress> localAddresses() {
    return List.copyOf(addresses);
  }

  @Override
  public AddressFilter addressFilter() {
    return FILTER;
  }

  @Override
  public Optional<NetworkPath> path(IpAddress local, IpAddress remote) {
    if (!addresses.contains(local)) {
      return Optional.empty();
    }
    for (SimPath path : network.paths()) {
      if (path.carries(this, local, remote)) {
        return Optional.of(new Way(path, path.from(this), offloadBytes));
      }
    }
    return Optional.empty();
  }

  @Override
  public int allocatePort(IpAddress local, IpAddress remote, int remotePort) {
    return nextPort++;
  }

  @Override
  public boolean register(FlowKey flow, Subflow subflow) {
    return flows.putIfAbsent(flow.copy(), subflow) == null;
  }

  @Override
  public void unregister(FlowKey flow) {
    flows.remove(flow);
  }

  @Override
  public boolean registerToken(int token, MptcpConnection connection) {
    return tokens.putIfAbsent(token, connection) == null;
  }

  @Override
  public void unregisterToken(int token) {
    tokens.remove(token);
  }

  @Override
  public boolean acceptsJoins(IpAddress local, int port) {
    return addresses.contains(local) && listeners.containsKey(port);
  }

  @Override
  public boolean holdPort(IpAddress local, int port) {
    return addresses.contains(local);
  }

  @Override
  public boolean offersMultipath(long now, IpAddress local, IpAddress remote) {
    return !blackHoles.isKnown(now, local, remote);
  }

  @Override
  public void multipathBlocked(long now, IpAddress local, IpAddress remote) {
    blackHoles.found(now, local, remote);
  }

  @Override
  public void multipathPassed(IpAddress local, IpAddress remote) {
    blackHoles.passed(local, remote);
  }

  @Override
  public MptcpCounters counters() {
    return counters;
  }

  // --- out ------------------------------------------------------------------------------------

  @Override
  public boolean transmit(OutgoingSegment out, NetworkPath path) {
    SimLink link = ((Way) path).link;
    if (link.backlogNanos() > localQueueNanos) {
      planWakeUp(link.backlogNanos() - localQueueNanos / 2);
      return false;
    }
    int length = out.payloadLength();
    int piece = out.needsSegmentation() ? out.segmentSize() : length;
    int from = 0;
    do {
      int size = Math.min(piece, length - from);
      sendPiece(out, link, from, size);
      from += size;
    } while (from < length);
    return true;
  }

  private void sendPiece(OutgoingSegment out, SimLink link, int from, int size) {
    ByteBuffer packet = network.buffer(out.ipHeaderLength() + out.tcpHeaderLength() + size);
    int headers = out.encodePieceHeaders(packet, 0, OutgoingSegment.ChecksumMode.FULL, from, size);
    if (size > 0) {
      packet.put(headers, out.payload(), out.payloadOffset() + from, size);
    }
    send(link, packet);
  }

  private void send(SimLink link, ByteBuffer packet) {
    if (silent) {
      network.recycle(packet);
      return;
    }
    if (capture != null) {
      capture.record(network.now(), packet);
    }
    link.send(packet);
  }

  private void planWakeUp(long nanos) {
    if (wakeUpPlanned) {
      return;
    }
    wakeUpPlanned = true;
    network.after(
        Math.max(1, nanos),
        () -> {
          wakeUpPlanned = false;
          for (SimSocket socket : List.copyOf(sockets.values())) {
            socket.connection().pathsWritable(network.now(), this);
            socket.afterCall();
          }
        });
  }

  // --- in -------------------------------------------------------------------------------------

  void receive(ByteBuffer packet) {
    if (silent) {
      return;
    }
    receivedPackets++;
    if (capture != null) {
      capture.record(network.now(), packet);
    }
    if (icmp.parse(packet, 0, packet.limit()) == IcmpError.Verdict.OK && icmp.verifyChecksum()) {
      Subflow quoted = flows.get(scratchKey.setQuoted(icmp));
      if (quoted != null) {
        quoted.connection().icmpArrives(network.now(), quoted, icmp, this);
        after(quoted.connection());
      }
      return;
    }
    if (segment.parse(packet, 0, packet.limit()) != IncomingSegment.Verdict.OK
        || !segment.verifyChecksum()) {
      badPackets++;
      return;
    }
    if (!addresses.contains(segment.destination())) {
      return;
    }
    Subflow subflow = flows.get(scratchKey.setIncoming(segment));
    if (subflow != null) {
      MptcpConnection connection = subflow.connection();
      connection.segmentArrives(network.now(), subflow, segment, this);
      after(connection);
    } else if (segment.has(TcpFlags.SYN) && !segment.has(TcpFlags.ACK)) {
      synArrives();
    } else if (!cookieArrives()) {
      answerWithReset();
    }
  }

  /** Whether the segment may follow a cookie; if it does, a connection begins. */
  private boolean cookieArrives() {
    Listener listener = listeners.get(segment.destinationPort());
    int flags = segment.flags() & (TcpFlags.SYN | TcpFlags.ACK | TcpFlags.RST);
    if (stateless == null || listener == null || flags != TcpFlags.ACK) {
      return false;
    }
    Optional<NetworkPath> path = path(segment.destination(), segment.source());
    if (path.isPresent() && stateless.isValid(network.now(), segment)) {
      MptcpConnection connection =
          stateless.accept(network.now(), this, listener.config(), segment, path.get());
      adopt(connection).onEstablished(listener.onAccept());
      connection.segmentArrives(network.now(), connection.subflows().get(0), segment, this);
      after(connection);
    }
    return true;
  }

  private void after(MptcpConnection connection) {
    SimSocket socket = sockets.get(connection);
    if (socket != null) {
      socket.afterCall();
    }
  }

  private void synArrives() {
    Optional<NetworkPath> path = path(segment.destination(), segment.source());
    Listener listener = listeners.get(segment.destinationPort());
    if (path.isEmpty()) {
      return;
    }
    if (segment.mptcp().has(MptcpOption.MP_JOIN)) {
      MptcpConnection connection = tokens.get(segment.mptcp().joinToken());
      if (connection == null) {
        answerWithReset();
      } else {
        connection.acceptJoin(network.now(), segment, path.get(), this);
        after(connection);
      }
    } else if (listener == null) {
      answerWithReset();
    } else if (stateless != null) {
      transmit(
          stateless.answer(
              network.now(),
              segment,
              listener.config(),
              path.get(),
              timestampOffset(segment.destination(), segment.source()),
              token -> !tokens.containsKey(token)),
          path.get());
    } else {
      MptcpConnection connection =
          ConnectionOpener.accept(
              network.now(),
              this,
              listener.config(),
              segment,
              path.get(),
              fastOpenServer == null
                  ? FastOpenAnswer.NONE
                  : fastOpenServer.answer(network.now(), segment),
              this);
      adopt(connection).onEstablished(listener.onAccept());
    }
  }

  /** RFC 9293 §3.5.2, group 1: what belongs to no connection is answered with RST. */
  private void answerWithReset() {
    if (segment.has(TcpFlags.RST)) {
      return;
    }
    Optional<NetworkPath> path = path(segment.destination(), segment.source());
    if (path.isEmpty()) {
      return;
    }
    resetsSent++;
    reset.begin(
        segment.destination(), segment.destinationPort(), segment.source(), segment.sourcePort());
    if (segment.has(TcpFlags.ACK)) {
      reset.sequenceNumber(segment.acknowledgmentNumber()).flags(TcpFlags.RST);
    } else {
      reset
          .acknowledgmentNumber(segment.sequenceNumber() + segment.segmentLength())
          .flags(TcpFlags.RST | TcpFlags.ACK);
    }
    if (segment.mptcp().has(MptcpOption.MP_JOIN)) {
      // RFC 8684 §3.2: a token of nobody.
      reset.options().mpTcpReset(/* isTransient= */ false, MptcpOption.RESET_MPTCP_ERROR);
    }
    transmit(reset, path.get());
  }

  String describe() {
    StringBuilder text = new StringBuilder();
    text.append(name)
        .append(": ")
        .append(receivedPackets)
        .append(" packets received, ")
        .append(badPackets)
        .append(" bad, ")
        .append(resetsSent)
        .append(" resets for nobody\n");
    for (SimSocket socket : sockets.values()) {
      text.append("  ").append(socket).append('\n');
    }
    return text.toString();
  }

  @Override
  public String toString() {
    return name;
  }
}
