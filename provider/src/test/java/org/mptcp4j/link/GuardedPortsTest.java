package org.mptcp4j.link;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.mptcp4j.link.PortFilter.PortRange;
import org.mptcp4j.wire.IpAddress;

class GuardedPortsTest {
  private static final IpAddress A = IpAddress.parse("10.0.0.1");
  private static final IpAddress B = IpAddress.parse("10.0.0.2");
  private static final IpAddress C = IpAddress.parse("fd00::1");

  private final GuardedPorts ports = new GuardedPorts();

  private boolean isGuarded(IpAddress address, int port) {
    return ports.isGuarded(address.high(), address.low(), port);
  }

  @Test
  void guardOfOneAddressIsNotThatOfAnother() {
    ports.add(A, 80);
    assertThat(isGuarded(A, 80)).isTrue();
    assertThat(isGuarded(B, 80)).isFalse();
    assertThat(isGuarded(A, 81)).isFalse();
  }

  @Test
  void addressesOfOnePortComeAndGoOneByOne() {
    ports.add(A, 80);
    ports.add(B, 80);
    ports.add(C, 80);
    ports.remove(B, 80);
    assertThat(isGuarded(A, 80)).isTrue();
    assertThat(isGuarded(B, 80)).isFalse();
    assertThat(isGuarded(C, 80)).isTrue();
    ports.remove(A, 80);
    ports.remove(C, 80);
    assertThat(isGuarded(C, 80)).isFalse();
    assertThat(ports.ranges()).isEmpty();
  }

  @Test
  void ipv6WildcardStandsForBothFamiliesAndIpv4sForOne() {
    ports.add(IpAddress.ANY_V6, 80);
    ports.add(IpAddress.ANY_V4, 81);
    assertThat(isGuarded(A, 80)).isTrue();
    assertThat(isGuarded(C, 80)).isTrue();
    assertThat(isGuarded(A, 81)).isTrue();
    assertThat(isGuarded(C, 81)).isFalse();
  }

  @Test
  void filterChangesOnlyWithTheFirstAndTheLastGuardOfABlock() {
    assertThat(ports.add(A, 4000)).isTrue();
    assertThat(ports.add(A, 4001)).isFalse();
    assertThat(ports.remove(A, 4000)).isFalse();
    assertThat(ports.remove(A, 4001)).isTrue();
  }

  @Test
  void neighbouringBlocksMakeOneRange() {
    ports.add(A, 17);
    ports.add(A, 40);
    ports.add(A, 65_535);
    assertThat(ports.ranges())
        .containsExactly(new PortRange(16, 47), new PortRange(65_520, 65_535));
  }
}
