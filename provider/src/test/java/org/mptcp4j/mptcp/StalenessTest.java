package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.mptcp4j.sim.Loss;
import org.mptcp4j.sim.Middlebox;
import org.mptcp4j.sim.Middleboxes;
import org.mptcp4j.sim.SimLink;
import org.mptcp4j.sim.SimPath;
import org.mptcp4j.sim.SimSocket;
import org.mptcp4j.sim.Transfer;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.TcpFlags;

/** A subflow on a bad path is reset and opened anew: RFC 8041 §2.2, figure 1. */
class StalenessTest {
  private TwoHosts hosts = TwoHosts.twoPaths(51);

  StalenessTest() {
    for (SimPath path : List.of(hosts.first, hosts.second)) {
      path.rate(20_000_000);
    }
  }

  /** The client or the server writes, over both paths. */
  private void begin(boolean clientWrites) {
    hosts.connect(multipath(), multipath());
    (clientWrites ? hosts.serverSocket : hosts.clientSocket).onReady(StalenessTest::readAll);
    Transfer.endless(clientWrites).on(clientWrites ? hosts.clientSocket : hosts.serverSocket);
    hosts.network.runFor(2 * SECOND);
  }

  private static void readAll(SimSocket socket) {
    while (socket.isReadable() && socket.read(ByteBuffer.allocate(100_000)) > 0) {
      // What was read is not looked at.
    }
  }

  private void loseOnSecond(double probability) {
    hosts.second.both(link -> link.loss(Loss.random(probability)));
  }

  /** Flags and reason of each MP_TCPRST that passes. */
  private static List<Integer> reasonsOn(SimLink link) {
    List<Integer> reasons = new ArrayList<>();
    link.middlebox(
        Middleboxes.watch(
            segment -> {
              if (segment.has(TcpFlags.RST) && segment.mptcp().has(MptcpOption.MP_TCPRST)) {
                reasons.add(segment.mptcp().resetFlags());
                reasons.add(segment.mptcp().resetReason());
              }
            }));
    return reasons;
  }

  private long carriedBySecond(long nanos) {
    long before = hosts.second.forward().carriedBytes() + hosts.second.backward().carriedBytes();
    hosts.network.runFor(nanos);
    return hosts.second.forward().carriedBytes() + hosts.second.backward().carriedBytes() - before;
  }

  /** Loses what a link is given with a probability, and calls {@code watcher} for all of it. */
  private static void loseAndWatch(
      SimLink link, double probability, Consumer<IncomingSegment> watcher) {
    Middlebox watch = Middleboxes.watch(watcher);
    link.loss(
        (random, packet) -> {
          watch.process(0, packet);
          return random.chance(probability);
        });
  }

  @ParameterizedTest(name = "the client writes: {0}, seed {1}")
  @MethodSource("runs")
  void aSubflowThatRepeatsWhatOthersDeliveredIsResetAndItsPathUsedAnew(
      boolean clientWrites, int seed) {
    hosts = TwoHosts.twoPaths(seed);
    for (SimPath path : List.of(hosts.first, hosts.second)) {
      path.rate(5_000_000);
    }
    begin(clientWrites);
    MptcpCounters counters = (clientWrites ? hosts.client : hosts.server).counters();
    // As they leave their host: the path may lose them.
    List<List<Integer>> resets = new ArrayList<>();
    Consumer<IncomingSegment> watcher =
        segment -> {
          if (segment.has(TcpFlags.RST) && segment.mptcp().has(MptcpOption.MP_TCPRST)) {
            resets.add(List.of(segment.mptcp().resetFlags(), segment.mptcp().resetReason()));
          }
        };
    loseAndWatch(hosts.second.forward(), 0.6, watcher);
    loseAndWatch(hosts.second.backward(), 0.6, watcher);
    hosts.network.runUntil(() -> counters.staleResets.sum() > 0, 300 * SECOND);
    hosts.network.runFor(MILLI);
    assertThat(resets).hasSize(1);
    assertThat(resets.get(0).get(0)).as("flag T").isEqualTo(1);
    // Too much outstanding data is what only the one who opens subflows calls it.
    assertThat(resets.get(0).get(1))
        .isIn(
            MptcpOption.RESET_UNACCEPTABLE_PERFORMANCE,
            clientWrites
                ? MptcpOption.RESET_TOO_MUCH_OUTSTANDING_DATA
                : MptcpOption.RESET_UNACCEPTABLE_PERFORMANCE);
    loseOnSecond(0);
    // A client whose server's reset was lost learns of it when its keep-alive is answered.
    hosts.network.runFor((clientWrites ? 3 : 22) * SECOND);
    assertThat(carriedBySecond(SECOND)).isGreaterThan(400_000);
  }

  private static Stream<Arguments> runs() {
    return Stream.of(true, false)
        .flatMap(
            clientWrites ->
                IntStream.rangeClosed(1, Integer.getInteger("sim.seeds", 8))
                    .mapToObj(seed -> Arguments.of(clientWrites, seed)));
  }

  @Test
  void whereItHappensAgainAndAgainTheNewSubflowsComeEverMoreSeldom() {
    begin(true);
    loseOnSecond(0.4);
    hosts.network.runFor(300 * SECOND);
    long resets = hosts.client.counters().staleResets.sum();
    assertThat(resets).isBetween(2L, 35L);
    hosts.network.runFor(60 * SECOND);
    // One in 16 seconds, less than what it takes until it is established and has failed again.
    assertThat(hosts.client.counters().staleResets.sum() - resets).isLessThanOrEqualTo(5);
  }

  @Test
  void aPathOfWhichNothingIsHeardKeepsItsSubflowUntilItSpeaksAgain() {
    begin(true);
    // What the client sends is lost before what the server answers.
    hosts.second.forward().setUp(false);
    hosts.network.runFor(100 * MILLI);
    hosts.second.setUp(false);
    hosts.network.runFor(10 * SECOND);
    assertThat(hosts.client.counters().staleResets.sum()).isZero();
    List<Integer> reasons = reasonsOn(hosts.second.forward());
    hosts.second.setUp(true);
    hosts.network.runFor(2 * SECOND);
    assertThat(hosts.client.counters().staleResets.sum()).isEqualTo(1);
    assertThat(reasons)
        .as("flag T, too much outstanding data")
        .containsExactly(1, MptcpOption.RESET_TOO_MUCH_OUTSTANDING_DATA);
    assertThat(carriedBySecond(SECOND)).isGreaterThan(1_500_000);
  }

  @Test
  void afterAShortSilenceTcpRepairsTheSubflow() {
    begin(true);
    hosts.second.setUp(false);
    hosts.network.runFor(300 * MILLI);
    hosts.second.setUp(true);
    hosts.network.runFor(3 * SECOND);
    assertThat(hosts.client.counters().staleResets.sum()).isZero();
    assertThat(carriedBySecond(SECOND)).isGreaterThan(1_500_000);
  }

  @Test
  void aClientNoticesThatTheServerHasResetASubflowThoughTheResetWasLost() {
    begin(false);
    hosts.second.both(link -> link.loss(Loss.random(1)));
    Subflow second = hosts.serverConnection().subflows().get(1);
    second.wantReset(MptcpOption.RESET_UNSPECIFIED, true);
    hosts.network.runFor(SECOND);
    loseOnSecond(0);
    assertThat(hosts.serverConnection().subflowCount()).isEqualTo(1);
    assertThat(hosts.clientConnection().subflowCount()).isEqualTo(2);
    hosts.network.runFor(21 * SECOND);
    assertThat(hosts.serverConnection().subflowCount()).isEqualTo(2);
    assertThat(carriedBySecond(SECOND)).isGreaterThan(1_500_000);
  }

  @Test
  void whileNoOtherSubflowDeliversNothingIsReset() {
    begin(true);
    hosts.first.setUp(false);
    loseOnSecond(0.6);
    hosts.network.runFor(30 * SECOND);
    assertThat(hosts.client.counters().staleResets.sum()).isZero();
  }

  @Test
  void aServerDoesNotResetAnotherOneWhoseClientOpensNoNewOnes() {
    SimPath third = hosts.network.path(hosts.client, "10.0.3.1", hosts.server, "10.0.3.2");
    third.rate(20_000_000).delay(10 * MILLI).queue(200_000);
    begin(false);
    hosts.network.runUntil(() -> hosts.serverConnection().subflowCount() == 3, 5 * SECOND);
    hosts.network.runFor(2 * SECOND);
    for (SimPath path : List.of(hosts.first, hosts.second, third)) {
      path.forward().middlebox(Middleboxes.drop(p -> (p.get(33) & TcpFlags.SYN) != 0));
      path.both(link -> link.loss(path == hosts.first ? Loss.none() : Loss.random(0.6)));
    }
    hosts.network.runFor(60 * SECOND);
    assertThat(hosts.server.counters().staleResets.sum()).isEqualTo(1);
  }
}
