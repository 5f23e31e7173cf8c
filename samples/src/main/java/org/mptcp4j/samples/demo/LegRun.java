package org.mptcp4j.samples.demo;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.mptcp4j.samples.lab.HostProcess;
import org.mptcp4j.samples.lab.Lab;
import org.mptcp4j.samples.lab.Path;

/** Runs one leg in a lab of its own and judges it. Host b serves, host a fetches. */
final class LegRun {
  /** Fetched before the leg is measured. */
  static final int WARM_UP_MEGABYTES = 60;

  private static final String WARM_UP_BYTES = WARM_UP_MEGABYTES + "000000";
  private static final int PORT = 8000;
  private static final Duration START_LIMIT = Duration.ofSeconds(20);
  private static final Duration STEP_LIMIT = Duration.ofSeconds(15);
  private static final double CUT_AT = 0.5;
  private static final double RESTORED_AT = 0.75;
  private static final double LEAST_GOODPUT = 0.95;
  private static final double LEAST_SHARE = 0.40;
  // IPv4 20, TCP 20, options 40: timestamps 12, DSS with 64-bit numbers and checksum 28.
  private static final int HEADERS_WITH_MPTCP = 80;
  private static final int ETHERNET_HEADER = 14;
  private static final Pattern SUBFLOWS = Pattern.compile("\\bsubflows:(\\d+)");

  private final Leg leg;
  private final Lab lab;
  private final RandomFile file;
  private final Programs programs;
  private final List<String> problems = new ArrayList<>();
  private List<Long> before = List.of();
  private long warmUpNanos;
  private int kernelSubflows;

  LegRun(Leg leg, Lab lab, RandomFile file, Programs programs) {
    this.leg = leg;
    this.lab = lab;
    this.file = file;
    this.programs = programs;
  }

  LegResult run() throws IOException {
    if (leg == Leg.MPTCP4J_TO_KERNEL) {
      lab.b().announceKernelAddress(2, false);
    }
    before = received();
    try (HostProcess server = lab.b().start(serverCommand())) {
      server.awaitLineStarting("ready", START_LIMIT);
      try (HostProcess client = lab.a().start(clientCommand())) {
        String result = follow(client);
        int status = client.awaitExit(STEP_LIMIT);
        if (status != 0) {
          problems.add("the client's exit status is " + status);
        }
        return judge(result.split(" ", -1), received(before));
      }
    } catch (IllegalStateException e) {
      System.out.println();
      problems.add(e.getMessage());
      return new LegResult(
          leg, 0, 1, warmUpNanos, 0, false, received(before), kernelSubflows, problems);
    }
  }

  private List<Long> received(List<Long> before) throws IOException {
    List<Long> difference = received();
    for (int i = 0; i < before.size(); i++) {
      difference.set(i, difference.get(i) - before.get(i));
    }
    return difference;
  }

  private List<String> serverCommand() {
    String port = Integer.toString(PORT);
    String path = file.path().toString();
    return switch (leg) {
      case KERNEL_TCP -> programs.plain(FileServer.class, port, path);
      case MPTCP4J, MPTCP4J_CUT -> programs.withMptcp4j(FileServer.class, port, path);
      case MPTCP4J_TO_KERNEL -> programs.plain(KernelMptcpFileServer.class, port, path);
    };
  }

  private List<String> clientCommand() {
    String url = "http://" + lab.b().ipv4(1) + ":" + PORT + "/";
    return leg.isOurs()
        ? programs.withMptcp4j(FileClient.class, url, WARM_UP_BYTES)
        : programs.plain(FileClient.class, url, WARM_UP_BYTES);
  }

  private List<Long> received() throws IOException {
    List<Long> bytes = new ArrayList<>();
    for (int path = 1; path <= lab.paths().size(); path++) {
      bytes.add(lab.a().counters(path).rxBytes());
    }
    return bytes;
  }

  /** Shows progress and does what the leg wants done on the way; returns the client's result. */
  private String follow(HostProcess client) throws IOException {
    HostProcess.Follower reports = client.follow();
    String warm = reports.next(line -> line.startsWith("warm "), START_LIMIT);
    warmUpNanos = Long.parseLong(warm.substring("warm ".length()));
    before = received();
    Meter meter = new Meter(leg, lab, file.size());
    boolean cut = false;
    boolean restored = false;
    while (true) {
      String line = reports.next(LegRun::isReport, STEP_LIMIT);
      if (line.startsWith("result ")) {
        meter.end();
        return line;
      }
      long bytes = Long.parseLong(line.substring("progress ".length()));
      double part = (double) bytes / file.size();
      if (leg == Leg.MPTCP4J_CUT && !cut && part >= CUT_AT) {
        lab.path(1).silence();
        cut = true;
        meter.note("path 1 cut");
      } else if (cut && !restored && part >= RESTORED_AT) {
        lab.path(1).restore();
        restored = true;
        meter.note("path 1 back");
      } else if (leg == Leg.MPTCP4J_TO_KERNEL && kernelSubflows == 0 && part >= CUT_AT) {
        kernelSubflows = countKernelSubflows();
      }
      meter.show(bytes);
    }
  }

  private static boolean isReport(String line) {
    return line.startsWith("progress ") || line.startsWith("result ");
  }

  /** What {@code ss -M -i} at the server says of the connection with most. */
  private int countKernelSubflows() throws IOException {
    Matcher m = SUBFLOWS.matcher(lab.b().kernelMptcpSockets());
    int most = 0;
    while (m.find()) {
      most = Math.max(most, Integer.parseInt(m.group(1)));
    }
    // The kernel counts those beside the first.
    return 1 + most;
  }

  private LegResult judge(String[] words, List<Long> pathBytes) {
    long bytes = Long.parseLong(words[1]);
    boolean hashEqual = words[4].equals(file.sha256()) && bytes == file.size();
    LegResult result =
        new LegResult(
            leg,
            bytes,
            Long.parseLong(words[2]),
            warmUpNanos,
            Long.parseLong(words[3]),
            hashEqual,
            pathBytes,
            kernelSubflows,
            problems);
    if (!hashEqual) {
      problems.add("what arrived is not what was sent");
    }
    switch (leg) {
      case KERNEL_TCP, MPTCP4J_CUT -> {}
      case MPTCP4J -> judgeBothPaths(result);
      case MPTCP4J_TO_KERNEL -> {
        if (kernelSubflows < 2) {
          problems.add("the kernel counts " + kernelSubflows + " subflow, not two");
        }
      }
    }
    return result;
  }

  private void judgeBothPaths(LegResult result) {
    double possible = 0;
    for (Path path : lab.paths()) {
      int mtu = path.spec().mtu();
      possible +=
          (double) path.spec().rateBitsPerSecond()
              * (mtu - HEADERS_WITH_MPTCP)
              / (mtu + ETHERNET_HEADER);
      if (result.share(path.number()) < LEAST_SHARE) {
        problems.add(
            String.format(
                Locale.ROOT,
                "path %d carried %.0f %% of the bytes, less than %.0f %%",
                path.number(),
                100 * result.share(path.number()),
                100 * LEAST_SHARE));
      }
    }
    double reached = result.goodputBitsPerSecond() / possible;
    if (reached < LEAST_GOODPUT) {
      problems.add(
          String.format(
              Locale.ROOT,
              "%.1f Mbit/s is %.1f %% of the %.1f Mbit/s that both paths can carry, less than"
                  + " %.0f %%",
              result.goodputBitsPerSecond() / 1e6,
              100 * reached,
              possible / 1e6,
              100 * LEAST_GOODPUT));
    }
  }
}
