package org.mptcp4j.samples.transfer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.util.Random;

/** The two halves of a short connection: a question of some hundred bytes, and its answer. */
final class Question {
  static final int BYTES = 500;
  private static final int TIMES = 6;

  private Question() {}

  /**
   * What is asked: to be had before connecting, since Fast Open waits for it no more than 10 ms.
   */
  static byte[] bytes(int number) {
    byte[] question = new byte[BYTES];
    new Random(number).nextBytes(question);
    return question;
  }

  /** Asks, and checks that the answer is the question {@value #TIMES} times and nothing more. */
  static void ask(ByteChannel channel, byte[] question) throws IOException {
    writeAll(channel, ByteBuffer.allocateDirect(BYTES).put(question).flip());
    ByteBuffer answer = ByteBuffer.allocateDirect(TIMES * BYTES + 1);
    while (answer.hasRemaining() && channel.read(answer) >= 0) {
      // More is to come.
    }
    answer.flip();
    if (answer.remaining() != TIMES * BYTES) {
      throw new IOException("the answer has " + answer.remaining() + " bytes");
    }
    for (int i = 0; answer.hasRemaining(); i++) {
      if (answer.get() != question[i % BYTES]) {
        throw new IOException("byte " + i + " of the answer is wrong");
      }
    }
  }

  /** Waits for a question and answers it. */
  static void answer(ByteChannel channel) throws IOException {
    ByteBuffer question = ByteBuffer.allocateDirect(BYTES);
    while (question.hasRemaining()) {
      if (channel.read(question) < 0) {
        throw new IOException("the question ended after " + question.position() + " bytes");
      }
    }
    question.flip();
    ByteBuffer answer = ByteBuffer.allocateDirect(TIMES * BYTES);
    for (int i = 0; i < TIMES; i++) {
      answer.put(question.duplicate());
    }
    writeAll(channel, answer.flip());
  }

  private static void writeAll(ByteChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
