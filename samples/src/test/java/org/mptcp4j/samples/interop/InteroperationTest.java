package org.mptcp4j.samples.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mptcp4j.samples.lab.HostProcess;
import org.mptcp4j.samples.lab.Lab;
import org.mptcp4j.samples.lab.PathSpec;
import org.mptcp4j.samples.transfer.Churn;

@Tag("lab")
class InteroperationTest {
  private static final long BYTES = 100_000_000;

  /** Enough to fill every buffer on the way several times. */
  private static final long FEWER_BYTES = 30_000_000;

  private static final Duration LIMIT = Duration.ofSeconds(60);
  // Slow enough for the paths, not the processor, to be what is scarce.
  private static final PathSpec PATH = PathSpec.plain().withRate(200_000_000);

  @BeforeAll
  static void needsNamespaces() {
    String missing = Lab.missing().orElse("");
    assumeTrue(missing.isEmpty(), missing);
  }

  @ParameterizedTest(name = "{0} to {1}, IPv6 {2}")
  @CsvSource({
    "OURS,OURS,false",
    "OURS,OURS,true",
    "OURS,KERNEL_MPTCP,false",
    "OURS,KERNEL_MPTCP,true",
    "KERNEL_MPTCP,OURS,false",
    "KERNEL_MPTCP,OURS,true",
    "OURS,KERNEL_TCP,false",
    "OURS,KERNEL_TCP,true",
    "KERNEL_TCP,OURS,false",
    "KERNEL_TCP,OURS,true",
  })
  void dataArrivesWholeBothWays(Stack client, Stack server, boolean ipv6) throws IOException {
    try (Lab lab = Network.PLAIN.lab(PATH, client, server).build()) {
      new TransferRun(lab, client, server, ipv6, BYTES).runAndCheck();
    }
  }

  @ParameterizedTest(name = "{0} to {1}, IPv6 {2}")
  @CsvSource({
    "OURS,OURS,true",
    "OURS,KERNEL_MPTCP,false",
    "KERNEL_MPTCP,OURS,false",
    "OURS,KERNEL_TCP,true",
    "KERNEL_TCP,OURS,false",
  })
  void dataArrivesWholeWithoutOffloads(Stack client, Stack server, boolean ipv6)
      throws IOException {
    assumeTrue(Tools.has("ethtool"), "turning offloads off needs the program 'ethtool'");
    try (Lab lab = Network.PLAIN.lab(PATH, client, server).withoutOffloads().build()) {
      new TransferRun(lab, client, server, ipv6, BYTES).runAndCheck();
    }
  }

  @ParameterizedTest(name = "{0} to {1}, IPv6 {2}")
  @CsvSource({
    "OURS,OURS,false",
    "OURS,KERNEL_MPTCP,true",
    "KERNEL_MPTCP,OURS,true",
  })
  void dataArrivesWholeWithASmallerMtuOnOnePath(Stack client, Stack server, boolean ipv6)
      throws IOException {
    try (Lab lab = Network.SMALLER_MTU.lab(PATH, client, server).build()) {
      new TransferRun(lab, client, server, ipv6, FEWER_BYTES).runAndCheck();
    }
  }

  @ParameterizedTest(name = "{0} to {1}, IPv6 {2}")
  @CsvSource({
    "OURS,OURS,true",
    "OURS,KERNEL_MPTCP,false",
    "KERNEL_MPTCP,OURS,false",
    "OURS,KERNEL_TCP,false",
    "KERNEL_TCP,OURS,true",
  })
  void dataArrivesWholeWhenAHostsAddressSitsOnABridge(Stack client, Stack server, boolean ipv6)
      throws IOException {
    try (Lab lab = Network.BRIDGE.lab(PATH, client, server).build()) {
      new TransferRun(lab, client, server, ipv6, FEWER_BYTES).runAndCheck();
    }
  }

  @ParameterizedTest(name = "{0} to {1}, IPv6 {2}")
  @CsvSource({
    "OURS,OURS,false",
    "OURS,KERNEL_MPTCP,true",
    "KERNEL_MPTCP,OURS,false",
    "OURS,KERNEL_TCP,false",
  })
  void dataArrivesWholeBesideAnUnrelatedBridge(Stack client, Stack server, boolean ipv6)
      throws IOException {
    try (Lab lab = Network.UNRELATED_BRIDGE.lab(PATH, client, server).build()) {
      new TransferRun(lab, client, server, ipv6, FEWER_BYTES).runAndCheck();
    }
  }

  @ParameterizedTest(name = "{0} to {1}, IPv6 {2}")
  @CsvSource({
    "OURS,OURS,false",
    "OURS,KERNEL_MPTCP,false",
    "KERNEL_MPTCP,OURS,true",
    "OURS,KERNEL_TCP,true",
    "KERNEL_TCP,OURS,false",
  })
  void dataArrivesWholeThroughOurHostsFirewall(Stack client, Stack server, boolean ipv6)
      throws IOException {
    Network.FIREWALL.needsTools();
    try (Lab lab = Network.FIREWALL.lab(PATH, client, server).build()) {
      new TransferRun(lab, client, server, ipv6, FEWER_BYTES).runAndCheck();
    }
  }

  @ParameterizedTest(name = "{0} to {1}, captured {2}")
  @CsvSource({
    "OURS,OURS,false",
    "OURS,OURS,true",
    "OURS,KERNEL_MPTCP,false",
    "OURS,KERNEL_MPTCP,true",
    "KERNEL_MPTCP,OURS,false",
    "KERNEL_MPTCP,OURS,true",
    "OURS,KERNEL_TCP,false",
    "OURS,KERNEL_TCP,true",
    "KERNEL_TCP,OURS,false",
    "KERNEL_TCP,OURS,true",
  })
  void twentyConnectionsAtOnceMayEndAsTheyLike(
      Stack clientStack, Stack serverStack, boolean captured) throws IOException {
    if (clientStack == Stack.KERNEL_MPTCP || serverStack == Stack.KERNEL_MPTCP) {
      assumeTrue(Tools.has("mptcpize"), "Java on the kernel's MPTCP needs the program 'mptcpize'");
    }
    if (captured) {
      CapturedTransfer.needsTools();
    }
    int connections = 20;
    Lab.Builder network = Lab.builder().paths(2, PATH);
    try (Lab lab = (captured ? network.forCaptures() : network).build();
        Capture capture = new Capture(lab, lab.directory().resolve("run.pcap"));
        Peer a = new Peer(lab, lab.a(), clientStack);
        Peer b = new Peer(lab, lab.b(), serverStack);
        HostProcess server =
            lab.b().start(serverStack.program(Churn.class, b.countersFile(), "server", "5000"))) {
      if (serverStack == Stack.KERNEL_MPTCP) {
        lab.b().announceKernelAddress(2, false);
      }
      server.awaitLineStarting("ready", LIMIT);
      if (captured) {
        capture.start();
      }
      String[] arguments = {"client", lab.b().ipv4(1), "5000", Integer.toString(connections), "1"};
      try (HostProcess client =
          lab.a().start(clientStack.program(Churn.class, a.countersFile(), arguments))) {
        String done = client.awaitLineStarting("done", LIMIT);
        assertThat(client.awaitExit(LIMIT)).as(client::output).isZero();
        HostProcess.Follower outcomes = server.follow();
        int whole = 0;
        for (int i = 0; i <= connections; i++) {
          String outcome = outcomes.next(line -> line.equals("whole") || line.equals("cut"), LIMIT);
          whole += outcome.equals("whole") ? 1 : 0;
        }
        assertThat("done whole=" + whole).isEqualTo(done);
      }
      a.assertKernelHoldsNoConnection();
      b.assertKernelHoldsNoConnection();
      server.terminate();
      server.awaitExit(LIMIT);
      if (captured) {
        capture.end();
        CapturedTransfer.check(lab, lab.directory().resolve("run.pcap"), connections + 1);
      }
      a.assertCountersAreClean(serverStack);
      b.assertCountersAreClean(clientStack);
      if (serverStack == Stack.OURS) {
        assertThat(b.ourCounters()).containsEntry("connections.accepted", connections + 1L);
      }
    }
  }
}
