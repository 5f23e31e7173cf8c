package org.mptcp4j.tcp;

import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;

/**
 * The transmission control block (RFC 9293 §3.3.1): what handshake, sender and receiver share. Who
 * owns a variable more narrowly keeps it.
 */
final class Tcb {
  /** RFC 9293 §3.7.1: without the option a peer takes this much. */
  private static final int DEFAULT_MSS_IPV4 = 536;

  private static final int DEFAULT_MSS_IPV6 = 1220;

  /** Options may fill 40 bytes: an MSS below this would leave next to nothing for payload. */
  private static final int LEAST_MSS = 88;

  /** RFC 7323 §2.3. */
  static final int MAX_WINDOW_SCALE = 14;

  final TcpConfig config;
  final TcpUser user;
  final IpAddress local;
  final int localPort;
  final IpAddress remote;
  final int remotePort;

  /** ISS. */
  final int initialSend;

  final Timers timers = new Timers();
  final Traffic traffic = new Traffic();
  final Ecn ecn;
  final PathMtu pathMtu;
  final UserTimeoutOption userTimeoutOption = new UserTimeoutOption();
  final FastOpen fastOpen = new FastOpen();

  NetworkPath path;
  EndpointOptions options;
  TcpState state = TcpState.CLOSED;

  /** IRS. */
  int initialReceive;

  /** Whether the peer's SYN carried, and ours offered, the option. */
  boolean timestamps;

  boolean sack;

  /** Shift of the windows that the peer announces, and of those that we announce. */
  int sendScale;

  int receiveScale;

  /** What the peer takes in a segment, before options. */
  private int peerMss;

  /** What our timestamps begin with. */
  private final int timestampOffset;

  /** RFC 7323 §4.3: TS.Recent, and when it was taken. */
  int timestampRecent;

  long timestampRecentAt;

  /** Whether the path refused a segment and has not become writable since. */
  boolean blocked;

  /** Whether ICMP says that the peer cannot be reached, and nothing came from it since. */
  boolean unreachable;

  private boolean ended;

  Tcb(
      TcpConfig config,
      TcpUser user,
      NetworkPath path,
      IpAddress local,
      int localPort,
      IpAddress remote,
      int remotePort,
      int initialSend) {
    this.config = config;
    this.ecn = new Ecn(config.ecn());
    this.user = user;
    this.path = path;
    this.options = config.options();
    this.local = local;
    this.localPort = localPort;
    this.remote = remote;
    this.remotePort = remotePort;
    this.initialSend = initialSend;
    this.timestampOffset = user.timestampOffset();
    this.peerMss = defaultMss(local.isIpv4());
    this.pathMtu = new PathMtu(local.isIpv4());
  }

  /** What a peer takes that does not say it. */
  static int defaultMss(boolean ipv4) {
    return ipv4 ? DEFAULT_MSS_IPV4 : DEFAULT_MSS_IPV6;
  }

  /** The shift that lets the largest window be announced (RFC 7323 §2.3). */
  int offeredScale() {
    return offeredScale(config);
  }

  static int offeredScale(TcpConfig config) {
    int scale = 0;
    while (scale < MAX_WINDOW_SCALE && config.receiveBufferLimit() >>> scale > 0xffff) {
      scale++;
    }
    return scale;
  }

  /**
   * Takes over what the peer's SYN or SYN/ACK says; all options are offered by us if configured.
   */
  void negotiate(long now, IncomingSegment syn) {
    userTimeoutOption.onArrival(options, syn);
    initialReceive = syn.sequenceNumber();
    peerMss = Math.max(LEAST_MSS, syn.mss() < 0 ? defaultMss(local.isIpv4()) : syn.mss());
    sack = config.sack() && syn.sackPermitted();
    timestamps = config.timestamps() && syn.hasTimestamps();
    if (timestamps) {
      timestampRecent = syn.timestampValue();
      timestampRecentAt = now;
    }
    if (syn.windowScale() >= 0) {
      sendScale = Math.min(MAX_WINDOW_SCALE, syn.windowScale());
      receiveScale = offeredScale();
    } else {
      sendScale = 0;
      receiveScale = 0;
    }
  }

  /**
   * Whether payload may be sent: also before the handshake is over where the peer's SYN brought a
   * Fast Open cookie (RFC 7413 §4.2.2).
   */
  boolean maySend() {
    return state.canSend() || (state == TcpState.SYN_RECEIVED && fastOpen.isOpened());
  }

  /** The most payload and option bytes of one segment on the wire (RFC 6691). */
  int maxSegment() {
    return Math.max(LEAST_MSS, Math.min(peerMss, packetLimit() - fixedHeaders()));
  }

  private int fixedHeaders() {
    return local.isIpv4() ? 40 : 60;
  }

  /** The largest IP packet that the path is held to take, in bytes. */
  int packetLimit() {
    return Math.min(path.mtu(), pathMtu.limit());
  }

  /** The largest IP packet that link and peer take, whatever lies between them. */
  int largestPacket() {
    return Math.min(path.mtu(), peerMss + fixedHeaders());
  }

  /** Bytes of a data packet that are not payload, at most. */
  int dataHeaders() {
    int options = (timestamps ? 12 : 0) + user.dataOptionLength();
    return fixedHeaders() + Math.min(40, options);
  }

  /** The most payload of a segment with the user's data options. */
  int segmentPayloadLimit() {
    return maxSegment() + fixedHeaders() - dataHeaders();
  }

  /** Our timestamp clock: milliseconds. */
  int timestampAt(long now) {
    return timestampAt(now, timestampOffset);
  }

  static int timestampAt(long now, int offset) {
    return (int) (now / 1_000_000L) + offset;
  }

  /** How long the peer may leave what is outstanding unanswered; 0 for no bound but retries. */
  long userTimeoutNanos() {
    return options.userTimeoutNanos() > 0
        ? options.userTimeoutNanos()
        : userTimeoutOption.adoptedNanos();
  }

  /** RFC 1122 §4.2.3.9: what ICMP said is the reason when the peer stays silent. */
  void closedBySilence(long now) {
    closed(
        now, unreachable ? TcpUser.CloseReason.UNREACHABLE : TcpUser.CloseReason.TIMED_OUT, null);
  }

  /** The end: nothing is called or sent after this. */
  void closed(long now, TcpUser.CloseReason reason, IncomingSegment segment) {
    if (ended) {
      return;
    }
    ended = true;
    fastOpen.closed(now, state, reason);
    state = TcpState.CLOSED;
    timers.clearAll();
    user.onClosed(now, reason, segment);
  }
}
