package org.mptcp4j.samples.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Opens a lab by hand: {@code samples/lab --paths 2 --rate 100mbit --delay 10ms,20ms}. */
@Command(
    name = "lab",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Builds two hosts, a and b, with paths between them, and opens a shell (or runs a command)"
            + " beside them. When it ends, however it ends, everything is taken down.")
public final class LabCommand implements Callable<Integer> {
  @Option(
      names = "--paths",
      defaultValue = "2",
      description = "number of paths (default ${DEFAULT-VALUE})")
  private int paths;

  @Option(
      names = "--rate",
      split = ",",
      description = "rate of each path: 100mbit, 1gbit; one value for all or one for each")
  private List<String> rates = List.of();

  @Option(names = "--delay", split = ",", description = "one-way delay of each path: 10ms, 500us")
  private List<String> delays = List.of();

  @Option(names = "--loss", split = ",", description = "loss of each path, each way: 0.5%%")
  private List<String> losses = List.of();

  @Option(names = "--mtu", split = ",", description = "MTU of each path in bytes")
  private List<Integer> mtus = List.of();

  @Option(
      names = "--plain",
      description = "bare cables where nothing else is asked for (then no outages)")
  private boolean plain;

  @Option(names = "--offloads-off", description = "turn TSO, GSO and GRO off (needs ethtool)")
  private boolean offloadsOff;

  @Parameters(arity = "0..*", description = "command to run instead of a shell")
  private List<String> command = List.of();

  /** What a shell answers for a command that it cannot run. */
  private static final int CANNOT_RUN = 126;

  private LabCommand() {}

  public static void main(String[] args) {
    System.exit(new CommandLine(new LabCommand()).execute(args));
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    String missing = Lab.missing().orElse("");
    if (!missing.isEmpty()) {
      System.err.println(missing);
      return 2;
    }
    Lab.Builder builder = Lab.builder();
    for (int i = 0; i < paths; i++) {
      builder.path(spec(i));
    }
    if (offloadsOff) {
      builder.withoutOffloads();
    }
    try (Lab lab = builder.build()) {
      HandTools tools = new HandTools(lab);
      boolean shell = command.isEmpty();
      if (shell) {
        System.out.println(tools.help());
      }
      ProcessBuilder process =
          new ProcessBuilder(shell ? List.of(userShell()) : command).inheritIO();
      process
          .environment()
          .merge("PATH", tools.directory().toString(), (path, dir) -> dir + ":" + path);
      Process running;
      try {
        running = process.start();
      } catch (IOException e) {
        System.err.println(e.getMessage());
        return CANNOT_RUN;
      }
      tools.serve(running);
      return running.waitFor();
    }
  }

  private static String userShell() {
    return System.getenv().getOrDefault("SHELL", "/bin/sh");
  }

  private PathSpec spec(int index) {
    PathSpec spec = plain ? PathSpec.plain() : PathSpec.plain().withEmulator();
    if (!rates.isEmpty()) {
      spec = spec.withRate(LabUnits.bitsPerSecond(pick(rates, index)));
    }
    if (!delays.isEmpty()) {
      spec = spec.withDelay(LabUnits.duration(pick(delays, index)));
    }
    if (!losses.isEmpty()) {
      spec = spec.withLoss(LabUnits.chance(pick(losses, index)));
    }
    if (!mtus.isEmpty()) {
      spec = spec.withMtu(pick(mtus, index));
    }
    return spec;
  }

  private static <T> T pick(List<T> values, int index) {
    return values.get(Math.min(index, values.size() - 1));
  }

  /** Small commands for the person at the shell: a, b, silence, restore, unplug, plug. */
  private static final class HandTools {
    private final Lab lab;
    private final Path directory;
    private final Path orders;

    HandTools(Lab lab) throws IOException {
      this.lab = lab;
      directory = lab.directory();
      orders = directory.resolve("orders");
      Files.createFile(orders);
      tool("a", "exec ip netns exec " + lab.a().namespace() + " \"$@\"");
      tool("b", "exec ip netns exec " + lab.b().namespace() + " \"$@\"");
      for (String order : List.of("silence", "restore", "unplug", "plug")) {
        tool(order, "echo " + order + " \"${1:?path number}\" >> " + orders);
      }
    }

    private void tool(String name, String body) throws IOException {
      Path file = directory.resolve(name);
      Files.writeString(file, "#!/bin/sh\n" + body + "\n");
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    Path directory() {
      return directory;
    }

    String help() {
      StringBuilder text = new StringBuilder("Two hosts, each in a network namespace:\n");
      for (var path : lab.paths()) {
        int n = path.number();
        text.append(
            "  path %d:  a %s %s   b %s %s%n"
                .formatted(n, lab.a().ipv4(n), lab.a().ipv6(n), lab.b().ipv4(n), lab.b().ipv6(n)));
      }
      return text
          + """
            Run a command in a host:        a ping 10.4.1.2      b java …
            Silence a path, let it speak:   silence 1            restore 1
            Pull its cables, put them in:   unplug 1             plug 1
            Leave (and take all down):      exit
            """;
    }

    /** Carries out orders until the process ends. */
    void serve(Process process) throws IOException, InterruptedException {
      int done = 0;
      while (!process.waitFor(100, java.util.concurrent.TimeUnit.MILLISECONDS)) {
        List<String> all = Files.readAllLines(orders);
        for (; done < all.size(); done++) {
          try {
            carryOut(all.get(done));
          } catch (IOException | RuntimeException e) {
            System.err.println("lab: " + all.get(done) + ": " + e.getMessage());
          }
        }
      }
    }

    private void carryOut(String order) throws IOException {
      String[] words = order.split(" ", -1);
      int number = Integer.parseInt(words[1]);
      if (number < 1 || number > lab.paths().size()) {
        throw new IllegalArgumentException("paths are 1 to " + lab.paths().size());
      }
      var path = lab.path(number);
      switch (words[0]) {
        case "silence" -> path.silence();
        case "restore" -> path.restore();
        case "unplug" -> path.unplug();
        case "plug" -> path.plug();
        default -> throw new IllegalArgumentException("unknown order");
      }
    }
  }
}
