package org.mptcp4j.samples.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.mptcp4j.samples.lab.Lab;

/** The progress line. */
final class Meter {
  private static final boolean TERMINAL = outputIsTerminal();
  private static final long INTERVAL_NANOS = TERMINAL ? 500_000_000 : 2_000_000_000;

  private final Leg leg;
  private final Lab lab;
  private final long size;
  private final long[] lastPathBytes;
  private long lastNanos = System.nanoTime();
  private long lastBytes;
  private String note = "";

  Meter(Leg leg, Lab lab, long size) {
    this.leg = leg;
    this.lab = lab;
    this.size = size;
    lastPathBytes = new long[lab.paths().size()];
    for (int i = 0; i < lastPathBytes.length; i++) {
      lastPathBytes[i] = lab.path(i + 1).bytesToA();
    }
  }

  private static boolean outputIsTerminal() {
    try {
      // System.console() says yes whatever the output is, from JDK 22 on.
      String output = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
      return output.startsWith("/dev/pts/") || output.startsWith("/dev/tty");
    } catch (IOException e) {
      return false;
    }
  }

  /** Adds a remark to the line. */
  void note(String remark) {
    note += ", " + remark;
  }

  /** Shows how far it is, now and then. */
  void show(long bytes) {
    long now = System.nanoTime();
    if (now - lastNanos < INTERVAL_NANOS) {
      return;
    }
    double seconds = (now - lastNanos) / 1e9;
    StringBuilder line =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "%-33s %5.1f MB of %.0f  %6.1f Mbit/s",
                leg.title(),
                bytes / 1e6,
                size / 1e6,
                (bytes - lastBytes) * 8 / seconds / 1e6));
    for (int i = 0; i < lastPathBytes.length; i++) {
      long path = lab.path(i + 1).bytesToA();
      line.append(
          String.format(
              Locale.ROOT,
              "  path %d %5.1f",
              i + 1,
              (path - lastPathBytes[i]) * 8 / seconds / 1e6));
      lastPathBytes[i] = path;
    }
    line.append(note);
    // On a terminal the line is written over; in a file each is a line of its own.
    System.out.print(TERMINAL ? "\r" + line + "   " : line + "\n");
    System.out.flush();
    lastNanos = now;
    lastBytes = bytes;
  }

  void end() {
    if (TERMINAL) {
      System.out.println();
    }
  }
}
