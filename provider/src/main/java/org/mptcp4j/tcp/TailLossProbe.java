package org.mptcp4j.tcp;

import org.mptcp4j.wire.SequenceNumber;

/** Where the sender stands with a tail loss probe (RFC 8985 §7). */
final class TailLossProbe {
  private boolean pending;
  private boolean outstanding;
  private int end;

  /** The probe timeout has passed. */
  void timeout(boolean wanted) {
    pending = wanted && !outstanding;
  }

  /** A probe is to be sent. */
  boolean isPending() {
    return pending;
  }

  /** No probe is called for any more. */
  void cancel() {
    pending = false;
  }

  void sent(int probeEnd) {
    pending = false;
    outstanding = true;
    end = probeEnd;
  }

  /** A timeout, or a path that works again, takes over. */
  void forget() {
    pending = false;
    outstanding = false;
  }

  /**
   * An ACK was taken in. RFC 8985 §7.4.2: a loss that the probe repaired is still a sign of
   * congestion.
   *
   * @param answered whether the ACK tells that the probe was superfluous
   * @return whether the probe repaired a loss
   */
  boolean onAck(int ack, boolean answered) {
    if (!outstanding || SequenceNumber.lt(ack, end)) {
      return false;
    }
    if (answered) {
      outstanding = false;
      return false;
    }
    if (SequenceNumber.gt(ack, end)) {
      outstanding = false;
      return true;
    }
    return false;
  }
}
