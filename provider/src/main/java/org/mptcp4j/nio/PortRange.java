package org.mptcp4j.nio;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Ports from {@code first} to {@code last}, both included. Immutable. */
record PortRange(int first, int last) {
  private static final int MAX_PORT = 65_535;
  private static final Pattern FORM = Pattern.compile("(\\d{1,5})(?:-(\\d{1,5}))?");

  /**
   * From {@code *}, a port, or two with {@code -} between them.
   *
   * @throws IllegalArgumentException when it is none of these
   */
  static PortRange parse(String text) {
    if (text.equals("*")) {
      return new PortRange(0, MAX_PORT);
    }
    Matcher matcher = FORM.matcher(text);
    if (matcher.matches()) {
      int first = Integer.parseInt(matcher.group(1));
      int last = matcher.group(2) == null ? first : Integer.parseInt(matcher.group(2));
      if (first <= last && last <= MAX_PORT) {
        return new PortRange(first, last);
      }
    }
    throw new IllegalArgumentException(
        "ports are *, a number from 0 to 65535, or two of them as in 8000-8099, not '"
            + text
            + "'");
  }

  boolean contains(int port) {
    return first <= port && port <= last;
  }
}
