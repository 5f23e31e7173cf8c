package org.mptcp4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class RandomBytesTest {
  /** Counts on, so that every byte tells where it came from. */
  private static final class Counting extends SecureRandom {
    private static final long serialVersionUID = 1;

    private int next;

    @Override
    public void nextBytes(byte[] bytes) {
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) (next++ * 31 >>> 3);
      }
    }
  }

  @Test
  void everyByteComesFromTheSecureSourceAndIsGivenOutOnce() {
    RandomBytes random = new RandomBytes(new Counting());
    byte[] expected = new byte[20_000];
    new Counting().nextBytes(expected);
    int done = 0;
    for (int size = 1; done + size <= expected.length; size++) {
      byte[] piece = new byte[size];
      random.fill(piece);
      assertThat(piece).isEqualTo(Arrays.copyOfRange(expected, done, done + size));
      done += size;
    }
    assertThat(done).isGreaterThan(19_000);
  }
}
