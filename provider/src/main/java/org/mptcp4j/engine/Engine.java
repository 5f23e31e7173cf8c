package org.mptcp4j.engine;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.mptcp4j.link.Egress;
import org.mptcp4j.link.PacketLink;
import org.mptcp4j.mptcp.ConnectionConfig;
import org.mptcp4j.mptcp.MptcpCounters;
import org.mptcp4j.mptcp.StatelessHandshake;
import org.mptcp4j.observe.EngineCounters;
import org.mptcp4j.observe.LinkCounters;
import org.mptcp4j.tcp.FastOpenAnswer;
import org.mptcp4j.tcp.FastOpenAttempt;
import org.mptcp4j.tcp.FastOpenCache;
import org.mptcp4j.tcp.FastOpenServer;
import org.mptcp4j.tcp.NetworkPath;
import org.mptcp4j.tcp.TcpConfig;
import org.mptcp4j.tcp.TcpCounters;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.OutgoingSegment;

/**
 * Runs the connections of this host over a {@link PacketLink}: one for a program, normally.
 * Thread-safe. How threads and locks go together is told in the package's description.
 */
public final class Engine implements Closeable {
  private static final System.Logger LOG = System.getLogger("org.mptcp4j");

  /** Longest sleep of the engine, so that even a lost wake-up would not be for ever. */
  private static final long LONGEST_SLEEP_NANOS = 1_000_000_000;

  /** How long a full path is left alone before it is tried again. */
  private static final long BUSY_RETRY_NANOS = 1_000_000;

  /** However often the link says that a path takes segments again, it is tried no more often. */
  private static final long BUSY_RETRY_GAP_NANOS = 250_000;

  /** A gap of more than this in the engine's work was a pause of the program. */
  private static final long PAUSE_NANOS = 20_000_000;

  private static final int PACKETS_PER_ROUND = 64;

  /** Connections that may have begun with data in a SYN while their handshake is not over. */
  private static final int MOST_PENDING_FAST_OPENS = 256;

  private static final int MOST_ESTIMATES = 1024;
  private static final Duration LIFE_OF_ESTIMATES = Duration.ofMinutes(10);

  /** The end of the engine. */
  @FunctionalInterface
  interface Closing {
    void run() throws IOException;
  }

  private final PacketLink link;
  private final EngineConfig config;
  private final LongSupplier clock;
  private final EngineCounters counters = new EngineCounters();
  private final MptcpCounters mptcpCounters = new MptcpCounters();
  private final PacketPool packetPool = new PacketPool();
  private final FlowTable flows = new FlowTable();
  private final PortBook ports;
  private final RandomBytes random;
  private final InitialSequenceNumbers sequenceNumbers;
  private final TimestampOffsets timestampOffsets;
  private final FastOpenCache fastOpenCache = new FastOpenCache(mptcpCounters.tcp);
  private final FastOpenServer fastOpenServer;
  private final Optional<PathCache> pathCache;
  private final HalfOpenJoins joins;
  private final SharedBlackHoles blackHoles;
  private final HalfOpenConnections halfOpen = new HalfOpenConnections();
  private final DeadlineQueue deadlines = new DeadlineQueue();
  private final BusyConnections busy = new BusyConnections();
  private final PendingResets resets = new PendingResets();
  private final NetworkNews news;
  private final Demultiplexer demultiplexer;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final AtomicBoolean faultTold = new AtomicBoolean();

  private final Turner turner;

  // For the leader only.
  private final ArrayList<EngineConnection> retry = new ArrayList<>();
  private long lastRetry;
  private boolean retryDue;
  private long timersHeldUntil = Long.MIN_VALUE;

  /** When the engine was last turned or woken: long ago means that the program stood still. */
  private long turnedAt;

  private volatile PeerFilter peerFilter;

  /** Until when the engine sleeps, when it does; a deadline before that must wake it. */
  private volatile long asleepUntil = Long.MIN_VALUE;

  /** An engine on {@code link}, which it closes when it is closed itself. */
  public Engine(PacketLink link, EngineConfig config) {
    this(link, config, System::nanoTime);
  }

  Engine(PacketLink link, EngineConfig config, LongSupplier clock) {
    this.link = link;
    this.config = config;
    this.clock = clock;
    SecureRandom secureRandom = new SecureRandom();
    random = new RandomBytes(secureRandom);
    sequenceNumbers = new InitialSequenceNumbers(secureRandom);
    timestampOffsets = new TimestampOffsets(secureRandom);
    fastOpenServer = new FastOpenServer(secureRandom, MOST_PENDING_FAST_OPENS, mptcpCounters.tcp);
    pathCache =
        config.shareEstimates()
            ? Optional.of(new PathCache(MOST_ESTIMATES, LIFE_OF_ESTIMATES))
            : Optional.empty();
    ports = new PortBook(link);
    joins = new HalfOpenJoins(config.maxHalfOpenJoins());
    blackHoles = new SharedBlackHoles(config.blackHoleMemory());
    demultiplexer =
        new Demultiplexer(this, new Acceptor(this, new StatelessHandshake(secureRandom)));
    lastRetry = clock.getAsLong();
    turnedAt = lastRetry;
    turner = new Turner(this, config.ownThread());
    news = new NetworkNews(this);
    link.setNetworkListener(news);
    addGauges();
    if (config.ownThread()) {
      turner.start();
      ExitHook.install(this);
    }
  }

  private void addGauges() {
    counters.add("connections.now", () -> flows.connections().size());
    counters.add("flows.now", flows::flowCount);
    counters.add("connections.halfopen", halfOpen::count);
    counters.add("ports.now", ports::size);
    for (LinkCounters.Counter counter : LinkCounters.Counter.values()) {
      String name = "link." + counter.name().toLowerCase(Locale.ROOT).replace('_', '.');
      counters.add(name, () -> link.counters().get(counter));
    }
    TcpCounters tcp = mptcpCounters.tcp;
    counters.add("tcp.loss.episodes", tcp.lossEpisodes::sum);
    counters.add("tcp.ecn.reductions", tcp.ecnReductions::sum);
    counters.add("tcp.retransmissions", tcp.retransmissions::sum);
    counters.add("tcp.dropped.window", tcp.outOfWindow::sum);
    counters.add("tcp.dropped.timestamp", tcp.oldTimestamps::sum);
    counters.add("tcp.dropped.ack", tcp.badAcks::sum);
    counters.add("tcp.dropped.reset", tcp.badResets::sum);
    counters.add("tcp.dropped.syn", tcp.badSyns::sum);
    counters.add("tcp.dropped.flagless", tcp.flagless::sum);
    counters.add("tcp.dropped.sackblocks", tcp.badSackBlocks::sum);
    counters.add("tcp.challenges.suppressed", tcp.challengesSuppressed::sum);
    counters.add("tcp.acks.unanswered", tcp.emptyUnanswered::sum);
    counters.add("tcp.icmp.believed", tcp.icmpErrors::sum);
    counters.add("tcp.icmp.ignored", tcp.icmpIgnored::sum);
    counters.add("tcp.fastopen.requested", tcp.fastOpenRequested::sum);
    counters.add("tcp.fastopen.sent", tcp.fastOpenSent::sum);
    counters.add("tcp.fastopen.acknowledged", tcp.fastOpenAcknowledged::sum);
    counters.add("tcp.fastopen.failed", tcp.fastOpenFailed::sum);
    counters.add("tcp.fastopen.cookies.given", tcp.fastOpenCookiesGiven::sum);
    counters.add("tcp.fastopen.accepted", tcp.fastOpenAccepted::sum);
    counters.add("tcp.fastopen.refused", tcp.fastOpenRefused::sum);
    counters.add("tcp.fastopen.overflows", tcp.fastOpenOverflows::sum);
    counters.add("tcp.mtu.blackholes", tcp.blackHoles::sum);
    counters.add("tcp.mtu.probes", tcp.mtuProbes::sum);
    counters.add("tcp.mtu.probes.lost", tcp.mtuProbesLost::sum);
    MptcpCounters mptcp = mptcpCounters;
    counters.add("mptcp.fallbacks", mptcp.fallbacks::sum);
    counters.add("mptcp.connections", mptcp.multipathConnections::sum);
    counters.add("mptcp.plain", mptcp.plainConnections::sum);
    counters.add("mptcp.blackholes", mptcp.blackHoles::sum);
    counters.add("mptcp.blackholes.avoided", mptcp.blackHolesAvoided::sum);
    counters.add("mptcp.firstpath.others", mptcp.otherFirstPaths::sum);
    counters.add("mptcp.joins", mptcp.joins::sum);
    counters.add("mptcp.joins.failed", mptcp.joinFailures::sum);
    counters.add("mptcp.hmac.failures", mptcp.hmacFailures::sum);
    counters.add("mptcp.checksum.failures", mptcp.checksumFailures::sum);
    counters.add("mptcp.unmapped", mptcp.unmappedBytes::sum);
    counters.add("mptcp.unmapped.mappedlater", mptcp.mappedLaterBytes::sum);
    counters.add("mptcp.dropped.misplaced", mptcp.misplacedBytes::sum);
    counters.add("mptcp.dropped.dataacks", mptcp.badDataAcks::sum);
    counters.add("mptcp.dropped.datafins", mptcp.badDataFins::sum);
    counters.add("mptcp.dropped.fastcloses", mptcp.badFastcloses::sum);
    counters.add("mptcp.dropped.addresses", mptcp.addressesRefused::sum);
    counters.add("mptcp.reinjected", mptcp.reinjectedBytes::sum);
    counters.add("mptcp.reinjected.opportunistic", mptcp.opportunisticBytes::sum);
    counters.add("mptcp.penalties", mptcp.penalties::sum);
    counters.add("mptcp.subflows.stale", mptcp.staleResets::sum);
  }

  /**
   * A new socket, not bound and not connected.
   *
   * @param multipath whether it offers Multipath TCP; else it is plain TCP
   */
  public StreamSocket openSocket(boolean multipath) {
    return new EngineSocket(this, new SocketSettings(config, multipath));
  }

  /**
   * Listens.
   *
   * @param local address and port; the IPv6 wildcard is that of both families, port 0 any port
   * @param backlog most connections that wait to be accepted; 0 or less: a default
   * @param multipath whether it accepts Multipath TCP; else all its connections are plain TCP
   * @param sharing whom it lets use the port
   * @throws java.net.BindException as the kernel says
   */
  public StreamListener listen(
      InetSocketAddress local, int backlog, boolean multipath, PortSharing sharing)
      throws IOException {
    return new EngineListener(this, new SocketSettings(config, multipath), local, backlog, sharing);
  }

  /** Listens with {@link PortSharing#DEFAULT}. */
  public StreamListener listen(InetSocketAddress local, int backlog, boolean multipath)
      throws IOException {
    return listen(local, backlog, multipath, PortSharing.DEFAULT);
  }

  /** Whether {@code address} is this host's own, so that the kernel serves it. */
  public boolean isLocal(IpAddress address) {
    return link.isLocal(address);
  }

  /**
   * Whether clients are bound to this address and port who share it with one more that wants {@code
   * sharing}.
   */
  public boolean isShared(InetSocketAddress local, PortSharing sharing) {
    return ports.isShared(IpAddress.of(local.getAddress()), local.getPort(), sharing);
  }

  /** Whether only the kernel's sockets may talk to {@code address}, for an IPsec policy. */
  public boolean isKernelOnly(IpAddress address) {
    return link.isKernelOnly(address);
  }

  /** Sets who may connect; those who may not are answered with RST. At first everybody may. */
  public void setPeerFilter(PeerFilter filter) {
    peerFilter = filter;
  }

  /** What happened so far. */
  public EngineCounters counters() {
    return counters;
  }

  public EngineConfig config() {
    return config;
  }

  /**
   * Does what is to be done now: takes packets, runs timers. Any thread may call it while it holds
   * no lock; when another thread is at it, nothing is done.
   *
   * @return how many packets and timers there were; -1 when another thread is at it
   */
  public int poll() {
    return turner.poll();
  }

  /** Wakes the thread that sleeps in the engine. */
  public void wakeup() {
    link.wakeup();
  }

  /** What a thread of the application waits at, turning the engine meanwhile. */
  public Doorbell newDoorbell() {
    return new Doorbell(turner);
  }

  /** Turns for the thread that waits at {@code bell}, which leads. */
  void turnUntil(Doorbell bell, long timeoutNanos) {
    long start = now();
    long sleptOver = 0;
    while (!bell.isRung() && !closed.get() && !Thread.currentThread().isInterrupted()) {
      try {
        if (turn(sleptOver) > 0) {
          sleptOver = 0;
          continue;
        }
        long left = timeoutNanos - (now() - start);
        if (left <= 0) {
          return;
        }
        sleptOver = sleep(left, bell);
      } catch (RuntimeException | Error e) {
        // Nothing that a peer or the network does may end the engine, or the application's thread.
        faulted("the engine's loop", e);
      }
    }
  }

  /**
   * The leader sleeps until there may be something to do.
   *
   * @param bell what its thread waits at; null for the engine's own thread
   * @return by how much the sleep was longer than asked for
   */
  long sleep(long atMostNanos, Doorbell bell) {
    long now = now();
    long until = Math.min(nextDue(now), now + Math.min(LONGEST_SLEEP_NANOS, atMostNanos));
    asleepUntil = until;
    try {
      // Whoever armed a deadline, rang or began to follow before it could see that we sleep is seen
      // here.
      until = Math.min(nextDue(now), until);
      boolean wanted = bell == null ? turner.hasFollowers() : bell.isRung();
      if (until > now && !wanted && !closed.get()) {
        link.await(until - now);
      }
    } finally {
      asleepUntil = Long.MIN_VALUE;
    }
    long woken = now();
    turnedAt = woken;
    return Math.max(0, woken - Math.max(until, now));
  }

  boolean isAsleep() {
    return asleepUntil != Long.MIN_VALUE;
  }

  private long nextDue(long now) {
    long due = deadlines.earliest();
    if (due < timersHeldUntil) {
      due = timersHeldUntil;
    }
    if (busy.any() || resets.any()) {
      due = Math.min(due, lastRetry + (retryDue ? BUSY_RETRY_GAP_NANOS : BUSY_RETRY_NANOS));
    }
    return Math.max(due, now);
  }

  /** One round; the caller leads. */
  int turn(long sleptOver) {
    int work = 0;
    long paused = sleptOver;
    long began = now();
    if (config.ownThread() && began - turnedAt > PAUSE_NANOS) {
      paused = Math.max(paused, began - turnedAt);
    }
    int packets;
    // After a pause, all that arrived meanwhile is taken in before any timer may call it lost.
    do {
      demultiplexer.begin(began);
      packets = link.receive(demultiplexer, PACKETS_PER_ROUND);
      work += packets;
      long ended = now();
      if (ended - began > PAUSE_NANOS) {
        paused = Math.max(paused, ended - began);
      }
      began = ended;
      if (packets == PACKETS_PER_ROUND) {
        retryBusy(ended);
      }
    } while (packets == PACKETS_PER_ROUND);
    news.tell();
    retryBusy(began);
    if (paused > PAUSE_NANOS) {
      // The peer may have stood still with us (both on one machine), so that its answers are yet to
      // come: the timers stood still as well.
      counters.pauses.increment();
      timersHeldUntil = Math.max(timersHeldUntil, began + paused);
    }
    work += runTimers();
    turnedAt = now();
    return work;
  }

  private int runTimers() {
    long now = now();
    if (now < timersHeldUntil) {
      return 0;
    }
    int count = 0;
    DeadlineQueue.Entry due;
    while ((due = deadlines.pollDue(now)) != null) {
      ((EngineConnection) due).onDeadline();
      count++;
    }
    return count;
  }

  private void retryBusy(long now) {
    if (!busy.any() && !resets.any()) {
      return;
    }
    retryDue = now - lastRetry < BUSY_RETRY_GAP_NANOS;
    if (retryDue) {
      return;
    }
    lastRetry = now;
    if (resets.any()) {
      resets.sendTo(link);
    }
    busy.drainTo(retry);
    for (int i = 0; i < retry.size(); i++) {
      retry.get(i).onPathsWritable();
    }
    retry.clear();
  }

  /** Stops: the link is closed, every guard with it. Idempotent. */
  @Override
  public void close() throws IOException {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    turner.stop(link::close);
  }

  boolean isClosed() {
    return closed.get();
  }

  boolean acceptsPeer(long high, long low, int localPort) {
    PeerFilter filter = peerFilter;
    return filter == null || filter.accepts(new IpAddress(high, low), localPort);
  }

  // What the other rooms of the engine share.

  long now() {
    return clock.getAsLong();
  }

  PacketLink link() {
    return link;
  }

  MptcpCounters mptcpCounters() {
    return mptcpCounters;
  }

  FlowTable flows() {
    return flows;
  }

  PortBook ports() {
    return ports;
  }

  PacketPool packetPool() {
    return packetPool;
  }

  RandomBytes random() {
    return random;
  }

  InitialSequenceNumbers sequenceNumbers() {
    return sequenceNumbers;
  }

  TimestampOffsets timestampOffsets() {
    return timestampOffsets;
  }

  /** How a connection that begins here uses TCP Fast Open. */
  FastOpenAttempt fastOpenAttempt(FlowKey flow) {
    return config.fastOpenClient() ? fastOpenCache.attempt(now(), flow) : FastOpenAttempt.NONE;
  }

  /** What becomes of the Fast Open option of a SYN at a listener. */
  FastOpenAnswer fastOpenAnswer(long now, IncomingSegment syn) {
    return config.fastOpenServer() ? fastOpenServer.answer(now, syn) : FastOpenAnswer.NONE;
  }

  HalfOpenConnections halfOpen() {
    return halfOpen;
  }

  Optional<PathCache> pathCache() {
    return pathCache;
  }

  HalfOpenJoins joins() {
    return joins;
  }

  SharedBlackHoles blackHoles() {
    return blackHoles;
  }

  Optional<NetworkPath> path(IpAddress local, IpAddress remote) {
    Optional<Egress> egress = link.egress(local, remote);
    return egress.map(EnginePath::new);
  }

  ConnectionConfig connectionConfig(SocketSettings settings, boolean boundToAddress) {
    TcpConfig tcp =
        TcpConfig.builder(65_495, settings.receiveBufferBytes())
            .noDelay(settings.noDelay())
            .minRto(config.minRto().toNanos())
            .timeWait(config.timeWait().toNanos())
            .congestionControl(config.congestionControl())
            .options(settings.endpointOptions())
            .ecn(config.ecn())
            .build();
    return ConnectionConfig.builder(tcp)
        .multipath(settings.multipath())
        .checksum(config.checksum())
        .buffers(settings.sendBufferBytes(), settings.receiveBufferBytes())
        .firstBuffers(settings.firstSendBufferBytes(), settings.firstReceiveBufferBytes())
        .maxSubflows(config.maxSubflows())
        .maxAnnouncedAddresses(config.maxAnnouncedAddresses())
        .boundToAddress(boundToAddress)
        .closeTimeout(config.closeTimeout().toNanos())
        .fastcloseByAck(config.fastcloseByAck())
        .opening(config.opening())
        .build();
  }

  /** Wakes {@code connection} at {@code deadline}. */
  void armDeadline(EngineConnection connection, long deadline) {
    if (deadlines.arm(connection, deadline) && deadline < asleepUntil) {
      link.wakeup();
    }
  }

  /** Tries {@code connection} again when its path may take segments. */
  void waitForPath(EngineConnection connection) {
    if (busy.add(connection) && asleepUntil - now() > BUSY_RETRY_NANOS) {
      link.wakeup();
    }
  }

  /** Sends a RST when its path may take segments; false when too many wait already. */
  boolean keepReset(OutgoingSegment reset, Egress egress) {
    boolean kept = resets.add(reset, egress);
    if (kept && asleepUntil - now() > BUSY_RETRY_NANOS) {
      link.wakeup();
    }
    return kept;
  }

  boolean hasPendingResets() {
    return resets.any();
  }

  void forget(EngineConnection connection) {
    flows.remove(connection);
    deadlines.remove(connection);
  }

  /** Counts a fault of ours, and tells of the first. */
  void faulted(String where, Throwable fault) {
    counters.faults.increment();
    if (faultTold.compareAndSet(false, true)) {
      LOG.log(
          System.Logger.Level.ERROR,
          "a fault in " + where + "; it goes on, and later ones are only counted",
          fault);
    }
  }

  void told(String what, Exception cause) {
    LOG.log(System.Logger.Level.DEBUG, what, cause);
  }
}
