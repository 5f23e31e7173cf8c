/**
 * One MPTCP connection: RFC 8684 version 1 above a set of {@link org.mptcp4j.tcp.TcpEndpoint}s, and
 * the plain TCP connection that it falls back to. Like {@code tcp}, without I/O, threads, locks and
 * clocks; the caller serialises all calls for one connection.
 */
package org.mptcp4j.mptcp;
