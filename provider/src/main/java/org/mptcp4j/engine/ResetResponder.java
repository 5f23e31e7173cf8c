package org.mptcp4j.engine;

import org.mptcp4j.link.PacketLink;
import org.mptcp4j.observe.EngineCounters;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/**
 * Answers segments that belong to no flow with RST, as the CLOSED state does (RFC 9293 §3.10.7.1),
 * so many a second at most. Used by one thread at a time.
 */
final class ResetResponder {
  private final PacketLink link;
  private final EngineCounters counters;
  private final RateLimit limit;
  private final OutgoingSegment reset = new OutgoingSegment();

  ResetResponder(PacketLink link, EngineCounters counters, int perSecond, long now) {
    this.link = link;
    this.counters = counters;
    limit = new RateLimit(perSecond, now);
  }

  /**
   * @param mptcpReason the reason to give in MP_TCPRST; negative for none
   */
  void answer(long now, IncomingSegment segment, int mptcpReason) {
    if (segment.has(TcpFlags.RST) || !allowed(now)) {
      return;
    }
    IpAddress local = segment.destination();
    IpAddress remote = segment.source();
    reset.begin(local, segment.destinationPort(), remote, segment.sourcePort());
    if (segment.has(TcpFlags.ACK)) {
      reset.sequenceNumber(segment.acknowledgmentNumber()).flags(TcpFlags.RST);
    } else {
      reset
          .acknowledgmentNumber(segment.sequenceNumber() + segment.segmentLength())
          .flags(TcpFlags.RST | TcpFlags.ACK);
    }
    if (mptcpReason >= 0) {
      reset.options().mpTcpReset(false, mptcpReason);
    }
    link.egress(local, remote)
        .ifPresent(
            egress -> {
              if (link.send(reset, egress) == PacketLink.SendResult.SENT) {
                counters.resetsSent.increment();
              }
            });
  }

  private boolean allowed(long now) {
    boolean allowed = limit.take(now);
    if (!allowed) {
      counters.resetsSuppressed.increment();
    }
    return allowed;
  }
}
