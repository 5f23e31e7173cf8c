package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.wire.InternetChecksum;

class SendChunkTest {
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theSumOfAnyPieceIsThatOfItsBytesHoweverTheyWereWritten(boolean summed) {
    for (int seed = 1; seed <= 20; seed++) {
      Random random = new Random(seed);
      SendChunk chunk = new SendChunk(1, summed);
      while (!chunk.isFull()) {
        byte[] bytes = new byte[1 + random.nextInt(seed % 2 == 0 ? 9_000 : 70_000)];
        random.nextBytes(bytes);
        chunk.append(ByteBuffer.wrap(bytes), 60_000);
        int used = (int) (chunk.endDsn() - chunk.startDsn());
        for (int i = 0; i < 5; i++) {
          int offset = random.nextInt(used);
          int length = random.nextInt(Math.min(65_536, used - offset) + 1);
          assertThat(InternetChecksum.finish(chunk.sum(offset, length)))
              .as("seed %s, %s bytes from %s of %s", seed, length, offset, used)
              .isEqualTo(
                  InternetChecksum.finish(InternetChecksum.sum(chunk.buffer(), offset, length)));
        }
      }
    }
  }
}
