package org.mptcp4j.tcp;

/** How much payload went and came over one endpoint, and when; for those who ask. */
final class Traffic {
  long sentBytes;
  long sentAgainBytes;
  long receivedBytes;
  boolean anySent;
  boolean anyReceived;
  boolean anyHeard;
  long sentAt;
  long receivedAt;
  long heardAt;

  void onSent(long now, int bytes) {
    sentBytes += bytes;
    anySent = true;
    sentAt = now;
  }

  void onSentAgain(long now, int bytes) {
    sentAgainBytes += bytes;
    anySent = true;
    sentAt = now;
  }

  void onArrival(long now) {
    anyReceived = true;
    receivedAt = now;
  }

  void onHeard(long now) {
    anyHeard = true;
    heardAt = now;
  }
}
