package org.mptcp4j.samples.operation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mptcp4j.samples.lab.HostProcess;
import org.mptcp4j.samples.lab.Lab;
import org.mptcp4j.samples.lab.PathSpec;
import org.mptcp4j.samples.transfer.Transfer;

/** A JVM may stand still: a garbage collection, a stopped virtual machine. */
@Tag("lab")
class PauseTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String PORT = "7000";
  private static final String BYTES = Integer.toString(200 << 20);

  @TempDir private Path directory;

  @BeforeAll
  static void needsLab() {
    String missing = Lab.missing().orElse("");
    assumeTrue(missing.isEmpty(), missing);
  }

  @Test
  void aPauseOfBothProgramsIsNotTakenForLoss() throws IOException {
    Path serverCounters = directory.resolve("server");
    Path clientCounters = directory.resolve("client");
    try (Lab lab = Lab.builder().path(PathSpec.plain()).build();
        HostProcess server = lab.b().start(transfer(serverCounters, "server", PORT, BYTES))) {
      server.awaitLineStarting("ready", LIMIT);
      try (HostProcess client =
          lab.a().start(transfer(clientCounters, "client", lab.b().ipv4(1), PORT, BYTES))) {
        client.awaitLineStarting("half", LIMIT);
        lab.a().run("kill", "-STOP", "" + client.pid(), "" + server.pid());
        // The pause is what is tested; a program of the host lets it pass.
        lab.a().run("sleep", "0.3");
        lab.a().run("kill", "-CONT", "" + client.pid(), "" + server.pid());
        assertThat(client.awaitExit(LIMIT)).as(client.output()).isZero();
        assertThat(server.awaitExit(LIMIT)).as(server.output()).isZero();
      }
    }
    assertThat(counter(clientCounters, "tcp.loss.episodes"))
        .as("loss episodes of the client")
        .isZero();
    assertThat(counter(serverCounters, "tcp.loss.episodes"))
        .as("loss episodes of the server")
        .isZero();
  }

  private static List<String> transfer(Path counters, String... arguments) {
    return Jvm.withMptcp4j(List.of("counters.file=" + counters), Transfer.class, arguments);
  }

  private static long counter(Path file, String name) throws IOException {
    Properties counters = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      counters.load(reader);
    }
    assertThat(counters).as("counters in " + file).containsKey(name);
    return Long.parseLong(counters.getProperty(name));
  }
}
