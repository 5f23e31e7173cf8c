package org.mptcp4j.benchmarks.network;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.mptcp4j.samples.lab.Host;
import org.mptcp4j.samples.lab.HostProcess;
import org.mptcp4j.samples.lab.Lab;
import org.mptcp4j.samples.lab.PathSpec;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Bulk transfer in one direction between two JVMs over one unshaped veth path, the same ordinary
 * program each time: over kernel TCP, kernel MPTCP ({@code mptcpize}), and mptcp4j with and without
 * DSS checksums. Rounds are interleaved; the table has the median of the rounds, a round being the
 * median of its seconds after the first.
 */
@Command(
    name = "bulk",
    mixinStandardHelpOptions = true,
    description = "Bulk transfer over one unshaped path: kernel TCP, kernel MPTCP, mptcp4j.")
public final class BulkBenchmark implements Callable<Integer> {
  private static final int PORT = 5201;

  /** What carries the transfer. */
  enum Carrier {
    KERNEL_TCP("kernel TCP"),
    KERNEL_MPTCP("kernel MPTCP"),
    MPTCP4J("mptcp4j"),
    MPTCP4J_NO_CHECKSUM("mptcp4j, no DSS checksum"),
    MPTCP4J_PLAIN("mptcp4j, plain TCP to kernel TCP");

    private final String title;

    Carrier(String title) {
      this.title = title;
    }

    List<String> command(boolean sender, List<String> arguments) {
      List<String> line = new ArrayList<>();
      if (this == KERNEL_MPTCP) {
        line.addAll(List.of("mptcpize", "run"));
      }
      line.add(ProcessHandle.current().info().command().orElse("java"));
      line.addAll(List.of("-cp", System.getProperty("java.class.path")));
      boolean engine =
          this == MPTCP4J || this == MPTCP4J_NO_CHECKSUM || (this == MPTCP4J_PLAIN && sender);
      if (engine) {
        line.add("-Djava.nio.channels.spi.SelectorProvider=org.mptcp4j.MptcpSelectorProvider");
      }
      if (this == MPTCP4J_NO_CHECKSUM) {
        line.add("-Dmptcp4j.checksum=false");
      }
      line.add((sender ? BulkSender.class : BulkReceiver.class).getName());
      line.addAll(arguments);
      return line;
    }
  }

  @Option(
      names = "--rounds",
      defaultValue = "5",
      description = "Rounds of all carriers (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--seconds",
      defaultValue = "5",
      description = "Seconds of one transfer (default: ${DEFAULT-VALUE}).")
  private int seconds;

  @Option(names = "--without-offloads", description = "Turn TSO, GSO and GRO off (needs ethtool).")
  private boolean withoutOffloads;

  public static void main(String[] args) {
    System.exit(new CommandLine(new BulkBenchmark()).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    Map<Carrier, List<Double>> results = new EnumMap<>(Carrier.class);
    List<Carrier> carriers = new ArrayList<>(List.of(Carrier.values()));
    if (!hasMptcpize()) {
      System.out.println(
          "kernel MPTCP is left out: it needs the program 'mptcpize' (package mptcpize)");
      carriers.remove(Carrier.KERNEL_MPTCP);
    }
    Lab.Builder builder = Lab.builder().path(PathSpec.plain());
    try (Lab lab = (withoutOffloads ? builder.withoutOffloads() : builder).build()) {
      for (int round = 1; round <= rounds; round++) {
        for (Carrier carrier : carriers) {
          double gbits = transfer(lab.a(), lab.b(), carrier);
          results.computeIfAbsent(carrier, c -> new ArrayList<>()).add(gbits);
          System.out.printf("round %d  %-34s %6.2f Gbit/s%n", round, carrier.title, gbits);
        }
      }
    }
    double base = Medians.of(results.get(Carrier.KERNEL_TCP));
    System.out.printf(
        "%n%-36s %10s %18s%n", "median of " + rounds + " rounds", "Gbit/s", "of kernel TCP");
    results.forEach(
        (carrier, rates) ->
            System.out.printf(
                "%-36s %10.2f %18.2f%n",
                carrier.title, Medians.of(rates), Medians.of(rates) / base));
    return 0;
  }

  private double transfer(Host client, Host server, Carrier carrier) throws IOException {
    Duration limit = Duration.ofSeconds(seconds + 30L);
    try (HostProcess receiver = server.start(carrier.command(false, List.of("" + PORT)))) {
      receiver.awaitLineStarting("READY", limit);
      List<String> arguments = List.of(server.ipv4(1), "" + PORT, "" + seconds);
      try (HostProcess sender = client.start(carrier.command(true, arguments))) {
        sender.awaitLineStarting("DONE", limit);
        receiver.awaitLineStarting("TOTAL", limit);
      }
      double[] rates =
          receiver.lines().stream()
              .filter(line -> line.startsWith("RATE "))
              .skip(1)
              .mapToDouble(line -> Double.parseDouble(line.substring(5)))
              .toArray();
      if (rates.length == 0) {
        throw new IOException("the transfer was too short to measure: " + receiver.output());
      }
      return Medians.of(Arrays.stream(rates).boxed().toList()) * 8 / 1e9;
    }
  }

  private static boolean hasMptcpize() {
    return Arrays.stream(System.getenv("PATH").split(":"))
        .anyMatch(directory -> Files.isExecutable(java.nio.file.Path.of(directory, "mptcpize")));
  }
}
