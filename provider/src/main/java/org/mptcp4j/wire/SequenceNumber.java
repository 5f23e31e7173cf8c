package org.mptcp4j.wire;

/**
 * Arithmetic of sequence numbers that wrap around: those of TCP, with 32 bits (RFC 9293 §3.4), and
 * the short form of those of MPTCP's data level (RFC 8684 §3.3.1). The numbers of the data level
 * themselves have 64 bits, and are compared by their difference.
 */
public final class SequenceNumber {
  private SequenceNumber() {}

  /** Whether {@code a} comes before {@code b}. */
  public static boolean lt(int a, int b) {
    return a - b < 0;
  }

  /** Whether {@code a} comes before {@code b} or is equal. */
  public static boolean leq(int a, int b) {
    return a - b <= 0;
  }

  /** Whether {@code a} comes after {@code b}. */
  public static boolean gt(int a, int b) {
    return a - b > 0;
  }

  /** Whether {@code a} comes after {@code b} or is equal. */
  public static boolean geq(int a, int b) {
    return a - b >= 0;
  }

  /** Whether {@code value} lies in [{@code from}, {@code to}). */
  public static boolean within(int value, int from, int to) {
    return Integer.compareUnsigned(value - from, to - from) < 0;
  }

  /** The later of the two. */
  public static int max(int a, int b) {
    return a - b >= 0 ? a : b;
  }

  /** The earlier of the two. */
  public static int min(int a, int b) {
    return a - b <= 0 ? a : b;
  }

  /**
   * The 64-bit number with the low half {@code low} that lies nearest to {@code reference}: how a
   * 32-bit data sequence number or acknowledgement is widened (RFC 8684 §3.3.1).
   */
  public static long expand(int low, long reference) {
    return reference + (low - (int) reference);
  }
}
