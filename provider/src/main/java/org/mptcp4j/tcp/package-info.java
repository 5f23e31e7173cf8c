/**
 * One TCP connection or MPTCP subflow: RFC 9293 and its companions, without I/O. An endpoint holds
 * no thread, lock, socket or clock: segments, payload and {@code now} (nanoseconds of any monotonic
 * origin) go in as arguments; segments go out to a {@link org.mptcp4j.tcp.SegmentSink}; what
 * happened goes to a {@link org.mptcp4j.tcp.TcpUser}; the next deadline can be asked for.
 */
package org.mptcp4j.tcp;
