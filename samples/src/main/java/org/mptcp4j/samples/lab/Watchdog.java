package org.mptcp4j.samples.lab;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A shell that waits at a pipe from this JVM. When the lab closes, or the pipe breaks because the
 * JVM is gone however it went, it kills what runs in the lab's namespaces and deletes them. There
 * is no other way of taking a lab down, so this one is used every time.
 */
final class Watchdog implements Closeable {
  private static final long LIMIT_SECONDS = 30;

  // The first line that comes is "closed" in an orderly end. Else the JVM died, perhaps with
  // commands under way that still make namespaces: then look again after a second.
  private static final String SCRIPT =
      """
      trap '' HUP INT QUIT TERM
      PATH=$PATH:/usr/sbin:/sbin
      said=
      read -r said || said=
      sweep() {
        [ -z "$2" ] || rm -rf "$2"
        [ -n "$1" ] || return
        for ns in $(ip netns list | sed 's/ .*//' | grep "^$1"); do
          for pid in $(ip netns pids "$ns"); do kill -9 "$pid"; done
          for dev in $(ip -n "$ns" -o link show type veth | sed 's/^[0-9]*: *\\([^:@]*\\).*/\\1/'); do
            ip -n "$ns" link del "$dev"
          done
          ip netns del "$ns"
        done
      }
      sweep "$1" "$2"
      if [ "$said" != closed ]; then sleep 1; sweep "$1" "$2"; sleep 2; sweep "$1" "$2"; fi
      """;

  private final Process process;

  /**
   * @param prefix of the names of all namespaces that are to go; empty for none
   * @param directory that is to go, with all that is in it
   */
  Watchdog(String prefix, Path directory) throws IOException {
    List<String> command = new ArrayList<>();
    if (Shell.has("setsid")) {
      // A session of its own: a signal to the terminal's or the test runner's process group passes
      // it by.
      command.add("setsid");
    }
    command.addAll(
        List.of("sh", "-c", SCRIPT, "mptcp4j-lab-watchdog", prefix, directory.toString()));
    process =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
  }

  /** Takes the lab down and returns when it is. */
  @Override
  public void close() {
    try (OutputStream pipe = process.getOutputStream()) {
      pipe.write("closed\n".getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("the lab's watchdog is gone", e);
    }
    try {
      if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException(
            "the lab's watchdog takes longer than a lab takes to clear");
      }
    } catch (InterruptedException e) {
      // It goes on by itself.
      Thread.currentThread().interrupt();
    }
  }
}
