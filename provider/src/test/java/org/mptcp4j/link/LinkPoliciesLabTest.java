package org.mptcp4j.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.mptcp4j.wire.IpAddress;

/** What the host's IPsec policies and packet filter mean for a link that works below them. */
@Tag("lab")
class LinkPoliciesLabTest {
  private static final String TUNNEL =
      " dir out tmpl src 10.1.0.1 dst 10.1.0.2 proto esp mode tunnel";

  private TestNamespace host;
  private TestNamespace world;

  @BeforeEach
  void hostWithADefaultRoute() {
    host = TestNamespace.create("ph");
    world = TestNamespace.create("pw");
    TestNamespace.connect(host, "eth0", world, "eth0");
    host.ip("addr add 10.1.0.1/24 dev eth0");
    host.ip("addr add fd01::1/64 dev eth0 nodad");
    host.ip("route add default via 10.1.0.2");
    host.ip("route add default via fd01::2");
  }

  @AfterEach
  void takeDown() {
    for (TestNamespace ns : new TestNamespace[] {host, world}) {
      if (ns != null) {
        ns.close();
      }
    }
  }

  @Test
  void whatAnIpsecPolicyProtectsIsLeftToTheKernel() throws IOException {
    host.ip("xfrm policy add src 10.1.0.0/24 dst 192.0.2.0/24" + TUNNEL);
    try (LinkEnd end = new LinkEnd(host)) {
      assertThat(end.hasEgress("10.1.0.1", "192.0.2.7")).isFalse();
      assertThat(kernelOnly(end, "192.0.2.7")).isTrue();
      assertThat(end.hasEgress("10.1.0.1", "192.0.3.7")).isTrue();
      assertThat(kernelOnly(end, "192.0.3.7")).isFalse();
      assertThat(end.hasEgress("fd01::1", "fd99::1")).isTrue();
    }
  }

  @Test
  void aPolicyForAllOfIpv6IsSeenToo() throws IOException {
    host.ip(
        "xfrm policy add src ::/0 dst fd99::/16 dir out"
            + " tmpl src fd01::1 dst fd01::2 proto esp mode tunnel");
    try (LinkEnd end = new LinkEnd(host)) {
      assertThat(end.hasEgress("fd01::1", "fd99::1")).isFalse();
      assertThat(end.hasEgress("fd01::1", "fd98::1")).isTrue();
    }
  }

  @Test
  void anExceptionWithPrecedenceStaysOurs() throws IOException {
    host.ip("xfrm policy add src 0.0.0.0/0 dst 192.0.0.0/16 priority 20" + TUNNEL);
    host.ip("xfrm policy add src 0.0.0.0/0 dst 192.0.2.7/32 dir out priority 10");
    try (LinkEnd end = new LinkEnd(host)) {
      assertThat(kernelOnly(end, "192.0.2.8")).isTrue();
      assertThat(kernelOnly(end, "192.0.2.7")).isFalse();
    }
  }

  @Test
  void chainsThatFilterOrTranslateAreNamedAndOthersAreNot() {
    TestNamespace.requireTool("nft");
    host.exec("nft add table inet guard");
    host.exec("nft add chain inet guard in { type filter hook input priority 0 ; }");
    host.exec("nft add chain inet guard way { type filter hook forward priority 0 ; }");
    host.exec("nft add rule inet guard way drop");
    assertThat(host.in(FilterRules::chains)).noneMatch(chain -> chain.startsWith("guard"));
    host.exec("nft add rule inet guard in tcp dport 22 drop");
    host.exec("nft add chain inet guard out { type filter hook output priority 0 ; }");
    host.exec("nft chain inet guard out { policy drop ; }");
    assertThat(host.in(FilterRules::chains)).contains("guard in (input)", "guard out (output)");
  }

  private boolean kernelOnly(LinkEnd end, String address) {
    return host.in(() -> end.link.isKernelOnly(IpAddress.parse(address)));
  }
}
