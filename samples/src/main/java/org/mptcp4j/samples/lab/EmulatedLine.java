package org.mptcp4j.samples.lab;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * One direction of an emulated path, with a place for a {@link PacketBox}. TCP over IPv4 goes
 * through the box, all else by it; what impairments take is gone before. Boxes see single segments,
 * never what is to be segmented later.
 */
public interface EmulatedLine {
  /** Puts a box there, in the place of the one before. Thread-safe. */
  void setBox(PacketBox box);

  /** Takes the box away, and forgets its failure. Thread-safe. */
  void removeBox();

  /**
   * A box puts a packet on the line behind itself: of its own making, or held back until now. Only
   * from a box, or a task given to {@link #after}, and when the box of this direction has seen a
   * packet, whose Ethernet addresses it gets.
   */
  void emit(ByteBuffer packet);

  /** Has the thread that carries the frames run a task later, up to 50 ms late. Thread-safe. */
  void after(long nanos, Runnable task);

  /** The first exception that a box or a task threw; the packet was dropped then. Thread-safe. */
  Optional<Throwable> failure();
}
