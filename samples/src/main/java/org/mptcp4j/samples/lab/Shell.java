package org.mptcp4j.samples.lab;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Runs short commands to their end. */
final class Shell {
  private static final long LIMIT_SECONDS = 60;

  private static final int TAIL_LINES = 10;

  private Shell() {}

  /**
   * Runs a command and returns what it printed.
   *
   * @throws IOException when it fails; the message has the command and its output
   */
  static String run(List<String> command) throws IOException {
    return run(String.join(" ", command), command);
  }

  private static String run(String title, List<String> command) throws IOException {
    Process process =
        new ProcessBuilder(command)
            .redirectInput(new File("/dev/null"))
            .redirectErrorStream(true)
            .start();
    CompletableFuture.delayedExecutor(LIMIT_SECONDS, TimeUnit.SECONDS)
        .execute(process::destroyForcibly);
    try {
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int status = process.waitFor();
      if (status != 0) {
        throw new IOException("'%s' ended with status %d: %s".formatted(title, status, tail(text)));
      }
      return text;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while running " + command, e);
    }
  }

  /** Runs lines of shell, stopping at the first that fails; the message then ends with that one. */
  static String script(List<String> lines) throws IOException {
    return run("a script", List.of("sh", "-exc", String.join("\n", lines)));
  }

  private static String tail(String text) {
    List<String> lines = text.strip().lines().toList();
    return String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
  }

  /** Whether a program of this name is on the path. */
  static boolean has(String program) {
    for (String directory :
        (System.getenv().getOrDefault("PATH", "") + ":/usr/sbin:/sbin").split(":", -1)) {
      if (!directory.isEmpty() && Files.isExecutable(Path.of(directory, program))) {
        return true;
      }
    }
    return false;
  }
}
