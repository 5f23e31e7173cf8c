package org.mptcp4j.engine;

import java.util.Optional;
import org.mptcp4j.link.PacketLink;
import org.mptcp4j.mptcp.ConnectionConfig;
import org.mptcp4j.mptcp.ConnectionOpener;
import org.mptcp4j.mptcp.MptcpConnection;
import org.mptcp4j.mptcp.StatelessHandshake;
import org.mptcp4j.mptcp.Subflow;
import org.mptcp4j.observe.EngineCounters;
import org.mptcp4j.tcp.NetworkPath;
import org.mptcp4j.tcp.SynCookies;
import org.mptcp4j.tcp.TcpState;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.OutgoingSegment;

/**
 * Begins the connections that arrive at listeners. While too many handshakes are under way (a SYN
 * flood, or a crowd) further SYNs are answered with cookies, and cost no memory (RFC 4987 §3.6).
 * Used by the thread that turns the engine.
 */
final class Acceptor {
  private final Engine engine;
  private final EngineCounters counters;
  private final StatelessHandshake stateless;

  /** Until when an ACK may bring a cookie back; no hash is computed for any other. */
  private long cookiesUntil;

  private boolean cookiesSent;

  Acceptor(Engine engine, StatelessHandshake stateless) {
    this.engine = engine;
    this.stateless = stateless;
    counters = engine.counters();
  }

  /** A SYN without MP_JOIN at {@code listener}. */
  void synArrives(long now, EngineListener listener, IncomingSegment syn) {
    Optional<NetworkPath> path = engine.path(syn.destination(), syn.source());
    if (path.isEmpty()) {
      return;
    }
    switch (listener.admit()) {
      case HANDSHAKE ->
          begin(
              listener,
              syn,
              (connection, config) ->
                  ConnectionOpener.accept(
                      now,
                      connection.host(),
                      config,
                      syn,
                      path.get(),
                      engine.fastOpenAnswer(now, syn),
                      connection));
      case COOKIE -> answerWithCookie(now, listener, syn, path.get());
      case NONE -> counters.backlogOverflows.increment();
    }
  }

  private void answerWithCookie(
      long now, EngineListener listener, IncomingSegment syn, NetworkPath path) {
    OutgoingSegment answer =
        stateless.answer(
            now,
            syn,
            config(listener, listener.settings()),
            path,
            engine.timestampOffsets().of(syn.destination(), syn.source()),
            token -> engine.flows().byToken(token) == null);
    if (engine.link().send(answer, ((EnginePath) path).egress()) == PacketLink.SendResult.SENT) {
      counters.synCookiesSent.increment();
      cookiesSent = true;
      cookiesUntil = now + SynCookies.MOST_AGE_NANOS;
    }
  }

  /**
   * An ACK at {@code listener} that belongs to no flow.
   *
   * @return false when it cannot follow a cookie, since none was sent of late
   */
  boolean ackArrives(long now, EngineListener listener, IncomingSegment ack) {
    if (!cookiesSent || now - cookiesUntil > 0) {
      return false;
    }
    if (!stateless.isValid(now, ack)) {
      // It may be a later segment of a peer whose first one got lost, or found no room: a RST would
      // end what the retransmission of the first one still saves.
      counters.synCookiesFailed.increment();
      return true;
    }
    Optional<NetworkPath> path = engine.path(ack.destination(), ack.source());
    if (path.isEmpty()) {
      return true;
    }
    if (!listener.admitAnswered()) {
      // The peer holds itself connected: what it sends, it sends again until there is room.
      counters.backlogOverflows.increment();
      return true;
    }
    counters.synCookiesAccepted.increment();
    begin(
        listener,
        ack,
        (connection, config) -> {
          MptcpConnection accepted =
              stateless.accept(now, connection.host(), config, ack, path.get());
          connection.open(accepted);
          Subflow subflow = accepted.subflows().get(0);
          accepted.segmentArrives(now, subflow, ack, connection);
          if (subflow.endpoint().state() == TcpState.SYN_RECEIVED) {
            accepted.abort(now, connection);
          }
          return accepted;
        });
    return true;
  }

  /** Makes the protocol's part of a connection, whose lock is held. */
  @FunctionalInterface
  private interface Opening {
    MptcpConnection open(EngineConnection connection, ConnectionConfig config);
  }

  /** The listener has admitted it. */
  private void begin(EngineListener listener, IncomingSegment segment, Opening opening) {
    SocketSettings settings = listener.settings().copy();
    EngineSocket socket = new EngineSocket(engine, settings);
    EngineConnection connection = new EngineConnection(engine, socket, listener);
    socket.accepted(connection, new FlowKey().setIncoming(segment));
    connection.acquire();
    try {
      engine.flows().add(connection);
      connection.open(opening.open(connection, config(listener, settings)));
      counters.connectionsAccepted.increment();
    } catch (RuntimeException | Error e) {
      connection.open(null);
      listener.handshakeFailed();
      engine.forget(connection);
      connection.host().close();
      throw e;
    } finally {
      connection.release();
    }
  }

  private ConnectionConfig config(EngineListener listener, SocketSettings settings) {
    return engine.connectionConfig(settings, listener.isBoundToAddress());
  }
}
