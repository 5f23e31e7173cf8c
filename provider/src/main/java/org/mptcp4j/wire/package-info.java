/**
 * The shapes of packets: flyweights over {@link java.nio.ByteBuffer}s for IPv4, IPv6 and TCP
 * headers, TCP options (RFC 9293 §3.1, RFC 7323, RFC 2018) and MPTCP options (RFC 8684 §3),
 * checksums and sequence numbers.
 *
 * <p>Nothing here decides, keeps state between packets, or touches a clock, a thread or a socket.
 * {@link org.mptcp4j.wire.IncomingSegment} reads what arrived and never throws whatever the bytes
 * are, nor does {@link org.mptcp4j.wire.IcmpError}, which reads what the network says of a segment;
 * {@link org.mptcp4j.wire.OutgoingSegment} writes what is to be sent. This is the lowest package;
 * it uses no other.
 */
package org.mptcp4j.wire;
