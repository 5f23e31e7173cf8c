package org.mptcp4j.engine;

import java.security.SecureRandom;
import java.util.Arrays;

/** Unpredictable bytes, drawn in large pieces since each draw has a price. Thread-safe. */
final class RandomBytes {
  private final SecureRandom random;
  private final byte[] pool = new byte[4096];
  private int used = pool.length;

  RandomBytes(SecureRandom random) {
    this.random = random;
  }

  synchronized void fill(byte[] target) {
    int done = 0;
    while (done < target.length) {
      if (used == pool.length) {
        random.nextBytes(pool);
        used = 0;
      }
      int count = Math.min(target.length - done, pool.length - used);
      System.arraycopy(pool, used, target, done, count);
      // What was given out must not be readable here afterwards.
      Arrays.fill(pool, used, used + count, (byte) 0);
      used += count;
      done += count;
    }
  }
}
