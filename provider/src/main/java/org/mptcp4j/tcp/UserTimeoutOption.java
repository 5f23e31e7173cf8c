package org.mptcp4j.tcp;

import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.TcpOptionWriter;

/**
 * The TCP User Timeout Option (RFC 5482): tells the peer how long this end bears with silence, and
 * takes the peer's word where the application has set no time of its own. On SYN and SYN/ACK, the
 * first ACK after them, and when the time has changed.
 */
final class UserTimeoutOption {
  private static final long SECOND = 1_000_000_000L;

  /** RFC 793 §3.8, for an application that does not say: five minutes. */
  private static final long DEFAULT_NANOS = 300 * SECOND;

  /** L_LIMIT of RFC 5482 §3.1; longer than any retransmission timeout. */
  private static final long LEAST_NANOS = 100 * SECOND;

  /** U_LIMIT: a peer shall not have us remember a dead connection for days. */
  private static final long MOST_NANOS = 3600 * SECOND;

  private long adoptedNanos;
  private boolean due = true;

  /** USER_TIMEOUT as the peer would have it, within limits; 0 while it said nothing. */
  long adoptedNanos() {
    return adoptedNanos;
  }

  private static long advertisedNanos(EndpointOptions options) {
    return options.userTimeoutNanos() > 0 ? options.userTimeoutNanos() : DEFAULT_NANOS;
  }

  /** An acceptable segment. RFC 5482 §3.1: min(U_LIMIT, max(ADV_UTO, REMOTE_UTO, L_LIMIT)). */
  void onArrival(EndpointOptions options, IncomingSegment segment) {
    int remoteSeconds = segment.userTimeoutSeconds();
    if (options.userTimeoutAdvised() && options.userTimeoutNanos() == 0 && remoteSeconds > 0) {
      long longer = Math.max(advertisedNanos(options), remoteSeconds * SECOND);
      adoptedNanos = Math.min(MOST_NANOS, Math.max(LEAST_NANOS, longer));
    }
  }

  /** The application's options are other ones. */
  void onOptions(EndpointOptions before, EndpointOptions after) {
    if (after.userTimeoutNanos() != before.userTimeoutNanos()) {
      due = true;
    }
  }

  void writeOnSyn(EndpointOptions options, TcpOptionWriter writer) {
    if (options.userTimeoutAdvised()) {
      writer.userTimeout(advertisedSeconds(options));
    }
  }

  /** On an ACK, where it is due and there is room left. */
  void writeOnAck(EndpointOptions options, TcpOptionWriter writer) {
    if (due && options.userTimeoutAdvised() && writer.userTimeout(advertisedSeconds(options))) {
      due = false;
    }
  }

  private static int advertisedSeconds(EndpointOptions options) {
    long seconds = (advertisedNanos(options) + SECOND - 1) / SECOND;
    return (int) Math.min(Integer.MAX_VALUE, seconds);
  }
}
