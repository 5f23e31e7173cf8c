package org.mptcp4j.samples.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mptcp4j.samples.check.CaptureChecker;
import org.mptcp4j.samples.check.CheckReport;
import org.mptcp4j.samples.check.CheckReport.ConnectionReport;
import org.mptcp4j.samples.check.CheckReport.StreamReport;
import org.mptcp4j.samples.lab.HostProcess;
import org.mptcp4j.samples.lab.Lab;
import org.mptcp4j.samples.lab.PathSpec;

/** Two readers that know nothing of the engine find nothing wrong with what it sends. */
@Tag("lab")
class CapturedRunsTest {
  private static final long BYTES = 5_000_000;
  private static final int MARKER_PORT = 9;
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** What tshark knows to call wrong. */
  private static final String WRONG =
      String.join(
          " || ",
          "_ws.malformed",
          // The kernel, finishing a checksum that comes to 0, writes 0xFFFF (as UDP needs it): the
          // same number in ones' complement, for which tshark has a remark of its own.
          "(tcp.checksum.status == \"Bad\" && !tcp.checksum.ffff)",
          "mptcp.connection.echoed_key_mismatch",
          "mptcp.connection.missing_algorithm",
          "mptcp.connection.unsupported_algorithm",
          // Of segments without data it says this always.
          "(mptcp.dss.missing_mapping && tcp.len > 0)",
          "mptcp.dss.infinite_mapping");

  @BeforeAll
  static void needsNamespaces() {
    String missing = Lab.missing().orElse("");
    assumeTrue(missing.isEmpty(), missing);
    for (String tool : List.of("tcpdump", "ethtool")) {
      assumeTrue(Tools.has(tool), "capturing a run needs the program '" + tool + "'");
    }
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
      Path file = lab.directory().resolve("run.pcap");
      String result;
      try (HostProcess capture = capture(lab, file)) {
        result = new TransferRun(lab, client, server, ipv6, BYTES).runAndCheck();
        awaitMarker(lab, capture);
        capture.terminate();
        capture.awaitExit(LIMIT);
        String drops = capture.awaitLine(line -> line.endsWith("dropped by kernel"), LIMIT);
        assertThat(drops).isEqualTo("0 packets dropped by kernel");
      }
      assertCheckerFindsNothing(file, result, client.isMultipath() && server.isMultipath());
      if (Tools.has("tshark")) {
        assertThat(tshark(lab, file, WRONG)).isEmpty();
        assertThat(tshark(lab, file, "tcp.checksum.status == \"Good\"")).isNotEmpty();
      }
    }
  }

  private static HostProcess capture(Lab lab, Path file) throws IOException {
    // -Z root: the file's directory is ours alone. It prints as it writes, so that we can see when
    // it has caught up.
    List<String> command =
        new ArrayList<>(List.of("tcpdump", "-i", "any", "-B", "65536", "-s", "2000"));
    command.addAll(List.of("-Z", "root", "--immediate-mode", "-U", "-l", "-n", "--print"));
    command.addAll(List.of("-w", file.toString(), "tcp or udp port " + MARKER_PORT));
    HostProcess capture = lab.b().start(command);
    capture.awaitLine(line -> line.contains("listening on"), LIMIT);
    return capture;
  }

  private static void awaitMarker(Lab lab, HostProcess capture) throws IOException {
    InetSocketAddress marker = new InetSocketAddress(lab.b().ipv4(1), MARKER_PORT);
    try (DatagramSocket socket = lab.a().call(DatagramSocket::new)) {
      socket.send(new DatagramPacket(new byte[1], 1, marker));
    }
    capture.awaitLine(line -> line.contains("." + MARKER_PORT + ": UDP"), LIMIT);
  }

  private static void assertCheckerFindsNothing(Path file, String result, boolean multipath)
      throws IOException {
    CheckReport report = CaptureChecker.check(file, false);
    assertThat(report.violations()).isEmpty();
    assertThat(report.connections()).hasSize(1);
    ConnectionReport connection = report.connections().get(0);
    assertThat(connection.kind())
        .isEqualTo(multipath ? CheckReport.Kind.MPTCP : CheckReport.Kind.PLAIN_TCP);
    assertThat(connection.subflows()).hasSizeGreaterThanOrEqualTo(multipath ? 2 : 1);
    assertThat(summary(connection.fromInitiator())).isEqualTo(TransferRun.sent(result));
    assertThat(summary(connection.fromResponder())).isEqualTo(TransferRun.received(result));
  }

  private static String summary(StreamReport stream) {
    return stream.length() + ":" + stream.sha256();
  }

  private static List<String> tshark(Lab lab, Path file, String filter) throws IOException {
    List<String> command =
        new ArrayList<>(List.of("tshark", "-r", file.toString(), "-Y", filter, "-c", "100000"));
    for (String preference :
        List.of(
            "tcp.check_checksum:TRUE",
            "mptcp.analyze_mptcp:TRUE",
            "mptcp.analyze_mappings:TRUE",
            "tcp.try_heuristic_first:FALSE")) {
      command.addAll(List.of("-o", preference));
    }
    command.addAll(List.of("-d", "tcp.port==5000,data"));
    return lab.b()
        .run(command.toArray(String[]::new))
        .lines()
        .filter(line -> !line.startsWith("Running as user"))
        .limit(20)
        .toList();
  }
}
