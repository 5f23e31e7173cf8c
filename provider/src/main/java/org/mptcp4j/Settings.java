package org.mptcp4j;

import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.mptcp4j.wire.AddressRange;

/**
 * What users can set from outside, by system properties that begin with {@code mptcp4j.}: the table
 * of all of them, and their values. A name that is not in the table, or a value that is not
 * allowed, is an error that says what would be right. Immutable.
 */
public final class Settings {
  /** Every name begins with this. */
  public static final String PREFIX = "mptcp4j.";

  /** DSS checksums, which RFC 8684 §3.1 wants outside of controlled environments. */
  public static final Setting<Boolean> CHECKSUM = flag("checksum", "true");

  /** Most subflows of one connection at a time. */
  public static final Setting<Integer> MAX_SUBFLOWS = number("subflows.max", "8", 1, 32);

  /**
   * Most bytes that a connection holds which were written and not acknowledged; the buffer begins
   * small and grows with the congestion windows.
   */
  public static final Setting<Integer> SEND_BUFFER = size("buffer.send", "6M");

  /**
   * Most bytes that a connection holds which were received and not read; the buffer begins small
   * and grows with what the program reads in a round trip.
   */
  public static final Setting<Integer> RECEIVE_BUFFER = size("buffer.receive", "6M");

  /** The congestion control of every subflow. */
  public static final Setting<String> CONGESTION = choice("congestion", "cubic", "reno", "bbr");

  /**
   * Explicit congestion notification (RFC 3168): asked for, accepted when asked for, or neither.
   */
  public static final Setting<String> ECN = choice("ecn", "accept", "request", "off");

  /** TCP Fast Open (RFC 7413): data in the SYN, of this program's clients, its servers, or both. */
  public static final Setting<String> FAST_OPEN =
      choice("tcp.fastopen", "off", "client", "server", "both");

  /**
   * Where no subflow beside the first begins or ends, though a host has such an address: link-local
   * ones and those of examples (RFC 5737, RFC 3849, RFC 9637). Never used, whatever this says, are
   * loopback and multicast.
   */
  public static final Setting<String> EXCLUDED_ADDRESSES =
      setting(
          "addresses.excluded",
          "169.254.0.0/16,fe80::/10,192.0.2.0/24,198.51.100.0/24,203.0.113.0/24,"
              + "2001:db8::/32,3fff::/20",
          "addresses, with /prefix or without, separated by commas",
          Settings::checkRanges);

  /**
   * How long what was sent may stay unacknowledged before a connection ends (RFC 5482 §3, local
   * value); 0s leaves it to the number of retransmissions.
   */
  public static final Setting<Duration> USER_TIMEOUT = duration("tcp.usertimeout", "0s");

  /**
   * Whether the User Timeout Option (RFC 5482) tells peers the user timeout, and what they say
   * counts where there is none here.
   */
  public static final Setting<Boolean> USER_TIMEOUT_OPTION =
      flag("tcp.usertimeout.option", "false");

  /** Least retransmission timeout (RFC 6298 §2.4 asks for a second, Linux takes this). */
  public static final Setting<Duration> MIN_RTO =
      duration("tcp.rto.min", "200ms", Duration.ofMillis(1), Duration.ofMinutes(1));

  /**
   * How long a closed connection may take for what is not delivered yet, without progress, and how
   * long one that has lost its last subflow waits for another.
   */
  public static final Setting<Duration> CLOSE_TIMEOUT =
      duration("close.timeout", "60s", Duration.ofSeconds(1), Duration.ofMinutes(60));

  /**
   * How a connection is aborted (RFC 8684 §3.5): by RST on every subflow, after which nothing is
   * left to be done (option R, as Linux), or by an ACK that is repeated until the peer answers it
   * (option A).
   */
  public static final Setting<String> FASTCLOSE = choice("fastclose", "rst", "ack");

  /** How many SYNs of a path offer MPTCP before one goes without (RFC 8684 §3.1). */
  public static final Setting<Integer> SYN_OFFERS = number("syn.offers", "3", 1, 7);

  /**
   * How long connections go without MPTCP where only a SYN without it was answered; twice as long
   * each time that this shows again. 0s: each connection finds out for itself.
   */
  public static final Setting<Duration> SYN_MEMORY =
      duration("syn.memory", "60m", Duration.ZERO, Duration.ofHours(24));

  /**
   * How many SYNs stay unanswered on the first path before another interface with a route is tried
   * as well (RFC 8041 §3.10); 0: no other is.
   */
  public static final Setting<Integer> SYN_ALONE = number("syn.alone", "2", 0, 6);

  /** Whether new subflows begin with what earlier ones between the addresses learned (RFC 9040). */
  public static final Setting<Boolean> SHARE_ESTIMATES = flag("tcp.cache", "false");

  /** How long the end of the program waits until closed connections have delivered all. */
  public static final Setting<Duration> EXIT_LINGER = duration("linger.exit", "10s");

  /** Who serves loopback and the host's own addresses. */
  public static final Setting<String> LOOPBACK = choice("loopback", "kernel", "engine");

  /** A file that gets the engine's counters when the program ends; empty for none. */
  public static final Setting<String> COUNTERS_FILE =
      setting("counters.file", "", "the path of a file that can be written", Optional::of);

  /** A file with rules what is multipath, and who may connect; empty for none. */
  public static final Setting<String> POLICY_FILE =
      setting("policy", "", "the path of a file with rules", Optional::of);

  /** Rules, separated by semicolons, that count before those of the file. */
  public static final Setting<String> RULES =
      setting("rules", "", "rules, separated by semicolons", Optional::of);

  private static final List<Setting<?>> TABLE =
      List.of(
          CHECKSUM,
          MAX_SUBFLOWS,
          SEND_BUFFER,
          RECEIVE_BUFFER,
          CONGESTION,
          ECN,
          EXCLUDED_ADDRESSES,
          FAST_OPEN,
          USER_TIMEOUT,
          USER_TIMEOUT_OPTION,
          MIN_RTO,
          CLOSE_TIMEOUT,
          FASTCLOSE,
          SYN_OFFERS,
          SYN_MEMORY,
          SYN_ALONE,
          SHARE_ESTIMATES,
          EXIT_LINGER,
          LOOPBACK,
          COUNTERS_FILE,
          POLICY_FILE,
          RULES);

  private static final Pattern SIZE = Pattern.compile("(\\d{1,10})([kKmMgG]?)");
  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m)");

  private final Map<String, String> texts;

  private Settings(Map<String, String> texts) {
    this.texts = texts;
  }

  /**
   * The settings of this program.
   *
   * @throws IllegalArgumentException when a property that begins with {@code mptcp4j.} has a name
   *     or value that is not allowed
   */
  public static Settings fromSystemProperties() {
    Map<String, String> found = new TreeMap<>();
    for (String name : System.getProperties().stringPropertyNames()) {
      if (name.startsWith(PREFIX)) {
        found.put(name, System.getProperty(name));
      }
    }
    return of(found);
  }

  /**
   * Settings from names (with the prefix) and values; what is not among them has its default.
   *
   * @throws IllegalArgumentException when a name or value is not allowed
   */
  public static Settings of(Map<String, String> texts) {
    Map<String, String> checked = new TreeMap<>();
    texts.forEach(
        (name, text) -> {
          Setting<?> setting = find(name);
          setting.parse(text);
          checked.put(name, text);
        });
    return new Settings(checked);
  }

  /** The value of {@code setting}: what the user gave, else the default. */
  public <T> T get(Setting<T> setting) {
    return setting.parse(texts.getOrDefault(setting.name(), setting.defaultText()));
  }

  /** Whether the user gave a value for {@code setting}. */
  public boolean isSet(Setting<?> setting) {
    return texts.containsKey(setting.name());
  }

  /** Every setting there is. */
  public static List<Setting<?>> all() {
    return TABLE;
  }

  private static Setting<?> find(String name) {
    for (Setting<?> setting : TABLE) {
      if (setting.name().equals(name)) {
        return setting;
      }
    }
    Setting<?> nearest =
        TABLE.stream()
            .min(Comparator.comparingInt((Setting<?> s) -> distance(s.name(), name)))
            .orElseThrow();
    throw new IllegalArgumentException(
        "there is no setting " + name + ": the nearest name is " + nearest.name());
  }

  /** How many letters must be changed, added or taken away to make {@code b} of {@code a}. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    Arrays.setAll(row, i -> i);
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int above = row[j];
        int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(changed, Math.min(above, row[j - 1]) + 1);
        diagonal = above;
      }
    }
    return row[b.length()];
  }

  private static <T> Setting<T> setting(
      String name, String defaultText, String allowed, Function<String, Optional<T>> parser) {
    return new Setting<>(PREFIX + name, defaultText, allowed, parser);
  }

  private static Setting<Boolean> flag(String name, String defaultText) {
    return setting(
        name,
        defaultText,
        "true or false",
        text ->
            switch (text) {
              case "true" -> Optional.of(true);
              case "false" -> Optional.of(false);
              default -> Optional.empty();
            });
  }

  /** One of some words, the first of which is the default. */
  private static Setting<String> choice(String name, String... words) {
    return setting(
        name,
        words[0],
        String.join(" or ", words),
        text -> Optional.of(text).filter(Arrays.asList(words)::contains));
  }

  private static Setting<Integer> number(String name, String defaultText, int least, int most) {
    return setting(
        name,
        defaultText,
        "a number from " + least + " to " + most,
        text ->
            Optional.of(text)
                .filter(t -> t.matches("\\d{1,9}"))
                .map(Integer::valueOf)
                .filter(inRange(least, most)));
  }

  private static Setting<Integer> size(String name, String defaultText) {
    return setting(
        name,
        defaultText,
        "a number of bytes from 16k to 1g, with k, M or G for binary multiples",
        text ->
            parseSize(text)
                .filter(bytes -> bytes >= 16 << 10 && bytes <= 1 << 30)
                .map(Long::intValue));
  }

  private static Setting<Duration> duration(String name, String defaultText) {
    return setting(
        name,
        defaultText,
        "a whole number with ms, s or m (milliseconds, seconds, minutes)",
        Settings::parseDuration);
  }

  private static Setting<Duration> duration(
      String name, String defaultText, Duration least, Duration most) {
    return setting(
        name,
        defaultText,
        "a whole number with ms, s or m (milliseconds, seconds, minutes), from "
            + least.toMillis()
            + " to "
            + most.toMillis()
            + " ms",
        text ->
            parseDuration(text)
                .filter(value -> value.compareTo(least) >= 0 && value.compareTo(most) <= 0));
  }

  private static Predicate<Integer> inRange(int least, int most) {
    return value -> value >= least && value <= most;
  }

  private static Optional<Long> parseSize(String text) {
    Matcher matcher = SIZE.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    int shift =
        switch (matcher.group(2)) {
          case "k", "K" -> 10;
          case "m", "M" -> 20;
          case "g", "G" -> 30;
          default -> 0;
        };
    return Optional.of(Long.parseLong(matcher.group(1)) << shift);
  }

  private static Optional<String> checkRanges(String text) {
    try {
      AddressRange.parseList(text);
      return Optional.of(text);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static Optional<Duration> parseDuration(String text) {
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    long amount = Long.parseLong(matcher.group(1));
    return Optional.of(
        switch (matcher.group(2)) {
          case "ms" -> Duration.ofMillis(amount);
          case "s" -> Duration.ofSeconds(amount);
          default -> Duration.ofMinutes(amount);
        });
  }
}
