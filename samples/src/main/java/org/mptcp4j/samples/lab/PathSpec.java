package org.mptcp4j.samples.lab;

import java.time.Duration;

/**
 * How a path is to be.
 *
 * @param rateBitsPerSecond what each direction carries, Ethernet headers included; 0 for as fast as
 *     the machine can
 * @param routerQueueBytes what waits in the middle of the path, where the rate is kept there, as by
 *     a router: senders see it by delay and loss only; 0 for at the hosts, whose own queue it is
 * @param mtu of the interfaces at both ends, bytes
 * @param emulated whether the {@link PathEmulator} stands in the middle; needed for delay, loss and
 *     outages
 * @param impairments what the emulator does at the start
 */
public record PathSpec(
    long rateBitsPerSecond,
    int routerQueueBytes,
    int mtu,
    boolean emulated,
    Impairments impairments) {
  /** A bare veth pair. */
  public static PathSpec plain() {
    return new PathSpec(0, 0, 1500, false, Impairments.NONE);
  }

  public PathSpec withRate(long bitsPerSecond) {
    return new PathSpec(bitsPerSecond, 0, mtu, emulated, impairments);
  }

  /** Has a router in the middle keep the rate, both ways, with a queue that drops its tail. */
  public PathSpec withBottleneck(long bitsPerSecond, int queueBytes) {
    return new PathSpec(bitsPerSecond, queueBytes, mtu, true, impairments);
  }

  public PathSpec withMtu(int bytes) {
    return new PathSpec(rateBitsPerSecond, routerQueueBytes, bytes, emulated, impairments);
  }

  /** Puts the emulator in the middle, so that the path can be silenced. */
  public PathSpec withEmulator() {
    return new PathSpec(rateBitsPerSecond, routerQueueBytes, mtu, true, impairments);
  }

  public PathSpec withImpairments(Impairments changed) {
    return new PathSpec(rateBitsPerSecond, routerQueueBytes, mtu, true, changed);
  }

  /** One way, so half of what is added to the round trip. */
  public PathSpec withDelay(Duration oneWay) {
    return oneWay.isZero() ? this : withImpairments(impairments.withDelay(oneWay));
  }

  public PathSpec withLoss(double chance) {
    return chance == 0 ? this : withImpairments(impairments.withLoss(chance));
  }
}
