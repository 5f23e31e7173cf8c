package org.mptcp4j.samples.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.samples.check.CheckReport.ConnectionReport;
import org.mptcp4j.samples.ends.Conversation;
import org.mptcp4j.samples.ends.End;
import org.mptcp4j.samples.ends.KernelEnd;
import org.mptcp4j.samples.ends.OurEnd;
import org.mptcp4j.samples.lab.Host;
import org.mptcp4j.samples.lab.Lab;
import org.mptcp4j.samples.lab.PathSpec;
import org.mptcp4j.sim.StreamEdit;

/**
 * What our end does in the middle of a connection and the kernel has to understand, or the other
 * way round; its counters, {@code tshark} and our checker say that all went as it should.
 */
@Tag("lab")
class KernelEndsTest {
  private static final long BYTES = 6_000_000;

  /** So much that it lasts for as long as a test asks the kernel for its counters. */
  private static final long MANY_BYTES = 30_000_000;

  /** Received, so that the second subflow has had its part. */
  private static final long BEGINNING = 2_000_000;

  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final int PORT = 5_000;
  private static final int ANNOUNCED = 6_000;

  @BeforeAll
  static void needsNamespaces() {
    String missing = Lab.missing().orElse("");
    assumeTrue(missing.isEmpty(), missing);
    CapturedTransfer.needsTools();
  }

  /** A connection over two paths whose ends write to each other. */
  private static final class Talk implements AutoCloseable {
    final Lab lab;
    final Host ourHost;
    final Host kernelHost;
    final OurEnd ours;
    final KernelEnd kernel;
    private final Path file;
    private final Capture capture;

    Talk(boolean oursIsClient) throws IOException {
      this(oursIsClient, BYTES);
    }

    Talk(boolean oursIsClient, long bytes) throws IOException {
      PathSpec path = PathSpec.plain().withRate(30_000_000);
      lab = Lab.builder().paths(2, path).forCaptures().withoutIpv6().build();
      boolean begun = false;
      try {
        ourHost = oursIsClient ? lab.a() : lab.b();
        kernelHost = oursIsClient ? lab.b() : lab.a();
        String kind = oursIsClient ? "signal" : "subflow";
        kernelHost.addKernelEndpoint(2, kind);
        ours = new OurEnd(ourHost, List.of());
        kernel = new KernelEnd(kernelHost);
        Conversation.Plan plan = new Conversation.Plan(bytes, StreamEdit.NONE);
        End server = oursIsClient ? kernel : ours;
        End client = oursIsClient ? ours : kernel;
        ours.watch(List.of(lab.a().ipv4(2)));
        server.listen("", PORT, plan);
        file = lab.directory().resolve("talk.pcap");
        capture = new Capture(lab, file);
        capture.start();
        client.connect("", lab.b().ipv4(1), PORT, plan);
        until(() -> ours.progress().received() > BEGINNING && !ours.lostSubflow());
        begun = true;
      } finally {
        if (!begun) {
          lab.close();
        }
      }
    }

    /** Bytes of frames that the second path has carried, both ways. */
    long carriedBySecondPath() throws IOException {
      Host.InterfaceCounters counters = lab.a().counters(2);
      return counters.rxBytes() + counters.txBytes();
    }

    long kernelCounter(String name) throws IOException {
      return kernelHost.kernelCounters().get("MPTcpExt" + name);
    }

    void awaitAll() throws IOException {
      until(() -> ours.progress().complete() && kernel.progress().complete());
      assertThat(ours.progress().wrongAt()).as("first wrong byte here").isNegative();
      assertThat(kernel.progress().wrongAt()).as("first wrong byte there").isNegative();
    }

    void finish() throws IOException {
      ours.finish();
      kernel.finish();
      until(() -> ours.progress().over() && kernel.progress().over());
      assertThat(ours.progress().failure()).isEmpty();
      assertThat(kernel.progress().failure()).isEmpty();
    }

    ConnectionReport check() throws IOException {
      capture.end();
      ConnectionReport report = CapturedTransfer.check(lab, file);
      Peer.assertKernelCountsNoTrouble(kernelHost);
      return report;
    }

    @Override
    public void close() {
      capture.close();
      lab.close();
    }
  }

  private interface Condition {
    boolean holds() throws IOException;
  }

  private static void until(Condition condition) throws IOException {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!condition.holds()) {
      assertThat(System.nanoTime()).as("the awaited does not come").isLessThan(deadline);
      pause(10);
    }
  }

  private static void pause(long millis) throws IOException {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  @ParameterizedTest(name = "ours is client: {0}")
  @ValueSource(booleans = {true, false})
  void theKernelHearsOfOurReset(boolean oursIsClient) throws IOException {
    try (Talk talk = new Talk(oursIsClient)) {
      talk.ours.abort();
      until(() -> talk.kernel.progress().over());
      assertThat(talk.kernel.progress().failure()).contains("reset by peer");
      assertThat(talk.kernelCounter("MPFastcloseRx")).isPositive();
      talk.check();
    }
  }

  @ParameterizedTest(name = "ours is client: {0}")
  @ValueSource(booleans = {true, false})
  void weHearOfTheKernelsReset(boolean oursIsClient) throws IOException {
    try (Talk talk = new Talk(oursIsClient)) {
      talk.kernel.abort();
      until(() -> talk.ours.progress().over());
      assertThat(talk.ours.progress().failure()).contains("Connection reset");
      assertThat(talk.kernelCounter("MPFastcloseTx")).isPositive();
      talk.check();
    }
  }

  @ParameterizedTest(name = "ours is client: {0}")
  @ValueSource(booleans = {true, false})
  void aSubflowThatWeMakeABackupOnTheWayIsSparedByBothUntilItIsNoneAgain(boolean oursIsClient)
      throws IOException {
    try (Talk talk = new Talk(oursIsClient, MANY_BYTES)) {
      String second = talk.ourHost.ipv4(2);
      // While the paths are full.
      talk.ours.backup(second, true);
      talk.ours.backup(second, false);
      until(() -> talk.kernelCounter("MPPrioRx") == 2);
      talk.ours.backup(second, true);
      until(() -> talk.kernelCounter("MPPrioRx") == 3);
      // What was under way.
      pause(200);
      long before = talk.carriedBySecondPath();
      pause(100);
      long spared = talk.carriedBySecondPath();
      talk.ours.backup(second, false);
      until(() -> talk.kernelCounter("MPPrioRx") == 4);
      talk.awaitAll();
      long after = talk.carriedBySecondPath();
      assertThat(spared - before).as("bytes of the backup").isLessThan(50_000);
      assertThat(after - spared).as("bytes of the one that is none again").isGreaterThan(300_000);
      assertThat(talk.ours.lostSubflow()).isFalse();
      talk.finish();
      talk.check();
    }
  }

  @ParameterizedTest(name = "of path {0}")
  @ValueSource(ints = {1, 2})
  void theKernelJoinsAnAddressThatWeAnnounceWithAPort(int path) throws IOException {
    try (Talk talk = new Talk(false)) {
      String address = talk.ourHost.ipv4(path);
      talk.ours.announce(address, ANNOUNCED);
      until(() -> talk.kernelCounter("PortAdd") > 0);
      until(() -> talk.kernelCounter("MPJoinPortSynAckRx") > 0);
      talk.awaitAll();
      talk.finish();
      assertThat(talk.check().subflows())
          .extracting(subflow -> subflow.responder())
          .contains(address + ":" + ANNOUNCED);
    }
  }

  @Test
  void theKernelServerTakesInAnAddressThatOurClientAnnouncesWithAPort() throws IOException {
    try (Talk talk = new Talk(true)) {
      talk.ours.announce(talk.ourHost.ipv4(2), ANNOUNCED);
      until(() -> talk.kernelCounter("PortAdd") > 0);
      until(() -> talk.kernelCounter("EchoAddTx") > 0);
      talk.awaitAll();
      talk.finish();
      talk.check();
    }
  }

  @ParameterizedTest(name = "ours is client: {0}")
  @ValueSource(booleans = {true, false})
  void theKernelLetsGoOfAnAddressThatWeLose(boolean oursIsClient) throws IOException {
    try (Talk talk = new Talk(oursIsClient)) {
      String address = talk.ourHost.ipv4(2) + "/24";
      talk.ourHost.run("ip", "addr", "del", address, "dev", talk.ourHost.interfaceName(2));
      until(() -> talk.kernelCounter("RmAddr") > 0);
      talk.awaitAll();
      assertThat(talk.ours.lostSubflow()).isTrue();
      talk.finish();
      talk.check();
    }
  }
}
