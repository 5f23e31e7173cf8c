package org.mptcp4j.mptcp;

import org.mptcp4j.spi.PacketScheduler;

/**
 * The default scheduler: the lowest round-trip time first among subflows with window room; a slower
 * one only when that does not block the fastest. The idea is that of BLEST (Ferlin et al., IFIP
 * Networking 2016): bytes on the slow path hold their part of the shared window for a slow round
 * trip, and what the fast path could send in that time must still fit beside them.
 */
final class LowestRttScheduler implements PacketScheduler {
  @Override
  public int select(Choice choice) {
    boolean onlyBackup = true;
    boolean onlySuspect = true;
    for (int i = 0; i < choice.size(); i++) {
      Candidate c = choice.candidate(i);
      onlySuspect &= c.isSuspect();
    }
    for (int i = 0; i < choice.size(); i++) {
      Candidate c = choice.candidate(i);
      onlyBackup &= c.isBackup() || (c.isSuspect() && !onlySuspect);
    }
    int fastest = NONE;
    int best = NONE;
    for (int i = 0; i < choice.size(); i++) {
      Candidate c = choice.candidate(i);
      if ((c.isSuspect() && !onlySuspect) || (c.isBackup() && !onlyBackup)) {
        continue;
      }
      if (fastest == NONE || c.smoothedRttNanos() < choice.candidate(fastest).smoothedRttNanos()) {
        fastest = i;
      }
      if (c.allowance() > 0
          && (best == NONE || c.smoothedRttNanos() < choice.candidate(best).smoothedRttNanos())) {
        best = i;
      }
    }
    if (best == NONE || best == fastest) {
      return best;
    }
    return blocks(choice.candidate(best), choice.candidate(fastest), choice) ? NONE : best;
  }

  private static boolean blocks(Candidate slow, Candidate fast, Choice choice) {
    if (slow.bytesInFlight() == 0) {
      // What is known of an idle subflow may be old, or come from a handshake that lost packets: it
      // may show anew what it can do.
      return false;
    }
    long fastRtt = Math.max(1, fast.smoothedRttNanos());
    double roundTrips = (double) slow.smoothedRttNanos() / fastRtt;
    // What it has in flight is what it carries in one round trip; its congestion window may be
    // larger
    // by far, when the queue of its own interface is what holds it back.
    double fastBytes = fast.bytesInFlight() * (roundTrips - 1);
    long left = choice.windowBytes() - slow.segmentPayloadLimit();
    return fastBytes > left;
  }
}
