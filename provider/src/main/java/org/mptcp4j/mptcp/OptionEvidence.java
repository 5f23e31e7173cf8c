package org.mptcp4j.mptcp;

/** What a subflow's segments have shown of whether MPTCP's options pass on its path. */
final class OptionEvidence {
  /** How often, and for how long, the same payload may come without a mapping. */
  private static final int MOST_UNMAPPED = 4;

  private static final long LONGEST_UNMAPPED = 5_000_000_000L;

  private boolean dssSeen;
  private boolean dataAckSeen;
  private boolean mappingLeftOff;
  private boolean bareSince;
  private boolean asked;
  private int unmappedAt;
  private int unmappedTimes;
  private long unmappedSince;

  boolean isDssSeen() {
    return dssSeen;
  }

  void dssSeen() {
    dssSeen = true;
  }

  /** Whether data sent here was acknowledged together with a DATA_ACK: options pass both ways. */
  boolean isDataAckSeen() {
    return dataAckSeen;
  }

  void dataAckSeen() {
    dataAckSeen = true;
  }

  /** Data has come without a mapping of its own, which was known from another segment. */
  void mappingLeftOff() {
    mappingLeftOff = true;
  }

  /** Whether the peer maps several segments at once and says so on one of them only. */
  boolean isMappingLeftOff() {
    return mappingLeftOff;
  }

  /** A segment has come without any option. */
  void bareSegmentSeen() {
    bareSince = true;
  }

  /** An option has come with a DATA_ACK. */
  void optionsPass() {
    bareSince = false;
    asked = false;
  }

  /** Whether the last word of the peer had no option, as if it, or the path, knew them no more. */
  boolean isInDoubt() {
    return bareSince;
  }

  /** Whether it was asked already, since options came last, what it still knows. */
  boolean isAsked() {
    return asked;
  }

  void asked() {
    asked = true;
  }

  /** Whether the next payload has come without a mapping so often that none will come. */
  boolean isStuckUnmapped(long now, int sequenceNumber) {
    if (unmappedTimes == 0 || unmappedAt != sequenceNumber) {
      unmappedAt = sequenceNumber;
      unmappedSince = now;
      unmappedTimes = 0;
    }
    return ++unmappedTimes >= MOST_UNMAPPED && now - unmappedSince >= LONGEST_UNMAPPED;
  }
}
