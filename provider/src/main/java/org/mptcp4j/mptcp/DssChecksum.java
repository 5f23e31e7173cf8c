package org.mptcp4j.mptcp;

import org.mptcp4j.wire.InternetChecksum;

/** The checksum of a data sequence mapping: its data and the pseudo-header of RFC 8684 §3.3.1. */
final class DssChecksum {
  private DssChecksum() {}

  /** The field's value, for data with the partial sum {@code dataSum}. */
  static int compute(long dataSum, long dsn, int subflowSequenceNumber, int dataLength) {
    return InternetChecksum.finish(total(dataSum, dsn, subflowSequenceNumber, dataLength));
  }

  /** Whether data and pseudo-header agree with the checksum that came with them. */
  static boolean verify(
      long dataSum, long dsn, int subflowSequenceNumber, int dataLength, int checksum) {
    long sum = total(dataSum, dsn, subflowSequenceNumber, dataLength) + checksum;
    return InternetChecksum.finish(sum) == 0;
  }

  private static long total(long dataSum, long dsn, int subflowSequenceNumber, int dataLength) {
    long sum = InternetChecksum.addLong(dataSum, dsn);
    sum = InternetChecksum.addInt(sum, subflowSequenceNumber);
    return InternetChecksum.addShort(sum, dataLength);
  }
}
