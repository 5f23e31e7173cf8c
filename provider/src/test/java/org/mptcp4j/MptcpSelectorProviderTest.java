package org.mptcp4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Starts an unmodified program with the one flag, in a virtual machine of its own. */
@Timeout(120)
class MptcpSelectorProviderTest {
  private static final Path SETPRIV = Path.of("/usr/bin/setpriv");

  private record Outcome(int exitStatus, String output) {}

  private static Outcome run(List<String> prefix, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Djava.nio.channels.spi.SelectorProvider=org.mptcp4j.MptcpSelectorProvider");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      return new Outcome(process.exitValue(), output);
    } finally {
      process.destroyForcibly();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "0.0.0.0"})
  void theJdksHttpServerAndClientRunUnmodified(String address) throws Exception {
    Outcome outcome = run(List.of(), UnmodifiedProgram.class.getName(), address);
    assertThat(outcome.output())
        .contains("10 bodies came back through class org.mptcp4j.MptcpSelectorProvider");
    assertThat(outcome.exitStatus()).isZero();
  }

  @Test
  void withoutThePrivilegeItSaysSoOnceAndRunsOnKernelSockets() throws Exception {
    assumeTrue(Files.isExecutable(SETPRIV), "needs setpriv (util-linux) to take privileges away");
    assumeTrue(
        Files.isWritable(Path.of("/proc/1/oom_score_adj")), "needs root to take privileges away");
    Outcome outcome =
        run(
            List.of(SETPRIV.toString(), "--bounding-set", "-net_raw", "--inh-caps", "-net_raw"),
            UnmodifiedProgram.class.getName(),
            "0.0.0.0");
    assertThat(outcome.output()).contains("10 bodies came back");
    assertThat(outcome.output()).containsOnlyOnce("lacks the capability CAP_NET_RAW");
    assertThat(outcome.output()).contains("AmbientCapabilities=CAP_NET_RAW");
    assertThat(outcome.exitStatus()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"-Dmptcp4j.cheksum=true", "-Dmptcp4j.checksum=maybe"})
  void aWrongSettingIsNamedWithWhatWouldBeRight(String flag) throws Exception {
    Outcome outcome = run(List.of(), flag, UnmodifiedProgram.class.getName(), "127.0.0.1");
    assertThat(outcome.output()).contains("mptcp4j.checksum");
    assertThat(outcome.exitStatus()).isNotZero();
  }

  @Test
  void aWrongRuleIsNamed() throws Exception {
    Outcome outcome =
        run(
            List.of(),
            "-Dmptcp4j.rules=use pigeons for connect * *",
            UnmodifiedProgram.class.getName(),
            "127.0.0.1");
    assertThat(outcome.output())
        .contains("policy rule 'use pigeons for connect * *'")
        .contains("multipath or tcp or kernel");
    assertThat(outcome.exitStatus()).isNotZero();
  }
}
