package org.mptcp4j;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What the TCP of one subflow knows at one moment: the figures that Linux gives as TCP_INFO.
 * Immutable. Bytes are payload bytes unless said otherwise; segments are counted as on the wire.
 *
 * @param state the state of RFC 9293 §3.3.2
 * @param retransmissionTimeout the timeout that would be used now, with what it has backed off (RFC
 *     6298)
 * @param consecutiveTimeouts how often in a row the retransmission timer has fired
 * @param smoothedRtt smoothed round-trip time (RFC 6298); empty before the first sample
 * @param rttVariance its mean deviation; zero before the first sample
 * @param minRtt the least round-trip time of the last minutes; empty before the first sample
 * @param congestionWindowBytes congestion window; 0 before the subflow is established
 * @param slowStartThresholdBytes slow-start threshold; empty while it is not known
 * @param recovering whether a loss is being repaired
 * @param unacknowledgedBytes sent and not acknowledged by number, of which some may be SACKed
 * @param sackedBytes of these: reported by SACK as arrived
 * @param lostBytes of these: held lost and not sent again yet
 * @param inFlightBytes what is held to be in the network
 * @param retransmittedSegments segments sent again, since the start
 * @param lossEpisodes loss recoveries begun, since the start
 * @param sendSegmentBytes most payload of a segment that goes out
 * @param receiveSegmentBytes most payload of a segment that this side has said it takes (MSS)
 * @param pathMtuBytes the largest IP packet that the path is held to take
 * @param sentBytes payload sent for the first time, since the start
 * @param acknowledgedBytes of these: acknowledged
 * @param retransmittedBytes payload sent again, since the start
 * @param receivedBytes payload received in order, since the start
 * @param sinceDataSent since payload was sent last, for the first time or again; empty when there
 *     was none
 * @param sinceDataReceived since payload arrived last; empty when there was none
 * @param sinceHeard since a segment of the peer was accepted last; empty when there was none
 * @param timestamps whether timestamps were agreed on (RFC 7323)
 * @param sack whether selective acknowledgments were agreed on (RFC 2018)
 * @param ecn whether explicit congestion notification was agreed on (RFC 3168)
 * @param sendWindowScale shift of the windows that the peer announces (RFC 7323)
 * @param receiveWindowScale shift of the windows that this side announces
 */
public record TcpInfo(
    State state,
    Duration retransmissionTimeout,
    int consecutiveTimeouts,
    Optional<Duration> smoothedRtt,
    Duration rttVariance,
    Optional<Duration> minRtt,
    long congestionWindowBytes,
    OptionalLong slowStartThresholdBytes,
    boolean recovering,
    long unacknowledgedBytes,
    long sackedBytes,
    long lostBytes,
    long inFlightBytes,
    long retransmittedSegments,
    long lossEpisodes,
    int sendSegmentBytes,
    int receiveSegmentBytes,
    int pathMtuBytes,
    long sentBytes,
    long acknowledgedBytes,
    long retransmittedBytes,
    long receivedBytes,
    Optional<Duration> sinceDataSent,
    Optional<Duration> sinceDataReceived,
    Optional<Duration> sinceHeard,
    boolean timestamps,
    boolean sack,
    boolean ecn,
    int sendWindowScale,
    int receiveWindowScale) {
  /** The states of RFC 9293 §3.3.2 that a connection can be in. */
  public enum State {
    CLOSED,
    SYN_SENT,
    SYN_RECEIVED,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    CLOSE_WAIT,
    CLOSING,
    LAST_ACK,
    TIME_WAIT
  }
}
