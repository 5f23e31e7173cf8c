package org.mptcp4j.samples.lab;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * Carries Ethernet frames between pairs of interfaces of one namespace, with delay, loss,
 * reordering, duplication, an MTU limit, outages and middleboxes. One thread serves all paths.
 * Frames with unfinished checksums or segmentation go through as they are: the offload header is
 * passed on. Only a {@link PacketBox} is given finished packets.
 *
 * <p>Precision: frames are looked for every 200 µs while any is on its way, so that a frame leaves
 * up to a quarter of a millisecond late.
 */
final class PathEmulator implements Closeable {
  private static final long TICK_NANOS = 250_000;
  private static final long IDLE_NANOS = 50_000_000;
  private static final int SOCKET_BUFFER = 32 << 20;
  private static final int POLL_FD_BYTES = 8;

  /** The two directions of a path; index 0 is from the first interface to the second. */
  record EmulatedPath(PathDirection forth, PathDirection back) {}

  /** Two interfaces to be joined. */
  record Join(String first, String second, Impairments impairments) {}

  private final LibC c = LibC.get();
  private final List<Integer> fds = new ArrayList<>();
  private final List<EmulatedPath> paths = new ArrayList<>();
  private final EmulatorTasks tasks = new EmulatorTasks();
  private PathDirection[] directions = {};
  private ByteBuffer pollFds;
  private final ByteBuffer timeout = ByteBuffer.allocateDirect(16).order(ByteOrder.nativeOrder());
  private volatile boolean closing;
  private final Thread thread;

  /**
   * Enters the namespace and starts.
   *
   * @throws IOException when the namespace cannot be entered or an interface not be opened; the
   *     message says which and why
   */
  PathEmulator(String namespace, List<Join> joins) throws IOException {
    CompletableFuture<Void> ready = new CompletableFuture<>();
    // A thread of its own: setns moves the thread that calls it, for good.
    thread = new Thread(() -> run(namespace, joins, ready), "path-emulator-" + namespace);
    thread.setDaemon(true);
    thread.start();
    try {
      ready.get();
    } catch (ExecutionException e) {
      throw new IOException(e.getCause().getMessage(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      close();
      throw new IOException("interrupted while the path emulator started", e);
    }
  }

  EmulatedPath path(int index) {
    return paths.get(index);
  }

  private void run(String namespace, List<Join> joins, CompletableFuture<Void> ready) {
    try {
      Namespace.enter(namespace);
      for (Join join : joins) {
        int first = open(join.first());
        int second = open(join.second());
        int number = 2 * paths.size();
        paths.add(
            new EmulatedPath(
                new PathDirection(first, second, number, join.impairments(), tasks),
                new PathDirection(second, first, number + 1, join.impairments(), tasks)));
      }
      directions =
          paths.stream()
              .flatMap(path -> java.util.stream.Stream.of(path.forth(), path.back()))
              .toArray(PathDirection[]::new);
      preparePoll();
      // Delays are only as good as our turn on the processor; without the right it is as it is.
      c.setpriority(LibC.PRIO_PROCESS, 0, -15);
      ready.complete(null);
      loop();
    } catch (IOException | RuntimeException e) {
      ready.completeExceptionally(e);
    } finally {
      fds.forEach(c::close);
    }
  }

  private int open(String interfaceName) throws IOException {
    int fd = c.socket(LibC.AF_PACKET, LibC.SOCK_RAW | LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC, 0);
    if (fd < 0) {
      throw new IOException("cannot open a packet socket: " + LibC.lastError());
    }
    fds.add(fd);
    if (!LibC.setOption(fd, LibC.SOL_PACKET, LibC.PACKET_VNET_HDR, 1)
        || !LibC.setOption(fd, LibC.SOL_PACKET, LibC.PACKET_IGNORE_OUTGOING, 1)) {
      throw new IOException("cannot prepare a packet socket: " + LibC.lastError());
    }
    // Without CAP_NET_ADMIN in the first user namespace the kernel's default size has to do.
    LibC.setOption(fd, LibC.SOL_SOCKET, LibC.SO_RCVBUFFORCE, SOCKET_BUFFER);
    LibC.setOption(fd, LibC.SOL_SOCKET, LibC.SO_SNDBUFFORCE, SOCKET_BUFFER);
    int index = c.if_nametoindex(interfaceName);
    // struct sockaddr_ll
    ByteBuffer address = ByteBuffer.allocateDirect(20).order(ByteOrder.nativeOrder());
    address.putShort(0, (short) LibC.AF_PACKET);
    address.put(3, (byte) LibC.ETH_P_ALL);
    address.putInt(4, index);
    if (index == 0 || c.bind(fd, LibC.address(address), 20) != 0) {
      throw new IOException("cannot listen on " + interfaceName + ": " + LibC.lastError());
    }
    return fd;
  }

  private void preparePoll() {
    pollFds =
        ByteBuffer.allocateDirect(Math.max(1, directions.length) * POLL_FD_BYTES)
            .order(ByteOrder.nativeOrder());
    for (int i = 0; i < directions.length; i++) {
      pollFds.putInt(i * POLL_FD_BYTES, directions[i].inFd());
      pollFds.putShort(i * POLL_FD_BYTES + 4, (short) LibC.POLLIN);
    }
  }

  private void loop() {
    long pollAddress = LibC.address(pollFds);
    long timeoutAddress = LibC.address(timeout);
    while (!closing) {
      long now = System.nanoTime();
      boolean more = false;
      tasks.runDue(now);
      long nextDue = Long.MAX_VALUE;
      for (PathDirection direction : directions) {
        more |= direction.takeIn(c, now);
        direction.sendDue(c, now);
        nextDue = Math.min(nextDue, direction.nextDueNanos());
      }
      if (more) {
        continue;
      }
      boolean idle = nextDue == Long.MAX_VALUE;
      long due = Math.min(nextDue, tasks.nextDueNanos());
      long wait = Math.min(idle ? IDLE_NANOS : TICK_NANOS, due - System.nanoTime());
      if (wait > 0) {
        timeout.putLong(0, 0);
        timeout.putLong(8, wait);
        // While frames are under way time alone wakes us, so that many are served in one turn.
        c.ppoll(pollAddress, idle ? directions.length : 0, timeoutAddress, 0);
      }
    }
  }

  @Override
  public void close() {
    closing = true;
    try {
      thread.join(5_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
