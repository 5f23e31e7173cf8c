package org.mptcp4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.mptcp4j.tcp.SipHash;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IpAddress;

class InitialSequenceNumbersTest {
  private static final FlowKey FLOW =
      FlowKey.of(IpAddress.parse("10.0.0.1"), 4000, IpAddress.parse("10.0.0.2"), 80);

  private static InitialSequenceNumbers numbers(long key) {
    return new InitialSequenceNumbers(new SipHash(1, key));
  }

  @Test
  void theNumbersOfOneFlowGrowByOneEveryFourMicroseconds() {
    InitialSequenceNumbers numbers = numbers(2);
    int first = numbers.next(0, FLOW);
    assertThat(numbers.next(4_000, FLOW) - first).isEqualTo(1);
    assertThat(numbers.next(4_000_000_000L, FLOW) - first).isEqualTo(1_000_000);
  }

  @Test
  void flowsAndSecretsEachHaveTheirOwnNumbers() {
    IpAddress another = IpAddress.parse("10.0.0.3");
    IpAddress ipv6 = IpAddress.parse("2001:db8::a00:1");
    List<FlowKey> flows =
        List.of(
            FLOW,
            FlowKey.of(FLOW.local(), 4001, FLOW.remote(), 80),
            FlowKey.of(FLOW.local(), 4000, FLOW.remote(), 81),
            FlowKey.of(another, 4000, FLOW.remote(), 80),
            FlowKey.of(FLOW.local(), 4000, another, 80),
            FlowKey.of(ipv6, 4000, ipv6, 80),
            FlowKey.of(IpAddress.parse("2001:db9::a00:1"), 4000, ipv6, 80),
            FlowKey.of(ipv6, 4000, IpAddress.parse("2001:db9::a00:1"), 80));
    InitialSequenceNumbers numbers = numbers(2);
    assertThat(flows.stream().map(flow -> numbers.next(0, flow))).doesNotHaveDuplicates();
    assertThat(numbers(3).next(0, FLOW)).isNotEqualTo(numbers.next(0, FLOW));
  }
}
