package org.mptcp4j.samples.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.samples.lab.Host;
import org.mptcp4j.samples.lab.HostProcess;
import org.mptcp4j.samples.lab.Lab;
import org.mptcp4j.samples.lab.PathSpec;
import org.mptcp4j.samples.transfer.KernelQuestions;
import org.mptcp4j.samples.transfer.Questions;

/** TCP Fast Open (RFC 7413, RFC 8684 appendix B) with the kernel, which counts what it saw. */
@Tag("lab")
class FastOpenLabTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final String PORT = "5000";
  private static final int COUNT = 5;

  /**
   * An answer that we send before the third ACK cannot have a DATA_ACK, and one that comes so early
   * makes the kernel's client go on as plain TCP. Which of the two is sooner is a matter of luck
   * here.
   */
  private static final String ANSWER_WITHOUT_DATA_ACK = "MPTcpExtMPCapableDataFallback";

  private Lab lab;
  private Path serverCounters;
  private Path clientCounters;

  @BeforeEach
  void buildLab() throws IOException {
    String missing = Lab.missing().orElse("");
    assumeTrue(missing.isEmpty(), missing);
    lab = Lab.builder().paths(1, PathSpec.plain()).build();
    clientCounters = Files.createTempFile(lab.directory(), "client", ".txt");
    serverCounters = Files.createTempFile(lab.directory(), "server", ".txt");
    // 1: clients may; 2: servers may; 0x400: every listener does, without an option of its own.
    for (Host host : List.of(lab.a(), lab.b())) {
      host.run("sh", "-c", "echo 1027 > /proc/sys/net/ipv4/tcp_fastopen");
    }
  }

  @AfterEach
  void removeLab() {
    if (lab != null) {
      lab.close();
    }
  }

  private static List<String> ours(Path counters, String role, String... arguments) {
    List<String> command =
        new ArrayList<>(Stack.OURS.program(Questions.class, counters, arguments));
    command.add(1, "-Dmptcp4j.tcp.fastopen=" + role);
    return command;
  }

  private List<String> kernelClient(boolean multipath) {
    return Stack.KERNEL_TCP.program(
        KernelQuestions.class,
        clientCounters,
        "client",
        lab.b().ipv4(1),
        PORT,
        Integer.toString(COUNT),
        multipath ? "mptcp" : "tcp");
  }

  private List<String> kernelServer(boolean multipath) {
    return Stack.KERNEL_TCP.program(
        multipath ? KernelQuestions.class : Questions.class,
        serverCounters,
        "server",
        PORT,
        Integer.toString(COUNT));
  }

  private List<String> ourServer() {
    return ours(serverCounters, "server", "server", PORT, Integer.toString(COUNT));
  }

  private void exchange(List<String> server, List<String> client) throws IOException {
    try (HostProcess b = lab.b().start(server)) {
      b.awaitLineStarting("ready", LIMIT);
      try (HostProcess a = lab.a().start(client)) {
        a.awaitLineStarting("done", LIMIT);
        assertThat(a.awaitExit(LIMIT)).as(a::output).isZero();
      }
      assertThat(b.awaitExit(LIMIT)).as(b::output).isZero();
    }
  }

  private static Map<String, Long> fastOpen(Host host) throws IOException {
    Map<String, Long> counters = host.kernelCounters();
    counters.keySet().removeIf(name -> !name.contains("FastOpen"));
    return counters;
  }

  private static void assertNoFallback(Host host, String except) throws IOException {
    Map<String, Long> counters = host.kernelCounters();
    counters.keySet().removeIf(name -> !name.contains("Fallback") || name.equals(except));
    assertThat(counters.values()).as(counters::toString).allMatch(value -> value == 0);
  }

  private static Map<String, Long> ourCounters(Path file) throws IOException {
    Map<String, Long> counters = new HashMap<>();
    for (String line : Files.readAllLines(file)) {
      int equals = line.indexOf('=');
      counters.put(line.substring(0, equals), Long.valueOf(line.substring(equals + 1)));
    }
    return counters;
  }

  @ParameterizedTest(name = "over MPTCP: {0}")
  @ValueSource(booleans = {false, true})
  void theKernelTakesDataInOurSyns(boolean multipath) throws IOException {
    exchange(
        kernelServer(multipath),
        ours(clientCounters, "client", "client", lab.b().ipv4(1), PORT, Integer.toString(COUNT)));
    assertThat(fastOpen(lab.b()))
        .containsEntry("TcpExtTCPFastOpenCookieReqd", 1L)
        .containsEntry("TcpExtTCPFastOpenPassive", COUNT - 1L)
        .containsEntry("TcpExtTCPFastOpenPassiveFail", 0L);
    assertThat(ourCounters(clientCounters))
        .containsEntry("tcp.fastopen.requested", 1L)
        .containsEntry("tcp.fastopen.sent", COUNT - 1L)
        .containsEntry("tcp.fastopen.acknowledged", COUNT - 1L)
        .containsEntry("tcp.retransmissions", 0L)
        .containsEntry("mptcp.connections", multipath ? COUNT : 0L)
        .containsEntry("mptcp.plain", multipath ? 0L : COUNT)
        .containsEntry("faults", 0L);
    assertNoFallback(lab.b(), "");
  }

  @ParameterizedTest(name = "over MPTCP: {0}")
  @ValueSource(booleans = {false, true})
  void weTakeDataInTheKernelsSyns(boolean multipath) throws IOException {
    exchange(ourServer(), kernelClient(multipath));
    assertThat(fastOpen(lab.a()))
        .containsEntry("TcpExtTCPFastOpenActive", COUNT - 1L)
        .containsEntry("TcpExtTCPFastOpenActiveFail", 0L);
    assertThat(ourCounters(serverCounters))
        .containsEntry("tcp.fastopen.cookies.given", 1L)
        .containsEntry("tcp.fastopen.accepted", COUNT - 1L)
        .containsEntry("tcp.retransmissions", 0L)
        .containsEntry("mptcp.connections", multipath ? COUNT : 0L)
        .containsEntry("mptcp.plain", multipath ? 0L : COUNT)
        .containsEntry("faults", 0L);
    assertNoFallback(lab.a(), ANSWER_WITHOUT_DATA_ACK);
  }

  /** After a restart our server has other keys: what the kernel knows is no longer right. */
  @ParameterizedTest(name = "over MPTCP: {0}")
  @ValueSource(booleans = {false, true})
  void aCookieOfBeforeTheRestartIsReplaced(boolean multipath) throws IOException {
    exchange(ourServer(), kernelClient(multipath));
    exchange(ourServer(), kernelClient(multipath));
    assertThat(ourCounters(serverCounters))
        .containsEntry("tcp.fastopen.cookies.given", 0L)
        .containsEntry("tcp.fastopen.refused", 1L)
        .containsEntry("tcp.fastopen.accepted", COUNT - 1L)
        .containsEntry("faults", 0L);
    assertThat(fastOpen(lab.a())).containsEntry("TcpExtTCPFastOpenActive", 2 * (COUNT - 1L));
  }

  @Test
  void aKernelThatGivesNoCookieServesUsAllTheSame() throws IOException {
    lab.b().run("sh", "-c", "echo 0 > /proc/sys/net/ipv4/tcp_fastopen");
    exchange(
        kernelServer(true),
        ours(clientCounters, "client", "client", lab.b().ipv4(1), PORT, Integer.toString(COUNT)));
    assertThat(ourCounters(clientCounters))
        .containsEntry("tcp.fastopen.requested", 1L)
        .containsEntry("tcp.fastopen.sent", 0L)
        .containsEntry("mptcp.connections", (long) COUNT);
  }
}
