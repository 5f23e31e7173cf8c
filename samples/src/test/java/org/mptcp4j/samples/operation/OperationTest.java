package org.mptcp4j.samples.operation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.mptcp4j.samples.demo.FileServer;
import org.mptcp4j.samples.lab.HostProcess;
import org.mptcp4j.samples.lab.Lab;
import org.mptcp4j.samples.lab.PathSpec;
import org.mptcp4j.samples.transfer.Transfer;
import org.mptcp4j.samples.transfer.WriteAndExit;

/**
 * What happens to programs in operation: they exit early, lack rights, are set up wrongly, or are
 * killed.
 */
@Tag("lab")
class OperationTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final String PORT = "7000";

  private static Lab lab;

  @BeforeAll
  static void buildLab() throws IOException {
    String missing = Lab.missing().orElse("");
    assumeTrue(missing.isEmpty(), missing);
    lab = Lab.builder().paths(2, PathSpec.plain().withDelay(Duration.ofMillis(10))).build();
  }

  @AfterAll
  static void removeLab() {
    if (lab != null) {
      lab.close();
    }
  }

  @Test
  void aClientThatWritesClosesAndExitsAtOnceHasItsDataDelivered() throws IOException {
    try (HostProcess server = lab.b().start(Jvm.withMptcp4j(WriteAndExit.class, "server", PORT))) {
      server.awaitLineStarting("ready", LIMIT);
      String bytes = Integer.toString(10 << 20);
      List<String> client =
          Jvm.withMptcp4j(WriteAndExit.class, "client", lab.b().ipv4(1), PORT, bytes);
      try (HostProcess sender = lab.a().start(client)) {
        String sent = sender.awaitLineStarting("sent=", LIMIT);
        assertThat(sender.awaitExit(LIMIT)).isZero();
        assertThat(server.awaitLineStarting("received=", LIMIT))
            .isEqualTo(sent.replace("sent=", "received="));
      }
    }
  }

  @Test
  void aLocalClientReachesAServerOnOurProviderThroughTheKernel() throws IOException {
    Path file = Files.createTempFile("mptcp4j", ".txt");
    try {
      Files.writeString(file, "served to localhost");
      try (HostProcess server =
          lab.b().start(Jvm.withMptcp4j(FileServer.class, "7001", file.toString()))) {
        server.awaitLineStarting("ready", LIMIT);
        for (String host : List.of("localhost", "127.0.0.1", lab.b().ipv4(1))) {
          assertThat(lab.b().run("curl", "-sS", "--max-time", "10", "http://" + host + ":7001/"))
              .as("what curl got from " + host)
              .isEqualTo("served to localhost");
        }
      }
    } finally {
      Files.delete(file);
    }
  }

  @Test
  void withoutTheRightToOpenPacketSocketsAProgramRunsOnTheKernelAndSaysSoOnce() throws IOException {
    try (HostProcess server =
        lab.b()
            .start(withoutRawSockets(Jvm.withMptcp4j(Transfer.class, "server", PORT, "100000")))) {
      server.awaitLineStarting("ready", LIMIT);
      List<String> client = Jvm.plain(Transfer.class, "client", lab.b().ipv4(1), PORT, "100000");
      try (HostProcess peer = lab.a().start(client)) {
        assertThat(peer.awaitExit(LIMIT)).as(peer.output()).isZero();
      }
      assertThat(server.awaitExit(LIMIT)).as(server.output()).isZero();
      assertThat(server.lines()).filteredOn(line -> line.contains("CAP_NET_RAW")).hasSize(1);
    }
  }

  private static List<String> withoutRawSockets(List<String> command) {
    List<String> line =
        new ArrayList<>(List.of("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw"));
    line.addAll(command);
    return line;
  }

  @Test
  void onAHostThatFiltersPacketsItIsSaidOnceThatOursDoNotPassThere() throws IOException {
    Lab.Builder filtered = Lab.builder().path(PathSpec.plain()).firewall(Lab.Side.B);
    try (Lab other = filtered.build();
        HostProcess server =
            other.b().start(Jvm.withMptcp4j(Transfer.class, "server", PORT, "100000"))) {
      server.awaitLineStarting("ready", LIMIT);
      List<String> client =
          Jvm.withMptcp4j(Transfer.class, "client", other.b().ipv4(1), PORT, "100000");
      try (HostProcess peer = other.a().start(client)) {
        assertThat(peer.awaitExit(LIMIT)).as(peer.output()).isZero();
        assertThat(peer.output()).doesNotContain("filters or translates");
      }
      assertThat(server.awaitExit(LIMIT)).as(server.output()).isZero();
      assertThat(server.lines())
          .filteredOn(line -> line.contains("filters or translates packets"))
          .hasSize(1)
          .allMatch(line -> line.contains("(input)") && line.contains("(output)"));
    }
  }

  @Test
  void aSettingWithAWrongValueIsNamedWithWhatIsAllowed() throws IOException {
    List<String> command =
        Jvm.withMptcp4j(List.of("checksum=perhaps"), Transfer.class, "server", PORT, "1");
    try (HostProcess program = lab.b().start(command)) {
      assertThat(program.awaitExit(LIMIT)).isNotZero();
      assertThat(program.output())
          .contains("mptcp4j.checksum")
          .contains("perhaps")
          .contains("true");
    }
  }

  @Test
  void aSettingWithAWrongNameIsNamedWithTheOneThatWasMeant() throws IOException {
    List<String> command =
        Jvm.withMptcp4j(List.of("cheksum=true"), Transfer.class, "server", PORT, "1");
    try (HostProcess program = lab.b().start(command)) {
      assertThat(program.awaitExit(LIMIT)).isNotZero();
      assertThat(program.output()).contains("mptcp4j.cheksum").contains("mptcp4j.checksum");
    }
  }

  @Test
  void ofAProgramThatIsKilledNothingStaysInTheKernel() throws IOException {
    try (HostProcess server =
        lab.b().start(Jvm.withMptcp4j(Transfer.class, "server", PORT, "200000000"))) {
      server.awaitLineStarting("ready", LIMIT);
      List<String> client =
          Jvm.withMptcp4j(Transfer.class, "client", lab.b().ipv4(1), PORT, "200000000");
      try (HostProcess peer = lab.a().start(client)) {
        peer.awaitLineStarting("half", Duration.ofSeconds(60));
        assertThat(lab.b().run("ss", "-Htlan")).contains(":" + PORT);
        lab.b().run("kill", "-KILL", Long.toString(server.pid()));
        server.awaitExit(LIMIT);
        assertThat(lab.b().run("ss", "-Htan", "sport", "=", ":" + PORT)).isEmpty();
        assertThat(lab.b().run("ss", "-Hwan") + lab.b().run("ss", "-H0an")).isEmpty();
      }
    }
  }
}
