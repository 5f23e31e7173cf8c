/**
 * One MPTCP connection: RFC 8684 version 1 above a set of {@link org.mptcp4j.tcp.TcpEndpoint}s, and
 * the plain TCP connection that it falls back to. Like {@code tcp}, without I/O, threads, locks and
 * clocks; the caller serialises all calls for one connection.
 *
 * <p>{@link org.mptcp4j.mptcp.MptcpConnection} is the front: every call from outside ends in one
 * place that resets what has to go, opens what the path manager wants, sends what windows allow and
 * lets the endpoints pay what they owe. Behind it, by concern:
 *
 * <ul>
 *   <li>the beginning: {@code ConnectionOpener}, {@code FirstSubflow} (which path answers), {@code
 *       BlackHoles} (where MPTCP does not pass); how long it lives: {@code Lifetime};
 *   <li>agreement: {@code Session}, {@code Handshake}, {@code StatelessHandshake}, {@code
 *       JoinAcceptor}, {@code KeyMaterial}, {@code Hmac}, {@code Fallback};
 *   <li>down: {@code DataSender} with {@code SendBuffer} (chunks of pooled memory), {@code Mapping}
 *       (a range of a chunk, on its way), the scheduler; what goes out twice: {@code Reinjection}
 *       with {@code ReinjectionQueue}, {@code WindowUnblocking} with {@code Penalty};
 *   <li>up: {@code SegmentInput}, {@code ReceivedMappings} of each subflow, {@code DataReceiver}
 *       with {@code ReceiveBuffer} (a ring in which each byte has its place by data sequence
 *       number) and {@code DataRanges};
 *   <li>each subflow: {@code Subflow}, {@code SubflowOptions} (what goes into the option space),
 *       {@code SendRoom}, {@code OutstandingMappings}, {@code ControlQueue}, {@code Suspicion},
 *       {@code Staleness}, {@code SilenceCheck}, {@code OptionEvidence};
 *   <li>paths: {@code PathControl}, {@code AddressBook}, {@code Announcements}, {@code
 *       RemovalCheck}, {@code DefaultPathManager};
 *   <li>the end: {@code Closing}, {@code FastClose}, and time: {@code ConnectionTimers}, {@code
 *       SubflowTimers}.
 * </ul>
 *
 * <p>Memory is bounded by the two buffers, {@code maxSubflows}, {@code maxAnnouncedAddresses}, 16
 * half-open joins, and fixed bounds on mappings and out-of-order ranges. Sending and receiving data
 * allocates nothing once buffers and pools have grown.
 */
package org.mptcp4j.mptcp;
