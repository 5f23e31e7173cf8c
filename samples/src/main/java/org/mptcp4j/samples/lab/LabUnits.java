package org.mptcp4j.samples.lab;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads quantities as people write them for {@code tc}. */
final class LabUnits {
  private static final Pattern QUANTITY = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*([a-zA-Z%]*)");

  private LabUnits() {}

  static long bitsPerSecond(String text) {
    Matcher m = match(text, "a rate such as 100mbit or 1gbit");
    double unit =
        switch (m.group(2)) {
          case "bit" -> 1;
          case "kbit" -> 1e3;
          case "mbit" -> 1e6;
          case "gbit" -> 1e9;
          default -> throw wrong(text, "a rate such as 100mbit or 1gbit");
        };
    return Math.round(Double.parseDouble(m.group(1)) * unit);
  }

  static Duration duration(String text) {
    Matcher m = match(text, "a time such as 10ms, 500us or 1s");
    double unit =
        switch (m.group(2)) {
          case "us" -> 1e3;
          case "ms" -> 1e6;
          case "s" -> 1e9;
          default -> throw wrong(text, "a time such as 10ms, 500us or 1s");
        };
    return Duration.ofNanos(Math.round(Double.parseDouble(m.group(1)) * unit));
  }

  static double chance(String text) {
    Matcher m = match(text, "a chance such as 0.5% or 0.005");
    double value = Double.parseDouble(m.group(1));
    return switch (m.group(2)) {
      case "%" -> value / 100;
      case "" -> value;
      default -> throw wrong(text, "a chance such as 0.5% or 0.005");
    };
  }

  private static Matcher match(String text, String wanted) {
    Matcher m = QUANTITY.matcher(text.trim());
    if (!m.matches()) {
      throw wrong(text, wanted);
    }
    return m;
  }

  private static IllegalArgumentException wrong(String text, String wanted) {
    return new IllegalArgumentException("'" + text + "' is not " + wanted);
  }
}
