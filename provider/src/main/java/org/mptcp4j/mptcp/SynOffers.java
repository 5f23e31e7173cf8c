package org.mptcp4j.mptcp;

/**
 * How many SYNs of a subflow may still offer MPTCP (RFC 8684 §3.1), and whether one went without.
 */
final class SynOffers {
  private int most;
  private int syns;

  SynOffers(int most) {
    this.most = most;
  }

  /** None makes the offer. */
  void withhold() {
    most = 0;
  }

  /** A SYN is written: whether it makes the offer. */
  boolean takeOne() {
    return ++syns <= most;
  }

  /** Whether SYNs made the offer, and then one did not. */
  boolean areGivenUp() {
    return most > 0 && syns > most;
  }
}
