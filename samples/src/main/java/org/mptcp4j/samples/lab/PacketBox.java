package org.mptcp4j.samples.lab;

import java.nio.ByteBuffer;

/** A middlebox in one direction of an emulated path: it looks at each packet and may change it. */
@FunctionalInterface
public interface PacketBox {
  /**
   * The packet is an IPv4 packet with a TCP segment, its checksums finished, from index 0 to the
   * buffer's limit; it may be changed in place. Called by the thread that carries the frames.
   *
   * @param nowNanos of {@link System#nanoTime}
   * @return what goes on: the same buffer, another one, or null to drop the packet
   */
  ByteBuffer process(long nowNanos, ByteBuffer packet);
}
