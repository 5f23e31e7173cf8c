package org.mptcp4j.nio;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** Looks whether this process can have an engine, without trying. */
public final class Prerequisites {
  private static final int CAP_NET_RAW = 13; // capabilities(7)
  private static final String EFFECTIVE = "CapEff:";

  /** How to give what is missing, for people. */
  static final String HOW_TO_GRANT =
      "Grant just that by 'setpriv --inh-caps +net_raw --ambient-caps +net_raw java ...',"
          + " in a systemd unit by 'AmbientCapabilities=CAP_NET_RAW', for a container by"
          + " '--cap-add NET_RAW', or to the file of a java program by 'setcap cap_net_raw+ep'.";

  private Prerequisites() {}

  /** What is missing, as a sentence that says how to get it; empty when nothing is. */
  public static Optional<String> missing() {
    return missing(System.getProperty("os.name", ""), Path.of("/proc/self/status"));
  }

  static Optional<String> missing(String system, Path status) {
    if (!system.toLowerCase(Locale.ROOT).contains("linux")) {
      return Optional.of(
          "Multipath TCP is off, and the kernel's sockets are used: it needs Linux, and this is "
              + system
              + ".");
    }
    try {
      return hasRawCapability(status) ? Optional.empty() : Optional.of(noCapability());
    } catch (IOException e) {
      return Optional.empty(); // no /proc here: opening the packet socket will tell
    }
  }

  static String noCapability() {
    return "Multipath TCP is off, and the kernel's sockets are used: the process lacks the"
        + " capability CAP_NET_RAW, which packet sockets need. "
        + HOW_TO_GRANT;
  }

  private static boolean hasRawCapability(Path status) throws IOException {
    for (String line : Files.readAllLines(status)) {
      if (line.startsWith(EFFECTIVE)) {
        String bits = line.substring(EFFECTIVE.length()).strip();
        return (Long.parseUnsignedLong(bits, 16) >>> CAP_NET_RAW & 1) != 0;
      }
    }
    return true;
  }
}
