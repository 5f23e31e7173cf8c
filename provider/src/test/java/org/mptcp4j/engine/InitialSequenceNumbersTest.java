package org.mptcp4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IpAddress;

class InitialSequenceNumbersTest {
  private static final FlowKey FLOW =
      FlowKey.of(IpAddress.parse("10.0.0.1"), 4000, IpAddress.parse("10.0.0.2"), 80);

  @Test
  void theHashIsThatOfTheAuthorsVector() {
    // github.com/veorq/SipHash, vectors.h: key 00 01 … 0f, message 00 01 … 07.
    InitialSequenceNumbers numbers =
        new InitialSequenceNumbers(0x0706050403020100L, 0x0f0e0d0c0b0a0908L);
    assertThat(numbers.sipHash(0x0706050403020100L)).isEqualTo(0x93f5f5799a932462L);
  }

  @Test
  void theNumbersOfOneFlowGrowByOneEveryFourMicroseconds() {
    InitialSequenceNumbers numbers = new InitialSequenceNumbers(1, 2);
    int first = numbers.next(0, FLOW);
    assertThat(numbers.next(4_000, FLOW) - first).isEqualTo(1);
    assertThat(numbers.next(4_000_000_000L, FLOW) - first).isEqualTo(1_000_000);
  }

  @Test
  void flowsAndSecretsEachHaveTheirOwnNumbers() {
    InitialSequenceNumbers numbers = new InitialSequenceNumbers(1, 2);
    FlowKey other = FlowKey.of(FLOW.local(), 4001, FLOW.remote(), 80);
    assertThat(numbers.next(0, other)).isNotEqualTo(numbers.next(0, FLOW));
    assertThat(new InitialSequenceNumbers(1, 3).next(0, FLOW)).isNotEqualTo(numbers.next(0, FLOW));
  }
}
