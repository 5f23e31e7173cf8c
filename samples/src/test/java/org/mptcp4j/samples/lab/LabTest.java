package org.mptcp4j.samples.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("lab")
class LabTest {
  private static final Duration SOON = Duration.ofSeconds(5);
  private static final Duration QUIET = Duration.ofMillis(300);

  @BeforeAll
  static void needsNamespaces() {
    String missing = Lab.missing().orElse("");
    assumeTrue(missing.isEmpty(), missing);
  }

  @Test
  void hostsReachEachOtherOnEveryPathWithBothFamilies() throws IOException {
    Lab.Builder builder =
        Lab.builder().path(PathSpec.plain()).path(PathSpec.plain().withEmulator());
    try (Lab lab = builder.build();
        Echo echo = new Echo(lab)) {
      for (int path = 1; path <= 2; path++) {
        assertThat(echo.roundTrip(lab.b().ipv4(path), SOON)).isPresent();
        assertThat(echo.roundTrip(lab.b().ipv6(path), SOON)).isPresent();
        assertThat(lab.b().counters(path).rxPackets()).isGreaterThanOrEqualTo(2);
      }
    }
  }

  @Test
  void anEmulatedPathAddsItsDelayBothWays() throws IOException {
    PathSpec spec = PathSpec.plain().withDelay(Duration.ofMillis(15));
    try (Lab lab = Lab.builder().path(spec).build();
        Echo echo = new Echo(lab)) {
      echo.roundTrip(lab.b().ipv4(1), SOON);
      Duration best = Duration.ofDays(1);
      for (int i = 0; i < 20; i++) {
        Duration roundTrip = echo.roundTrip(lab.b().ipv4(1), SOON).orElseThrow();
        best = roundTrip.compareTo(best) < 0 ? roundTrip : best;
      }
      assertThat(best).isBetween(Duration.ofMillis(30), Duration.ofMillis(34));
    }
  }

  @Test
  void anEmulatedPathKeepsTheOrderOfFrames() throws IOException {
    PathSpec spec = PathSpec.plain().withDelay(Duration.ofMillis(3));
    try (Lab lab = Lab.builder().path(spec).build();
        Echo echo = new Echo(lab)) {
      echo.roundTrip(lab.b().ipv4(1), SOON);
      assertThat(echo.burst(lab.b().ipv4(1), 100, QUIET)).hasSize(100).isSorted();
    }
  }

  @Test
  void anEmulatedPathLosesAboutTheAskedShareOfFrames() throws IOException {
    PathSpec spec = PathSpec.plain().withEmulator();
    try (Lab lab = Lab.builder().path(spec).build();
        Echo echo = new Echo(lab)) {
      echo.roundTrip(lab.b().ipv4(1), SOON);
      lab.path(1).setImpairmentsFromA(Impairments.NONE.withLoss(0.2));
      assertThat(echo.burst(lab.b().ipv4(1), 200, QUIET).length).isBetween(137, 183);
    }
  }

  @Test
  void aRouterInTheMiddleHasAQueueOfItsOwnThatDropsItsTail() throws IOException {
    // 600 frames of 142 bytes: tbf lets 32 KiB pass at once, and 100 frames wait.
    PathSpec spec = PathSpec.plain().withBottleneck(1_000_000, 14_200);
    try (Lab lab = Lab.builder().path(spec).build();
        Echo echo = new Echo(lab)) {
      assertThat(lab.a().run("tc", "qdisc", "show", "dev", "path1")).doesNotContain("tbf");
      echo.roundTrip(lab.b().ipv4(1), SOON);
      int[] came = echo.burst(lab.b().ipv4(1), 600, QUIET);
      assertThat(came).isSorted();
      assertThat(came.length).isBetween(300, 450);
      assertThat(lab.path(1).droppedFrames()).isBetween(150L, 300L);
    }
  }

  @Test
  void anEmulatedPathReordersAndDuplicatesWhenAsked() throws IOException {
    try (Lab lab = Lab.builder().path(PathSpec.plain().withEmulator()).build();
        Echo echo = new Echo(lab)) {
      echo.roundTrip(lab.b().ipv4(1), SOON);
      lab.path(1)
          .setImpairmentsFromA(
              Impairments.NONE.withReorder(0.1, Duration.ofMillis(20)).withDuplicate(0.1));
      int[] numbers = echo.burst(lab.b().ipv4(1), 100, QUIET);
      assertThat(numbers).hasSizeGreaterThan(100);
      assertThat(java.util.Arrays.stream(numbers).distinct()).hasSize(100);
      assertThat(numbers).isNotEqualTo(java.util.Arrays.stream(numbers).sorted().toArray());
    }
  }

  @Test
  void aSilencedPathPassesNothingUntilItIsRestored() throws IOException {
    try (Lab lab = Lab.builder().path(PathSpec.plain().withEmulator()).build();
        Echo echo = new Echo(lab)) {
      lab.path(1).silence();
      assertThat(echo.roundTrip(lab.b().ipv4(1), QUIET)).isEmpty();
      lab.path(1).restore();
      assertThat(echo.roundTrip(lab.b().ipv4(1), SOON)).isPresent();
    }
  }

  @Test
  void hostsSeeTheLinkGoDownWhenAPathIsUnplugged() throws IOException {
    try (Lab lab = Lab.builder().path(PathSpec.plain().withEmulator()).build();
        Echo echo = new Echo(lab)) {
      lab.path(1).unplug();
      assertThat(lab.a().run("ip", "link", "show", "path1")).contains("NO-CARRIER");
      lab.path(1).plug();
      assertThat(echo.roundTrip(lab.b().ipv4(1), SOON)).isPresent();
      assertThat(echo.roundTrip(lab.b().ipv6(1), SOON)).isPresent();
    }
  }

  @Test
  void nothingIsLeftBehindWhenALabCloses() throws IOException {
    String prefix;
    HostProcess process;
    try (Lab lab = Lab.builder().path(PathSpec.plain().withEmulator()).build()) {
      prefix = lab.prefix();
      process = lab.b().start(List.of("sleep", "1000"));
    }
    assertThat(namespaces()).doesNotContain(prefix);
    assertThat(process.awaitExit(SOON)).isNotZero();
  }

  @Test
  void nothingIsLeftBehindWhenTheLabsProgramIsKilled() throws IOException {
    Process lab =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                LabCommand.class.getName(),
                "--",
                "sh",
                "-c",
                "command -v a; exec a sleep 1000")
            .redirectErrorStream(true)
            .start();
    Path tool;
    try (BufferedReader output = lab.inputReader()) {
      tool = Path.of(output.readLine());
    }
    assertThat(tool).isExecutable();
    String prefix = "m4j-" + lab.pid() + "-";
    assertThat(namespaces()).contains(prefix);
    lab.destroyForcibly();
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (namespaces().contains(prefix)) {
      assertThat(System.nanoTime()).as("the namespaces stay").isLessThan(deadline);
    }
    assertThat(tool.getParent()).doesNotExist();
  }

  private static String namespaces() throws IOException {
    return Shell.run(List.of("ip", "netns", "list"));
  }
}
