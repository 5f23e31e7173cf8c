package org.mptcp4j.mptcp;

import java.nio.ByteBuffer;
import org.jctools.queues.MpmcArrayQueue;

/**
 * Direct buffers for send chunks, kept for reuse by all connections of the process: allocating and
 * clearing direct memory is far dearer than what is done with it.
 */
final class ChunkPool {
  /**
   * Large against a segment that offload cuts, so that few segments end early at the end of a
   * chunk.
   */
  static final int CHUNK_BYTES = 256 * 1024;

  private static final int MOST_KEPT = 256;
  private static final MpmcArrayQueue<ByteBuffer> FREE = new MpmcArrayQueue<>(MOST_KEPT);

  private ChunkPool() {}

  static ByteBuffer acquire() {
    ByteBuffer buffer = FREE.poll();
    return buffer != null ? buffer : ByteBuffer.allocateDirect(CHUNK_BYTES);
  }

  /** Gives a buffer back; one too many is left to the garbage collector. */
  static boolean release(ByteBuffer buffer) {
    return FREE.offer(buffer);
  }
}
