package org.mptcp4j.samples.interop;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mptcp4j.samples.lab.Lab;
import org.mptcp4j.samples.lab.PathSpec;

/** Two readers that know nothing of the engine find nothing wrong with what it sends. */
@Tag("lab")
class CapturedRunsTest {
  private static final long BYTES = 5_000_000;

  @BeforeAll
  static void needsNamespaces() {
    String missing = Lab.missing().orElse("");
    assumeTrue(missing.isEmpty(), missing);
    CapturedTransfer.needsTools();
  }

  @ParameterizedTest(name = "{0} to {1}, IPv6 {2}")
  @CsvSource({
    "OURS,OURS,false",
    "OURS,OURS,true",
    "OURS,KERNEL_MPTCP,false",
    "KERNEL_MPTCP,OURS,true",
    "OURS,KERNEL_TCP,true",
    "KERNEL_TCP,OURS,false",
  })
  void nothingIsWrongInTheCaptureOfARun(Stack client, Stack server, boolean ipv6)
      throws IOException {
    PathSpec path = PathSpec.plain().withRate(100_000_000);
    try (Lab lab = Lab.builder().paths(2, path).forCaptures().build()) {
      TransferRun transfer = new TransferRun(lab, client, server, ipv6, BYTES);
      CapturedTransfer.run(lab, transfer, client.isMultipath() && server.isMultipath());
    }
  }

  @ParameterizedTest(name = "{2}: {0} to {1}, IPv6 {3}")
  @CsvSource({
    "OURS,KERNEL_MPTCP,SMALLER_MTU,true",
    "KERNEL_MPTCP,OURS,SMALLER_MTU,false",
    "OURS,KERNEL_MPTCP,BRIDGE,false",
    "KERNEL_MPTCP,OURS,BRIDGE,true",
    "OURS,KERNEL_TCP,BRIDGE,false",
    "OURS,KERNEL_MPTCP,UNRELATED_BRIDGE,true",
    "KERNEL_MPTCP,OURS,UNRELATED_BRIDGE,false",
    "OURS,KERNEL_MPTCP,FIREWALL,false",
    "KERNEL_MPTCP,OURS,FIREWALL,true",
    "KERNEL_TCP,OURS,FIREWALL,false",
  })
  void norInThatOfAShorterOneInTheNetworksOfTheLargeTransfers(
      Stack client, Stack server, Network network, boolean ipv6) throws IOException {
    network.needsTools();
    PathSpec path = PathSpec.plain().withRate(100_000_000);
    try (Lab lab = network.lab(path, client, server).forCaptures().build()) {
      TransferRun transfer = new TransferRun(lab, client, server, ipv6, BYTES);
      CapturedTransfer.run(lab, transfer, client.isMultipath() && server.isMultipath());
    }
  }
}
