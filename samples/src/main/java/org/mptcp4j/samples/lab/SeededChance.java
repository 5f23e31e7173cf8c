package org.mptcp4j.samples.lab;

/** Chances that depend on a seed and a frame's number alone, never on timing. */
final class SeededChance {
  private SeededChance() {}

  /**
   * Whether frame {@code index} is hit.
   *
   * @param chance 0 to 1
   * @param stream tells independent series of chances under one seed apart
   */
  static boolean hits(double chance, long seed, long stream, long index) {
    if (chance == 0) {
      return false;
    }
    // SplitMix64 (Steele, Lea, Flood 2014), used as a hash.
    long z = mix(seed + 0x9E3779B97F4A7C15L * (stream + 1));
    z = mix(z + 0x9E3779B97F4A7C15L * (index + 1));
    return (z >>> 11) * 0x1.0p-53 < chance;
  }

  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
