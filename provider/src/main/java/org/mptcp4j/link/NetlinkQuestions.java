package org.mptcp4j.link;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import jnr.enxio.channels.NativeSocketChannel;

/**
 * A netlink socket for questions, each answered at once; nothing comes that was not asked for.
 * Thread-safe; one question at a time.
 */
final class NetlinkQuestions implements AutoCloseable {
  /** Protocols (netlink(7)). */
  static final int ROUTE = 0;

  static final int XFRM = 6;
  static final int NETFILTER = 12;

  private static final int SO_RCVTIMEO = 20;

  private final NativeSocketChannel channel;
  private final ByteBuffer request = Native.allocate(256);
  private final ByteBuffer answer = Native.allocate(256 * 1024);
  private int sequence;

  /** Writes a question; gets the buffer to write to, and the number it must carry. */
  @FunctionalInterface
  interface Question {
    NetlinkMessage.Request write(ByteBuffer buffer, int sequence);
  }

  /** The kernel said no; {@link #errno} is its reason. */
  static final class RefusedException extends IOException {
    private static final long serialVersionUID = 1;

    private final int errno;

    private RefusedException(int errno) {
      super("netlink refuses to list what the host has: " + Native.describe(errno));
      this.errno = errno;
    }

    int errno() {
      return errno;
    }
  }

  NetlinkQuestions(int protocol) throws IOException {
    int fd = Native.C.socket(Native.AF_NETLINK, Native.SOCK_RAW | Native.SOCK_CLOEXEC, protocol);
    Native.check(fd, "cannot open a netlink socket");
    // The kernel answers within the call; the limit is for a kernel that does not answer at all.
    ByteBuffer limit = Native.allocate(16);
    limit.putLong(0, 1);
    Native.C.setsockopt(fd, Native.SOL_SOCKET, SO_RCVTIMEO, Native.address(limit), 16);
    channel = new NativeSocketChannel(fd);
  }

  /**
   * Asks, and offers {@code taker} the answer's messages until it takes one.
   *
   * @return false when there was none that it took
   */
  synchronized boolean ask(Question question, Predicate<NetlinkMessage> taker) throws IOException {
    write(question);
    while (read()) {
      for (NetlinkMessage m : NetlinkMessage.all(answer)) {
        if (m.sequence() == sequence && taker.test(m)) {
          return true;
        }
      }
    }
    return false;
  }

  /**
   * Reads a whole table.
   *
   * @throws RefusedException when the kernel says no
   */
  void dump(Question question, Consumer<NetlinkMessage> consumer) throws IOException {
    int[] refused = {0};
    boolean complete =
        ask(
            question,
            m -> {
              if (m.type() == NetlinkMessage.ERROR) {
                refused[0] = m.error();
                return true;
              }
              if (m.type() == NetlinkMessage.DONE) {
                return true;
              }
              consumer.accept(m);
              return false;
            });
    if (refused[0] != 0) {
      throw new RefusedException(refused[0]);
    }
    if (!complete) {
      throw new IOException("netlink ends its list before it is complete");
    }
  }

  private void write(Question question) throws IOException {
    channel.write(question.write(request, ++sequence).finish());
  }

  private boolean read() throws IOException {
    answer.clear();
    int count = channel.read(answer);
    answer.flip();
    return count > 0;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
