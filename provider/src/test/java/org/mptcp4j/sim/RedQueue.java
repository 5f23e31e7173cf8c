package org.mptcp4j.sim;

/**
 * Random early detection (Floyd and Jacobson, 1993; its gentle variant): packets are dropped with a
 * probability that grows with the average length of the queue, so that flows slow down one by one
 * instead of all at once.
 */
final class RedQueue {
  /** Weight of the present length in the average, as the paper recommends. */
  private static final double WEIGHT = 0.002;

  private final long leastBytes;
  private final long mostBytes;
  private final double mostProbability;
  private double averageBytes;
  private int sinceDrop;

  /**
   * @param leastBytes average length up to which nothing is dropped
   * @param mostBytes average length at which {@code mostProbability} is reached; from there it
   *     grows to 1 at twice the length
   * @param mostProbability 0 to 1
   */
  RedQueue(long leastBytes, long mostBytes, double mostProbability) {
    this.leastBytes = leastBytes;
    this.mostBytes = mostBytes;
    this.mostProbability = mostProbability;
  }

  /**
   * Whether the packet that comes now is dropped.
   *
   * @param queuedBytes what waits before it
   * @param idlePackets how many packets the link could have sent since its queue was empty
   */
  boolean drops(SimRandom random, double queuedBytes, double idlePackets) {
    if (queuedBytes > 0) {
      averageBytes += WEIGHT * (queuedBytes - averageBytes);
    } else {
      averageBytes *= Math.pow(1 - WEIGHT, Math.max(1, idlePackets));
    }
    if (averageBytes < leastBytes) {
      sinceDrop = 0;
      return false;
    }
    double base =
        averageBytes < mostBytes
            ? mostProbability * (averageBytes - leastBytes) / (mostBytes - leastBytes)
            : mostProbability + (1 - mostProbability) * (averageBytes - mostBytes) / mostBytes;
    // Spread evenly: a drop becomes likelier the longer there was none.
    double spread = sinceDrop * base < 1 ? base / (1 - sinceDrop * base) : 1;
    sinceDrop++;
    if (random.chance(Math.min(1, spread))) {
      sinceDrop = 0;
      return true;
    }
    return false;
  }
}
