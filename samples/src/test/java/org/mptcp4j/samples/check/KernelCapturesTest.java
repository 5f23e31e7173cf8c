package org.mptcp4j.samples.check;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.samples.check.CheckReport.ConnectionReport;
import org.mptcp4j.samples.check.CheckReport.Kind;

/** The Linux kernel speaking MPTCP: nothing is wrong with it, and the data is what was sent. */
class KernelCapturesTest {
  /** What was sent, as 'tshark -z follow,tcp' gives it from the plain TCP capture. */
  private static final String UP =
      "202fef8410ea9ce8ef5f4a697414859b1cc4d57666243ea8638c1099fcee805a";

  private static final String DOWN =
      "d1a09381b6f943238171e9579421c793687b0b7e85b2e459e727f2e7876bb38e";

  private static ConnectionReport onlyConnection(String capture) {
    CheckReport report = EditedCapture.of(capture).check();
    assertThat(report.violations()).isEmpty();
    assertThat(report.isClean()).isTrue();
    assertThat(report.connections()).hasSize(1);
    return report.connections().get(0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "two-subflows",
        "two-subflows-checksum",
        "add-addr-signal",
        "prio-and-remove",
        "fallback-to-tcp",
        "plain-tcp-client",
        "stripped-syn",
        "mp-fail-two-subflows"
      })
  void theDataArrivesWholeWhateverTheWay(String capture) {
    ConnectionReport connection = onlyConnection(capture);
    assertThat(connection.fromInitiator().length()).isEqualTo(60_000);
    assertThat(connection.fromInitiator().sha256()).isEqualTo(UP);
    assertThat(connection.fromInitiator().ended()).isTrue();
    assertThat(connection.fromResponder().length()).isEqualTo(50_000);
    assertThat(connection.fromResponder().sha256()).isEqualTo(DOWN);
    assertThat(connection.fromResponder().ended()).isTrue();
  }

  @Test
  void subflowsAndTheirSharesAreTold() {
    ConnectionReport connection = onlyConnection("two-subflows");
    assertThat(connection.kind()).isEqualTo(Kind.MPTCP);
    assertThat(connection.checksums()).isFalse();
    assertThat(connection.subflows())
        .containsExactly(
            new CheckReport.SubflowReport("10.0.1.1:41428", "10.0.1.2:10000", 35_424, 32_768),
            new CheckReport.SubflowReport("10.0.2.1:50579", "10.0.1.2:10000", 24_576, 17_232));
    assertThat(onlyConnection("two-subflows-checksum").checksums()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"fallback-to-tcp", "plain-tcp-client", "stripped-syn"})
  void withoutMptcpOnEitherSideItIsPlainTcp(String capture) {
    assertThat(onlyConnection(capture).kind()).isEqualTo(Kind.PLAIN_TCP);
  }

  @Test
  void aMappingThatItsReceiverRefusesIsNoFaultOfTheSender() {
    CheckReport report = EditedCapture.of("mp-fail-two-subflows").check();
    assertThat(report.isClean()).isTrue();
    assertThat(report.notes())
        .anyMatch(note -> note.contains("a checksum of 10.0.2.1:58843") && note.contains("rightly"))
        .anyMatch(note -> note.contains("the bytes were changed later"));
  }

  @Test
  void theOnlySubflowFallsBackWithAnInfiniteMappingAndTakesTheChangedBytes() {
    CheckReport report = EditedCapture.of("mp-fail-infinite-mapping").check();
    assertThat(report.violations()).isEmpty();
    ConnectionReport connection = report.connections().get(0);
    assertThat(connection.kind()).isEqualTo(Kind.MPTCP_FALLEN_BACK);
    assertThat(connection.fromInitiator().length()).isEqualTo(60_000);
    assertThat(connection.fromInitiator().sha256()).isNotEqualTo(UP);
    assertThat(connection.fromInitiator().ended()).isTrue();
    // The middlebox stands behind the capture in this direction.
    assertThat(connection.fromResponder().sha256()).isEqualTo(DOWN);
    assertThat(report.notes()).anyMatch(note -> note.contains("infinite mapping"));
  }

  @Test
  void aFastCloseEndsTheStreamsWhereTheyAre() {
    ConnectionReport connection = onlyConnection("fastclose");
    assertThat(connection.fromInitiator().ended()).isFalse();
    assertThat(connection.fromResponder().ended()).isFalse();
  }

  @Test
  void offloadedSegmentsAreReadWithoutTheirUnfinishedChecksums() throws Exception {
    byte[] bytes = EditedCapture.of("ipv6-offloaded").toBytes();
    CheckReport report = CaptureChecker.check(bytes, true);
    assertThat(report.violations()).isEmpty();
    assertThat(report.connections().get(0).fromInitiator().length()).isEqualTo(200_000);
    assertThat(report.connections().get(0).fromResponder().sha256()).isEqualTo(DOWN);
    assertThat(CaptureChecker.check(bytes, false).violations())
        .anyMatch(v -> v.contains("the TCP checksum is wrong"));
  }
}
