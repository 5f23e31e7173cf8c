package org.mptcp4j.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mptcp4j.wire.IpAddress;

class ConnectionPolicyTest {
  private static InetSocketAddress at(String host, int port) {
    return new InetSocketAddress(host, port);
  }

  @Test
  void withoutRulesEverythingIsMultipath() {
    ConnectionPolicy policy = ConnectionPolicy.parse("");
    assertThat(policy.forConnect(at("192.0.2.1", 80))).isEqualTo(Route.MULTIPATH);
    assertThat(policy.forListen(at("::", 80))).isEqualTo(Route.MULTIPATH);
    assertThat(policy.accepts(IpAddress.parse("192.0.2.1"), 80)).isTrue();
  }

  @Test
  void theFirstRuleThatMatchesCounts() {
    ConnectionPolicy policy =
        ConnectionPolicy.parse(
            """
            # the database stays with the kernel
            use kernel for connect 10.1.2.3 5432
            use tcp for connect 10.1.0.0/16 8000-8099   # an old service
            use multipath for connect 10.0.0.0/8 *
            use kernel for connect * *
            """);
    assertThat(policy.forConnect(at("10.1.2.3", 5432))).isEqualTo(Route.KERNEL);
    assertThat(policy.forConnect(at("10.1.2.3", 8099))).isEqualTo(Route.TCP);
    assertThat(policy.forConnect(at("10.1.2.3", 8100))).isEqualTo(Route.MULTIPATH);
    assertThat(policy.forConnect(at("10.2.2.3", 5432))).isEqualTo(Route.MULTIPATH);
    assertThat(policy.forConnect(at("11.0.0.1", 80))).isEqualTo(Route.KERNEL);
    assertThat(policy.forConnect(at("2001:db8::1", 80))).isEqualTo(Route.KERNEL);
    assertThat(policy.forListen(at("11.0.0.1", 80))).isEqualTo(Route.MULTIPATH);
  }

  @Test
  void prefixesOfBothFamiliesAreKeptApart() {
    ConnectionPolicy policy =
        ConnectionPolicy.parse(
            "use kernel for connect 2001:db8::/36 *; use tcp for connect 0.0.0.0/0 *");
    assertThat(policy.forConnect(at("2001:db8:fff::1", 1))).isEqualTo(Route.KERNEL);
    assertThat(policy.forConnect(at("2001:db8:1000::1", 1))).isEqualTo(Route.MULTIPATH);
    assertThat(policy.forConnect(at("203.0.113.7", 1))).isEqualTo(Route.TCP);
  }

  @Test
  void peersAreAcceptedOrRefused() {
    ConnectionPolicy policy =
        ConnectionPolicy.parse("accept from 10.0.0.0/8 on 80-443; refuse from * on 80-443");
    assertThat(policy.accepts(IpAddress.parse("10.9.9.9"), 443)).isTrue();
    assertThat(policy.accepts(IpAddress.parse("192.0.2.1"), 443)).isFalse();
    assertThat(policy.accepts(IpAddress.parse("192.0.2.1"), 444)).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "use multipath for connect 10.0.0.0/8 | allowed is 'use",
        "use sctp for connect * * | allowed is multipath or tcp or kernel, not 'sctp'",
        "use tcp for send * * | allowed is connect or listen, not 'send'",
        "use tcp for connect example.org * | not an IP address: 'example.org'",
        "use tcp for connect 10.0.0.0/33 * | from 0 to 32, not '33'",
        "use tcp for connect * 90-80 | not '90-80'",
        "use tcp for connect * 65536 | not '65536'",
        "refuse from * at 80 | allowed is 'use"
      })
  void whatIsNoRuleIsNamedWithWhatIsAllowed(String rule, String hint) {
    assertThatThrownBy(() -> ConnectionPolicy.parse("use tcp for connect * 80\n" + rule))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("policy rule '" + rule + "'")
        .hasMessageContaining(hint);
  }
}
