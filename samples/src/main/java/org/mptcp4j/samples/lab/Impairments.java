package org.mptcp4j.samples.lab;

import java.time.Duration;

/**
 * What the emulator does to each direction of a path. Chances are decided by frame number and
 * {@code seed}, so that the same frames are hit in every run, whatever their timing.
 *
 * @param delay added to every frame, one way
 * @param loss chance of a frame to vanish, 0 to 1
 * @param reorder chance of a frame to be held back by {@code reorderDelay} more, so that later ones
 *     overtake it, 0 to 1
 * @param reorderDelay how long such a frame is held back
 * @param duplicate chance of a frame to come twice, 0 to 1
 * @param mtuLimit longest IP packet that passes, in bytes; longer ones vanish; 0 for no limit
 * @param seed of all chances
 */
public record Impairments(
    Duration delay,
    double loss,
    double reorder,
    Duration reorderDelay,
    double duplicate,
    int mtuLimit,
    long seed) {
  /** A path that only forwards. */
  public static final Impairments NONE =
      new Impairments(Duration.ZERO, 0, 0, Duration.ofMillis(5), 0, 0, 1);

  public Impairments {
    requireChance("loss", loss);
    requireChance("reorder", reorder);
    requireChance("duplicate", duplicate);
    if (delay.isNegative() || reorderDelay.isNegative()) {
      throw new IllegalArgumentException("a delay is negative: " + delay + ", " + reorderDelay);
    }
  }

  private static void requireChance(String name, double chance) {
    if (!(chance >= 0 && chance <= 1)) {
      throw new IllegalArgumentException(name + " is a chance from 0 to 1, not " + chance);
    }
  }

  public Impairments withDelay(Duration oneWay) {
    return new Impairments(oneWay, loss, reorder, reorderDelay, duplicate, mtuLimit, seed);
  }

  public Impairments withLoss(double chance) {
    return new Impairments(delay, chance, reorder, reorderDelay, duplicate, mtuLimit, seed);
  }

  public Impairments withReorder(double chance, Duration heldBack) {
    return new Impairments(delay, loss, chance, heldBack, duplicate, mtuLimit, seed);
  }

  public Impairments withDuplicate(double chance) {
    return new Impairments(delay, loss, reorder, reorderDelay, chance, mtuLimit, seed);
  }

  public Impairments withMtuLimit(int bytes) {
    return new Impairments(delay, loss, reorder, reorderDelay, duplicate, bytes, seed);
  }

  public Impairments withSeed(long newSeed) {
    return new Impairments(delay, loss, reorder, reorderDelay, duplicate, mtuLimit, newSeed);
  }
}
