package org.mptcp4j.samples.lab;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** One direction of an emulated path: takes frames from one packet socket, gives to another. */
final class PathDirection implements EmulatedLine {
  // struct virtio_net_hdr, which PACKET_VNET_HDR puts before each frame.
  static final int OFFLOAD_HEADER = 10;
  private static final int GSO_TYPE_AT = 1;
  private static final int HEADER_LENGTH_AT = 2;
  private static final int GSO_SIZE_AT = 4;
  private static final int ETHERNET_HEADER = 14;
  private static final int FRAMES_PER_ROUND = 64;

  private final int inFd;
  private final int outFd;
  private final int number;
  private final DelayLine inOrder;
  // Frames held back longer than the rest; a line of their own keeps both first in, first out.
  private final DelayLine heldBack = new DelayLine(2 << 20);
  private final AtomicLong forwardedBytes = new AtomicLong();
  private final AtomicLong droppedFrames = new AtomicLong();
  private volatile Impairments impairments;
  private final EmulatorTasks tasks;
  private final FrameBox frameBox = new FrameBox();
  private volatile Optional<PacketBox> box = Optional.empty();
  private volatile Optional<Throwable> failure = Optional.empty();
  private volatile boolean silent;
  private long frameNumber;

  PathDirection(int inFd, int outFd, int number, Impairments impairments, EmulatorTasks tasks) {
    this.tasks = tasks;
    this.inFd = inFd;
    this.outFd = outFd;
    this.number = number;
    this.impairments = impairments;
    this.inOrder = new DelayLine(16 << 20);
  }

  int inFd() {
    return inFd;
  }

  void setImpairments(Impairments changed) {
    impairments = changed;
  }

  Impairments impairments() {
    return impairments;
  }

  void setSilent(boolean nothingPasses) {
    silent = nothingPasses;
  }

  long forwardedBytes() {
    return forwardedBytes.get();
  }

  long droppedFrames() {
    return droppedFrames.get();
  }

  /** Takes what waits at the entry; true when there may be more. */
  boolean takeIn(LibC c, long now) {
    Impairments current = impairments;
    long due = now + current.delay().toNanos();
    for (int i = 0; i < FRAMES_PER_ROUND; i++) {
      int place = inOrder.reserve();
      if (place < 0) {
        return false;
      }
      long length = c.recv(inFd, inOrder.addressOf(place), DelayLine.MAX_FRAME, LibC.MSG_DONTWAIT);
      if (length <= OFFLOAD_HEADER) {
        return false;
      }
      place((int) length, place, due, current);
    }
    return true;
  }

  private void place(int length, int place, long due, Impairments current) {
    long index = frameNumber++;
    if (silent
        || hits(current.loss(), current, 1, index)
        || exceeds(inOrder.memory(), place, length, current.mtuLimit())) {
      droppedFrames.incrementAndGet();
      return;
    }
    Optional<PacketBox> standing = box;
    if (standing.isPresent() && FrameBox.concerns(inOrder.memory(), place)) {
      throughBox(standing.get(), place, due);
      return;
    }
    if (hits(current.reorder(), current, 2, index)) {
      long later = due + current.reorderDelay().toNanos();
      if (!heldBack.copyFrom(inOrder, place, length, later)) {
        droppedFrames.incrementAndGet();
      }
      return;
    }
    inOrder.commit(length, due);
    if (hits(current.duplicate(), current, 3, index)) {
      inOrder.copyFrom(inOrder, place, length, due);
    }
  }

  private void throughBox(PacketBox standing, int place, long due) {
    try {
      // The box may emit packets, which take the place of the frame in the line.
      ByteBuffer packet = frameBox.takeOut(inOrder.memory(), place);
      ByteBuffer changed = standing.process(System.nanoTime(), packet);
      if (changed != null) {
        put(changed, due);
      } else {
        droppedFrames.incrementAndGet();
      }
    } catch (RuntimeException | AssertionError e) {
      fail(e);
    }
  }

  private void put(ByteBuffer packet, long due) {
    int place = inOrder.reserve();
    if (place < 0) {
      droppedFrames.incrementAndGet();
      return;
    }
    inOrder.commit(frameBox.putBack(packet, inOrder.memory(), place), due);
  }

  private void fail(Throwable reason) {
    droppedFrames.incrementAndGet();
    if (failure.isEmpty()) {
      failure = Optional.of(reason);
    }
  }

  @Override
  public void setBox(PacketBox standing) {
    box = Optional.of(standing);
  }

  @Override
  public void removeBox() {
    box = Optional.empty();
    failure = Optional.empty();
  }

  @Override
  public void emit(ByteBuffer packet) {
    put(packet, System.nanoTime() + impairments.delay().toNanos());
  }

  @Override
  public void after(long nanos, Runnable task) {
    tasks.after(
        nanos,
        () -> {
          try {
            task.run();
          } catch (RuntimeException | AssertionError e) {
            fail(e);
          }
        });
  }

  @Override
  public Optional<Throwable> failure() {
    return failure;
  }

  /** Gives out what is due. */
  void sendDue(LibC c, long now) {
    sendDue(c, inOrder, now);
    sendDue(c, heldBack, now);
  }

  private void sendDue(LibC c, DelayLine line, long now) {
    while (line.nextDueNanos() <= now) {
      int length = line.headLength();
      // An outage also takes what is on the way.
      if (silent || c.send(outFd, line.headAddress(), length, LibC.MSG_DONTWAIT) != length) {
        droppedFrames.incrementAndGet();
      } else {
        forwardedBytes.addAndGet(length - OFFLOAD_HEADER);
      }
      line.removeHead();
    }
  }

  long nextDueNanos() {
    return Math.min(inOrder.nextDueNanos(), heldBack.nextDueNanos());
  }

  private boolean hits(double chance, Impairments current, int purpose, long index) {
    return SeededChance.hits(chance, current.seed(), number * 4L + purpose, index);
  }

  private static boolean exceeds(ByteBuffer memory, int place, int length, int mtuLimit) {
    if (mtuLimit == 0) {
      return false;
    }
    int packet = length - OFFLOAD_HEADER - ETHERNET_HEADER;
    if (memory.get(place + GSO_TYPE_AT) != 0) {
      int headers = memory.getShort(place + HEADER_LENGTH_AT) & 0xffff;
      int segment = memory.getShort(place + GSO_SIZE_AT) & 0xffff;
      packet = headers - ETHERNET_HEADER + segment;
    }
    return packet > mtuLimit;
  }
}
