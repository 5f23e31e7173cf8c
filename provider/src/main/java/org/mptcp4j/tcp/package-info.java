/**
 * One TCP connection or MPTCP subflow: RFC 9293 and its companions, without I/O. An endpoint holds
 * no thread, lock, socket or clock: segments, payload and {@code now} (nanoseconds of any monotonic
 * origin) go in as arguments; segments go out to a {@link org.mptcp4j.tcp.SegmentSink}; what
 * happened goes to a {@link org.mptcp4j.tcp.TcpUser}; the next deadline can be asked for.
 *
 * <p>The way through the room: {@link org.mptcp4j.tcp.TcpEndpoint} is the door. An arriving segment
 * goes to {@code SegmentArrival} (RFC 9293 §3.10.7, in its order), before ESTABLISHED to {@code
 * Handshake}. {@code TcpReceiver} keeps what came ({@code ReceivedRanges}) and decides when to
 * acknowledge. {@code TcpSender} keeps what is out ({@code SentQueue}: by sequence and by time),
 * applies SACK ({@code SackProcessor}), and has its losses found by a {@code LossDetection} (RACK,
 * or duplicate ACKs where the peer has no SACK) while {@code LossRecovery} says how much may be
 * sent meanwhile. {@code SenderTimers} and {@code RttEstimator} tell when silence means loss;
 * {@code Cubic}, {@code NewReno} and {@code Bbr} hold the congestion window, which for the first
 * two {@code WindowValidation} judges by how it is used; {@code DeliveryRate} tells them how fast
 * the path delivers, and {@code Pacer} spreads what goes out where they ask for it. {@code
 * SegmentWriter} makes every segment that leaves. {@code Tcb} has what they share.
 *
 * <p>{@code FastOpen} is what TCP Fast Open adds to a handshake; what a host knows for it, and
 * gives out, is in {@link org.mptcp4j.tcp.FastOpenCache} and {@link
 * org.mptcp4j.tcp.FastOpenServer}.
 *
 * <p>How large packets may be is {@code PathMtu}'s matter: ICMP errors come in by {@code
 * IcmpArrival}, black holes show by timeouts, and {@code TcpSender} sends a larger segment of
 * ordinary payload now and then to see whether it passes.
 *
 * <p>Every sequence number goes through {@link org.mptcp4j.wire.SequenceNumber}. Nothing is
 * allocated for a segment, sent or received, once an endpoint has had its size.
 */
package org.mptcp4j.tcp;
