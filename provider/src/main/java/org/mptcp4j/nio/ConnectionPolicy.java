package org.mptcp4j.nio;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.mptcp4j.Settings;
import org.mptcp4j.wire.AddressRange;
import org.mptcp4j.wire.IpAddress;

/**
 * Which connections and listeners are multipath, and which peers may connect: rules, one a line (or
 * separated by {@code ;}), the first that matches counts. {@code #} begins a comment.
 *
 * <pre>
 * use multipath|tcp|kernel for connect HOST PORTS   # HOST and PORTS of the destination
 * use multipath|tcp|kernel for listen  HOST PORTS   # HOST and PORTS that the listener is bound to
 * accept from HOST on PORTS                         # peers, and ports of ours
 * refuse from HOST on PORTS
 * </pre>
 *
 * HOST is {@code *}, an address, or an address with {@code /prefix}; names are not looked up. PORTS
 * is {@code *}, a port, or {@code first-last}. {@code multipath} is Multipath TCP by the engine,
 * {@code tcp} plain TCP by the engine, {@code kernel} a socket of the kernel. What no rule matches
 * is multipath and accepted. For example, only the data centre's network by Multipath TCP:
 *
 * <pre>
 * use multipath for connect 10.0.0.0/8 *
 * use kernel for connect * *
 * </pre>
 *
 * Immutable.
 */
public final class ConnectionPolicy {
  private enum Action {
    CONNECT,
    LISTEN
  }

  private record UseRule(Route route, Action action, AddressRange hosts, PortRange ports) {}

  private record PeerRule(boolean accept, AddressRange hosts, PortRange ports) {}

  private final List<UseRule> useRules = new ArrayList<>();
  private final List<PeerRule> peerRules = new ArrayList<>();

  private ConnectionPolicy() {}

  /**
   * The rules that the user's settings give: those of {@code mptcp4j.rules}, then those of the file
   * {@code mptcp4j.policy}.
   *
   * @throws IllegalArgumentException when the file cannot be read, or a line is not a rule
   */
  public static ConnectionPolicy of(Settings settings) {
    String file = settings.get(Settings.POLICY_FILE);
    String rules = settings.get(Settings.RULES);
    if (file.isEmpty()) {
      return parse(rules);
    }
    try {
      return parse(rules + "\n" + Files.readString(Path.of(file)));
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "setting " + Settings.POLICY_FILE.name() + ": cannot read the file '" + file + "'", e);
    }
  }

  /**
   * From rules as text.
   *
   * @throws IllegalArgumentException naming the line that is not a rule, and what is wrong with it
   */
  public static ConnectionPolicy parse(String text) {
    ConnectionPolicy policy = new ConnectionPolicy();
    for (String line : text.split("[\\n;]", -1)) {
      String rule = line.replaceFirst("#.*", "").strip();
      if (!rule.isEmpty()) {
        policy.add(rule);
      }
    }
    return policy;
  }

  private void add(String rule) {
    String[] words = rule.split("\\s+", -1);
    try {
      if (words.length == 6 && words[0].equals("use") && words[2].equals("for")) {
        useRules.add(
            new UseRule(
                oneOf(Route.values(), words[1]),
                oneOf(Action.values(), words[3]),
                AddressRange.parse(words[4]),
                PortRange.parse(words[5])));
      } else if (words.length == 5
          && (words[0].equals("accept") || words[0].equals("refuse"))
          && words[1].equals("from")
          && words[3].equals("on")) {
        peerRules.add(
            new PeerRule(
                words[0].equals("accept"),
                AddressRange.parse(words[2]),
                PortRange.parse(words[4])));
      } else {
        throw new IllegalArgumentException(
            "allowed is 'use multipath|tcp|kernel for connect|listen HOST[/PREFIX] PORTS'"
                + " or 'accept|refuse from HOST[/PREFIX] on PORTS'");
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("policy rule '" + rule + "': " + e.getMessage(), e);
    }
  }

  private static <E extends Enum<E>> E oneOf(E[] values, String word) {
    List<String> allowed = new ArrayList<>();
    for (E value : values) {
      String name = value.name().toLowerCase(Locale.ROOT);
      if (name.equals(word)) {
        return value;
      }
      allowed.add(name);
    }
    throw new IllegalArgumentException(
        "allowed is " + String.join(" or ", allowed) + ", not '" + word + "'");
  }

  Route forConnect(InetSocketAddress remote) {
    return find(Action.CONNECT, remote).orElse(Route.MULTIPATH);
  }

  Route forListen(InetSocketAddress local) {
    return find(Action.LISTEN, local).orElse(Route.MULTIPATH);
  }

  private Optional<Route> find(Action action, InetSocketAddress address) {
    if (useRules.isEmpty()) {
      return Optional.empty();
    }
    IpAddress host = IpAddress.of(address.getAddress());
    return useRules.stream()
        .filter(r -> r.action == action)
        .filter(r -> r.hosts.contains(host) && r.ports.contains(address.getPort()))
        .map(UseRule::route)
        .findFirst();
  }

  /** Whether there are rules who may connect. */
  boolean limitsPeers() {
    return !peerRules.isEmpty();
  }

  /** Whether {@code peer} may connect to {@code localPort}. */
  boolean accepts(IpAddress peer, int localPort) {
    return peerRules.stream()
        .filter(r -> r.hosts.contains(peer) && r.ports.contains(localPort))
        .map(PeerRule::accept)
        .findFirst()
        .orElse(true);
  }
}
