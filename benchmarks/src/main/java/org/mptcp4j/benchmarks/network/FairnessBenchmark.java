package org.mptcp4j.benchmarks.network;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.mptcp4j.samples.bottleneck.SharedBottleneck;
import org.mptcp4j.samples.bottleneck.SharedBottleneck.Sender;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Two flows of CUBIC share a bottleneck: one of ours and one of the kernel's, and, to compare, two
 * of a kind. All go to receivers on the kernel's TCP; the table has Jain's index of the bytes that
 * came.
 */
@Command(
    name = "fairness",
    mixinStandardHelpOptions = true,
    description = "Two flows share a bottleneck: mptcp4j's CUBIC beside the kernel's.")
public final class FairnessBenchmark implements Callable<Integer> {
  /** Who shares. */
  enum Pair {
    MPTCP4J_AND_KERNEL(Sender.MPTCP4J, Sender.KERNEL),
    KERNEL_AND_MPTCP4J(Sender.KERNEL, Sender.MPTCP4J),
    MPTCP4J_AND_MPTCP4J(Sender.MPTCP4J, Sender.MPTCP4J),
    KERNEL_AND_KERNEL(Sender.KERNEL, Sender.KERNEL);

    private final Sender first;
    private final Sender second;

    Pair(Sender first, Sender second) {
      this.first = first;
      this.second = second;
    }
  }

  @Option(
      names = "--rounds",
      defaultValue = "5",
      description = "Rounds of each pair (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--pairs",
      split = ",",
      defaultValue = "MPTCP4J_AND_KERNEL,MPTCP4J_AND_MPTCP4J,KERNEL_AND_KERNEL",
      description = "Who shares, the first to begin first: ${COMPLETION-CANDIDATES}.")
  private List<Pair> pairs;

  @Option(
      names = "--seconds",
      defaultValue = "60",
      description = "Seconds that are measured (default: ${DEFAULT-VALUE}).")
  private int seconds;

  @Option(
      names = "--start",
      defaultValue = "10",
      description =
          "Seconds at the beginning that the second index leaves out (default: ${DEFAULT-VALUE}).")
  private int startSeconds;

  @Option(
      names = "--later",
      defaultValue = "0",
      description =
          "Seconds after the first flow at which the second begins, and measuring with it (default:"
              + " ${DEFAULT-VALUE}).")
  private int laterSeconds;

  @Option(
      names = "--rate",
      defaultValue = "50",
      description = "Rate of the bottleneck in Mbit/s (default: ${DEFAULT-VALUE}).")
  private int megabits;

  @Option(
      names = "--rtt",
      defaultValue = "20",
      description =
          "Round trip of the path in ms; the queue is as long (default: ${DEFAULT-VALUE}).")
  private int roundTripMillis;

  public static void main(String[] args) {
    System.exit(new CommandLine(new FairnessBenchmark()).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    System.out.printf(
        "%d Mbit/s, %d ms round trip and queue, %d rounds of %d s, the second flow %d s later;"
            + " Mbit/s and Jain's index, all and without the first %d s%n",
        megabits, roundTripMillis, rounds, seconds, laterSeconds, startSeconds);
    SharedBottleneck bottleneck =
        SharedBottleneck.withQueueOfThePath(
            megabits * 1_000_000L, Duration.ofMillis(roundTripMillis));
    SharedBottleneck.Times times =
        new SharedBottleneck.Times(
            Duration.ofSeconds(laterSeconds),
            Duration.ofSeconds(seconds),
            Duration.ofSeconds(startSeconds));
    List<List<Double>> indices = new ArrayList<>();
    pairs.forEach(pair -> indices.add(new ArrayList<>()));
    for (int round = 1; round <= rounds; round++) {
      for (int i = 0; i < pairs.size(); i++) {
        Pair pair = pairs.get(i);
        SharedBottleneck.Result result = bottleneck.measure(pair.first, pair.second, times);
        indices.get(i).add(result.whole().jain());
        System.out.printf(
            Locale.ROOT,
            "round %d  %-20s %6.2f %6.2f  %.4f   %6.2f %6.2f  %.4f%n",
            round,
            pair,
            result.whole().firstMegabitsPerSecond(),
            result.whole().secondMegabitsPerSecond(),
            result.whole().jain(),
            result.withoutStart().firstMegabitsPerSecond(),
            result.withoutStart().secondMegabitsPerSecond(),
            result.withoutStart().jain());
      }
    }
    for (int i = 0; i < pairs.size(); i++) {
      System.out.printf(
          Locale.ROOT,
          "%-20s median %.4f, least %.4f%n",
          pairs.get(i),
          Medians.of(indices.get(i)),
          Collections.min(indices.get(i)));
    }
    return 0;
  }
}
