package org.mptcp4j.samples.ends;

import java.nio.ByteBuffer;

/** A stream of which every byte is known by its offset alone. Immutable. */
final class StreamContent {
  private final long seed;

  StreamContent(long seed) {
    this.seed = seed;
  }

  byte at(long offset) {
    // SplitMix64, as a hash of the place of a word.
    long z = seed + 0x9E3779B97F4A7C15L * ((offset >>> 3) + 1);
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return (byte) ((z ^ (z >>> 31)) >>> 8 * (offset & 7));
  }

  /** Fills the buffer with the stream from {@code offset} on. */
  void fill(ByteBuffer buffer, long offset) {
    long at = offset;
    while (buffer.hasRemaining()) {
      buffer.put(at(at++));
    }
  }
}
