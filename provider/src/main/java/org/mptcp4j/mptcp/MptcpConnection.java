package org.mptcp4j.mptcp;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.mptcp4j.spi.PacketScheduler;
import org.mptcp4j.spi.PathManager;
import org.mptcp4j.tcp.EndpointOptions;
import org.mptcp4j.tcp.NetworkPath;
import org.mptcp4j.tcp.SegmentSink;
import org.mptcp4j.tcp.TcpConfig;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IcmpError;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.MptcpOption;

/**
 * One connection with its subflows, or one plain TCP connection after fallback. Not thread-safe:
 * the owner serialises all calls. Every call that takes a {@link SegmentSink} sends what it makes
 * possible before it returns.
 */
public final class MptcpConnection {
  /** Bits of {@link #readiness}. */
  public static final int READABLE = 1;

  public static final int WRITABLE = 2;

  /** The handshake is over, well or badly ({@link #failure}). */
  public static final int ESTABLISHED_OR_FAILED = 4;

  /** How a connection ended before its time. */
  public enum Failure {
    REFUSED,
    RESET,
    TIMED_OUT,
    UNREACHABLE,
    ABORTED
  }

  private final MptcpHost host;
  private final ConnectionConfig config;
  private final boolean client;
  private final Session session;
  private final DataSender sender;
  private final DataReceiver receiver;
  private final SubflowOptions options;
  private final SegmentInput input;
  private final Closing closing;
  private final Fallback fallback;
  private final AddressBook addresses;
  private final PathControl paths;
  private final ConnectionTimers timers;
  private final SubflowSet subflows = new SubflowSet();
  private final JoinAcceptor joins;
  private final Lifetime lifetime;
  private final EarlyData earlyData;
  private final FirstSubflow first;
  private final SilenceCheck silence = new SilenceCheck(subflows);
  private EndpointOptions endpointOptions;

  MptcpConnection(
      MptcpHost host,
      ConnectionConfig config,
      boolean client,
      FlowKey initialFlow,
      Session session,
      PacketScheduler scheduler,
      PathManager pathManager) {
    this.host = host;
    this.config = config;
    this.endpointOptions = config.tcp().options();
    this.client = client;
    this.first = new FirstSubflow(this, initialFlow);
    this.session = session;
    this.sender = new DataSender(this, session, scheduler);
    this.receiver = new DataReceiver(config.firstReceiveBufferBytes(), config.receiveBufferBytes());
    this.options = new SubflowOptions(this, session);
    this.input = new SegmentInput(this, session, receiver);
    this.closing = new Closing(this, session);
    this.fallback = new Fallback(this, session);
    this.addresses = new AddressBook(this, session);
    this.paths = new PathControl(this, pathManager);
    this.timers = new ConnectionTimers(this, session);
    this.joins = new JoinAcceptor(this, session);
    this.lifetime = new Lifetime(this, session);
    this.earlyData = new EarlyData(this);
    addresses.initial(initialFlow.local(), initialFlow.remote(), initialFlow.remotePort());
  }

  /**
   * A SYN with MP_JOIN and this connection's token. False: refused, and RST was sent with the
   * reason.
   */
  public boolean acceptJoin(long now, IncomingSegment syn, NetworkPath path, SegmentSink sink) {
    boolean accepted = joins.accept(now, syn, path, sink);
    settle(now, sink);
    return accepted;
  }

  /** A segment of one of this connection's subflows, its checksum verified. */
  public void segmentArrives(long now, Subflow subflow, IncomingSegment segment, SegmentSink sink) {
    if (subflow.isClosed()) {
      return;
    }
    subflow.touch();
    // Round trips end when the packet reached this host, however late the engine came to it.
    subflow.endpoint().segmentArrives(segment.arrivalNanos(now), segment, sink);
    subflow.noteProgress(now);
    silence.run(now, sink);
    sender.growBuffer();
    settle(now, sink);
  }

  /** An ICMP error about a segment of one of this connection's subflows, its checksum verified. */
  public void icmpArrives(long now, Subflow subflow, IcmpError error, SegmentSink sink) {
    if (!subflow.isClosed()) {
      subflow.touch();
      subflow.endpoint().icmpArrives(now, error);
      settle(now, sink);
    }
  }

  /** The next time at which {@link #onDeadline} is due; {@link Long#MAX_VALUE} for none. */
  public long nextDeadline() {
    if (lifetime.isOver()) {
      return Long.MAX_VALUE;
    }
    long next =
        Math.min(timers.nextDeadline(), Math.min(closing.nextDeadline(), lifetime.nextDeadline()));
    next = Math.min(next, Math.min(paths.nextDeadline(), addresses.nextDeadline()));
    next = Math.min(next, earlyData.nextDeadline());
    return Math.min(next, subflows.nextDeadline());
  }

  public void onDeadline(long now, SegmentSink sink) {
    if (lifetime.isOver()) {
      return;
    }
    subflows.onDeadline(now, sink);
    timers.onDeadline(now, sink);
    closing.onDeadline(now);
    lifetime.onDeadline(now);
    settle(now, sink);
  }

  /** Paths that were backed up may take segments again. */
  public void pathsWritable(long now, SegmentSink sink) {
    subflows.pathsWritable();
    settle(now, sink);
  }

  /**
   * Does what has become possible or due; the last step of every call from outside. The order
   * matters: subflows that have to go, first; then new ones; then options that a path refused; then
   * data; then what the endpoints owe.
   */
  void settle(long now, SegmentSink sink) {
    if (lifetime.isOver()) {
      return;
    }
    earlyData.advance(now, sink);
    lifetime.endAtOnceWhereWanted(now);
    if (lifetime.hasFailed()) {
      closing.resetSubflows(now, sink);
    }
    subflows.resetWanted(now, sink);
    removeClosed(now);
    first.run(now, sink);
    paths.run(now, sink);
    addresses.onDeadline(now);
    subflows.resumeSending();
    subflows.sendRefusedOptions(now, sink);
    if (!lifetime.hasFailed()) {
      sender.push(now, sink);
    }
    closing.advance(now);
    subflows.flush(now, sink);
    removeClosed(now);
    timers.update(now);
    lifetime.finishIfOver();
  }

  private void removeClosed(long now) {
    for (int i = subflows.size() - 1; i >= 0; i--) {
      Subflow subflow = subflows.get(i);
      if (subflow.isClosed()) {
        subflows.remove(i);
        host.unregister(subflow.flow());
        lifetime.onSubflowGone(now, subflow);
      }
    }
  }

  void onSubflowEstablished(long now, Subflow subflow) {
    if (subflow.isInitial()) {
      lifetime.handshakeOver();
      subflow.startCarrying();
      paths.request();
      (session.isPlain() ? counters().plainConnections : counters().multipathConnections)
          .increment();
    } else if (!subflow.isOpener()) {
      subflow.startCarrying();
      onJoined(now, subflow);
    }
  }

  void onJoined(long now, Subflow subflow) {
    counters().joins.increment();
    lifetime.onJoined();
    subflows.resetStranded();
    paths.onJoined();
    paths.request();
  }

  void beginMultipath(long remoteKey) {
    session.begin(remoteKey);
    receiver.start(session.remote().initialDataSequenceNumber() + 1);
    paths.request();
  }

  /** Whether the path manager has anything to decide. */
  boolean mayHaveMoreSubflows() {
    // RFC 8684 §3.1: no further subflow before a DSS option came; a server may announce addresses.
    return session.isMultipath()
        && (session.isConfirmed() || !client)
        && lifetime.isEstablished()
        && !lifetime.hasFailed()
        && !closing.isFinished();
  }

  /**
   * Takes bytes for sending: their number, 0 when the buffer is full, -1 when nothing can be sent
   * any more.
   */
  public int write(long now, ByteBuffer source, SegmentSink sink) {
    if (lifetime.hasFailed() || closing.isOutputShut() || lifetime.isOver()) {
      return -1;
    }
    int taken = sender.write(source);
    if (taken > 0) {
      settle(now, sink);
    }
    return taken;
  }

  /**
   * Gives received bytes: their number, 0 when none are there now, -1 at the end of stream or after
   * a failure.
   */
  public int read(long now, ByteBuffer target, SegmentSink sink) {
    int taken = receiver.read(target);
    if (taken == 0 && earlyData.stopWaiting(now)) {
      settle(now, sink);
    }
    if (taken > 0) {
      if (!lifetime.isOver() && !lifetime.hasFailed()) {
        receiver.onRead(now, subflows.slowestReceiveRttNanos());
        subflows.windowOpened(now, sink);
      }
      return taken;
    }
    return target.hasRemaining() && isEndOfInput() ? -1 : 0;
  }

  private boolean isEndOfInput() {
    return receiver.available() == 0
        && (receiver.isFinReceived()
            || lifetime.hasFailed()
            || closing.isInputShut()
            || lifetime.isOver());
  }

  /** Bytes that {@link #read} would give now. */
  public int available() {
    return receiver.available();
  }

  /** DATA_FIN (or FIN) after what was written. */
  public void shutdownOutput(long now, SegmentSink sink) {
    closing.shutdownOutput();
    settle(now, sink);
  }

  /** What arrives from now on is acknowledged and dropped. */
  public void shutdownInput(long now) {
    closing.shutdownInput();
  }

  /**
   * The application is done; what was written is still delivered. With unread data, or more data to
   * come: reset.
   */
  public void close(long now, SegmentSink sink) {
    if (closing.isApplicationGone() || lifetime.isOver()) {
      return;
    }
    boolean unread = receiver.available() > 0 && !closing.isInputShut();
    closing.applicationGone(now);
    if (unread || !lifetime.isEstablished()) {
      abort(now, sink);
    } else {
      settle(now, sink);
    }
  }

  /** Ends at once: MP_FASTCLOSE where it can be, RST on every subflow. */
  public void abort(long now, SegmentSink sink) {
    if (!lifetime.isOver()) {
      if (!lifetime.hasFailed()) {
        closing.fastClose(now);
      }
      lifetime.fail(Failure.ABORTED);
      settle(now, sink);
    }
  }

  public int readiness() {
    int bits = 0;
    if (receiver.available() > 0 || isEndOfInput()) {
      bits |= READABLE;
    }
    boolean sendsNoMore = lifetime.hasFailed() || closing.isOutputShut() || lifetime.isOver();
    if (sendsNoMore || (lifetime.isEstablished() && sender.isWritable())) {
      bits |= WRITABLE;
    }
    if (lifetime.isEstablished() || lifetime.hasFailed()) {
      bits |= ESTABLISHED_OR_FAILED;
    }
    return bits;
  }

  public Optional<Failure> failure() {
    return Optional.ofNullable(lifetime.failure());
  }

  /** Established, with data flowing or able to; or open for use before that (RFC 7413). */
  public boolean isEstablished() {
    return lifetime.isEstablished() && !lifetime.hasFailed();
  }

  /**
   * Addresses and ports of the first subflow. Another path may take its place until the connection
   * is established.
   */
  public FlowKey initialFlow() {
    return first.flow();
  }

  /** Every subflow is CLOSED and nothing is to be done: the owner may forget it. */
  public boolean isClosed() {
    return lifetime.isOver();
  }

  /** Whether it is plain TCP: the peer or the path knows no MPTCP. */
  public boolean isFallback() {
    return session.isPlain();
  }

  /** Bytes written and not yet acknowledged at data level. */
  public long unacknowledgedBytes() {
    return sender.end() - sender.unacknowledged();
  }

  /**
   * Whether the peer has acknowledged all that was written and, where the output was shut, its end;
   * also when nothing more can be delivered.
   */
  public boolean isDelivered() {
    if (lifetime.isOver() || lifetime.hasFailed()) {
      return true;
    }
    if (unacknowledgedBytes() > 0) {
      return false;
    }
    return !closing.isOutputShut() || closing.isEndAcknowledged();
  }

  public void localAddressAdded(long now, IpAddress address, SegmentSink sink) {
    addresses.returned(address);
    // A subflow that had lost its way may have it again.
    routesChanged(now, sink);
  }

  /** The address is gone, or deprecated: no subflow begins there any more. */
  public void localAddressRemoved(long now, IpAddress address, SegmentSink sink) {
    if (session.isMultipath()) {
      for (int i = 0; i < subflows.size(); i++) {
        Subflow subflow = subflows.get(i);
        if (!subflow.flow().local().equals(address)) {
          continue;
        }
        if (subflows.hasOtherUsable(subflow)) {
          if (host.path(address, subflow.flow().remote()).isPresent()) {
            // RFC 8684 §3.4.2: a deprecated address still works, and its subflow ends with FIN.
            subflow.finish(now);
          } else {
            subflow.wantReset(MptcpOption.RESET_UNSPECIFIED, true);
          }
        } else {
          // The last subflow stays: the address may come back, as may be hoped in plain TCP.
          subflow.strand();
        }
      }
      addresses.withdraw(now, address);
    }
    routesChanged(now, sink);
  }

  /** Routes may have changed: ask {@link MptcpHost#path} again for every subflow. */
  public void routesChanged(long now, SegmentSink sink) {
    for (int i = 0; i < subflows.size(); i++) {
      Subflow subflow = subflows.get(i);
      if (!subflow.isClosed()) {
        subflow.pathMayHaveChanged(now, host.path(subflow.flow().local(), subflow.flow().remote()));
      }
    }
    subflows.resetStranded();
    paths.request();
    settle(now, sink);
  }

  /** TCP_NODELAY: whether small segments go out at once. */
  public void setNoDelay(long now, boolean noDelay, SegmentSink sink) {
    sender.noDelay(noDelay);
    settle(now, sink);
  }

  /**
   * Has a subflow of this connection carry data only while no other can, in both directions (RFC
   * 8684 §3.3.8, MP_PRIO), or again like the others. Does nothing on plain TCP and on a subflow
   * that is closed.
   */
  public void setBackup(long now, Subflow subflow, boolean backup, SegmentSink sink) {
    if (session.isMultipath() && !subflow.isClosed()) {
      subflow.ownBackup(backup);
      settle(now, sink);
    }
  }

  /**
   * Announces an address with a port to which the peer shall open subflows (RFC 8684 §3.4.1); the
   * port is taken until the connection is over.
   *
   * @param port 0 for that of the first subflow
   * @return false when the port cannot be had, or the address may not be used, or it is plain TCP
   */
  public boolean announce(long now, IpAddress local, int port, SegmentSink sink) {
    boolean announced = announces(now, local, port);
    settle(now, sink);
    return announced;
  }

  boolean announces(long now, IpAddress local, int port) {
    boolean allowed =
        session.isMultipath()
            && (!config.boundToAddress() || local.equals(initialLocal()))
            && host.addressFilter().admits(local)
            && host.localAddresses().contains(local)
            && addresses.mayAnnounce(local, port)
            && (port == 0
                ? host.acceptsJoins(local, initialLocalPort())
                : host.holdPort(local, port));
    if (allowed) {
      addresses.announce(now, local, port);
    }
    return allowed;
  }

  /** Options of the application's, for every subflow that there is and will be. */
  public void setEndpointOptions(long now, EndpointOptions options) {
    endpointOptions = options;
    subflows.setOptions(now, options);
  }

  public List<Subflow> subflows() {
    return subflows.copy();
  }

  /** Bytes that went out again on another subflow. */
  public long reinjectedBytes() {
    return sender.reinjection().bytes();
  }

  // ---- what the parts of a connection know of each other

  MptcpHost host() {
    return host;
  }

  ConnectionConfig config() {
    return config;
  }

  EndpointOptions endpointOptions() {
    return endpointOptions;
  }

  /** A subflow that data was sent on has ended, and the connection goes on. */
  void onSubflowLost(long now) {
    timers.subflowLost(now);
  }

  /** The peer takes nothing for longer than the application would wait. */
  void onUserTimeout() {
    closing.fastClose();
    lifetime.fail(Failure.TIMED_OUT);
  }

  /** What a new subflow's endpoint is made with. */
  TcpConfig tcpConfig() {
    return config.tcp().toBuilder().options(endpointOptions).build();
  }

  MptcpCounters counters() {
    return host.counters();
  }

  boolean isClient() {
    return client;
  }

  Session session() {
    return session;
  }

  DataSender sender() {
    return sender;
  }

  DataReceiver receiver() {
    return receiver;
  }

  SubflowOptions options() {
    return options;
  }

  SegmentInput input() {
    return input;
  }

  EarlyData earlyData() {
    return earlyData;
  }

  Closing closing() {
    return closing;
  }

  Fallback fallback() {
    return fallback;
  }

  AddressBook addresses() {
    return addresses;
  }

  Lifetime lifetime() {
    return lifetime;
  }

  PathControl paths() {
    return paths;
  }

  SubflowSet subflowSet() {
    return subflows;
  }

  int subflowCount() {
    return subflows.size();
  }

  Subflow subflowAt(int index) {
    return subflows.get(index);
  }

  FirstSubflow first() {
    return first;
  }

  IpAddress initialLocal() {
    return initialFlow().local();
  }

  int initialLocalPort() {
    return initialFlow().localPort();
  }

  int initialRemotePort() {
    return initialFlow().remotePort();
  }
}
