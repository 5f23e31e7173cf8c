package org.mptcp4j.mptcp;

import org.mptcp4j.tcp.TcpState;
import org.mptcp4j.wire.FlowKey;

/**
 * A subflow at one moment.
 *
 * @param flow addresses and ports
 * @param state its TCP state
 * @param established whether data can flow on it
 * @param backup whether it is used only when no other is there
 * @param suspect whether it has not been acknowledging data for a while
 * @param localAddressId the address identifier of this side
 * @param remoteAddressId the address identifier of the peer's side
 * @param sentPayloadBytes payload sent, without retransmissions of the subflow itself
 * @param receivedPayloadBytes payload received in order
 * @param smoothedRttNanos smoothed round-trip time; 0 before the first sample
 * @param congestionWindowBytes congestion window
 * @param bytesInFlight payload sent and not acknowledged
 * @param retransmissions segments sent again
 */
public record SubflowInfo(
    FlowKey flow,
    TcpState state,
    boolean established,
    boolean backup,
    boolean suspect,
    int localAddressId,
    int remoteAddressId,
    long sentPayloadBytes,
    long receivedPayloadBytes,
    long smoothedRttNanos,
    long congestionWindowBytes,
    long bytesInFlight,
    long retransmissions) {}
