package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.mptcp4j.wire.InternetChecksum;

class ReceiveBufferTest {
  private static final int LIMIT = 1 << 20;
  private static final int LONGEST_MAPPING = 65_535;
  private static final long FIRST = 0xffff_ffff_fff0_0000L;

  private final ByteBuffer stream = ByteBuffer.allocate(8 << 20);
  private final ReceiveBuffer buffer = new ReceiveBuffer(FIRST, LIMIT);

  ReceiveBufferTest() {
    new Random(1).nextBytes(stream.array());
  }

  @Test
  void aMappingIsSummedAlthoughAnotherSubflowBroughtSomeOfItSoonerAndItWasRead() {
    int read = 0;
    for (int received = 0; received < stream.capacity(); received += 1000) {
      int piece = Math.min(1000, stream.capacity() - received);
      buffer.put(FIRST + read, FIRST + received, stream, received, piece);
      // All but the last byte was read, and a mapping ends with that.
      read = received + piece - 1;
      int from = Math.max(0, received + piece - LONGEST_MAPPING);
      assertSum(from, received + piece - from);
    }
  }

  @Test
  void historyIsKeptWhileTheWindowIsFull() {
    int read = 3_000_000;
    for (int at = 0; at < read; at += 10_000) {
      buffer.put(FIRST + at, FIRST + at, stream, at, 10_000);
    }
    for (int at = read; at < read + LIMIT; at += 1024) {
      buffer.put(FIRST + read, FIRST + at, stream, at, 1024);
    }
    assertSum(read + 1 - LONGEST_MAPPING, LONGEST_MAPPING);
    assertSum(read + LIMIT - LONGEST_MAPPING, LONGEST_MAPPING);
  }

  private void assertSum(int from, int length) {
    assertThat(InternetChecksum.finish(buffer.sum(FIRST + from, length)))
        .isEqualTo(InternetChecksum.finish(InternetChecksum.sum(stream, from, length)));
  }
}
