package org.mptcp4j.samples.demo;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;

/** Writes the table at the end. */
final class Report {
  private Report() {}

  static String table(List<LegResult> results) {
    StringBuilder text = new StringBuilder();
    text.append(row("", "cold", "time", "goodput", "path 1", "path 2", "worst stall", "SHA-256"));
    text.append("-".repeat(113)).append('\n');
    for (LegResult r : results) {
      text.append(
          row(
              r.leg().title(),
              number(r.warmUpNanos() / 1e9, 1, "s"),
              number(r.seconds(), 1, "s"),
              number(r.goodputBitsPerSecond() / 1e6, 1, "Mbit/s"),
              number(r.pathBytes().get(0) / 1e6, 1, "MB"),
              number(r.pathBytes().get(1) / 1e6, 1, "MB"),
              number(r.worstStallNanos() / 1e6, 0, "ms"),
              r.hashEqual() ? "equal" : "DIFFERENT"));
    }
    for (LegResult r : results) {
      if (r.kernelSubflows() > 1) {
        text.append(
            "%n%s: the kernel counts %d subflows.".formatted(r.leg().title(), r.kernelSubflows()));
      }
    }
    return text.append('\n').toString();
  }

  static String number(double value, int decimals, String unit) {
    return BigDecimal.valueOf(value).setScale(decimals, RoundingMode.HALF_UP) + " " + unit;
  }

  private static String row(Object... cells) {
    return String.format(Locale.ROOT, "%-34s %8s %8s %14s %11s %11s %12s  %s%n", cells);
  }
}
