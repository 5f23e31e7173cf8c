package org.mptcp4j.benchmarks.network;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.mptcp4j.samples.lab.HostProcess;
import org.mptcp4j.samples.lab.Lab;
import org.mptcp4j.samples.lab.PathSpec;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * One TCP flow over a path that loses packets: our sender and the kernel's CUBIC sender ({@code
 * iperf3 -C cubic}), both to a receiver on the kernel's TCP. In each round both meet the same
 * losses, by the index of the packet; rounds are interleaved, the table has medians.
 */
@Command(
    name = "loss",
    mixinStandardHelpOptions = true,
    description = "One flow under loss: mptcp4j's TCP against the kernel's CUBIC.")
public final class LossBenchmark implements Callable<Integer> {
  private static final String PORT = "5201";
  private static final Pattern RECEIVED = Pattern.compile("([\\d.]+) Mbits/sec.*receiver");

  @Option(
      names = "--rounds",
      defaultValue = "5",
      description = "Rounds of each loss rate (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--seconds",
      defaultValue = "30",
      description = "Seconds of one transfer (default: ${DEFAULT-VALUE}).")
  private int seconds;

  @Option(
      names = "--loss",
      split = ",",
      defaultValue = "0,0.5,1,2",
      description = "Loss of data packets and of ACKs, in percent (default: ${DEFAULT-VALUE}).")
  private List<Double> losses;

  @Option(
      names = "--rate",
      defaultValue = "50",
      description = "Rate of the path in Mbit/s (default: ${DEFAULT-VALUE}).")
  private int megabits;

  @Option(
      names = "--rtt",
      defaultValue = "20",
      description = "Round trip of the path in ms (default: ${DEFAULT-VALUE}).")
  private int roundTripMillis;

  public static void main(String[] args) {
    System.exit(new CommandLine(new LossBenchmark()).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    System.out.printf(
        "%d Mbit/s, %d ms round trip, %d rounds of %d s; medians of goodput in Mbit/s%n",
        megabits, roundTripMillis, rounds, seconds);
    System.out.printf(
        "%8s %10s %14s %8s   %s%n",
        "loss", "mptcp4j", "kernel CUBIC", "ratio", "least to most of both");
    for (double loss : losses) {
      List<Double> ours = new ArrayList<>();
      List<Double> kernel = new ArrayList<>();
      for (int round = 1; round <= rounds; round++) {
        try (Lab lab = lab(loss, round)) {
          ours.add(ours(lab));
        }
        try (Lab lab = lab(loss, round)) {
          kernel.add(kernel(lab));
        }
      }
      double a = Medians.of(ours);
      double b = Medians.of(kernel);
      System.out.printf(
          Locale.ROOT,
          "%6.1f %% %10.2f %14.2f %8.2f   %.1f to %.1f; %.1f to %.1f%n",
          loss,
          a,
          b,
          a / b,
          Collections.min(ours),
          Collections.max(ours),
          Collections.min(kernel),
          Collections.max(kernel));
    }
    return 0;
  }

  /** A fresh network for each transfer, so that the emulator counts packets from 0. */
  private Lab lab(double lossPercent, int seed) throws IOException {
    PathSpec path =
        PathSpec.plain()
            .withRate(megabits * 1_000_000L)
            .withDelay(Duration.ofMillis(roundTripMillis).dividedBy(2))
            .withLoss(lossPercent / 100);
    return Lab.builder().path(path.withImpairments(path.impairments().withSeed(seed))).build();
  }

  private Duration limit() {
    return Duration.ofSeconds(seconds + 30L);
  }

  private double ours(Lab lab) throws IOException {
    String java = ProcessHandle.current().info().command().orElse("java");
    String classPath = System.getProperty("java.class.path");
    List<String> receive = List.of(java, "-cp", classPath, BulkReceiver.class.getName(), PORT);
    List<String> send =
        List.of(
            java,
            "-Djava.nio.channels.spi.SelectorProvider=org.mptcp4j.MptcpSelectorProvider",
            "-Dmptcp4j.rules=use tcp for connect * *",
            "-cp",
            classPath,
            BulkSender.class.getName(),
            lab.b().ipv4(1),
            PORT,
            Integer.toString(seconds));
    try (HostProcess receiver = lab.b().start(receive)) {
      receiver.awaitLineStarting("READY", limit());
      try (HostProcess sender = lab.a().start(send)) {
        sender.awaitLineStarting("DONE", limit());
        receiver.awaitLineStarting("TOTAL", limit());
      }
      return receiver.lines().stream()
          .filter(line -> line.startsWith("RATE "))
          .limit(seconds)
          .mapToDouble(line -> Double.parseDouble(line.substring("RATE ".length())) * 8 / 1e6)
          .average()
          .orElseThrow(() -> new IOException("nothing was measured: " + receiver.output()));
    }
  }

  private double kernel(Lab lab) throws IOException {
    try (HostProcess receiver =
        lab.b().start(List.of("iperf3", "-s", "-1", "-p", PORT, "-i", "0"))) {
      String to = lab.b().ipv4(1);
      String time = Integer.toString(seconds);
      // The server may not listen yet when the client comes: it says nothing when it does.
      List<String> once =
          List.of("iperf3", "-c", to, "-p", PORT, "-C", "cubic", "-t", time, "-f", "m", "-i", "0");
      List<String> patient =
          List.of("sh", "-c", "until ss -Hltn | grep -q :" + PORT + "; do :; done");
      lab.b().run(patient.toArray(String[]::new));
      try (HostProcess sender = lab.a().start(once)) {
        int status = sender.awaitExit(limit());
        Matcher m = RECEIVED.matcher(sender.output());
        if (status != 0 || !m.find()) {
          throw new IOException("iperf3 ended with " + status + ": " + sender.output());
        }
        return Double.parseDouble(m.group(1));
      } finally {
        receiver.terminate();
      }
    }
  }
}
