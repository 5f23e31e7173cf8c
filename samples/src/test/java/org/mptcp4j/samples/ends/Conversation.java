package org.mptcp4j.samples.ends;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.util.concurrent.CountDownLatch;
import org.mptcp4j.sim.StreamEdit;

/**
 * One end of a connection whose ends write to each other at the same time: it sends a stream,
 * compares every byte of the other with what it should be, waits until it is told to finish, and
 * closes. Thread-safe.
 */
public final class Conversation {
  private static final int BUFFER_BYTES = 32 << 10;

  /** What an end does beyond reading and writing. */
  interface Line extends ByteChannel {
    void shutdownOutput() throws IOException;

    /** From now on closing resets the connection. */
    void resetOnClose() throws IOException;
  }

  /**
   * What passes between the ends.
   *
   * @param bytes that each end sends
   * @param edit what becomes, unnoticed, of the stream that this end receives
   */
  public record Plan(long bytes, StreamEdit edit) {
    public long expected() {
      return bytes + (edit.at() < bytes ? edit.growth() : 0);
    }
  }

  /**
   * How far it has come.
   *
   * @param wrongAt where the first wrong byte was received; negative for none
   * @param anew whether the stream begins anew there, as one that the peer has sent a second time
   */
  public record Progress(
      long received, boolean complete, long wrongAt, boolean anew, boolean over, String failure) {}

  /** So much of what is wrong is looked at: one segment. */
  private static final int LOOKED_AT = 1_400;

  private final Line line;
  private final Plan plan;
  private final StreamContent sent;
  private final StreamContent expected;
  private final CountDownLatch finish = new CountDownLatch(1);
  private final CountDownLatch running = new CountDownLatch(2);
  private volatile long sentBytes;
  private volatile long received;
  private volatile long wrongAt = -1;
  private volatile boolean anew;
  private volatile String failure = "";
  private volatile boolean aborted;

  Conversation(Line line, Plan plan, boolean client) {
    this.line = line;
    this.plan = plan;
    sent = new StreamContent(client ? 1 : 2);
    expected = new StreamContent(client ? 2 : 1);
  }

  void start() {
    for (Body body : new Body[] {this::send, this::receive}) {
      Thread thread = new Thread(() -> run(body), "conversation");
      thread.setDaemon(true);
      thread.start();
    }
  }

  private interface Body {
    void run() throws IOException, InterruptedException;
  }

  private void run(Body body) {
    try {
      body.run();
    } catch (IOException e) {
      failed(e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      failed(e.toString());
    } finally {
      running.countDown();
      if (running.getCount() == 0) {
        close();
      }
    }
  }

  private void close() {
    try {
      line.close();
    } catch (IOException e) {
      failed(e.toString());
    }
  }

  private synchronized void failed(String reason) {
    // Who reads and who writes may be told different things of the same end.
    failure = failure.isEmpty() ? reason : failure + "; " + reason;
    // The other half is to end, too.
    finish.countDown();
  }

  private void send() throws IOException, InterruptedException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    long offset = 0;
    while (offset < plan.bytes() && goesOn()) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), plan.bytes() - offset));
      sent.fill(buffer, offset);
      buffer.flip();
      while (buffer.hasRemaining() && goesOn()) {
        try {
          line.write(buffer);
        } catch (SocketTimeoutException e) {
          // The line looks up now and then so that we can.
        }
      }
      offset += buffer.position();
      sentBytes = offset;
    }
    finish.await();
    if (goesOn()) {
      line.shutdownOutput();
    }
  }

  private boolean goesOn() {
    return !aborted && failure.isEmpty();
  }

  private void receive() throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    while (goesOn()) {
      int count;
      try {
        count = line.read(buffer.clear());
      } catch (SocketTimeoutException e) {
        continue;
      }
      if (count < 0) {
        if (received != plan.expected()) {
          failed("the stream ended after " + received + " bytes");
        }
        return;
      }
      compare(buffer.flip());
    }
  }

  private void compare(ByteBuffer bytes) {
    StreamEdit edit = plan.edit();
    long offset = received;
    while (bytes.hasRemaining()) {
      long origin = edit.origin(offset);
      byte right = origin < 0 ? edit.inserted()[(int) (offset - edit.at())] : expected.at(origin);
      byte found = bytes.get();
      if (found != right && wrongAt < 0) {
        wrongAt = offset;
        anew = true;
      }
      if (wrongAt >= 0 && offset - wrongAt < LOOKED_AT) {
        anew &= found == expected.at(offset - wrongAt);
      }
      offset++;
    }
    received = offset;
  }

  Progress progress() {
    long bytes = received;
    boolean complete = bytes >= plan.expected() && sentBytes == plan.bytes();
    return new Progress(bytes, complete, wrongAt, anew, running.getCount() == 0, failure);
  }

  void awaitEnd() throws InterruptedException {
    running.await();
  }

  boolean isFinishing() {
    return finish.getCount() == 0;
  }

  /** Everything was received at both ends: the connection may end. */
  void finish() {
    finish.countDown();
  }

  /** Ends it with a reset. */
  void abort() {
    aborted = true;
    try {
      line.resetOnClose();
    } catch (IOException e) {
      failed(e.toString());
    }
    finish();
  }
}
