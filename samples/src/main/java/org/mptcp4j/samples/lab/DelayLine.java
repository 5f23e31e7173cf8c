package org.mptcp4j.samples.lab;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Frames in the order they came, each with the time it is due. One block of memory used as a ring;
 * a frame lies in one piece. Not thread-safe.
 */
final class DelayLine {
  /** The largest frame with its offload header: 64 KiB of IP packet, Ethernet, VLAN tag. */
  static final int MAX_FRAME = 65_536 + 64;

  private static final int SLOTS = 1 << 15;
  private static final int MASK = SLOTS - 1;

  private final ByteBuffer memory;
  private final long address;
  private final int capacity;
  private final long[] dueNanos = new long[SLOTS];
  private final int[] offsets = new int[SLOTS];
  private final int[] lengths = new int[SLOTS];
  private int head;
  private int tail;
  private int writeOffset;
  private long lastDueNanos = Long.MIN_VALUE;

  DelayLine(int capacityBytes) {
    capacity = Math.max(capacityBytes, 4 * MAX_FRAME);
    memory = ByteBuffer.allocateDirect(capacity).order(ByteOrder.nativeOrder());
    address = LibC.address(memory);
  }

  boolean isEmpty() {
    return head == tail;
  }

  /** Where to put the next frame, of up to {@link #MAX_FRAME} bytes; -1 when the line is full. */
  int reserve() {
    if (isEmpty()) {
      writeOffset = 0;
      return 0;
    }
    if (tail - head == SLOTS) {
      return -1;
    }
    int oldest = offsets[head & MASK];
    if (writeOffset > oldest) {
      if (capacity - writeOffset >= MAX_FRAME) {
        return writeOffset;
      }
      if (oldest > MAX_FRAME) {
        writeOffset = 0;
        return 0;
      }
      return -1;
    }
    return oldest - writeOffset > MAX_FRAME ? writeOffset : -1;
  }

  /** Keeps the frame that was put at the reserved place; it never overtakes an earlier one. */
  void commit(int length, long due) {
    long monotone = isEmpty() ? due : Math.max(due, lastDueNanos);
    lastDueNanos = monotone;
    int slot = tail++ & MASK;
    dueNanos[slot] = monotone;
    offsets[slot] = writeOffset;
    lengths[slot] = length;
    writeOffset += (length + 7) & ~7;
  }

  /** Copies a frame in from another line; false when this one is full. */
  boolean copyFrom(DelayLine other, int offset, int length, long due) {
    int place = reserve();
    if (place < 0) {
      return false;
    }
    memory.put(place, other.memory, offset, length);
    commit(length, due);
    return true;
  }

  long addressOf(int offset) {
    return address + offset;
  }

  ByteBuffer memory() {
    return memory;
  }

  /** When the first frame is due; {@link Long#MAX_VALUE} when there is none. */
  long nextDueNanos() {
    return isEmpty() ? Long.MAX_VALUE : dueNanos[head & MASK];
  }

  long headAddress() {
    return address + offsets[head & MASK];
  }

  int headLength() {
    return lengths[head & MASK];
  }

  void removeHead() {
    head++;
  }
}
