package org.mptcp4j.samples.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.mptcp4j.samples.lab.Lab;
import org.mptcp4j.samples.lab.PathSpec;
import org.mptcp4j.samples.lab.ScratchDirectory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The demonstration ({@code samples/demo}); see the package. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Fetches a file between two hosts that two paths join (100 Mbit/s each; 20 ms and 40 ms"
            + " round trip): (a) over kernel TCP, (b) over mptcp4j, (c) with path 1 cut for a while,"
            + " (d) from a kernel MPTCP server. Exit status 0 only if all is right.")
public final class Demo implements Callable<Integer> {
  static final long RATE_BITS_PER_SECOND = 100_000_000;

  @Option(
      names = "--megabytes",
      defaultValue = "200",
      description = "size of the file in MB (default ${DEFAULT-VALUE})")
  private int megabytes;

  @Option(
      names = "--legs",
      split = ",",
      description = "which to run: ${COMPLETION-CANDIDATES} (default all)")
  private List<Leg> legs = List.of(Leg.values());

  @Option(
      names = "--kernel-sockets",
      hidden = true,
      description = "run all legs over kernel sockets, to try the demonstration itself")
  private boolean kernelSockets;

  @Option(
      names = "--jvm-option",
      hidden = true,
      description = "given to the programs that run on mptcp4j")
  private List<String> jvmOptions = List.of();

  private Demo() {}

  public static void main(String[] args) {
    System.exit(
        new CommandLine(new Demo()).setCaseInsensitiveEnumValuesAllowed(true).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    String missing = Lab.missing().orElse("");
    String root = System.getProperty("samples.root", ".");
    String applicationJar = root + "/samples/target/mptcp4j-samples.jar";
    String libraries = root + "/samples/target/lib";
    String mptcp4jJar = root + "/provider/target/mptcp4j-all.jar";
    for (String file : List.of(applicationJar, libraries, mptcp4jJar)) {
      if (missing.isEmpty() && !Files.isReadable(Path.of(file))) {
        missing = "there is no " + file + ": start the demonstration with samples/demo";
      }
    }
    if (!missing.isEmpty()) {
      System.err.println("demo: " + missing);
      return 2;
    }
    List<LegResult> results = new ArrayList<>();
    Programs programs =
        new Programs(applicationJar, libraries, mptcp4jJar, kernelSockets, List.copyOf(jvmOptions));
    try (ScratchDirectory scratch = new ScratchDirectory()) {
      RandomFile file = RandomFile.create(scratch.path().resolve("file"), megabytes * 1_000_000L);
      System.out.printf(
          "A file of %d MB, two paths of %d Mbit/s with 20 ms and 40 ms round trip.%n"
              + "Before it is timed, each pair of programs transfers %d MB over a connection of their"
              + " own%n(\"cold\" in the table): new JVMs spend their first seconds on compiling.%n",
          megabytes, RATE_BITS_PER_SECOND / 1_000_000, LegRun.WARM_UP_MEGABYTES);
      for (Leg leg : legs) {
        // A fresh network for each: nothing of one leg is in the counters of the next.
        try (Lab lab = lab()) {
          results.add(new LegRun(leg, lab, file, programs).run());
        }
      }
    }
    System.out.println();
    System.out.print(Report.table(results));
    return verdict(results);
  }

  private static Lab lab() throws IOException {
    PathSpec path = PathSpec.plain().withRate(RATE_BITS_PER_SECOND);
    return Lab.builder()
        .path(path.withDelay(Duration.ofMillis(10)))
        .path(path.withDelay(Duration.ofMillis(20)))
        .withoutIpv6()
        .build();
  }

  private static int verdict(List<LegResult> results) {
    List<String> problems = new ArrayList<>();
    for (LegResult result : results) {
      for (String problem : result.problems()) {
        problems.add(result.leg().title() + ": " + problem);
      }
    }
    if (problems.isEmpty()) {
      System.out.println("All is right.");
      return 0;
    }
    System.out.println("Not all is right:");
    problems.forEach(problem -> System.out.println("  " + problem));
    return 1;
  }
}
