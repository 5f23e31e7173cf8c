package org.mptcp4j.fuzz;

/**
 * The bytes of one run of a fuzzer, taken from both ends until they meet; after that everything is
 * 0. What is taken from one end does not shift what is taken from the other, so that a change of
 * one decision leaves most of a run as it was.
 */
public final class FuzzInput {
  private final byte[] bytes;
  private int front;
  private int back;

  public FuzzInput(byte[] bytes) {
    this.bytes = bytes;
    this.back = bytes.length;
  }

  /** Whether all bytes are taken. */
  public boolean isEmpty() {
    return front >= back;
  }

  /** The next byte, 0 to 255. */
  public int next() {
    return isEmpty() ? 0 : bytes[front++] & 0xff;
  }

  /** The last byte that is left, 0 to 255. */
  public int last() {
    return isEmpty() ? 0 : bytes[--back] & 0xff;
  }

  /** In [0, {@code bound}), of one byte. */
  public int below(int bound) {
    return next() % bound;
  }

  public boolean nextBoolean() {
    return (next() & 1) != 0;
  }

  public int nextShort() {
    return next() << 8 | next();
  }

  public int nextInt() {
    return nextShort() << 16 | nextShort();
  }

  /** {@code count} bytes. */
  public byte[] bytes(int count) {
    byte[] result = new byte[count];
    for (int i = 0; i < count; i++) {
      result[i] = (byte) next();
    }
    return result;
  }

  /** All bytes that are left. */
  public byte[] rest() {
    return bytes(back - front);
  }
}
