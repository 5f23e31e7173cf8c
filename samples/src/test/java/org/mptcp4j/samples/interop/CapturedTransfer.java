package org.mptcp4j.samples.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.mptcp4j.samples.check.CaptureChecker;
import org.mptcp4j.samples.check.CheckReport;
import org.mptcp4j.samples.check.CheckReport.ConnectionReport;
import org.mptcp4j.samples.check.CheckReport.StreamReport;
import org.mptcp4j.samples.lab.Lab;

/** A transfer, its capture, and two readers of that which know nothing of the engine. */
final class CapturedTransfer {
  /**
   * Data without a mapping. tshark says so of every segment without data, too, and, where the first
   * that it sees of a mapping comes behind a gap, of segments that carry the mapping themselves: it
   * does not find in its tree what it has read from the option. So its reading is asked again.
   */
  private static final String UNMAPPED =
      "(mptcp.dss.missing_mapping && tcp.len > 0"
          + " && !(tcp.seq >= tcp.options.mptcp.subflowseqno && tcp.seq + tcp.len"
          + " <= tcp.options.mptcp.subflowseqno + tcp.options.mptcp.datalvllen))";

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
          UNMAPPED,
          "mptcp.dss.infinite_mapping");

  private CapturedTransfer() {}

  /** Skips the test where something is missing. */
  static void needsTools() {
    for (String tool : List.of("tcpdump", "ethtool")) {
      assumeTrue(Tools.has(tool), "capturing a run needs the program '" + tool + "'");
    }
  }

  /**
   * Runs a transfer in a lab made {@linkplain Lab.Builder#forCaptures for captures}.
   *
   * @param multipath whether its connection is to be one of Multipath TCP with more than one
   *     subflow
   * @return what our own checker found of the one connection, in which nothing is wrong
   */
  static ConnectionReport run(Lab lab, TransferRun transfer, boolean multipath) throws IOException {
    Path file = lab.directory().resolve("run.pcap");
    String result;
    try (Capture capture = new Capture(lab, file)) {
      // Of the packet sockets of a host the youngest is given a packet first: begun before our
      // server, a capture may see an answer ahead of what it answers.
      result = transfer.onceServing(capture::start).runAndCheck();
      capture.end();
    } catch (AssertionError | RuntimeException | IOException e) {
      if (Files.exists(file)) {
        e.addSuppressed(new IOException("the capture is kept: " + keep(file)));
      }
      throw e;
    }
    ConnectionReport connection = check(lab, file);
    try {
      assertThat(connection.kind())
          .isEqualTo(multipath ? CheckReport.Kind.MPTCP : CheckReport.Kind.PLAIN_TCP);
      assertThat(connection.subflows()).hasSizeGreaterThanOrEqualTo(multipath ? 2 : 1);
      assertThat(summary(connection.fromInitiator())).isEqualTo(TransferRun.sent(result));
      assertThat(summary(connection.fromResponder())).isEqualTo(TransferRun.received(result));
      return connection;
    } catch (AssertionError e) {
      e.addSuppressed(new IOException("the capture is kept: " + keep(file)));
      throw e;
    }
  }

  /** Has both readers read a capture of one connection, in which nothing is to be wrong. */
  static ConnectionReport check(Lab lab, Path file) throws IOException {
    return check(lab, file, 1).get(0);
  }

  /** The same for a capture of so many connections. */
  static List<ConnectionReport> check(Lab lab, Path file, int connections) throws IOException {
    try {
      CheckReport report = CaptureChecker.check(file, false);
      assertThat(report.violations()).isEmpty();
      assertThat(report.connections()).hasSize(connections);
      if (Tools.has("tshark")) {
        assertThat(tshark(lab, file, WRONG)).isEmpty();
        assertThat(tshark(lab, file, "tcp.checksum.status == \"Good\"")).isNotEmpty();
      }
      return report.connections();
    } catch (AssertionError e) {
      e.addSuppressed(new IOException("the capture is kept: " + keep(file)));
      throw e;
    }
  }

  /** The lab's own directory goes with it. */
  private static Path keep(Path capture) throws IOException {
    Path directory = Files.createDirectories(Path.of("target", "captures"));
    Path kept = Files.createTempFile(directory, "run-", ".pcap").toAbsolutePath();
    return Files.copy(capture, kept, StandardCopyOption.REPLACE_EXISTING);
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
    command.addAll(List.of("-d", "tcp.port==5000,data", "-d", "tcp.port==6000,data"));
    return lab.b()
        .run(command.toArray(String[]::new))
        .lines()
        .filter(line -> !line.startsWith("Running as user"))
        .limit(20)
        .toList();
  }
}
