package org.mptcp4j.samples.demo;

import java.util.List;
import java.util.Locale;

/** Writes the table at the end. */
final class Report {
  private static final String ROW = "%-34s %8s %14s %11s %11s %12s  %s%n";

  private Report() {}

  static String table(List<LegResult> results) {
    StringBuilder text = new StringBuilder();
    text.append(row("", "time", "goodput", "path 1", "path 2", "worst stall", "SHA-256"));
    text.append("-".repeat(104)).append('\n');
    for (LegResult r : results) {
      text.append(
          row(
              r.leg().title(),
              number("%.1f s", r.seconds()),
              number("%.1f Mbit/s", r.goodputBitsPerSecond() / 1e6),
              number("%.1f MB", r.pathBytes().get(0) / 1e6),
              number("%.1f MB", r.pathBytes().get(1) / 1e6),
              number("%.0f ms", r.worstStallNanos() / 1e6),
              r.hashEqual() ? "equal" : "DIFFERENT"));
    }
    for (LegResult r : results) {
      if (r.kernelSubflows() > 0) {
        text.append(
            "%n%s: the kernel counts %d subflows.".formatted(r.leg().title(), r.kernelSubflows()));
      }
    }
    return text.append('\n').toString();
  }

  static String number(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }

  private static String row(Object... cells) {
    return String.format(Locale.ROOT, ROW, cells);
  }
}
