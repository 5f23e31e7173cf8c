package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.sim.Middlebox;
import org.mptcp4j.sim.SimPath;
import org.mptcp4j.wire.TcpFlags;

/** Connections of which no subflow is heard any more. */
class SilentPathsTest {
  private static final int MEGABYTE = 1_000_000;

  private static TwoHosts transferring(int paths, boolean up, int seed) {
    TwoHosts hosts = paths == 1 ? TwoHosts.onePath(seed) : TwoHosts.twoPaths(seed);
    hosts.first.rate(20_000_000);
    if (paths == 2) {
      hosts.second.rate(20_000_000);
    }
    hosts.connect(multipath(), multipath());
    int bytes = paths * 20 * MEGABYTE;
    hosts.transfer(up ? bytes : 100_000, up ? 0 : bytes);
    hosts.network.runFor(SECOND);
    assertThat(hosts.clientConnection().subflows()).hasSize(paths);
    return hosts;
  }

  /** A box that was started anew: of flows whose SYN it has not seen it lets nothing pass. */
  private static void forgetFlows(SimPath path, Set<Integer> known) {
    path.forward().middlebox(flows(known, 20));
    path.backward().middlebox(flows(known, 22));
  }

  private static Middlebox flows(Set<Integer> known, int clientPort) {
    return (now, packet) -> {
      int port = packet.getShort(clientPort) & 0xffff;
      if ((packet.get(33) & TcpFlags.SYN) != 0) {
        known.add(port);
      }
      return known.contains(port) ? packet : null;
    };
  }

  @ParameterizedTest(name = "{0} paths")
  @ValueSource(ints = {1, 2})
  void whereABoxHasForgottenThemAllAnotherOneIsOpened(int paths) {
    TwoHosts hosts = transferring(paths, true, 81);
    List<Subflow> forgotten = hosts.clientConnection().subflows();
    for (int i = 0; i < paths; i++) {
      forgetFlows(i == 0 ? hosts.first : hosts.second, new HashSet<>());
    }
    long start = hosts.network.now();
    hosts.runToEnd(20 * SECOND);
    assertThat(hosts.network.now() - start).isGreaterThan(5 * SECOND);
    assertThat(forgotten).allMatch(Subflow::isClosed);
    assertThat(hosts.clientConnection().isFallback()).isFalse();
    hosts.runUntilForgotten();
  }

  @ParameterizedTest(name = "{0} paths for {1} ms, the client sends: {2}")
  @CsvSource({
    "1, 4000, true",
    "1, 5500, true",
    "1, 9500, true",
    "1, 14500, true",
    "1, 31000, true",
    "1, 14500, false",
    "2, 5500, true",
    "2, 9500, true",
    "2, 31000, true",
    "2, 14500, false"
  })
  void afterAnOutageThereAreNotMoreThanBefore(int paths, int millis, boolean up) {
    TwoHosts hosts = transferring(paths, up, 82);
    List<SimPath> ways = paths == 1 ? List.of(hosts.first) : List.of(hosts.first, hosts.second);
    ways.forEach(path -> path.setUp(false));
    hosts.network.runFor(millis * MILLI);
    ways.forEach(path -> path.setUp(true));
    hosts.network.runFor(3 * SECOND);
    assertThat(hosts.clientConnection().subflows())
        .filteredOn(Subflow::isUsable)
        .hasSizeBetween(1, paths);
    long before = hosts.first.forward().carriedBytes() + hosts.first.backward().carriedBytes();
    hosts.network.runFor(500 * MILLI);
    long carried = hosts.first.forward().carriedBytes() + hosts.first.backward().carriedBytes();
    assertThat(carried - before).isGreaterThan(MEGABYTE);
    hosts.runToEnd(60 * SECOND);
    hosts.runUntilForgotten();
  }
}
