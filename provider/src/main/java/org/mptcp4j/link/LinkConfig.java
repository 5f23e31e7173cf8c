package org.mptcp4j.link;

/**
 * The sizes and switches of a packet link.
 *
 * @param smallFrames slots for frames of up to 1.8 KB in the receive ring, a multiple of 512
 * @param largeFramesMebibytes memory of the ring for larger frames, in MiB; each holds 15 frames
 * @param queueNanos how much of an interface's rate may wait below TCP at first, nanoseconds: less
 *     adds less delay, but a sender that is late to refill the queue leaves the wire idle; while
 *     that happens it grows, to 10 ms at most
 * @param segmentationOffload whether segments larger than the MTU may be left to device or kernel
 * @param loopbackOnEngine whether loopback and the host's own addresses are served by the engine
 *     rather than by the kernel
 */
public record LinkConfig(
    int smallFrames,
    int largeFramesMebibytes,
    long queueNanos,
    boolean segmentationOffload,
    boolean loopbackOnEngine) {

  public LinkConfig {
    if (smallFrames < 512 || smallFrames % 512 != 0) {
      throw new IllegalArgumentException(
          "smallFrames is " + smallFrames + "; it must be a multiple of 512");
    }
    if (largeFramesMebibytes < 1 || largeFramesMebibytes > 1024) {
      throw new IllegalArgumentException(
          "largeFramesMebibytes is " + largeFramesMebibytes + "; it must be 1 to 1024");
    }
    if (queueNanos < 100_000 || queueNanos > 1_000_000_000) {
      throw new IllegalArgumentException(
          "queueNanos is " + queueNanos + "; it must be 100 microseconds to 1 second");
    }
  }

  /** 4096 small frames and 360 large ones in 32 MiB, 5 ms of queue, offload on. */
  public static LinkConfig defaults() {
    return new LinkConfig(4096, 24, 5_000_000, true, false);
  }

  public LinkConfig withLoopbackOnEngine(boolean value) {
    return new LinkConfig(
        smallFrames, largeFramesMebibytes, queueNanos, segmentationOffload, value);
  }

  public LinkConfig withSegmentationOffload(boolean value) {
    return new LinkConfig(smallFrames, largeFramesMebibytes, queueNanos, value, loopbackOnEngine);
  }
}
