package org.mptcp4j.samples.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mptcp4j.samples.check.CheckReport.ConnectionReport;
import org.mptcp4j.samples.lab.Host;
import org.mptcp4j.samples.lab.Lab;
import org.mptcp4j.samples.lab.PathSpec;

/**
 * What the kernel's MPTCP can be told to do, in both roles; its counters, {@code tshark} and our
 * checker say that all went as it should.
 */
@Tag("lab")
class KernelScenariosTest {
  private static final long BYTES = 10_000_000;

  /** Each way, so that twice as much flows. */
  private static final long LARGE = 50_000_000;

  private static final PathSpec PATH = PathSpec.plain().withRate(100_000_000);

  @BeforeAll
  static void needsNamespaces() {
    String missing = Lab.missing().orElse("");
    assumeTrue(missing.isEmpty(), missing);
    CapturedTransfer.needsTools();
  }

  private static Lab lab() throws IOException {
    return Lab.builder().paths(2, PATH).forCaptures().build();
  }

  private static Lab withoutIpv6() throws IOException {
    return Lab.builder().paths(2, PATH).forCaptures().withoutIpv6().build();
  }

  private static TransferRun transfer(Lab lab, Stack client, Stack server) {
    return new TransferRun(lab, client, server, false, BYTES);
  }

  private static void endpoint(Host host, String... arguments) throws IOException {
    String[] command = new String[arguments.length + 3];
    command[0] = "ip";
    command[1] = "mptcp";
    command[2] = "endpoint";
    System.arraycopy(arguments, 0, command, 3, arguments.length);
    host.run(command);
  }

  private static void wantChecksums(Host host, boolean wanted) throws IOException {
    host.run("sh", "-c", "echo " + (wanted ? 1 : 0) + " > /proc/sys/net/mptcp/checksum_enabled");
  }

  private static long counter(Host host, String name) throws IOException {
    return host.kernelCounters().get("MPTcpExt" + name);
  }

  @ParameterizedTest(name = "{0} to {1}, ours {2}, the kernel's {3}")
  @CsvSource({
    "OURS,KERNEL_MPTCP,false,false",
    "OURS,KERNEL_MPTCP,false,true",
    "OURS,KERNEL_MPTCP,true,true",
    "KERNEL_MPTCP,OURS,false,false",
    "KERNEL_MPTCP,OURS,false,true",
    "KERNEL_MPTCP,OURS,true,false",
  })
  void checksumsAreUsedWhenEitherSideWantsThem(
      Stack client, Stack server, boolean ours, boolean kernels) throws IOException {
    try (Lab lab = lab()) {
      Host kernel = client == Stack.OURS ? lab.b() : lab.a();
      TransferRun run = transfer(lab, client, server).ourOption("-Dmptcp4j.checksum=" + ours);
      run.beforehand(
          () -> {
            wantChecksums(kernel, kernels);
            if (kernel == lab.b()) {
              kernel.announceKernelAddress(2, false);
            }
          });
      ConnectionReport report = CapturedTransfer.run(lab, run, true);
      assertThat(report.checksums()).isEqualTo(ours || kernels);
    }
  }

  @Test
  void anAddressThatTheKernelAnnouncesWithAPortIsJoinedThere() throws IOException {
    try (Lab lab = withoutIpv6()) {
      TransferRun run = transfer(lab, Stack.OURS, Stack.KERNEL_MPTCP);
      String address = lab.b().ipv4(2);
      String device = lab.b().interfaceName(2);
      run.beforehand(
          () -> endpoint(lab.b(), "add", address, "dev", device, "port", "6000", "signal"));
      ConnectionReport report = CapturedTransfer.run(lab, run, true);
      assertThat(report.subflows())
          .extracting(subflow -> subflow.responder())
          .contains(address + ":6000");
      assertThat(counter(lab.b(), "MPJoinPortAckRx")).isPositive();
    }
  }

  @Test
  void anAddressOfTheOtherFamilyIsJoined() throws IOException {
    try (Lab lab = lab()) {
      TransferRun run = transfer(lab, Stack.OURS, Stack.KERNEL_MPTCP);
      run.beforehand(() -> lab.b().announceKernelAddress(2, true));
      ConnectionReport report = CapturedTransfer.run(lab, run, true);
      assertThat(report.subflows())
          .extracting(subflow -> subflow.responder())
          .anyMatch(responder -> responder.startsWith("[fd00:4:2:"));
    }
  }

  @Test
  void theKernelsSubflowOfTheOtherFamilyIsAccepted() throws IOException {
    try (Lab lab = lab()) {
      // The kernel mixes families on sockets of IPv6 only.
      TransferRun run = new TransferRun(lab, Stack.KERNEL_MPTCP, Stack.OURS, true, BYTES);
      String device = lab.a().interfaceName(2);
      run.pathsMayDiffer()
          .beforehand(() -> endpoint(lab.a(), "add", lab.a().ipv4(2), "dev", device, "subflow"));
      ConnectionReport report = CapturedTransfer.run(lab, run, true);
      assertThat(report.subflows())
          .extracting(subflow -> subflow.initiator())
          .anyMatch(initiator -> initiator.startsWith("10.4."));
    }
  }

  @Test
  void theKernelsFullMeshIsAccepted() throws IOException {
    try (Lab lab = withoutIpv6()) {
      TransferRun run = transfer(lab, Stack.KERNEL_MPTCP, Stack.OURS);
      run.beforehand(
          () -> {
            for (int path = 1; path <= 2; path++) {
              String device = lab.a().interfaceName(path);
              endpoint(lab.a(), "add", lab.a().ipv4(path), "dev", device, "subflow", "fullmesh");
            }
          });
      CapturedTransfer.run(lab, run, true);
      assertThat(counter(lab.a(), "AddAddr")).as("addresses that we announced").isPositive();
      assertThat(counter(lab.a(), "EchoAddTx")).isPositive();
      assertThat(counter(lab.a(), "MPJoinSynAckRx")).isPositive();
    }
  }

  @Test
  void aBackupSubflowOfTheKernelCarriesNothingWhileAnotherLives() throws IOException {
    try (Lab lab = withoutIpv6()) {
      TransferRun run = transfer(lab, Stack.KERNEL_MPTCP, Stack.OURS).pathsMayDiffer();
      String device = lab.a().interfaceName(2);
      run.beforehand(
          () -> endpoint(lab.a(), "add", lab.a().ipv4(2), "dev", device, "subflow", "backup"));
      CapturedTransfer.run(lab, run, true);
      Host.InterfaceCounters second = lab.a().counters(2);
      assertThat(second.rxBytes() + second.txBytes()).isLessThan(BYTES / 20);
    }
  }

  @Test
  void anAddressThatTheKernelAnnouncesAsABackupCarriesNothingWhileAnotherLives()
      throws IOException {
    try (Lab lab = withoutIpv6()) {
      TransferRun run = transfer(lab, Stack.OURS, Stack.KERNEL_MPTCP).pathsMayDiffer();
      String device = lab.b().interfaceName(2);
      run.beforehand(
          () -> endpoint(lab.b(), "add", lab.b().ipv4(2), "dev", device, "signal", "backup"));
      CapturedTransfer.run(lab, run, true);
      Host.InterfaceCounters second = lab.a().counters(2);
      assertThat(second.rxBytes() + second.txBytes()).isLessThan(BYTES / 20);
    }
  }

  @Test
  void aSubflowThatTheKernelMakesABackupOnTheWayIsSpared() throws IOException {
    try (Lab lab = withoutIpv6()) {
      Stack kernel = Stack.KERNEL_MPTCP;
      TransferRun run = new TransferRun(lab, kernel, Stack.OURS, false, LARGE).pathsMayDiffer();
      run.beforehand(() -> lab.a().addKernelEndpoint(2, "subflow"));
      long[] received = new long[2];
      run.atHalf(
          () -> {
            endpoint(lab.a(), "change", lab.a().ipv4(2), "backup");
            received[0] = lab.a().counters(1).rxBytes();
            received[1] = lab.a().counters(2).rxBytes();
          });
      CapturedTransfer.run(lab, run, true);
      assertThat(counter(lab.a(), "MPPrioTx")).isPositive();
      long first = lab.a().counters(1).rxBytes() - received[0];
      long second = lab.a().counters(2).rxBytes() - received[1];
      assertThat(first).as("bytes to come at that time").isGreaterThan(LARGE / 10);
      // What was under way.
      assertThat(second).isLessThan(first / 5);
    }
  }

  @Test
  void anAddressThatTheKernelClientRemovesIsLetGo() throws IOException {
    try (Lab lab = lab()) {
      TransferRun run = transfer(lab, Stack.KERNEL_MPTCP, Stack.OURS).pathsMayDiffer();
      String device = lab.a().interfaceName(2);
      String address = lab.a().ipv4(2);
      run.beforehand(() -> endpoint(lab.a(), "add", address, "dev", device, "id", "7", "subflow"));
      run.atHalf(() -> endpoint(lab.a(), "delete", "id", "7"));
      CapturedTransfer.run(lab, run, true);
      assertThat(counter(lab.a(), "RmAddrTx")).isPositive();
    }
  }

  @Test
  void anAddressThatTheKernelServerRemovesIsLetGo() throws IOException {
    try (Lab lab = lab()) {
      TransferRun run = transfer(lab, Stack.OURS, Stack.KERNEL_MPTCP).pathsMayDiffer();
      String device = lab.b().interfaceName(2);
      String address = lab.b().ipv4(2);
      run.beforehand(() -> endpoint(lab.b(), "add", address, "dev", device, "id", "7", "signal"));
      run.atHalf(() -> endpoint(lab.b(), "delete", "id", "7"));
      CapturedTransfer.run(lab, run, true);
      assertThat(counter(lab.b(), "RmAddrTx")).isPositive();
    }
  }

  @ParameterizedTest(name = "{0} to {1}")
  @CsvSource({"OURS,KERNEL_MPTCP,signal", "KERNEL_MPTCP,OURS,subflow"})
  void addressesComeAndGoWhileDataFlows(Stack client, Stack server, String kind)
      throws IOException {
    try (Lab lab = Lab.builder().paths(3, PATH).forCaptures().withoutIpv6().build()) {
      Host kernel = client == Stack.OURS ? lab.b() : lab.a();
      TransferRun run = new TransferRun(lab, client, server, false, LARGE).pathsMayDiffer();
      run.beforehand(
          () -> {
            kernel.addKernelEndpoint(2, kind);
            kernel.addKernelEndpoint(3, kind);
          });
      run.atHalf(
          () -> {
            kernel.deleteKernelEndpoint(2);
            kernel.deleteKernelEndpoint(3);
            kernel.addKernelEndpoint(2, kind);
          });
      CapturedTransfer.run(lab, run, true);
      // The kernel sends none while another one waits for its turn.
      assertThat(counter(kernel, "RmAddrTx")).isPositive();
      assertThat(counter(kernel, "RmAddrTx") + counter(kernel, "RmAddrTxDrop"))
          .isGreaterThanOrEqualTo(2);
    }
  }

  @ParameterizedTest(name = "{0} to {1}")
  @CsvSource({
    "OURS,KERNEL_MPTCP",
    "KERNEL_MPTCP,OURS",
    "OURS,KERNEL_TCP",
    "KERNEL_TCP,OURS",
  })
  void congestionNotificationIsAgreedWithTheKernel(Stack client, Stack server) throws IOException {
    try (Lab lab = withoutIpv6()) {
      Host kernel = client == Stack.OURS ? lab.b() : lab.a();
      TransferRun run = transfer(lab, client, server).ourOption("-Dmptcp4j.ecn=request");
      run.beforehand(
          () -> {
            kernel.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/tcp_ecn");
            if (server == Stack.KERNEL_MPTCP) {
              kernel.announceKernelAddress(2, false);
            }
          });
      CapturedTransfer.run(lab, run, client.isMultipath() && server.isMultipath());
      // What is sent again may not be marked (RFC 3168 §6.1.5), and some hundred segments are lost
      // where slow start ends.
      assertThat(kernel.kernelCounters().get("IpExtInECT0Pkts"))
          .as("packets from us that may be marked")
          .isGreaterThan(BYTES / 2_000);
    }
  }
}
