package org.mptcp4j.tcp;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import org.mptcp4j.TcpInfo;

/** Puts together what an endpoint tells of itself. */
final class InfoReport {
  private InfoReport() {}

  static TcpInfo of(long now, Tcb tcb, TcpSender sender) {
    RttEstimator rtt = sender.rtt();
    boolean rttKnown = rtt.smoothedNanos() != 0;
    long threshold = sender.congestion().slowStartThreshold();
    SentQueue queue = sender.queue();
    Traffic traffic = tcb.traffic;
    return new TcpInfo(
        TcpInfo.State.valueOf(tcb.state.name()),
        Duration.ofNanos(rtt.rtoNanos()),
        sender.consecutiveTimeouts(),
        rttKnown ? Optional.of(Duration.ofNanos(rtt.smoothedNanos())) : Optional.empty(),
        Duration.ofNanos(rtt.varianceNanos()),
        rttKnown ? Optional.of(Duration.ofNanos(rtt.minNanos())) : Optional.empty(),
        sender.congestion().congestionWindow(),
        threshold == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(threshold),
        sender.isInRecovery(),
        queue.outstandingBytes(),
        queue.sackedBytes(),
        queue.lostBytes(),
        sender.bytesInFlight(),
        sender.retransmissions(),
        sender.lossEpisodes(),
        tcb.segmentPayloadLimit(),
        tcb.config.mss(),
        tcb.packetLimit(),
        traffic.sentBytes,
        traffic.sentBytes - queue.outstandingBytes(),
        traffic.sentAgainBytes,
        traffic.receivedBytes,
        since(traffic.anySent, traffic.sentAt, now),
        since(traffic.anyReceived, traffic.receivedAt, now),
        since(traffic.anyHeard, traffic.heardAt, now),
        tcb.timestamps,
        tcb.sack,
        tcb.ecn.isAgreed(),
        tcb.sendScale,
        tcb.receiveScale);
  }

  private static Optional<Duration> since(boolean ever, long at, long now) {
    return ever ? Optional.of(Duration.ofNanos(Math.max(0, now - at))) : Optional.empty();
  }
}
