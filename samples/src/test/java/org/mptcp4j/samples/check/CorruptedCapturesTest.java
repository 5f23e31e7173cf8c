package org.mptcp4j.samples.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Every lie in a capture is found, also when all TCP checksums are right. */
class CorruptedCapturesTest {
  private static final int CAPABLE = 0;
  private static final int JOIN = 1;
  private static final int DSS = 2;
  private static final int ADD_ADDR = 3;
  private static final int FASTCLOSE = 7;

  private static void assertFound(EditedCapture capture, String sentence) {
    CheckReport report = capture.check();
    assertThat(report.isClean()).isFalse();
    assertThat(report.violations()).anyMatch(v -> v.contains(sentence));
    assertThat(report.toText()).contains("WRONG: ", sentence);
  }

  @Test
  void theUntouchedCopyIsClean() {
    EditedCapture capture = EditedCapture.of("two-subflows");
    for (int number = 1; number <= capture.size(); number++) {
      capture.seal(number);
    }
    assertThat(capture.check().violations()).isEmpty();
  }

  @Test
  void anEchoOfAnotherKey() {
    EditedCapture capture = EditedCapture.of("two-subflows");
    assertFound(
        capture.flipInOption(capture.find(CAPABLE, 20, 1), CAPABLE, 15), "echoes another key");
  }

  @Test
  void aSecondKeyOfTheSender() {
    EditedCapture capture = EditedCapture.of("two-subflows");
    assertFound(
        capture.flipInOption(capture.find(CAPABLE, 22, 1), CAPABLE, 4),
        "another key of its sender than before");
  }

  @Test
  void anotherKeyInTheSynAckThanTheTokenWasMadeOf() {
    EditedCapture capture = EditedCapture.of("two-subflows");
    assertFound(
        capture.flipInOption(capture.find(CAPABLE, 12, 1), CAPABLE, 4),
        "which is that of no connection");
  }

  @Test
  void aKeyThatDoesNotGiveTheInitialDataSequenceNumber() {
    EditedCapture capture = EditedCapture.of("two-subflows");
    int ack = capture.find(CAPABLE, 20, 1);
    int data = capture.find(CAPABLE, 22, 1);
    assertFound(
        capture.flipInOption(ack, CAPABLE, 4).flipInOption(data, CAPABLE, 4),
        "lies outside of the data");
  }

  @Test
  void aTokenOfNoConnection() {
    EditedCapture capture = EditedCapture.of("two-subflows");
    assertFound(
        capture.flipInOption(capture.find(JOIN, 12, 1), JOIN, 4), "which is that of no connection");
  }

  @Test
  void aWrongHmacInTheSynAckOfAJoin() {
    EditedCapture capture = EditedCapture.of("two-subflows");
    assertFound(
        capture.flipInOption(capture.find(JOIN, 16, 1), JOIN, 11),
        "the HMAC of the join's SYN/ACK is wrong");
  }

  @Test
  void aWrongHmacInTheThirdAckOfAJoin() {
    EditedCapture capture = EditedCapture.of("two-subflows");
    assertFound(
        capture.flipInOption(capture.find(JOIN, 24, 1), JOIN, 23),
        "the HMAC of the join's third ACK is wrong");
  }

  @Test
  void anotherNonceThanTheHmacsWereMadeOf() {
    EditedCapture capture = EditedCapture.of("two-subflows");
    assertFound(
        capture.flipInOption(capture.find(JOIN, 12, 1), JOIN, 8),
        "the HMAC of the join's third ACK is wrong");
  }

  @Test
  void aJoinWhoseThirdAckHasNoHmac() {
    EditedCapture capture = EditedCapture.of("two-subflows");
    assertFound(
        capture.eraseOption(capture.find(JOIN, 24, 1), JOIN),
        "has data but no third ACK with HMAC");
  }

  @Test
  void aWrongHmacInAddAddr() {
    EditedCapture capture = EditedCapture.of("add-addr-signal");
    assertFound(
        capture.flipInOption(capture.find(ADD_ADDR, 16, 1), ADD_ADDR, 15),
        "the HMAC of ADD_ADDR is wrong");
  }

  @Test
  void anEchoOfAnAddressThatWasNotAnnounced() {
    EditedCapture capture = EditedCapture.of("add-addr-signal");
    assertFound(
        capture.flipInOption(capture.find(ADD_ADDR, 8, 1), ADD_ADDR, 7),
        "repeats what was never announced");
  }

  @Test
  void aWrongDataChecksum() {
    EditedCapture capture = EditedCapture.of("two-subflows-checksum");
    assertFound(
        capture.flipInOption(capture.find(DSS, 28, 1), DSS, 27),
        "is wrong, and no MP_FAIL answered it");
  }

  @Test
  void aChangedPayloadByteUnderADataChecksum() {
    EditedCapture capture = EditedCapture.of("two-subflows-checksum");
    int number = capture.find(DSS, 28, 5);
    assertFound(
        capture.flipPayload(number, 50).seal(number), "is wrong, and no MP_FAIL answered it");
  }

  @Test
  void aChangedPayloadByteUnderTheTcpChecksum() {
    EditedCapture capture = EditedCapture.of("two-subflows");
    assertFound(capture.flipPayload(capture.find(DSS, 26, 5), 50), "the TCP checksum is wrong");
  }

  @Test
  void anUnansweredFailureIsTheSendersFaultAlsoWhereOthersAreAnswered() {
    EditedCapture capture = EditedCapture.of("mp-fail-two-subflows");
    int fail = capture.find(6, 12, 1);
    assertFound(capture.eraseOption(fail, 6), "is wrong, and no MP_FAIL answered it");
  }

  @Test
  void oneByteMappedToTwoDataSequenceNumbers() {
    EditedCapture capture = EditedCapture.of("two-subflows");
    assertFound(
        capture.flipInOption(capture.find(DSS, 26, 3), DSS, 19), "has two data sequence numbers");
  }

  @Test
  void anotherSubflowSequenceNumberForTheSameData() {
    EditedCapture capture = EditedCapture.of("two-subflows");
    assertFound(
        capture.flipInOption(capture.find(DSS, 26, 3), DSS, 22), "has two data sequence numbers");
  }

  @Test
  void payloadWithoutAMapping() {
    EditedCapture capture = EditedCapture.of("two-subflows");
    int first = capture.find(DSS, 26, 2);
    long dsn = capture.tcp(first).getLong(capture.option(first, DSS) + 12);
    for (int number = first; number <= capture.size(); number++) {
      int at = capture.option(number, DSS);
      if (at >= 0
          && capture.tcp(number).get(at + 1) == 26
          && capture.tcp(number).getLong(at + 12) == dsn) {
        capture.eraseOption(number, DSS);
      }
    }
    assertFound(capture, "has payload without a mapping");
  }

  @Test
  void aRetransmissionWithOtherBytes() {
    EditedCapture capture = EditedCapture.of("two-subflows");
    int copy = capture.duplicate(capture.find(DSS, 26, 4));
    assertThat(capture.check().isClean()).isTrue();
    assertFound(
        capture.flipPayload(copy, 7).seal(copy), "sends another byte than before at position");
  }

  @Test
  void aDataAckBeyondTheDataSent() {
    EditedCapture capture = EditedCapture.of("two-subflows");
    int number = capture.find(DSS, 12, 3);
    int at = capture.option(number, DSS) + 4;
    capture.tcp(number).putLong(at, capture.tcp(number).getLong(at) + 100_000);
    assertFound(capture.seal(number), "beyond the data sent");
  }

  @Test
  void aMissingDataFin() {
    EditedCapture capture = EditedCapture.of("two-subflows");
    for (int number = 1; number <= capture.size(); number++) {
      int at = capture.option(number, DSS);
      if (at >= 0 && (capture.tcp(number).get(at + 3) & 0x10) != 0) {
        if (capture.payloadLength(number) == 0) {
          capture.eraseOption(number, DSS);
        } else {
          capture.tcp(number).put(at + 3, (byte) 0x0f);
          int length = capture.tcp(number).getShort(at + 24);
          capture.tcp(number).putShort(at + 24, (short) (length - 1));
          capture.seal(number);
        }
      }
    }
    assertFound(capture, "is 1 beyond the data sent");
  }

  @Test
  void aDataFinThatMoves() {
    EditedCapture capture = EditedCapture.of("two-subflows");
    for (int number = capture.size(); number > 0; number--) {
      int at = capture.option(number, DSS);
      if (at >= 0 && (capture.tcp(number).get(at + 3) & 0x10) != 0) {
        int copy = capture.duplicate(number);
        assertFound(capture.flipInOption(copy, DSS, 18), "the DATA_FIN");
        return;
      }
    }
    throw new AssertionError("the capture has a DATA_FIN");
  }

  @Test
  void aFastCloseWithAnotherKey() {
    EditedCapture capture = EditedCapture.of("fastclose");
    assertFound(
        capture.flipInOption(capture.find(FASTCLOSE, 12, 1), FASTCLOSE, 11),
        "MP_FASTCLOSE has another key than its receiver's");
  }

  @Test
  void anOptionOfTheWrongLength() {
    EditedCapture capture = EditedCapture.of("two-subflows");
    int number = capture.find(DSS, 12, 1);
    capture.tcp(number).put(capture.option(number, DSS) + 3, (byte) 0x07);
    assertFound(capture.seal(number), "is malformed");
  }

  @Test
  void aSegmentThatIsAcknowledgedButNotThere() {
    EditedCapture capture = EditedCapture.of("plain-tcp-client");
    assertThat(capture.payloadLength(100)).isEqualTo(1_448);
    assertFound(capture.remove(100), "bytes more than");
  }

  @Test
  void anAcknowledgmentOfWhatWasNotSent() {
    EditedCapture capture = EditedCapture.of("two-subflows");
    capture.tcp(7).putInt(8, capture.tcp(7).getInt(8) + 5);
    assertFound(capture.seal(7), "acknowledges 5 bytes more than");
  }

  @Test
  void anySingleBitOfAnySegment() {
    Random random = new Random(1);
    EditedCapture capture = EditedCapture.of("two-subflows");
    for (int i = 0; i < 100; i++) {
      int number = 1 + random.nextInt(capture.size());
      int at = random.nextInt(capture.tcp(number).capacity());
      int bit = 1 << random.nextInt(8);
      capture.tcp(number).put(at, (byte) (capture.tcp(number).get(at) ^ bit));
      assertThat(capture.check().isClean())
          .as("bit %d of byte %d of packet %d", bit, at, number)
          .isFalse();
      capture.tcp(number).put(at, (byte) (capture.tcp(number).get(at) ^ bit));
    }
  }
}
