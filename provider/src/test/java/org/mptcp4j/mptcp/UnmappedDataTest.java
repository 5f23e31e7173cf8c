package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class UnmappedDataTest {
  private static final int WRAP = -20;

  private final UnmappedData data = new UnmappedData();
  private final ByteBuffer source = ByteBuffer.allocate(100);

  UnmappedDataTest() {
    new Random(1).nextBytes(source.array());
  }

  private boolean add(int from, int to) {
    return data.add(WRAP + from, source, from, to - from);
  }

  private ByteBuffer bytes(int from, int to) {
    return source.slice(from, to - from);
  }

  @Test
  void piecesAreKeptInTheOrderOfTheirNumbersAlsoAcrossTheWrap() {
    add(30, 40);
    add(10, 15);
    add(15, 30);
    UnmappedData.Piece first = data.firstEndingAfter(WRAP);
    assertThat(first.sequence()).isEqualTo(WRAP + 10);
    assertThat(first.bytes()).isEqualTo(bytes(10, 15));
    UnmappedData.Piece second = data.firstEndingAfter(first.end());
    assertThat(second.bytes()).isEqualTo(bytes(15, 30));
    assertThat(second.end()).isEqualTo(10);
    assertThat(data.firstEndingAfter(second.end()).bytes()).isEqualTo(bytes(30, 40));
    assertThat(data.firstEndingAfter(WRAP + 40)).isNull();
    assertThat(data.heldBytes()).isEqualTo(30);
  }

  @Test
  void whatComesAgainTakesThePlaceOfWhatItOverlaps() {
    add(10, 20);
    add(20, 30);
    add(15, 25);
    assertThat(data.heldBytes()).isEqualTo(10);
    assertThat(data.firstEndingAfter(WRAP).sequence()).isEqualTo(WRAP + 15);
    add(25, 35);
    assertThat(data.heldBytes()).isEqualTo(20);
  }

  @Test
  void whatIsThereAlreadyIsNotCopiedAgain() {
    add(10, 30);
    assertThat(add(15, 30)).isTrue();
    assertThat(data.firstEndingAfter(WRAP).bytes()).isEqualTo(bytes(10, 30));
    assertThat(data.heldBytes()).isEqualTo(20);
  }

  @Test
  void piecesAreForgottenWhole() {
    add(10, 20);
    add(20, 30);
    add(30, 40);
    data.forgetBefore(WRAP + 19);
    assertThat(data.heldBytes()).isEqualTo(30);
    data.forgetBefore(WRAP + 20);
    assertThat(data.heldBytes()).isEqualTo(20);
    data.forgetWithin(WRAP + 25, WRAP + 40);
    assertThat(data.firstEndingAfter(WRAP).bytes()).isEqualTo(bytes(20, 30));
    assertThat(data.heldBytes()).isEqualTo(10);
    data.clear();
    assertThat(data.isEmpty()).isTrue();
    assertThat(data.heldBytes()).isZero();
  }

  @Test
  void thereAreNotMoreThanSoMany() {
    for (int i = 0; i < UnmappedData.MOST_PIECES; i++) {
      assertThat(data.add(2 * i, source, 0, 1)).isTrue();
    }
    assertThat(data.add(-1, source, 0, 1)).isFalse();
    assertThat(data.add(0, source, 0, 2)).as("in the place of another").isTrue();
  }
}
