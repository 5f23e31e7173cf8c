package org.mptcp4j.link;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.net.BindException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.mptcp4j.wire.IpAddress;

/**
 * Ports for outgoing connections, taken from the kernel in aligned blocks chosen at random (RFC
 * 6056), so that the receive filter seldom changes. Thread-safe.
 */
final class EphemeralPorts implements AutoCloseable {
  private static final Path RANGE = Path.of("/proc/sys/net/ipv4/ip_local_port_range");
  private static final int BLOCK = GuardedPorts.BLOCK;

  /** Free ports kept in advance; above that, blocks with no port in use go back to the kernel. */
  private static final int KEEP_FREE = 2 * BLOCK;

  interface Enter {
    void enter(IpAddress local, int port) throws IOException;
  }

  interface Leave {
    void leave(IpAddress local, int port);
  }

  private static final class Block {
    private final List<SilentSocket> sockets = new ArrayList<>(BLOCK);
    private int used;
  }

  private final Enter enter;
  private final Leave leave;
  private final SecureRandom random = new SecureRandom();
  private final Map<Integer, Block> blocks = new HashMap<>();

  /** The port freed longest ago is taken first. */
  private final Deque<Integer> free = new ArrayDeque<>();

  EphemeralPorts(Enter enter, Leave leave) {
    this.enter = enter;
    this.leave = leave;
  }

  synchronized int take() throws IOException {
    if (free.isEmpty()) {
      takeBlock();
    }
    int port = free.removeFirst();
    blocks.get(port / BLOCK).used++;
    return port;
  }

  synchronized void giveBack(int port) {
    Block block = blocks.get(port / BLOCK);
    if (block == null) {
      return;
    }
    block.used--;
    free.addLast(port);
    if (block.used == 0 && free.size() > KEEP_FREE) {
      drop(port / BLOCK);
    }
  }

  private void takeBlock() throws IOException {
    int[] range = range();
    int first = (range[0] + BLOCK - 1) / BLOCK;
    int count = (range[1] + 1) / BLOCK - first;
    int start = count > 0 ? random.nextInt(count) : 0;
    for (int i = 0; i < count; i++) {
      int number = first + (start + i) % count;
      if (!blocks.containsKey(number) && take(number)) {
        return;
      }
    }
    throw new BindException(
        "no free port between " + range[0] + " and " + range[1] + " (ip_local_port_range)");
  }

  private boolean take(int number) throws IOException {
    Block block = new Block();
    for (int port = number * BLOCK; port < (number + 1) * BLOCK; port++) {
      if (!takePort(port, block)) {
        break;
      }
    }
    if (block.sockets.isEmpty()) {
      return false;
    }
    blocks.put(number, block);
    List<Integer> ports = new ArrayList<>();
    block.sockets.forEach(socket -> ports.add(socket.port()));
    Collections.shuffle(ports, random);
    free.addAll(ports);
    return true;
  }

  /** Guards one port, if it is free; false when the process may open no more sockets. */
  private boolean takePort(int port, Block block) throws IOException {
    SilentSocket socket;
    try {
      socket = SilentSocket.open(IpAddress.ANY_V6, port);
    } catch (BindException anothers) {
      return true;
    } catch (IOException e) {
      if (block.sockets.isEmpty()) {
        throw e;
      }
      return false;
    }
    try {
      enter.enter(IpAddress.ANY_V6, port);
    } catch (IOException e) {
      socket.close();
      if (block.sockets.isEmpty()) {
        throw e;
      }
      return false;
    }
    block.sockets.add(socket);
    return true;
  }

  private void drop(int number) {
    free.removeIf(port -> port / BLOCK == number);
    for (SilentSocket socket : blocks.remove(number).sockets) {
      leave.leave(IpAddress.ANY_V6, socket.port());
      socket.close();
    }
  }

  private static int[] range() {
    // One read that is large enough: a sysctl gives nothing to a second one.
    try (InputStream in = Files.newInputStream(RANGE)) {
      byte[] bytes = new byte[64];
      int length = Math.max(0, in.read(bytes));
      String[] words = new String(bytes, 0, length, US_ASCII).trim().split("\\s+", -1);
      return new int[] {Integer.parseInt(words[0]), Integer.parseInt(words[1])};
    } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException unreadable) {
      // The kernel's own default.
      return new int[] {32_768, 60_999};
    }
  }

  @Override
  public synchronized void close() {
    for (Integer number : List.copyOf(blocks.keySet())) {
      drop(number);
    }
  }
}
