package org.mptcp4j.samples.check;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The checker as a command: exit status 0 when all is right, 1 when something is wrong. */
@Command(
    name = "check",
    mixinStandardHelpOptions = true,
    description =
        "Reads captures (pcap) of whole MPTCP connections and says what contradicts RFC 8684, and"
            + " what the data streams were.")
public final class CheckCommand implements Callable<Integer> {
  @Option(
      names = "--offloaded",
      description = "checksum offload was on: TCP checksums are not finished, do not check them")
  private boolean offloaded;

  @Parameters(arity = "1..*", paramLabel = "FILE.pcap", description = "captures to check")
  private List<Path> files = List.of();

  @Spec private CommandSpec spec;

  private CheckCommand() {}

  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  static CommandLine commandLine() {
    return new CommandLine(new CheckCommand());
  }

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    int status = 0;
    for (Path file : files) {
      out.println(file);
      try {
        CheckReport report = CaptureChecker.check(file, offloaded);
        out.print(report.toText());
        status = Math.max(status, report.isClean() ? 0 : 1);
      } catch (IOException e) {
        out.println("cannot read it: " + e.getMessage());
        status = 2;
      }
    }
    out.flush();
    return status;
  }
}
