package org.mptcp4j.samples.check;

import java.nio.ByteBuffer;

/** The data of one direction of a connection, put together from all of its subflows. */
final class DataStream {
  private final String name;
  private final Findings findings;
  private final long initialDataSequenceNumber;
  private final ByteStore bytes = new ByteStore();
  private long finAt = -1;
  private boolean finAcknowledged;

  /** The largest DATA_ACK so far. */
  private long acknowledged;

  DataStream(String name, Findings findings, long initialDataSequenceNumber) {
    this.name = name;
    this.findings = findings;
    this.initialDataSequenceNumber = initialDataSequenceNumber;
  }

  String name() {
    return name;
  }

  /** Distance of a data sequence number from the first byte's, which is IDSN + 1 (§3.3.1). */
  long offset(long dsn, int width) {
    long first = initialDataSequenceNumber + 1;
    if (width == 8) {
      return dsn - first;
    }
    long reference = length();
    return reference + ((int) dsn - (int) (first + reference));
  }

  long sequenceNumber(long offset) {
    return initialDataSequenceNumber + 1 + offset;
  }

  /** Bytes from the start without a hole. */
  long length() {
    return bytes.contiguousFrom(0);
  }

  long finAt() {
    return finAt;
  }

  boolean hasEnded() {
    return finAt >= 0 && finAt == length();
  }

  ByteStore bytes() {
    return bytes;
  }

  void deliver(long packet, long offset, ByteBuffer source, int from, int length) {
    if (offset < 0 || offset + length > ByteStore.MAX_POSITION) {
      findings.violation(
          packet,
          "data sequence number "
              + Long.toUnsignedString(sequenceNumber(offset))
              + " lies outside of the data "
              + name);
      return;
    }
    if (finAt >= 0 && offset + length > finAt) {
      findings.violation(packet, "there is data behind the DATA_FIN " + name);
    }
    long different = bytes.put(offset, source, from, length);
    if (different >= 0 && length == 1 && offset < acknowledged) {
      // Linux asks for the window with the last acknowledged byte's number and any byte.
      findings.note(
          "packet " + packet + ": a window probe " + name + " carries a byte without meaning");
    } else if (different >= 0) {
      findings.violation(
          packet, "byte " + different + " of the data " + name + " was another one before");
    }
  }

  void fin(long packet, long offset) {
    if (finAt >= 0 && finAt != offset) {
      findings.violation(
          packet, "the DATA_FIN " + name + " moves from offset " + finAt + " to " + offset);
    } else if (!bytes.ranges().isEmpty() && bytes.ranges().lastEntry().getValue() > offset) {
      findings.violation(packet, "the DATA_FIN " + name + " lies before data");
    }
    finAt = offset;
  }

  /** A DATA_ACK for this stream: it must not run ahead of what can have arrived (§3.3.2). */
  void acknowledge(long packet, long offset) {
    long most = length();
    if (finAt >= 0 && finAt == most) {
      most++;
    }
    if (offset > most) {
      findings.violation(
          packet,
          "DATA_ACK "
              + Long.toUnsignedString(sequenceNumber(offset))
              + " is "
              + (offset - most)
              + " beyond the data sent "
              + name);
    } else if (offset < 0) {
      findings.violation(packet, "the DATA_ACK lies before the start of the data " + name);
    }
    acknowledged = Math.max(acknowledged, Math.min(offset, most));
    if (finAt >= 0 && offset == finAt + 1) {
      finAcknowledged = true;
    }
  }

  boolean isFinAcknowledged() {
    return finAcknowledged;
  }
}
