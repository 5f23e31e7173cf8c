package org.mptcp4j.samples.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.mptcp4j.samples.lab.Host;
import org.mptcp4j.samples.lab.Lab;

/** One end of a run: a host, the stack its program uses, and what the counters there must say. */
final class Peer implements AutoCloseable {
  // MPTcpExt: every way in which the kernel's MPTCP notes that something was not as it should be.
  private static final List<String> TROUBLE =
      List.of(
          "Fallback",
          "HMac",
          "CsumErr",
          "InfiniteMap",
          "DSSNotMatching",
          "DSSCorruption",
          "MPFail");

  private final Host host;
  private final Stack stack;
  private final Path countersFile;

  /** Its counters lie in the lab's directory, which goes with the lab, whatever happens. */
  Peer(Lab lab, Host host, Stack stack) throws IOException {
    this.host = host;
    this.stack = stack;
    countersFile = Files.createTempFile(lab.directory(), "counters", ".txt");
  }

  Host host() {
    return host;
  }

  Stack stack() {
    return stack;
  }

  Path countersFile() {
    return countersFile;
  }

  /** While data flows on our engine the kernel has no TCP connection, only the guards. */
  void assertKernelHoldsNoConnection() throws IOException {
    if (stack == Stack.OURS) {
      assertThat(host.kernelTcpConnections()).as("kernel connections in " + host.name()).isEmpty();
    }
  }

  /** The counters, after the programs ended, say that all went as it should. */
  void assertCountersAreClean(Stack other) throws IOException {
    switch (stack) {
      case OURS -> assertOurCounters(other);
      case KERNEL_MPTCP -> assertKernelCounters(other);
      case KERNEL_TCP -> {}
    }
  }

  private void assertOurCounters(Stack other) throws IOException {
    Map<String, Long> counters = ourCounters();
    assertThat(
            counters.getOrDefault("connections.opened", 0L)
                + counters.getOrDefault("connections.accepted", 0L))
        .as("connections of the engine in %s: %s", host.name(), counters)
        .isPositive();
    Map<String, Long> trouble = new TreeMap<>(counters);
    trouble
        .entrySet()
        .removeIf(
            entry ->
                entry.getValue() == 0
                    || !(entry.getKey().equals("faults")
                        || entry.getKey().equals("packets.malformed")
                        || entry.getKey().contains("checksum")
                        || entry.getKey().contains("hmac")
                        || other.isMultipath() && entry.getKey().contains("fallback")));
    assertThat(trouble).as("trouble counted by the engine in " + host.name()).isEmpty();
  }

  /** The kernel of a host found nothing wrong with what its peer's MPTCP does. */
  static void assertKernelCountsNoTrouble(Host host) throws IOException {
    Map<String, Long> trouble = new TreeMap<>(host.kernelCounters());
    trouble
        .entrySet()
        .removeIf(
            entry ->
                entry.getValue() == 0
                    || !entry.getKey().startsWith("MPTcpExt")
                    || TROUBLE.stream().noneMatch(entry.getKey()::contains));
    assertThat(trouble).as("trouble counted by the kernel in " + host.name()).isEmpty();
  }

  private void assertKernelCounters(Stack other) throws IOException {
    if (other.isMultipath()) {
      assertKernelCountsNoTrouble(host);
      Map<String, Long> all = host.kernelCounters();
      assertThat(all.get("MPTcpExtMPJoinAckRx") + all.get("MPTcpExtMPJoinSynAckRx"))
          .as("joins that the kernel in %s completed", host.name())
          .isPositive();
    }
  }

  /** What the engine wrote at the end of its program. */
  Map<String, Long> ourCounters() throws IOException {
    Map<String, Long> counters = new LinkedHashMap<>();
    for (String line : Files.readAllLines(countersFile)) {
      int equals = line.indexOf('=');
      counters.put(line.substring(0, equals), Long.valueOf(line.substring(equals + 1)));
    }
    return counters;
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(countersFile);
  }
}
