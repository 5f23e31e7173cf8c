package org.mptcp4j.sim;

import java.nio.ByteBuffer;

/** A box on a link that looks at every packet and may change it. */
@FunctionalInterface
public interface Middlebox {
  /**
   * The packet is an IP packet from index 0 to the buffer's limit; it may be changed in place.
   *
   * @return what goes on: the same buffer, another one, or null to drop the packet
   */
  ByteBuffer process(long now, ByteBuffer packet);
}
