package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReceivedMappingsTest {
  private static final int NO_CHECKSUM = -1;

  private final ReceivedMappings mappings = new ReceivedMappings();

  private String first() {
    return mappings.sequence(0)
        + "+"
        + mappings.length(0)
        + " -> "
        + mappings.dsn(0)
        + ", early "
        + mappings.early(0);
  }

  @Test
  void bytesThatWereReceivedBeforeTheMappingGetNoOtherPlace() {
    mappings.add(90, 1_000, 30, NO_CHECKSUM, 100);
    assertThat(first()).isEqualTo("100+20 -> 1010, early 0");
  }

  @Test
  void aMappingWithChecksumIsKeptWholeAndSaysHowMuchOfItIsEarlier() {
    mappings.add(90, 1_000, 30, 0x1234, 100);
    assertThat(first()).isEqualTo("90+30 -> 1000, early 10");
  }

  @Test
  void aMappingOfReceivedBytesOnlyIsPassedOver() {
    mappings.add(90, 1_000, 10, NO_CHECKSUM, 100);
    mappings.add(80, 1_000, 10, 0x1234, 100);
    assertThat(mappings.isEmpty()).isTrue();
  }

  @Test
  void whatIsEarlyMovesWithItsMapping() {
    mappings.add(200, 2_000, 10, 0x1234, 100);
    mappings.add(95, 1_000, 10, 0x1234, 100);
    for (int i = 0; i < 20; i++) {
      mappings.add(300 + 10 * i, 3_000, 10, NO_CHECKSUM, 100);
    }
    assertThat(first()).isEqualTo("95+10 -> 1000, early 5");
    mappings.removeFirst();
    assertThat(first()).isEqualTo("200+10 -> 2000, early 0");
  }

  @Test
  void itWorksWhereSequenceNumbersWrap() {
    mappings.add(-10, 1_000, 30, NO_CHECKSUM, 5);
    assertThat(first()).isEqualTo("5+15 -> 1015, early 0");
  }

  @Test
  void aMappingStaysWhatItWasFirst() {
    mappings.add(100, 1_000, 10, NO_CHECKSUM, 100);
    mappings.add(100, 5_000, 10, NO_CHECKSUM, 100);
    mappings.add(105, 5_000, 10, NO_CHECKSUM, 100);
    assertThat(first()).isEqualTo("100+10 -> 1000, early 0");
    assertThat(mappings.dsn(1)).isEqualTo(5_005);
    assertThat(mappings.sequence(1)).isEqualTo(110);
  }

  /** Whether the sum of the first mapping counts when both halves were placed. */
  private boolean isSummedAfterBothHalves() {
    mappings.placed(0, 0, 5, 0x0102);
    mappings.placed(0, 5, 5, 0x0304);
    return mappings.isSummed(0);
  }

  @Test
  void whatIsCopiedOnceIsSummedOnTheWay() {
    mappings.add(100, 1_000, 10, 0x1234, 100);
    assertThat(isSummedAfterBothHalves()).isTrue();
    // The second half begins at an odd distance: its bytes change places.
    assertThat(mappings.sum(0)).isEqualTo(0x0102 + 0x0403);
  }

  @Test
  void whatIsCopiedTwiceOrNotAtAllIsSummedAnew() {
    mappings.add(100, 1_000, 10, 0x1234, 100);
    mappings.placed(0, 0, 5, 0x0102);
    assertThat(isSummedAfterBothHalves()).isFalse();
    mappings.clear();
    mappings.add(100, 1_000, 10, 0x1234, 100);
    mappings.placed(0, 0, 5, -1);
    assertThat(isSummedAfterBothHalves()).isFalse();
  }

  @Test
  void whatAnotherSubflowMayHaveOverwrittenIsSummedAnew() {
    mappings.add(100, 1_000, 10, 0x1234, 100);
    mappings.overwrittenBy(1_010, 10);
    mappings.overwrittenBy(990, 10);
    assertThat(isSummedAfterBothHalves()).as("beside it").isTrue();
    mappings.overwrittenBy(1_009, 1);
    assertThat(mappings.isSummed(0)).isFalse();
  }

  @Test
  void twoMappingsOfTheSameDataAreSummedAnew() {
    mappings.add(100, 1_000, 10, 0x1234, 100);
    mappings.add(110, 1_005, 10, 0x1234, 100);
    assertThat(isSummedAfterBothHalves()).isFalse();
  }
}
