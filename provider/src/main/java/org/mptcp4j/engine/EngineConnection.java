package org.mptcp4j.engine;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.mptcp4j.link.PacketLink;
import org.mptcp4j.mptcp.MptcpConnection;
import org.mptcp4j.mptcp.Subflow;
import org.mptcp4j.mptcp.SubflowInfo;
import org.mptcp4j.tcp.NetworkPath;
import org.mptcp4j.tcp.SegmentSink;
import org.mptcp4j.tcp.TcpState;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/**
 * An {@link MptcpConnection} in the engine: its lock, and the work that waits for the lock.
 *
 * <p>Threads of the application take the lock with {@link #acquire}. The thread that turns the
 * engine does not wait for it (but when the queue of packets is full): what it brings (packets,
 * deadlines, news) it leaves with the thread that holds the connection, which does that work in
 * {@link #release}. No wake-up gets lost: whoever leaves work looks again whether the lock is free,
 * and whoever frees the lock looks again whether there is work.
 */
final class EngineConnection extends DeadlineQueue.Entry implements SegmentSink {
  /** Work that happens seldom, done under the lock. */
  interface Task {
    void run(long now, MptcpConnection connection);
  }

  /**
   * A bit of {@link #readiness} besides those of {@link StreamSocket}: the application has closed
   * the connection, and the peer has all of it or will never have.
   */
  static final int DELIVERED = 8;

  /**
   * Whoever knows the token (it goes over the wire as it is) can ask for subflows without end. No
   * honest peer asks for more.
   */
  private static final int JOINS_PER_SECOND = 16;

  private static final int DEADLINE = 1;
  private static final int WRITABLE_PATHS = 2;

  private final Engine engine;
  private final EngineSocket socket;
  private final EngineListener listener;
  private final ConnectionHost host;
  private final ReentrantLock lock = new ReentrantLock();
  private final PacketQueue packets;
  private final ConcurrentLinkedQueue<Task> tasks = new ConcurrentLinkedQueue<>();
  private final AtomicInteger pending = new AtomicInteger();
  private final FlowKey scratch = new FlowKey();

  // Guarded by the lock; set once.
  private MptcpConnection connection;
  private boolean announced;
  private boolean closedByUser;
  private boolean forgotten;
  private volatile int readiness;

  /** For the thread that turns the engine. */
  private final RateLimit joins;

  /** Whether the engine has this connection among those that wait for a path; its own matter. */
  boolean waitsForPath;

  /**
   * @param listener that it arrived at; null for one that this host began
   */
  EngineConnection(Engine engine, EngineSocket socket, EngineListener listener) {
    this.engine = engine;
    this.socket = socket;
    this.listener = listener;
    packets = new PacketQueue(engine.packetPool());
    host = new ConnectionHost(engine, this);
    joins = new RateLimit(JOINS_PER_SECOND, engine.now());
  }

  EngineSocket socket() {
    return socket;
  }

  EngineListener listener() {
    return listener;
  }

  ConnectionHost host() {
    return host;
  }

  /** The bits of {@link StreamSocket#readiness}, and more, when the lock was last released. */
  int readiness() {
    return readiness;
  }

  /** Takes the lock; {@link #release} must follow. */
  MptcpConnection acquire() {
    lock.lock();
    return connection;
  }

  /** Gives the connection, under the lock. */
  void open(MptcpConnection opened) {
    connection = opened;
  }

  /** The subflows as the application may see them. */
  List<org.mptcp4j.Subflow> describeSubflows() {
    acquire();
    try {
      long now = engine.now();
      return connection == null
          ? List.of()
          : connection.subflows().stream().map(subflow -> describe(now, subflow)).toList();
    } finally {
      release();
    }
  }

  /** Makes a subflow a backup, or none again. */
  void setBackup(org.mptcp4j.Subflow described, boolean backup) {
    acquire();
    try {
      if (connection != null) {
        for (Subflow subflow : connection.subflows()) {
          FlowKey flow = subflow.flow();
          if (local(flow).equals(described.local()) && remote(flow).equals(described.remote())) {
            connection.setBackup(engine.now(), subflow, backup, this);
          }
        }
      }
    } finally {
      release();
    }
  }

  /** Announces an address and port to the peer; false when that cannot be. */
  boolean announce(InetSocketAddress address) {
    acquire();
    try {
      IpAddress local = IpAddress.of(address.getAddress());
      return connection != null
          && !forgotten
          && connection.announce(engine.now(), local, address.getPort(), this);
    } finally {
      release();
    }
  }

  private static InetSocketAddress local(FlowKey flow) {
    return new InetSocketAddress(flow.local().toInetAddress(), flow.localPort());
  }

  private static InetSocketAddress remote(FlowKey flow) {
    return new InetSocketAddress(flow.remote().toInetAddress(), flow.remotePort());
  }

  private static org.mptcp4j.Subflow describe(long now, Subflow subflow) {
    SubflowInfo info = subflow.info();
    FlowKey flow = info.flow();
    return new org.mptcp4j.Subflow(
        local(flow),
        remote(flow),
        info.localAddressId(),
        info.remoteAddressId(),
        info.backup(),
        info.established(),
        subflow.endpoint().info(now));
  }

  /** The application will not use it any more; under the lock. */
  void markClosedByUser() {
    closedByUser = true;
  }

  /** Whether the peer has all that was written, and the end of the stream where that was sent. */
  boolean isDelivered() {
    acquire();
    try {
      return connection == null || forgotten || connection.isDelivered();
    } finally {
      release();
    }
  }

  /** Whether nothing more is to come from the peer either. */
  boolean isFinished() {
    acquire();
    try {
      return connection == null || forgotten || isInTimeWait();
    } finally {
      release();
    }
  }

  private boolean isInTimeWait() {
    for (Subflow subflow : connection.subflows()) {
      TcpState state = subflow.endpoint().state();
      if (state != TcpState.TIME_WAIT && state != TcpState.CLOSED) {
        return false;
      }
    }
    return connection.isDelivered();
  }

  /**
   * RFC 9293 §3.6.1: a new SYN may end TIME-WAIT.
   *
   * @return whether the flow of this connection is free now
   */
  boolean yieldTimeWait() {
    if (!lock.tryLock()) {
      return false;
    }
    try {
      if (connection == null || forgotten || !closedByUser || !isInTimeWait()) {
        return false;
      }
      connection.abort(engine.now(), this);
      return connection.isClosed();
    } finally {
      release();
    }
  }

  /** Does the work that waits, frees the lock, and tells whom it concerns what changed. */
  void release() {
    do {
      int turnedOn = 0;
      boolean acceptable = false;
      try {
        work();
        if (connection != null && !forgotten) {
          turnedOn = settle();
          acceptable = settleAcceptance();
        }
      } catch (RuntimeException | Error e) {
        fail(e);
      } finally {
        lock.unlock();
      }
      if (turnedOn != 0) {
        socket.signal(turnedOn);
      }
      if (acceptable) {
        listener.enqueue(socket);
      }
    } while (hasWork() && lock.tryLock());
  }

  private boolean hasWork() {
    return pending.get() != 0 || !packets.isEmpty() || !tasks.isEmpty();
  }

  /** A packet for this connection; processed now, or by the thread that holds the lock. */
  void deliver(
      long now,
      FlowTable.Entry flow,
      IncomingSegment segment,
      ByteBuffer buffer,
      int offset,
      int length,
      long arrivalNanos) {
    if (lock.tryLock()) {
      try {
        work();
        process(now, flow, segment);
      } catch (RuntimeException | Error e) {
        fail(e);
      } finally {
        release();
      }
      return;
    }
    if (packets.offer(buffer, offset, length, arrivalNanos)) {
      engine.counters().packetsQueued.increment();
      releaseIfFree();
      return;
    }
    // To drop it would look like congestion to the peer. The holder copies bytes and sends, calls
    // nobody else's code and waits for nothing, so this wait is short.
    engine.counters().queueOverflows.increment();
    acquire();
    try {
      work();
      process(now, flow, segment);
    } catch (RuntimeException | Error e) {
      fail(e);
    } finally {
      release();
    }
  }

  /** Whether a SYN with its token is looked at; called by the thread that turns the engine. */
  boolean admitsJoin(long now) {
    return joins.take(now);
  }

  /** Its deadline may have come. */
  void onDeadline() {
    post(DEADLINE);
  }

  /** Paths that were full may take segments again. */
  void onPathsWritable() {
    post(WRITABLE_PATHS);
  }

  /** Runs {@code task} soon under the lock; never waits. */
  void post(Task task) {
    tasks.add(task);
    releaseIfFree();
  }

  private void post(int bit) {
    pending.getAndUpdate(bits -> bits | bit);
    releaseIfFree();
  }

  private void releaseIfFree() {
    if (lock.tryLock()) {
      release();
    }
  }

  /** All that was left with the holder, in the order of arrival. */
  private void work() {
    if (!hasWork()) {
      return;
    }
    QueuedPacket packet;
    while ((packet = packets.poll()) != null) {
      try {
        IncomingSegment segment = packet.segment();
        process(engine.now(), engine.flows().find(scratch.setIncoming(segment)), segment);
      } finally {
        packets.done(packet);
      }
    }
    if (connection == null || forgotten) {
      tasks.clear();
      pending.set(0);
      return;
    }
    int bits = pending.getAndSet(0);
    if ((bits & WRITABLE_PATHS) != 0) {
      connection.pathsWritable(engine.now(), this);
    }
    if ((bits & DEADLINE) != 0) {
      connection.onDeadline(engine.now(), this);
    }
    Task task;
    while ((task = tasks.poll()) != null) {
      task.run(engine.now(), connection);
    }
  }

  private void process(long now, FlowTable.Entry flow, IncomingSegment segment) {
    if (connection == null || forgotten) {
      return;
    }
    if (flow != null) {
      if (flow.owner() == this) {
        connection.segmentArrives(now, flow.subflow(), segment, this);
      }
      return;
    }
    if (segment.has(TcpFlags.SYN)
        && !segment.has(TcpFlags.ACK)
        && segment.mptcp().has(MptcpOption.MP_JOIN)) {
      Optional<NetworkPath> path = host.path(segment.destination(), segment.source());
      if (path.isPresent() && connection.acceptJoin(now, segment, path.get(), this)) {
        engine.joins().began(engine.flows().find(scratch.setIncoming(segment)));
      }
    }
  }

  /** Takes over the connection's new state; returns the readiness bits that turned on. */
  private int settle() {
    int before = readiness;
    int after = connection.readiness();
    if (connection.failure().isPresent()) {
      after |= StreamSocket.READABLE | StreamSocket.WRITABLE | StreamSocket.CONNECTABLE;
    }
    if (closedByUser && connection.isDelivered()) {
      after |= DELIVERED;
    }
    readiness = after;
    socket.firstSubflow(connection.initialFlow());
    if (connection.isClosed()) {
      forget();
    } else {
      engine.armDeadline(this, connection.nextDeadline());
    }
    return after & ~before;
  }

  /** Whether the connection is now to be accepted by its listener. */
  private boolean settleAcceptance() {
    if (listener == null || announced) {
      return false;
    }
    if (connection.isEstablished()) {
      announced = true;
      return true;
    }
    if (forgotten || connection.failure().isPresent()) {
      announced = true;
      listener.handshakeFailed();
    }
    return false;
  }

  private void forget() {
    if (!forgotten) {
      forgotten = true;
      engine.forget(this);
      host.close();
    }
  }

  /** Its listener was closed: it ends, unless the application has accepted it. */
  void abandonIfHalfOpen() {
    acquire();
    try {
      if (connection != null && !forgotten && !announced) {
        connection.abort(engine.now(), this);
      }
    } finally {
      release();
    }
  }

  /** A fault of ours: the connection cannot go on, the engine can. */
  private void fail(Throwable fault) {
    engine.faulted("a connection", fault);
    if (connection == null || forgotten) {
      return;
    }
    try {
      connection.abort(engine.now(), this);
    } catch (RuntimeException | Error again) {
      engine.faulted("a connection that was being aborted", again);
    }
    readiness =
        StreamSocket.READABLE | StreamSocket.WRITABLE | StreamSocket.CONNECTABLE | DELIVERED;
    if (listener != null && !announced) {
      announced = true;
      listener.handshakeFailed();
    }
    forget();
    socket.breakDown();
  }

  @Override
  public boolean transmit(OutgoingSegment segment, NetworkPath path) {
    PacketLink.SendResult result = engine.link().send(segment, ((EnginePath) path).egress());
    switch (result) {
      case SENT -> {
        engine.counters().packetsSent.increment();
        engine.counters().payloadBytesSent.add(segment.payloadLength());
      }
      case DROPPED -> engine.counters().sendsDropped.increment();
      case BUSY -> {
        engine.counters().sendsBusy.increment();
        if ((segment.flags() & TcpFlags.RST) != 0) {
          return engine.keepReset(segment, ((EnginePath) path).egress());
        }
        engine.waitForPath(this);
        return false;
      }
    }
    return true;
  }
}
