package org.mptcp4j.engine;

import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jctools.maps.NonBlockingHashMapLong;
import org.mptcp4j.mptcp.Subflow;
import org.mptcp4j.tcp.TcpState;
import org.mptcp4j.wire.FlowKey;

/** The connections of an engine, and how arriving segments find them. Thread-safe, no locks. */
final class FlowTable {
  /** A flow's place in the table. */
  record Entry(EngineConnection owner, Subflow subflow, GuardedPort port) {
    boolean isHalfOpen() {
      // Read without the owner's lock: an old answer only delays a count.
      return subflow.endpoint().state() == TcpState.SYN_RECEIVED;
    }
  }

  private final Map<FlowKey, Entry> flows = new ConcurrentHashMap<>();
  private final NonBlockingHashMapLong<EngineConnection> tokens = new NonBlockingHashMapLong<>();
  private final Set<EngineConnection> connections = ConcurrentHashMap.newKeySet();

  /** The entry of {@code flow}, or null; allocates nothing. */
  Entry find(FlowKey flow) {
    return flows.get(flow);
  }

  boolean add(FlowKey flow, Entry entry) {
    return flows.putIfAbsent(flow, entry) == null;
  }

  Entry remove(FlowKey flow) {
    return flows.remove(flow);
  }

  /** The connection that a MP_JOIN with {@code token} is for, or null. */
  EngineConnection byToken(int token) {
    return tokens.get(token & 0xffff_ffffL);
  }

  boolean addToken(int token, EngineConnection connection) {
    return tokens.putIfAbsent(token & 0xffff_ffffL, connection) == null;
  }

  void removeToken(int token) {
    tokens.remove(token & 0xffff_ffffL);
  }

  void add(EngineConnection connection) {
    connections.add(connection);
  }

  void remove(EngineConnection connection) {
    connections.remove(connection);
  }

  Collection<EngineConnection> connections() {
    return connections;
  }

  Collection<Entry> flows() {
    return flows.values();
  }

  int flowCount() {
    return flows.size();
  }
}
