package org.mptcp4j.engine;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.mptcp4j.link.PacketLink;
import org.mptcp4j.mptcp.AddressFilter;
import org.mptcp4j.mptcp.MptcpConnection;
import org.mptcp4j.mptcp.MptcpCounters;
import org.mptcp4j.mptcp.MptcpHost;
import org.mptcp4j.mptcp.Subflow;
import org.mptcp4j.tcp.NetworkPath;
import org.mptcp4j.tcp.PathEstimate;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IpAddress;

/** The engine's host as one connection sees it; called under that connection's lock. */
final class ConnectionHost implements MptcpHost {
  private final Engine engine;
  private final EngineConnection owner;
  // Ports given to the connection of which no flow is registered yet.
  private final List<GuardedPort> unused = new ArrayList<>();
  // Ports that are announced to the peer, for its joins.
  private final List<GuardedPort> announced = new ArrayList<>();
  // Flows and tokens that the connection has in the tables, so that none stays when it fails.
  private final List<FlowKey> flows = new ArrayList<>();
  private final List<Integer> tokens = new ArrayList<>();

  ConnectionHost(Engine engine, EngineConnection owner) {
    this.engine = engine;
    this.owner = owner;
  }

  @Override
  public void random(byte[] target) {
    engine.random().fill(target);
  }

  @Override
  public int initialSequenceNumber(long now, FlowKey flow) {
    return engine.sequenceNumbers().next(now, flow);
  }

  @Override
  public int timestampOffset(IpAddress local, IpAddress remote) {
    return engine.timestampOffsets().of(local, remote);
  }

  @Override
  public List<IpAddress> localAddresses() {
    return engine.link().localAddresses().stream()
        .map(PacketLink.LocalAddress::address)
        .distinct()
        .toList();
  }

  @Override
  public AddressFilter addressFilter() {
    return engine.config().addressFilter();
  }

  @Override
  public Optional<NetworkPath> path(IpAddress local, IpAddress remote) {
    return engine.path(local, remote);
  }

  @Override
  public int allocatePort(IpAddress local, IpAddress remote, int remotePort) {
    GuardedPort port = sharedPort(local, remote, remotePort);
    if (port == null) {
      try {
        port = engine.ports().take(local, 0);
      } catch (IOException e) {
        engine.told("no local port for another subflow to " + remote, e);
        return -1;
      }
    }
    unused.add(port);
    return port.port;
  }

  /** One port serves all subflows of a connection, since their addresses differ. */
  private GuardedPort sharedPort(IpAddress local, IpAddress remote, int remotePort) {
    for (FlowKey flow : flows) {
      GuardedPort port = engine.ports().find(flow.local(), flow.localPort());
      if (port != null
          && !port.listening
          && port.covers(local.high(), local.low())
          && engine.flows().find(FlowKey.of(local, port.port, remote, remotePort)) == null) {
        engine.ports().retain(port);
        return port;
      }
    }
    return null;
  }

  @Override
  public boolean register(FlowKey flow, Subflow subflow) {
    GuardedPort port = takeUnused(flow.localPort());
    if (port == null) {
      port = engine.ports().find(flow.local(), flow.localPort());
      if (port == null) {
        return false;
      }
      engine.ports().retain(port);
    }
    FlowKey key = flow.copy();
    if (!engine.flows().add(key, new FlowTable.Entry(owner, subflow, port))) {
      engine.ports().release(port);
      return false;
    }
    flows.add(key);
    return true;
  }

  private GuardedPort takeUnused(int port) {
    for (int i = 0; i < unused.size(); i++) {
      if (unused.get(i).port == port) {
        return unused.remove(i);
      }
    }
    return null;
  }

  @Override
  public void unregister(FlowKey flow) {
    if (flows.remove(flow)) {
      FlowTable.Entry entry = engine.flows().remove(flow);
      if (entry != null) {
        engine.ports().release(entry.port());
      }
    }
  }

  @Override
  public boolean registerToken(int token, MptcpConnection connection) {
    boolean added = engine.flows().addToken(token, owner);
    if (added) {
      tokens.add(token);
    }
    return added;
  }

  @Override
  public void unregisterToken(int token) {
    if (tokens.remove((Integer) token)) {
      engine.flows().removeToken(token);
    }
  }

  @Override
  public boolean acceptsJoins(IpAddress local, int port) {
    return engine.ports().find(local, port) != null;
  }

  @Override
  public boolean holdPort(IpAddress local, int port) {
    for (GuardedPort held : announced) {
      if (held.port == port && held.covers(local.high(), local.low())) {
        return true;
      }
    }
    try {
      announced.add(engine.ports().takeOrRetain(local, port));
      return true;
    } catch (IOException e) {
      engine.told("port " + port + " of " + local + " cannot be announced", e);
      return false;
    }
  }

  @Override
  public boolean offersMultipath(long now, IpAddress local, IpAddress remote) {
    return !engine.blackHoles().isKnown(now, local, remote);
  }

  @Override
  public void multipathBlocked(long now, IpAddress local, IpAddress remote) {
    engine.blackHoles().found(now, local, remote);
  }

  @Override
  public void multipathPassed(IpAddress local, IpAddress remote) {
    engine.blackHoles().passed(local, remote);
  }

  @Override
  public Optional<PathEstimate> learnedPath(IpAddress local, IpAddress remote) {
    return engine.pathCache().flatMap(cache -> cache.find(engine.now(), local, remote));
  }

  @Override
  public void pathLearned(IpAddress local, IpAddress remote, PathEstimate estimate) {
    engine.pathCache().ifPresent(cache -> cache.learn(engine.now(), local, remote, estimate));
  }

  @Override
  public MptcpCounters counters() {
    return engine.mptcpCounters();
  }

  /** The connection is over: nothing of it stays in the tables. */
  void close() {
    List.copyOf(flows).forEach(this::unregister);
    List.copyOf(tokens).forEach(this::unregisterToken);
    unused.forEach(engine.ports()::release);
    unused.clear();
    announced.forEach(engine.ports()::release);
    announced.clear();
  }
}
