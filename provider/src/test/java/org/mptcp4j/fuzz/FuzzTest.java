package org.mptcp4j.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.mptcp4j.link.NetlinkFuzz;
import org.mptcp4j.sim.ConnectionFuzz;
import org.mptcp4j.tcp.EndpointFuzz;
import org.mptcp4j.wire.WireFuzz;

/**
 * Jazzer on each target, so many runs with a fixed seed, in a virtual machine of its own that has
 * little memory. By hand: {@code mvn test -pl provider -Dtest=FuzzTest -Dfuzz.seconds=600} shares
 * that time among the targets instead, {@code -Dfuzz.first} is another seed. An input that fails is
 * left in {@code target/fuzz}; once the fault is mended it belongs into {@code
 * src/test/resources/fuzz}, where it is run for ever.
 */
@Tag("simulation")
class FuzzTest {
  private static final Path KNOWN = Path.of("src/test/resources/fuzz");
  private static final int SECONDS = Integer.getInteger("fuzz.seconds", 0);
  private static final int SEED = Integer.getInteger("fuzz.first", 1);

  private enum Target {
    WIRE(WireFuzz.class, 200_000),
    NETLINK(NetlinkFuzz.class, 100_000),
    ENDPOINT(EndpointFuzz.class, 10_000),
    CONNECTION(ConnectionFuzz.class, 1_000);

    private final Class<?> type;
    private final int runs;

    Target(Class<?> type, int runs) {
      this.type = type;
      this.runs = runs;
    }

    void run(byte[] input) {
      switch (this) {
        case WIRE -> WireFuzz.fuzzerTestOneInput(input);
        case NETLINK -> NetlinkFuzz.fuzzerTestOneInput(input);
        case ENDPOINT -> EndpointFuzz.fuzzerTestOneInput(input);
        case CONNECTION -> ConnectionFuzz.fuzzerTestOneInput(input);
      }
    }
  }

  private record Known(Target target, Path file) {
    @Override
    public String toString() {
      return target + " " + file.getFileName();
    }
  }

  static List<Known> known() throws IOException {
    List<Known> known = new ArrayList<>();
    for (Target target : Target.values()) {
      for (Path file : filesOf(target)) {
        known.add(new Known(target, file));
      }
    }
    return known;
  }

  private static List<Path> filesOf(Target target) throws IOException {
    Path directory = KNOWN.resolve(target.type.getSimpleName());
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files.sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("known")
  void whatOnceFailedIsRight(Known known) throws IOException {
    byte[] input = Files.readAllBytes(known.file());
    assertThatCode(() -> known.target().run(input)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @EnumSource
  void nothingThrowsGrowsOrGoesOnForEver(Target target) throws Exception {
    Path directory = Path.of("target/fuzz", target.type.getSimpleName()).toAbsolutePath();
    deleteFilesIn(directory.resolve("corpus"));
    Path corpus = Files.createDirectories(directory.resolve("corpus"));
    sow(target, corpus);
    Path log = directory.resolve("log");
    Process process =
        new ProcessBuilder(command(target, corpus))
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      assertThat(process.waitFor(SECONDS + 600, TimeUnit.SECONDS)).as("it ends").isTrue();
    } finally {
      process.destroyForcibly();
    }
    List<String> lines = Files.readAllLines(log);
    assertThat(process.exitValue()).as("%s", lastOf(lines)).isZero();
    assertThat(lines).as("%s", lastOf(lines)).anyMatch(line -> line.startsWith("Done "));
  }

  /** What an earlier run found would make this one another. */
  private static void deleteFilesIn(Path directory) throws IOException {
    if (Files.isDirectory(directory)) {
      try (Stream<Path> files = Files.list(directory)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private static String lastOf(List<String> lines) {
    List<String> telling = lines.stream().filter(line -> !line.startsWith("#")).toList();
    return String.join("\n", telling.subList(Math.max(0, telling.size() - 60), telling.size()));
  }

  /** Inputs to begin with: long ones, which chance alone would take long to find. */
  private static void sow(Target target, Path corpus) throws IOException {
    Random random = new Random(SEED);
    for (int i = 0; i < 60; i++) {
      byte[] seed = new byte[20 + random.nextInt(380)];
      random.nextBytes(seed);
      Files.write(corpus.resolve("seed" + i), seed);
    }
    for (Path file : filesOf(target)) {
      Files.copy(file, corpus.resolve(file.getFileName()));
    }
  }

  private static List<String> command(Target target, Path corpus) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx256m");
    command.add("-XX:+UseSerialGC");
    command.add("-XX:+IgnoreUnrecognizedVMOptions");
    command.add("-XX:+EnableDynamicAgentLoading");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add("com.code_intelligence.jazzer.Jazzer");
    command.add("--target_class=" + target.type.getName());
    command.add("--instrumentation_includes=org.mptcp4j.**");
    // It fails where a library is fast by means of Unsafe.
    command.add("--disabled_hooks=com.code_intelligence.jazzer.sanitizers.UnsafeSanitizer");
    command.add("--reproducer_path=.");
    command.add("-seed=" + SEED);
    command.add("-max_len=400");
    command.add("-timeout=300");
    command.add("-print_final_stats=1");
    command.add(
        SECONDS == 0
            ? "-runs=" + target.runs
            : "-max_total_time=" + SECONDS / Target.values().length);
    command.add(corpus.toString());
    return command;
  }
}
