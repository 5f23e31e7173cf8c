package org.mptcp4j.sim;

/**
 * SplitMix64, written out so that the same seed gives the same run on every Java version. Not
 * thread-safe.
 */
public final class SimRandom {
  private long state;

  public SimRandom(long seed) {
    state = seed;
  }

  public long nextLong() {
    state += 0x9e3779b97f4a7c15L;
    long z = state;
    z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    return z ^ z >>> 31;
  }

  public int nextInt() {
    return (int) (nextLong() >>> 32);
  }

  /** In [0, {@code bound}). */
  public long below(long bound) {
    return bound <= 0 ? 0 : (nextLong() >>> 1) % bound;
  }

  /** True with the given probability. */
  public boolean chance(double probability) {
    // The draw is made in any case, so that changing one probability does not shift all others.
    return (nextLong() >>> 11) * 0x1p-53 < probability;
  }

  /** A generator of its own, whose draws do not shift this one's. */
  public SimRandom split() {
    return new SimRandom(nextLong());
  }
}
