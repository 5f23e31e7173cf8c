package org.mptcp4j.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IpAddressTest {
  @ParameterizedTest
  @ValueSource(strings = {"10.0.1.2", "0.0.0.0", "255.255.255.255", "192.0.2.1"})
  void aDottedQuadIsReadAndWritten(String literal) {
    IpAddress address = IpAddress.parse(literal);
    assertThat(address.isIpv4()).isTrue();
    assertThat(address).hasToString(literal);
    assertThat(IpAddress.of(address.toBytes())).isEqualTo(address);
    assertThat(IpAddress.of(address.toInetAddress())).isEqualTo(address);
  }

  @ParameterizedTest
  @ValueSource(strings = {"fd00:0:0:0:0:0:0:1", "0:0:0:0:0:0:0:0", "2001:db8:1:2:3:4:5:6"})
  void anIpv6LiteralIsReadAndWritten(String literal) {
    IpAddress address = IpAddress.parse(literal);
    assertThat(address.isIpv6()).isTrue();
    assertThat(address).hasToString(literal);
    assertThat(IpAddress.of(address.toBytes())).isEqualTo(address);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a.b.c.d",
        "dead.beef.cafe.babe",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.400",
        "1..2.3",
        "example.org",
        "12345",
        ":",
        "1:2",
        "fe80::1%eth0",
        "1.2.3.-4",
        "0001.2.3.4",
        " 1.2.3.4"
      })
  void whatIsNoLiteralIsRefusedAndNeverLookedUp(String text) {
    assertThatThrownBy(() -> IpAddress.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + text + "'");
  }

  @Test
  void bytesOfAnotherNumberThanFourOrSixteenAreRefused() {
    assertThatThrownBy(() -> IpAddress.of(new byte[5]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not 5");
  }

  @Test
  void kindsOfAddressesAreTold() {
    assertThat(IpAddress.parse("127.3.2.1").isLoopback()).isTrue();
    assertThat(IpAddress.parse("::1").isLoopback()).isTrue();
    assertThat(IpAddress.parse("128.0.0.1").isLoopback()).isFalse();
    assertThat(IpAddress.parse("169.254.9.9").isLinkLocal()).isTrue();
    assertThat(IpAddress.parse("fe80::1").isLinkLocal()).isTrue();
    assertThat(IpAddress.parse("febf::1").isLinkLocal()).isTrue();
    assertThat(IpAddress.parse("fec0::1").isLinkLocal()).isFalse();
    assertThat(IpAddress.parse("224.0.0.1").isMulticast()).isTrue();
    assertThat(IpAddress.parse("ff02::1").isMulticast()).isTrue();
    assertThat(IpAddress.parse("fd00::1").isMulticast()).isFalse();
    assertThat(IpAddress.ANY_V4.isAny()).isTrue();
    assertThat(IpAddress.ANY_V6.isAny()).isTrue();
    assertThat(IpAddress.ANY_V4.isIpv4()).isTrue();
    assertThat(IpAddress.ANY_V6.isIpv6()).isTrue();
  }

  @Test
  void theFlowOfAnAnswerIsThatOfTheQuestion() {
    FlowKey ours =
        FlowKey.of(IpAddress.parse("10.0.0.1"), 50_000, IpAddress.parse("10.0.0.2"), 443);
    ByteBuffer packet = ByteBuffer.allocate(200);
    int length =
        new OutgoingSegment()
            .begin(IpAddress.parse("10.0.0.2"), 443, IpAddress.parse("10.0.0.1"), 50_000)
            .flags(TcpFlags.ACK)
            .encodeHeaders(packet, 0, OutgoingSegment.ChecksumMode.FULL);
    IncomingSegment answer = new IncomingSegment();
    answer.parse(packet, 0, length);
    FlowKey theirs = new FlowKey().setIncoming(answer);
    assertThat(theirs).isEqualTo(ours).hasSameHashCodeAs(ours);
    assertThat(theirs.copy()).isEqualTo(ours);
    assertThat(ours).hasToString("10.0.0.1:50000 -> 10.0.0.2:443");
    assertThat(FlowKey.of(ours.local(), 50_001, ours.remote(), 443)).isNotEqualTo(ours);
  }
}
