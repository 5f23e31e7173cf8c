package org.mptcp4j.mptcp;

import org.mptcp4j.tcp.FastOpenAnswer;
import org.mptcp4j.tcp.FastOpenAttempt;
import org.mptcp4j.tcp.NetworkPath;
import org.mptcp4j.tcp.SegmentSink;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IncomingSegment;

/** How connections begin: active and passive open, with a key whose token is free. */
public final class ConnectionOpener {
  private ConnectionOpener() {}

  private static MptcpConnection create(
      MptcpHost host, ConnectionConfig config, boolean client, boolean multipath, FlowKey flow) {
    while (true) {
      KeyMaterial key = KeyMaterial.generate(host);
      MptcpConnection connection = create(host, config, client, multipath, flow, key);
      // RFC 8684 §3.1: a token that is taken already calls for another key.
      if (!multipath || connection.lifetime().registerToken()) {
        return connection;
      }
    }
  }

  private static MptcpConnection create(
      MptcpHost host,
      ConnectionConfig config,
      boolean client,
      boolean multipath,
      FlowKey flow,
      KeyMaterial key) {
    Session session = new Session(multipath, key, config.checksum());
    return new MptcpConnection(
        host, config, client, flow, session, new LowestRttScheduler(), new DefaultPathManager());
  }

  /**
   * Active open over {@code path}; {@code flow} has the first subflow's addresses and ports and is
   * registered here. It is plain TCP where the host knows that MPTCP does not pass.
   *
   * @throws IllegalStateException when the flow is registered already
   */
  public static MptcpConnection connect(
      long now,
      MptcpHost host,
      ConnectionConfig config,
      FlowKey flow,
      NetworkPath path,
      SegmentSink sink) {
    return connect(now, host, config, flow, path, FastOpenAttempt.NONE, sink);
  }

  /**
   * The same with TCP Fast Open (RFC 7413). Where there is a cookie, the connection counts as
   * established at once, and the SYN waits a little for what is written first.
   */
  public static MptcpConnection connect(
      long now,
      MptcpHost host,
      ConnectionConfig config,
      FlowKey flow,
      NetworkPath path,
      FastOpenAttempt fastOpen,
      SegmentSink sink) {
    boolean passes = host.offersMultipath(now, flow.local(), flow.remote());
    if (config.multipath() && !passes) {
      host.counters().blackHolesAvoided.increment();
    }
    MptcpConnection connection = create(host, config, true, config.multipath() && passes, flow);
    Subflow subflow = addInitial(connection, flow, path, host.initialSequenceNumber(now, flow));
    connection.earlyData().connect(now, subflow, fastOpen, sink);
    connection.settle(now, sink);
    return connection;
  }

  /**
   * Passive open for a SYN without MP_JOIN that reached a listener; answers SYN/ACK.
   *
   * @throws IllegalStateException when the flow is registered already
   */
  public static MptcpConnection accept(
      long now,
      MptcpHost host,
      ConnectionConfig config,
      IncomingSegment syn,
      NetworkPath path,
      SegmentSink sink) {
    return accept(now, host, config, syn, path, FastOpenAnswer.NONE, sink);
  }

  /** The same with what is to become of the SYN's Fast Open option (RFC 7413). */
  public static MptcpConnection accept(
      long now,
      MptcpHost host,
      ConnectionConfig config,
      IncomingSegment syn,
      NetworkPath path,
      FastOpenAnswer fastOpen,
      SegmentSink sink) {
    boolean offered = Handshake.isOffer(syn);
    FlowKey flow = SegmentInput.flowOf(syn);
    MptcpConnection connection = create(host, config, false, offered && config.multipath(), flow);
    takeOffer(connection, syn);
    Subflow subflow = addInitial(connection, flow, path, host.initialSequenceNumber(now, flow));
    connection.earlyData().accept(now, subflow, syn, fastOpen, sink);
    connection.settle(now, sink);
    return connection;
  }

  /** Passive open for a SYN that was answered with this key and this initial sequence number. */
  static MptcpConnection acceptAnswered(
      long now,
      MptcpHost host,
      ConnectionConfig config,
      IncomingSegment syn,
      NetworkPath path,
      KeyMaterial key,
      int initialSequenceNumber) {
    boolean offered = Handshake.isOffer(syn) && config.multipath();
    FlowKey flow = SegmentInput.flowOf(syn);
    MptcpConnection connection = create(host, config, false, offered, flow, key);
    if (offered && !connection.lifetime().registerToken()) {
      // Since the answer another connection got this token.
      connection.session().becomePlain(false);
    }
    takeOffer(connection, syn);
    Subflow subflow = addInitial(connection, flow, path, initialSequenceNumber);
    subflow.endpoint().acceptAnswered(now, syn);
    return connection;
  }

  private static void takeOffer(MptcpConnection connection, IncomingSegment syn) {
    if (connection.session().isNegotiating()) {
      connection.input().handshake().takeFlags(syn.mptcp());
    }
  }

  private static Subflow addInitial(
      MptcpConnection connection, FlowKey flow, NetworkPath path, int initialSequenceNumber) {
    Subflow subflow =
        new Subflow(connection, flow, path, true, connection.isClient(), initialSequenceNumber);
    if (!connection.host().register(flow, subflow)) {
      connection.lifetime().releaseToken();
      throw new IllegalStateException("the flow " + flow + " exists already");
    }
    connection.subflowSet().add(subflow);
    return subflow;
  }
}
