package org.mptcp4j.link;

import java.io.IOException;
import java.lang.System.Logger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Looks whether this host filters or translates what its own programs receive and send: packet
 * sockets are below that. The kernel shows its rules only to those who have CAP_NET_ADMIN; for
 * others there seem to be none.
 */
final class FilterRules {
  private static final Logger LOG = System.getLogger("org.mptcp4j");

  private static final int NFT_GETCHAIN = 10 << 8 | 4;
  private static final int NFGENMSG_BYTES = 4;
  private static final int NFTA_CHAIN_TABLE = 1;
  private static final int NFTA_CHAIN_NAME = 3;
  private static final int NFTA_CHAIN_HOOK = 4;
  private static final int NFTA_CHAIN_POLICY = 5;
  private static final int NFTA_CHAIN_USE = 6;
  private static final int NFTA_HOOK_HOOKNUM = 1;
  private static final int NF_DROP = 0;
  private static final int HOOK_FORWARD = 2;

  /** Families inet, ip and ip6 of nf_tables. */
  private static final Set<Integer> INTERNET = Set.of(1, 2, 10);

  private static final List<String> HOOKS =
      List.of("prerouting", "input", "forward", "output", "postrouting");

  private static final List<Path> LEGACY_TABLES =
      List.of(Path.of("/proc/net/ip_tables_names"), Path.of("/proc/net/ip6_tables_names"));

  private FilterRules() {}

  /**
   * Chains of rules that packets of this host's programs pass, and ours do not, as text for people;
   * empty when there are none or they cannot be seen.
   */
  static Set<String> chains() {
    Set<String> result = new TreeSet<>();
    try (NetlinkQuestions questions = new NetlinkQuestions(NetlinkQuestions.NETFILTER)) {
      questions.dump(
          (buffer, sequence) ->
              NetlinkMessage.Request.dump(buffer, NFT_GETCHAIN, sequence, NFGENMSG_BYTES),
          m -> read(m, result));
    } catch (IOException e) {
      LOG.log(Logger.Level.DEBUG, "rules of nftables are not known: " + e.getMessage());
    }
    for (Path names : LEGACY_TABLES) {
      try {
        for (String table : Files.readAllLines(names)) {
          result.add(names.getFileName().toString().replace("_tables_names", "tables ") + table);
        }
      } catch (IOException e) {
        LOG.log(Logger.Level.DEBUG, "tables of iptables are not known: " + e.getMessage());
      }
    }
    return result;
  }

  static void read(NetlinkMessage m, Set<String> chains) {
    NetlinkMessage.Attributes chain = m.attributes(NFGENMSG_BYTES);
    if (!chain.contains(NFTA_CHAIN_HOOK) || !INTERNET.contains(m.fixedByte(0))) {
      return;
    }
    int hook = Integer.reverseBytes(chain.nested(NFTA_CHAIN_HOOK).intValue(NFTA_HOOK_HOOKNUM, -1));
    boolean drops = Integer.reverseBytes(chain.intValue(NFTA_CHAIN_POLICY, -1)) == NF_DROP;
    boolean hasRules = Integer.reverseBytes(chain.intValue(NFTA_CHAIN_USE, 0)) > 0;
    if (hook >= 0 && hook < HOOKS.size() && hook != HOOK_FORWARD && (drops || hasRules)) {
      chains.add(
          chain.text(NFTA_CHAIN_TABLE)
              + " "
              + chain.text(NFTA_CHAIN_NAME)
              + " ("
              + HOOKS.get(hook)
              + ")");
    }
  }
}
