package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.PORT;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;
import static org.mptcp4j.mptcp.TwoHosts.plain;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.sim.Loss;
import org.mptcp4j.sim.Middlebox;
import org.mptcp4j.sim.SimSocket;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.TcpFlags;

/** Active opens over paths that leave SYNs unanswered. */
class OpeningTest {
  private static final long MINUTE = 60 * SECOND;
  private static final int BYTES = 3_000_000;

  private static IncomingSegment parsed(ByteBuffer packet) {
    IncomingSegment segment = new IncomingSegment();
    segment.parse(packet, 0, packet.limit());
    return segment;
  }

  /** Drops the SYNs that offer MPTCP, and writes down when each SYN came and what it offered. */
  private static final class Suspicious implements Middlebox {
    final List<Boolean> offers = new ArrayList<>();
    boolean lenient;

    @Override
    public ByteBuffer process(long now, ByteBuffer packet) {
      IncomingSegment segment = parsed(packet);
      if (!segment.has(TcpFlags.SYN)) {
        return packet;
      }
      boolean offer = segment.mptcp().has(MptcpOption.MP_CAPABLE);
      offers.add(offer);
      return offer && !lenient ? null : packet;
    }
  }

  private static ConnectionConfig opening(ConnectionConfig config, int offers, int alone) {
    return config.toBuilder().opening(new OpeningConfig(offers, alone)).build();
  }

  /** Connects; how long that took. */
  private static long connect(TwoHosts hosts, ConnectionConfig config) {
    long began = hosts.network.now();
    hosts.serverSocket = null;
    hosts.server.listen(PORT, multipath(), socket -> hosts.serverSocket = socket);
    hosts.clientSocket = hosts.client.connect("10.0.1.2", PORT, config);
    hosts.network.runUntil(
        () -> hosts.clientSocket.isEstablished() && hosts.serverSocket != null, 200 * SECOND);
    return hosts.network.now() - began;
  }

  private static void end(TwoHosts hosts) {
    hosts.clientSocket.abort();
    hosts.network.runFor(SECOND);
  }

  // ---- offers that are given up

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 6})
  void afterSoManyOffersASynGoesWithout(int offers) {
    TwoHosts hosts = TwoHosts.onePath(1);
    Suspicious box = new Suspicious();
    hosts.first.forward().middlebox(box);
    connect(hosts, opening(multipath(), offers, 0));
    assertThat(box.offers).hasSize(offers + 1);
    assertThat(box.offers.subList(0, offers)).containsOnly(true);
    assertThat(box.offers.get(offers)).isFalse();
    assertThat(hosts.clientConnection().isFallback()).isTrue();
    assertThat(hosts.client.counters().blackHoles.sum()).isEqualTo(1);
    hosts.transfer(BYTES, BYTES);
    hosts.runToEnd(20 * SECOND);
    hosts.runUntilForgotten();
  }

  @Test
  void wherePlainSynsAloneArePassedTheNextConnectionIsPlainAtOnce() {
    TwoHosts hosts = TwoHosts.onePath(2);
    hosts.client.rememberBlackHoles(10 * MINUTE);
    hosts.first.forward().middlebox(new Suspicious());
    assertThat(connect(hosts, multipath())).isBetween(7 * SECOND, 8 * SECOND);
    end(hosts);

    assertThat(connect(hosts, multipath())).isLessThan(SECOND / 10);
    assertThat(hosts.clientConnection().isFallback()).isTrue();
    assertThat(hosts.client.counters().blackHolesAvoided.sum()).isEqualTo(1);
    hosts.transfer(BYTES, BYTES);
    hosts.runToEnd(20 * SECOND);
    hosts.runUntilForgotten();
  }

  @Test
  void theTimeDoublesWhenTheWayProvesClosedAgain() {
    TwoHosts hosts = TwoHosts.onePath(3);
    hosts.client.rememberBlackHoles(10 * MINUTE);
    Suspicious box = new Suspicious();
    hosts.first.forward().middlebox(box);
    connect(hosts, multipath());
    end(hosts);
    hosts.network.runFor(10 * MINUTE);

    assertThat(connect(hosts, multipath())).as("tried anew").isGreaterThan(7 * SECOND);
    end(hosts);
    hosts.network.runFor(19 * MINUTE);
    assertThat(connect(hosts, multipath())).as("twice as long").isLessThan(SECOND / 10);
    assertThat(hosts.clientConnection().isFallback()).isTrue();
    end(hosts);
    hosts.network.runFor(MINUTE);
    box.lenient = true;
    connect(hosts, multipath());
    assertThat(hosts.clientConnection().isFallback()).as("the time is over").isFalse();
    end(hosts);

    box.lenient = false;
    connect(hosts, multipath());
    end(hosts);
    hosts.network.runFor(10 * MINUTE);
    assertThat(connect(hosts, multipath()))
        .as("MPTCP passed meanwhile, so the time began with the first again")
        .isGreaterThan(7 * SECOND);
  }

  @Test
  void withoutMemoryEachConnectionFindsOutForItself() {
    TwoHosts hosts = TwoHosts.onePath(4);
    hosts.client.rememberBlackHoles(0);
    hosts.first.forward().middlebox(new Suspicious());
    connect(hosts, multipath());
    end(hosts);
    assertThat(connect(hosts, multipath())).isGreaterThan(7 * SECOND);
  }

  @Test
  void aPeerThatSpeaksNoMptcpIsOfferedItAgain() {
    TwoHosts hosts = TwoHosts.onePath(5);
    hosts.client.rememberBlackHoles(10 * MINUTE);
    hosts.connect(multipath(), plain());
    end(hosts);
    assertThat(hosts.client.counters().blackHoles.sum()).isZero();
    connect(hosts, multipath());
    assertThat(hosts.clientConnection().isFallback()).isFalse();
  }

  @Test
  void anOfferThatWasOnlyLostIsNoBlackHole() {
    TwoHosts hosts = TwoHosts.onePath(6);
    hosts.client.rememberBlackHoles(10 * MINUTE);
    hosts.first.outage(0, 2 * SECOND);
    connect(hosts, multipath());
    assertThat(hosts.clientConnection().isFallback()).isFalse();
    assertThat(hosts.client.counters().blackHoles.sum()).isZero();
  }

  @Test
  void blackHolesAreRememberedForAsManyWaysAsThereIsRoomFor() {
    BlackHoles known = new BlackHoles(3, MINUTE);
    IpAddress local = IpAddress.parse("10.0.0.1");
    for (int i = 1; i <= 4; i++) {
      known.found(0, local, IpAddress.parse("10.0.1." + i));
      assertThat(known.isKnown(0, local, IpAddress.parse("10.0.1.1"))).isTrue();
    }
    assertThat(known.size()).isEqualTo(3);
    assertThat(known.isKnown(0, local, IpAddress.parse("10.0.1.2"))).isFalse();
    assertThat(known.isKnown(0, local, IpAddress.parse("10.0.1.4"))).isTrue();
    assertThat(known.isKnown(0, IpAddress.parse("10.0.0.2"), IpAddress.parse("10.0.1.4")))
        .as("from another address")
        .isFalse();
  }

  @Test
  void theTimeDoublesSixTimesAtMost() {
    BlackHoles known = new BlackHoles(3, MINUTE);
    IpAddress local = IpAddress.parse("10.0.0.1");
    IpAddress remote = IpAddress.parse("10.0.0.2");
    for (int i = 0; i < 100; i++) {
      known.found(0, local, remote);
    }
    assertThat(known.isKnown(64 * MINUTE - 1, local, remote)).isTrue();
    assertThat(known.isKnown(64 * MINUTE, local, remote)).isFalse();
  }

  // ---- a first path that stays silent

  @ParameterizedTest
  @CsvSource({"true,1", "true,2", "false,1", "false,2", "false,3"})
  void whereTheFirstPathIsSilentTheSecondCarriesTheConnection(boolean mptcp, int alone) {
    TwoHosts hosts = TwoHosts.twoPaths(7);
    hosts.first.setUp(false);
    ConnectionConfig config = mptcp ? multipath() : plain();
    long took = connect(hosts, opening(config, 3, alone));
    long due = ((1L << alone) - 1) * SECOND;
    assertThat(took).isBetween(due, due + SECOND / 10);
    assertThat(hosts.clientConnection().isFallback()).isEqualTo(!mptcp);
    assertThat(hosts.clientConnection().initialFlow().local())
        .isEqualTo(IpAddress.parse("10.0.2.1"));
    assertThat(hosts.clientConnection().subflows()).hasSize(1);
    assertThat(hosts.client.flowCount()).isEqualTo(1);
    assertThat(hosts.client.counters().otherFirstPaths.sum()).isEqualTo(1);
    hosts.transfer(BYTES, BYTES);
    hosts.runToEnd(20 * SECOND);
    hosts.runUntilForgotten();
  }

  @Test
  void aPlainServerIsReachedOverTheSecondPathAsWell() {
    TwoHosts hosts = TwoHosts.twoPaths(8);
    hosts.first.setUp(false);
    hosts.connect(opening(multipath(), 3, 2), plain());
    assertThat(hosts.clientConnection().isFallback()).isTrue();
    hosts.transfer(BYTES, BYTES);
    hosts.runToEnd(20 * SECOND);
    hosts.runUntilForgotten();
  }

  @Test
  void theFirstPathIsJoinedWhenItComesBack() {
    TwoHosts hosts = TwoHosts.twoPaths(9);
    hosts.first.setUp(false);
    connect(hosts, opening(multipath(), 3, 2));
    hosts.network.runFor(SECOND);
    hosts.first.setUp(true);
    hosts.transfer(40_000_000, 0);
    hosts.runToEnd(60 * SECOND);
    assertThat(hosts.first.forward().carriedBytes()).isGreaterThan(BYTES);
    assertThat(hosts.serverSocket.connection().isFallback()).isFalse();
    hosts.runUntilForgotten();
  }

  @Test
  void aBoundAddressIsTheOnlyOneThatIsTried() {
    TwoHosts hosts = TwoHosts.twoPaths(10);
    hosts.first.setUp(false);
    ConnectionConfig bound =
        multipath().toBuilder().boundToAddress(true).opening(new OpeningConfig(3, 1)).build();
    SimSocket socket = hosts.client.connect("10.0.1.2", PORT, bound);
    hosts.network.runFor(60 * SECOND);
    assertThat(socket.isEstablished()).isFalse();
    assertThat(hosts.client.flowCount()).isEqualTo(1);
    assertThat(hosts.second.forward().carriedBytes()).isZero();
  }

  @Test
  void whoeverAnswersFirstIsTheFirstSubflowAndALaterAnswerIsReset() {
    TwoHosts hosts = TwoHosts.twoPaths(11);
    // The first path's answer takes 3.5 s, the second's is there at 3.02 s.
    hosts.first.delay(1_750 * MILLI);
    List<Boolean> accepted = new ArrayList<>();
    hosts.server.listen(
        PORT,
        multipath(),
        socket -> {
          accepted.add(true);
          hosts.serverSocket = socket;
        });
    hosts.clientSocket = hosts.client.connect("10.0.1.2", PORT, opening(multipath(), 3, 2));
    hosts.network.runFor(3_200 * MILLI);
    assertThat(hosts.clientSocket.isEstablished()).isTrue();
    assertThat(hosts.clientConnection().initialFlow().local())
        .isEqualTo(IpAddress.parse("10.0.2.1"));
    hosts.first.delay(10 * MILLI);
    hosts.network.runFor(2 * SECOND);
    assertThat(hosts.client.resetsSent()).isPositive();
    assertThat(accepted).hasSize(1);
    assertThat(hosts.server.sockets()).as("no attempt is left half-open").hasSize(1);
    hosts.transfer(BYTES, BYTES);
    hosts.runToEnd(30 * SECOND);
    hosts.runUntilForgotten();
  }

  @Test
  void theFirstPathMayStillBeTheFirstToAnswer() {
    TwoHosts hosts = TwoHosts.twoPaths(12);
    hosts.first.delay(1_510 * MILLI);
    hosts.second.delay(200 * MILLI);
    connect(hosts, opening(multipath(), 3, 2));
    assertThat(hosts.client.counters().otherFirstPaths.sum()).isEqualTo(1);
    assertThat(hosts.clientConnection().initialFlow().local())
        .isEqualTo(IpAddress.parse("10.0.1.1"));
    hosts.first.delay(10 * MILLI);
    hosts.network.runFor(3 * SECOND);
    assertThat(hosts.server.sockets()).hasSize(1);
    hosts.transfer(BYTES, BYTES);
    hosts.runToEnd(30 * SECOND);
    hosts.runUntilForgotten();
  }

  @Test
  void interfacesAreTriedOneAfterTheOther() {
    TwoHosts hosts = TwoHosts.twoPaths(13);
    for (int i = 3; i <= 5; i++) {
      hosts.network.path(hosts.client, "10.0." + i + ".1", hosts.server, "10.0." + i + ".2");
    }
    hosts.first.setUp(false);
    hosts.second.setUp(false);
    long took = connect(hosts, opening(multipath(), 3, 1));
    assertThat(took).isBetween(3 * SECOND, 3 * SECOND + SECOND / 10);
    assertThat(hosts.clientConnection().initialFlow().local())
        .isEqualTo(IpAddress.parse("10.0.3.1"));
    assertThat(hosts.client.counters().otherFirstPaths.sum()).isEqualTo(2);
  }

  @Test
  void wherePathsStaySilentTheConnectEndsWhenTheFirstAttemptDoes() {
    TwoHosts hosts = TwoHosts.twoPaths(14);
    hosts.first.setUp(false);
    hosts.second.setUp(false);
    SimSocket socket = hosts.client.connect("10.0.1.2", PORT, opening(multipath(), 3, 2));
    hosts.network.runFor(122 * SECOND);
    assertThat(socket.connection().failure()).isEmpty();
    hosts.network.runFor(2 * SECOND);
    assertThat(socket.connection().failure()).contains(MptcpConnection.Failure.TIMED_OUT);
    assertThat(hosts.client.flowCount()).isZero();
    assertThat(hosts.client.tokenCount()).isZero();
  }

  @Test
  void aPortThatNobodyListensOnRefusesOverWhateverPathItIsReached() {
    TwoHosts hosts = TwoHosts.twoPaths(15);
    hosts.first.outage(0, 5 * SECOND);
    SimSocket socket = hosts.client.connect("10.0.1.2", PORT, opening(multipath(), 3, 2));
    hosts.network.runFor(8 * SECOND);
    assertThat(socket.connection().failure()).contains(MptcpConnection.Failure.REFUSED);
    assertThat(hosts.client.flowCount()).isZero();
  }

  @Test
  void anApplicationThatGivesUpLeavesNoAttemptBehind() {
    TwoHosts hosts = TwoHosts.twoPaths(16);
    hosts.first.setUp(false);
    hosts.second.setUp(false);
    SimSocket socket = hosts.client.connect("10.0.1.2", PORT, opening(multipath(), 3, 1));
    hosts.network.runFor(5 * SECOND);
    assertThat(hosts.client.flowCount()).isEqualTo(2);
    socket.close();
    assertThat(hosts.client.flowCount()).isZero();
    assertThat(hosts.client.sockets()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void bytesArriveWhicheverAttemptWins(int seed) {
    TwoHosts hosts = TwoHosts.twoPaths(seed);
    hosts.first.both(link -> link.loss(Loss.random(0.4)).delay(400 * MILLI));
    hosts.second.both(link -> link.loss(Loss.random(0.4)).delay(400 * MILLI));
    connect(hosts, opening(multipath(), 3, 1));
    hosts.first.both(link -> link.loss(Loss.none()).delay(10 * MILLI));
    hosts.second.both(link -> link.loss(Loss.none()).delay(10 * MILLI));
    hosts.transfer(BYTES, BYTES);
    hosts.runToEnd(60 * SECOND);
    hosts.runUntilForgotten();
  }
}
