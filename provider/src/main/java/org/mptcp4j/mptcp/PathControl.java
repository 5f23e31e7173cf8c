package org.mptcp4j.mptcp;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.mptcp4j.spi.PathManager;
import org.mptcp4j.tcp.NetworkPath;
import org.mptcp4j.tcp.SegmentSink;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IpAddress;

/** What stands between a connection and its path manager: opens subflows, announces addresses. */
final class PathControl implements PathManager.Connection {
  /** How long an additional subflow may take to be established. */
  private static final long ESTABLISH_WITHIN = 3_000_000_000L;

  /** Where no subflow has delivered anything for so long, others are opened in their place. */
  private static final long LONG_SILENCE = 5_000_000_000L;

  private final MptcpConnection connection;
  private final PathManager manager;
  private boolean requested;
  private long nextCall = Long.MAX_VALUE;
  private long silenceAt = Long.MAX_VALUE;
  private boolean reopeningAwaited;
  private long now;
  private SegmentSink sink;

  PathControl(MptcpConnection connection, PathManager manager) {
    this.connection = connection;
    this.manager = manager;
  }

  /** The path manager shall have a look. */
  void request() {
    requested = true;
  }

  /** A subflow has fallen silent. */
  void onSilence(long now) {
    requested = true;
    silenceAt = Math.min(silenceAt, now + LONG_SILENCE);
  }

  private boolean isLongSilent(Subflow subflow) {
    return subflow.isSilent() && now - subflow.silentSince() >= LONG_SILENCE;
  }

  private boolean anyDelivers() {
    for (int i = 0; i < connection.subflowCount(); i++) {
      Subflow subflow = connection.subflowAt(i);
      if (subflow.isUsable() && !isLongSilent(subflow)) {
        return true;
      }
    }
    return false;
  }

  /** When the next one will have been silent for long. */
  private long nextSilence() {
    long next = Long.MAX_VALUE;
    for (int i = 0; i < connection.subflowCount(); i++) {
      Subflow subflow = connection.subflowAt(i);
      if (subflow.isSilent() && !isLongSilent(subflow)) {
        next = Math.min(next, subflow.silentSince() + LONG_SILENCE);
      }
    }
    return next;
  }

  long nextDeadline() {
    return Math.min(nextCall, silenceAt);
  }

  void run(long now, SegmentSink sink) {
    if (!requested && nextDeadline() > now) {
      return;
    }
    this.now = now;
    requested = false;
    nextCall = Long.MAX_VALUE;
    silenceAt = connection.isClient() ? nextSilence() : Long.MAX_VALUE;
    if (!connection.mayHaveMoreSubflows()) {
      return;
    }
    this.sink = sink;
    nextCall = manager.manage(now, this);
    this.sink = null;
  }

  void onSubflowEnded(long now, Subflow subflow) {
    if (subflow.isOpener()) {
      FlowKey flow = subflow.flow();
      manager.onSubflowEnded(
          now,
          flow.local().toInetAddress(),
          new PathManager.Remote(flow.remote().toInetAddress(), flow.remotePort()),
          subflow.everCarriedData(),
          subflow.isPermanentlyRefused());
    }
    requested = true;
  }

  /**
   * Whether a subflow that is reset may be opened again: by us, or by a peer that has not left a
   * gap after the last one.
   */
  boolean expectsReopening(Subflow subflow) {
    if (!subflow.isOpener()) {
      return !reopeningAwaited;
    }
    FlowKey flow = subflow.flow();
    InetAddress local = flow.local().toInetAddress();
    InetAddress remote = flow.remote().toInetAddress();
    boolean localKnown =
        isBoundToAddress() ? initialLocalAddress().equals(local) : localAddresses().contains(local);
    return localKnown && remoteAddresses().stream().anyMatch(r -> r.address().equals(remote));
  }

  /** The subflow is reset for the sake of a new one. */
  void awaitReopening(Subflow subflow) {
    reopeningAwaited |= !subflow.isOpener();
  }

  /** The peer has opened a subflow. */
  void onJoined() {
    reopeningAwaited = false;
  }

  @Override
  public boolean isClient() {
    return connection.isClient();
  }

  @Override
  public boolean isBoundToAddress() {
    return connection.config().boundToAddress();
  }

  @Override
  public InetAddress initialLocalAddress() {
    return connection.initialLocal().toInetAddress();
  }

  @Override
  public PathManager.Remote initialRemote() {
    FlowKey flow = connection.initialFlow();
    return new PathManager.Remote(flow.remote().toInetAddress(), flow.remotePort());
  }

  @Override
  public int maxSubflows() {
    return connection.config().maxSubflows();
  }

  @Override
  public List<InetAddress> localAddresses() {
    AddressFilter filter = connection.host().addressFilter();
    return connection.host().localAddresses().stream()
        .filter(filter::admits)
        .map(IpAddress::toInetAddress)
        .toList();
  }

  @Override
  public List<PathManager.Remote> remoteAddresses() {
    List<PathManager.Remote> list = new ArrayList<>();
    addUsable(list, connection.addresses().remotes());
    if (!anyDelivers()) {
      addUsable(list, connection.addresses().withdrawn());
    }
    return list;
  }

  private void addUsable(List<PathManager.Remote> list, List<AddressBook.Remote> remotes) {
    AddressFilter filter = connection.host().addressFilter();
    for (AddressBook.Remote remote : remotes) {
      if (!isClosed(remote.address(), remote.port()) && filter.admits(remote.address())) {
        list.add(new PathManager.Remote(remote.address().toInetAddress(), remote.port()));
      }
    }
  }

  /** RFC 8684 §3.1, flag C: no further subflow to the first one's address and port. */
  private boolean isClosed(IpAddress remote, int port) {
    return connection.session().isInitialAddressClosed()
        && port == connection.initialRemotePort()
        && remote.equals(connection.initialFlow().remote());
  }

  @Override
  public List<PathManager.Existing> subflows() {
    List<PathManager.Existing> list = new ArrayList<>();
    boolean replaced = connection.isClient() && !anyDelivers();
    for (int i = 0; i < connection.subflowCount(); i++) {
      Subflow s = connection.subflowAt(i);
      if (replaced && isLongSilent(s)) {
        continue;
      }
      boolean over = s.everCarriedData() && !s.isUsable();
      if (over || isDeserted(s)) {
        continue;
      }
      list.add(
          new PathManager.Existing(
              s.flow().local().toInetAddress(),
              s.flow().remote().toInetAddress(),
              s.flow().remotePort(),
              s.isUsable()));
    }
    return list;
  }

  /**
   * Whether the peer sends nothing more on it, and its stream has not ended: it needs another one,
   * be this the last.
   */
  private boolean isDeserted(Subflow subflow) {
    return subflow.isPeerFinished() && !connection.receiver().isFinKnown();
  }

  @Override
  public boolean hasPath(InetAddress local, InetAddress remote) {
    return connection.host().path(IpAddress.of(local), IpAddress.of(remote)).isPresent();
  }

  @Override
  public boolean open(InetAddress local, PathManager.Remote remote, boolean backup) {
    MptcpHost host = connection.host();
    IpAddress from = IpAddress.of(local);
    IpAddress to = IpAddress.of(remote.address());
    Optional<NetworkPath> path = host.path(from, to);
    if (path.isEmpty()
        || isClosed(to, remote.port())
        || !host.addressFilter().admits(from)
        || !host.addressFilter().admits(to)
        || connection.subflowSet().liveCount() >= connection.config().maxSubflows()) {
      return false;
    }
    int port = host.allocatePort(from, to, remote.port());
    if (port < 0) {
      return false;
    }
    FlowKey flow = FlowKey.of(from, port, to, remote.port());
    Subflow subflow = new Subflow(now, connection, flow, path.get(), false, true);
    subflow
        .identity()
        .addressIds(
            connection.addresses().localId(from),
            connection.addresses().remoteId(to, remote.port()));
    if (backup) {
      subflow.beginAsBackup();
    }
    subflow.identity().nonces(Handshake.nonce(host), 0);
    subflow.timers().establishBy(now + ESTABLISH_WITHIN);
    if (!host.register(flow, subflow)) {
      return false;
    }
    connection.subflowSet().add(subflow);
    subflow.endpoint().connect(now, sink);
    return true;
  }

  @Override
  public void announce(InetAddress local) {
    connection.announces(now, IpAddress.of(local), 0);
  }

  @Override
  public boolean announce(InetAddress local, int port) {
    return connection.announces(now, IpAddress.of(local), port);
  }
}
