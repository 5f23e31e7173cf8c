package org.mptcp4j.samples.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mptcp4j.samples.lab.Host;
import org.mptcp4j.samples.lab.Impairments;
import org.mptcp4j.samples.lab.Lab;
import org.mptcp4j.samples.lab.PathSpec;

/**
 * One connection with the kernel, both ends writing, while every second something happens to a
 * path: an address of our host goes or comes, an endpoint of the kernel does, the path falls silent
 * or speaks again, its loss changes. {@code -Dlab.soak.seconds=180} for three minutes of it. A
 * shorter and slower one is captured, and read by those who know nothing of the engine.
 */
@Tag("lab")
class SoakLabTest {
  private static final int SECONDS = Integer.getInteger("lab.soak.seconds", 15);
  private static final int PATHS = 3;
  private static final PathSpec PATH =
      PathSpec.plain().withRate(50_000_000).withDelay(Duration.ofMillis(5));

  /** Slow enough for all that it carries to be captured and read. */
  private static final PathSpec SLOW_PATH = PATH.withRate(6_000_000);

  private static final int CAPTURED_SECONDS = 12;

  private static final Impairments IMPAIRMENTS = PATH.impairments();

  /** What one path carries, each way, in most of the seconds. */
  private static final long BYTES_PER_SECOND = 7_000_000;

  private static final long SLOW_BYTES_PER_SECOND = 900_000;

  @BeforeAll
  static void needsNamespaces() {
    String missing = Lab.missing().orElse("");
    assumeTrue(missing.isEmpty(), missing);
  }

  @ParameterizedTest(name = "{0} to {1}")
  @CsvSource({"OURS,KERNEL_MPTCP,signal,1", "KERNEL_MPTCP,OURS,subflow,2"})
  void aConnectionWithTheKernelOutlivesItsSubflows(
      Stack client, Stack server, String kind, long seed) throws Exception {
    try (Lab lab = Lab.builder().paths(PATHS, PATH).withoutIpv6().build()) {
      long bytes = SECONDS * BYTES_PER_SECOND;
      TransferRun run = new TransferRun(lab, client, server, false, bytes);
      disturb(lab, run, kind, client, seed, SECONDS, run::runAndCheck);
    }
  }

  @ParameterizedTest(name = "{0} to {1}")
  @CsvSource({"OURS,KERNEL_MPTCP,signal,3", "KERNEL_MPTCP,OURS,subflow,4"})
  void nothingIsWrongInTheCaptureOfSuchAConnection(
      Stack client, Stack server, String kind, long seed) throws Exception {
    CapturedTransfer.needsTools();
    try (Lab lab = Lab.builder().paths(PATHS, SLOW_PATH).forCaptures().withoutIpv6().build()) {
      long bytes = CAPTURED_SECONDS * SLOW_BYTES_PER_SECOND;
      TransferRun run = new TransferRun(lab, client, server, false, bytes);
      TransferRun.Step captured = () -> CapturedTransfer.run(lab, run, true);
      disturb(lab, run, kind, client, seed, CAPTURED_SECONDS, captured);
    }
  }

  /** Runs a transfer while the paths are disturbed. */
  private static void disturb(
      Lab lab,
      TransferRun run,
      String kind,
      Stack client,
      long seed,
      int seconds,
      TransferRun.Step runner)
      throws Exception {
    boolean oursIsClient = client == Stack.OURS;
    Host ours = oursIsClient ? lab.a() : lab.b();
    Host kernels = oursIsClient ? lab.b() : lab.a();
    List<Unrest> unrest = new ArrayList<>();
    Random random = new Random(seed);
    ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
    try {
      for (int path = 2; path <= PATHS; path++) {
        unrest.add(new Unrest(lab, ours, kernels, path, kind, random));
      }
      List<Future<?>> running = new ArrayList<>();
      run.pathsMayDiffer()
          .within(Duration.ofSeconds(60 + 2L * seconds))
          .beforehand(() -> unrest.forEach(Unrest::addEndpoint))
          .onceServing(
              () ->
                  running.add(
                      executor.scheduleAtFixedRate(
                          () -> unrest.get(random.nextInt(unrest.size())).happen(),
                          1_000,
                          1_000,
                          TimeUnit.MILLISECONDS)));
      runner.run();
      assertGoesOn(running.get(0));
      int changes = unrest.stream().mapToInt(Unrest::changes).sum();
      assertThat(changes).as("changes").isGreaterThan(seconds / 3);
    } finally {
      executor.shutdownNow();
      assertThat(executor.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
    }
  }

  /** A change that failed would have ended the series. */
  private static void assertGoesOn(Future<?> series) throws InterruptedException {
    if (series.isDone()) {
      try {
        series.get();
      } catch (ExecutionException e) {
        throw new AssertionError("a change failed", e.getCause());
      }
    }
  }

  /** What may happen to one path. The first path of a lab is left alone, so that one works. */
  private static final class Unrest {
    private final Lab lab;
    private final Host ours;
    private final Host kernels;
    private final int path;
    private final String kind;
    private final Random random;
    private boolean endpoint;
    private boolean address = true;
    private boolean silent;
    private final AtomicInteger changes = new AtomicInteger();

    Unrest(Lab lab, Host ours, Host kernels, int path, String kind, Random random) {
      this.lab = lab;
      this.ours = ours;
      this.kernels = kernels;
      this.path = path;
      this.kind = kind;
      this.random = random;
    }

    int changes() {
      return changes.get();
    }

    void addEndpoint() {
      endpoint = true;
      try {
        kernels.addKernelEndpoint(path, kind);
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    private void removeEndpoint() {
      endpoint = false;
      try {
        kernels.deleteKernelEndpoint(path);
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    private void address(boolean present) {
      address = present;
      run(
          ours,
          "ip",
          "addr",
          present ? "add" : "del",
          ours.ipv4(path) + "/24",
          "dev",
          ours.interfaceName(path));
    }

    private void silence(boolean wanted) {
      silent = wanted;
      if (wanted) {
        lab.path(path).silence();
      } else {
        lab.path(path).restore();
      }
    }

    void happen() {
      changes.incrementAndGet();
      if (silent) {
        silence(false);
      } else if (!address) {
        address(true);
      } else if (!endpoint) {
        addEndpoint();
      } else {
        switch (random.nextInt(4)) {
          case 0 -> silence(true);
          case 1 -> address(false);
          case 2 -> removeEndpoint();
          default -> lab.path(path).setImpairments(IMPAIRMENTS.withLoss(random.nextInt(3) / 100.0));
        }
      }
    }

    private static void run(Host host, String... command) {
      try {
        host.run(command);
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
