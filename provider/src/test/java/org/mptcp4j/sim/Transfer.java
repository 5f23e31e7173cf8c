package org.mptcp4j.sim;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * An application that sends so many bytes of a known pattern, ends its output, and reads the
 * peer's, comparing every byte as it comes.
 */
public final class Transfer {
  // A prime length, so that no block of data that is out of place by a round number looks right.
  private static final byte[] PATTERN = new byte[1_000_003];

  static {
    SimRandom random = new SimRandom(42);
    for (int i = 0; i < PATTERN.length; i++) {
      PATTERN[i] = (byte) random.nextInt();
    }
  }

  private long toSend;
  private long toReceive;
  private final int patternShift;
  private final ByteBuffer readBuffer = ByteBuffer.allocate(65_536);
  private long sent;
  private long received;
  private boolean outputEnded;
  private boolean inputEnded;
  private boolean closes = true;
  private boolean mayFail;
  private boolean failed;
  private StreamEdit edit = StreamEdit.NONE;
  private long readAtMost = Long.MAX_VALUE;
  private long finishedAt = -1;
  private SimSocket socket;

  private Transfer(long toSend, long toReceive, int patternShift) {
    this.toSend = toSend;
    this.toReceive = toReceive;
    this.patternShift = patternShift;
  }

  /** The end that called connect. */
  public static Transfer client(long toSend, long toReceive) {
    return new Transfer(toSend, toReceive, 0);
  }

  /** The end that accepted. */
  public static Transfer server(long toSend, long toReceive) {
    return new Transfer(toSend, toReceive, 500_000);
  }

  /** Leaves the connection open when all is done. */
  public Transfer keepOpen() {
    closes = false;
    return this;
  }

  /** A client or server that writes until it is told to {@link #finish}. */
  public static Transfer endless(boolean client) {
    return new Transfer(Long.MAX_VALUE, Long.MAX_VALUE, client ? 0 : 500_000);
  }

  /** Ends what {@link #endless} began: both ends write no more and expect what the other wrote. */
  public static void finish(Transfer a, Transfer b) {
    a.toSend = a.sent;
    b.toSend = b.sent;
    a.toReceive = b.sent + a.edit.growth();
    b.toReceive = a.sent + b.edit.growth();
    a.socket.afterCall();
    b.socket.afterCall();
  }

  /** The connection may fail, as on a path that damages it; what arrives must be right. */
  public Transfer mayFail() {
    mayFail = true;
    return this;
  }

  /** The peer's stream comes with this change, which a gateway on the path has made. */
  Transfer expect(StreamEdit change) {
    edit = change;
    return this;
  }

  /** Stops reading after so many bytes, until {@link #readUpTo} allows more. */
  public Transfer readUpTo(long bytes) {
    readAtMost = bytes;
    if (socket != null) {
      socket.afterCall();
    }
    return this;
  }

  public Transfer on(SimSocket target) {
    socket = target;
    target.onReady(this::act);
    return this;
  }

  private void act(SimSocket s) {
    if (failed || isComplete()) {
      return;
    }
    if (s.connection().failure().isPresent()) {
      fail(s, "the connection failed: " + s.connection().failure().get());
      return;
    }
    sendSome(s);
    readSome(s);
    if (!failed && inputEnded && outputEnded) {
      finishedAt = s.host().network().now();
      if (closes) {
        s.close();
      }
    }
  }

  private void fail(SimSocket s, String reason) {
    if (!mayFail) {
      throw new AssertionError(reason + "\n" + s.host().network().describe());
    }
    failed = true;
  }

  private void sendSome(SimSocket s) {
    while (sent < toSend && s.isWritable()) {
      int at = (int) ((sent + patternShift) % PATTERN.length);
      int length = (int) Math.min(Math.min(toSend - sent, PATTERN.length - at), 262_144);
      int taken = s.write(ByteBuffer.wrap(PATTERN, at, length));
      if (taken <= 0) {
        break;
      }
      sent += taken;
    }
    if (sent == toSend && !outputEnded && s.isEstablished()) {
      outputEnded = true;
      s.shutdownOutput();
    }
  }

  private void readSome(SimSocket s) {
    while (!failed && !inputEnded && s.isReadable() && received < readAtMost) {
      readBuffer.clear().limit((int) Math.min(readBuffer.capacity(), readAtMost - received));
      int count = s.read(readBuffer);
      if (count < 0) {
        if (received != toReceive) {
          throw new AssertionError(
              "the stream ended after " + received + " of " + toReceive + " bytes");
        }
        inputEnded = true;
        return;
      }
      if (count == 0) {
        return;
      }
      compare(count);
      received += count;
      if (received > toReceive) {
        throw new AssertionError("more than " + toReceive + " bytes came");
      }
    }
  }

  private void compare(int count) {
    if (received + count > edit.at()) {
      compareEdited(count);
      return;
    }
    int shift = 500_000 - patternShift;
    int done = 0;
    while (done < count) {
      int at = (int) ((received + done + shift) % PATTERN.length);
      int length = Math.min(count - done, PATTERN.length - at);
      int wrong =
          Arrays.mismatch(readBuffer.array(), done, done + length, PATTERN, at, at + length);
      if (wrong >= 0) {
        throw new AssertionError("byte " + (received + done + wrong) + " of the stream is wrong");
      }
      done += length;
    }
  }

  private void compareEdited(int count) {
    int shift = 500_000 - patternShift;
    for (int i = 0; i < count; i++) {
      long origin = edit.origin(received + i);
      byte expected =
          origin < 0
              ? edit.inserted()[(int) (received + i - edit.at())]
              : PATTERN[(int) ((origin + shift) % PATTERN.length)];
      if (readBuffer.get(i) != expected) {
        throw new AssertionError("byte " + (received + i) + " of the edited stream is wrong");
      }
    }
  }

  /** Everything was sent and the whole of the peer's stream has come. */
  public boolean isComplete() {
    return finishedAt >= 0;
  }

  /** Complete, or failed where that is allowed. */
  public boolean isOver() {
    return isComplete() || failed;
  }

  public boolean hasFailed() {
    return failed;
  }

  /** When {@link #isComplete} came about, virtual time. */
  public long finishedAt() {
    return finishedAt;
  }

  public long received() {
    return received;
  }

  public long sent() {
    return sent;
  }
}
