package org.mptcp4j.sim;

import java.nio.ByteBuffer;

/**
 * One direction of a path, with a place for a box: of a simulated path, or of a real one in a
 * network lab. A box, and what it has run later, is called by the one thread that carries packets.
 */
public interface BoxedLink {
  /** Puts a box there, in the place of the one before. */
  BoxedLink middlebox(Middlebox box);

  /** A box puts a packet on the line behind itself: of its own making, or held back until now. */
  void emit(ByteBuffer packet);

  /** The time that boxes are told, nanoseconds. */
  long now();

  /** Has a task run later. */
  void after(long nanos, Runnable task);
}
