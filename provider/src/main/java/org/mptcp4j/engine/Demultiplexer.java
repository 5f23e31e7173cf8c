package org.mptcp4j.engine;

import java.nio.ByteBuffer;
import org.mptcp4j.link.PacketReceiver;
import org.mptcp4j.observe.EngineCounters;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IcmpError;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.TcpFlags;

/**
 * Finds out whom each packet is for: the connection of its flow, for MP_JOIN that of its token, for
 * other SYNs a listener. Used by the thread that turns the engine; allocates nothing for packets of
 * known flows.
 */
final class Demultiplexer implements PacketReceiver {
  /** Of these bits the first segment of a connection has SYN alone. */
  private static final int OPENING = TcpFlags.SYN | TcpFlags.ACK | TcpFlags.RST | TcpFlags.FIN;

  /** Routers send few (RFC 1812 §4.3.2.8); more than this says that somebody invents them. */
  private static final int ICMP_ERRORS_PER_SECOND = 1_000;

  /** Of these bits a segment that follows our SYN/ACK has ACK alone. */
  private static final int ACKNOWLEDGING = TcpFlags.SYN | TcpFlags.ACK | TcpFlags.RST;

  private final Engine engine;
  private final EngineCounters counters;
  private final Acceptor acceptor;
  private final ResetResponder resets;
  private final IcmpInput icmp;
  private final IncomingSegment segment = new IncomingSegment();
  private final FlowKey flow = new FlowKey();
  private long now;

  Demultiplexer(Engine engine, Acceptor acceptor) {
    this.engine = engine;
    this.acceptor = acceptor;
    counters = engine.counters();
    resets =
        new ResetResponder(
            engine.link(), counters, engine.config().resetsPerSecond(), engine.now());
    icmp = new IcmpInput(engine, ICMP_ERRORS_PER_SECOND);
  }

  /** A round of packets begins. */
  void begin(long nowNanos) {
    now = nowNanos;
  }

  @Override
  public void onPacket(
      ByteBuffer buffer,
      int ipOffset,
      int length,
      int interfaceIndex,
      long timestampNanos,
      boolean checksumTrusted) {
    try {
      counters.packetsReceived.increment();
      if (isSound(buffer, ipOffset, length, checksumTrusted)) {
        now = engine.now();
        segment.arrivedAt(Math.min(timestampNanos, now));
        dispatch(buffer, ipOffset, length, timestampNanos);
      }
    } catch (RuntimeException | Error e) {
      engine.faulted("the processing of a packet", e);
    }
  }

  @Override
  public void onIcmpError(IcmpError error) {
    try {
      icmp.take(error);
    } catch (RuntimeException | Error e) {
      engine.faulted("the processing of an ICMP error", e);
    }
  }

  private boolean isSound(ByteBuffer buffer, int offset, int length, boolean trusted) {
    switch (segment.parse(buffer, offset, length)) {
      case OK -> {
        counters.payloadBytesReceived.add(segment.payloadLength());
        if (segment.malformedOptions() > 0) {
          counters.malformedOptions.add(segment.malformedOptions());
        }
        if (!trusted && !segment.verifyChecksum()) {
          counters.badChecksum.increment();
          return false;
        }
        return true;
      }
      case FRAGMENT -> counters.fragments.increment();
      case MALFORMED, NOT_TCP -> counters.malformed.increment();
    }
    return false;
  }

  private void dispatch(ByteBuffer buffer, int offset, int length, long arrivalNanos) {
    FlowTable.Entry entry = engine.flows().find(flow.setIncoming(segment));
    boolean opens = (segment.flags() & OPENING) == TcpFlags.SYN;
    if (entry != null && !(opens && endsTimeWait(entry))) {
      entry.owner().deliver(now, entry, segment, buffer, offset, length, arrivalNanos);
      return;
    }
    GuardedPort port =
        engine
            .ports()
            .find(segment.destinationHigh(), segment.destinationLow(), segment.destinationPort());
    if (port == null) {
      // Not ours, or no longer: the kernel's business.
      counters.unmatched.increment();
      return;
    }
    if (opens
        && !engine.acceptsPeer(
            segment.sourceHigh(), segment.sourceLow(), segment.destinationPort())) {
      counters.peersRefused.increment();
      boolean joins = segment.mptcp().has(MptcpOption.MP_JOIN);
      resets.answer(now, segment, joins ? MptcpOption.RESET_ADMINISTRATIVELY_PROHIBITED : -1);
      return;
    }
    if (opens && segment.mptcp().has(MptcpOption.MP_JOIN)) {
      join(buffer, offset, length, arrivalNanos);
      return;
    }
    EngineListener listener = port.listeners.forFlow(segment);
    if (opens && listener != null) {
      acceptor.synArrives(now, listener, segment);
      return;
    }
    if (listener != null
        && (segment.flags() & ACKNOWLEDGING) == TcpFlags.ACK
        && acceptor.ackArrives(now, listener, segment)) {
      return;
    }
    counters.unmatched.increment();
    // RFC 9293 §3.10.7.2, fourth: where a listener is, what has neither SYN nor ACK is dropped.
    if (listener == null || (segment.flags() & (TcpFlags.SYN | TcpFlags.ACK)) != 0) {
      resets.answer(now, segment, -1);
    }
  }

  private boolean endsTimeWait(FlowTable.Entry entry) {
    return entry.subflow().endpoint().mayBeFollowedBy(segment) && entry.owner().yieldTimeWait();
  }

  /** RFC 8684 §3.2: the token names the connection; an unknown one is answered with RST. */
  private void join(ByteBuffer buffer, int offset, int length, long arrivalNanos) {
    EngineConnection connection = engine.flows().byToken(segment.mptcp().joinToken());
    if (connection == null) {
      counters.joinsUnknown.increment();
      resets.answer(now, segment, MptcpOption.RESET_MPTCP_ERROR);
    } else if (!connection.admitsJoin(now)) {
      counters.joinsRateLimited.increment();
    } else if (!engine.joins().hasRoom()) {
      counters.joinsSuppressed.increment();
    } else {
      connection.deliver(now, null, segment, buffer, offset, length, arrivalNanos);
    }
  }
}
