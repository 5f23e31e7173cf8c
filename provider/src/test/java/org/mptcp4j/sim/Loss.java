package org.mptcp4j.sim;

import java.nio.ByteBuffer;
import java.util.function.Predicate;

/** Decides which packets a link loses. */
@FunctionalInterface
public interface Loss {
  /** Whether this packet, an IP packet from index 0 to the buffer's limit, is lost. */
  boolean drops(SimRandom random, ByteBuffer packet);

  static Loss none() {
    return (random, packet) -> false;
  }

  /** Each packet by itself with this probability. */
  static Loss random(double probability) {
    return (random, packet) -> random.chance(probability);
  }

  /**
   * Bursts (Gilbert's model): a burst begins with {@code enter} and goes on with {@code stay};
   * within it every packet is lost.
   */
  static Loss bursts(double enter, double stay) {
    boolean[] inBurst = new boolean[1];
    return (random, packet) -> {
      inBurst[0] = random.chance(inBurst[0] ? stay : enter);
      return inBurst[0];
    };
  }

  /** Every {@code n}th packet. */
  static Loss every(int n) {
    int[] count = new int[1];
    return (random, packet) -> ++count[0] % n == 0;
  }

  /** The packets with these numbers, counted from 1. */
  static Loss packets(int... numbers) {
    int[] count = new int[1];
    return (random, packet) -> {
      count[0]++;
      for (int number : numbers) {
        if (number == count[0]) {
          return true;
        }
      }
      return false;
    };
  }

  /** Those that the predicate names. */
  static Loss matching(Predicate<ByteBuffer> predicate) {
    return (random, packet) -> predicate.test(packet);
  }
}
