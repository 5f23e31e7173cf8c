package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.tcp.TcpPair.MILLI;
import static org.mptcp4j.tcp.TcpPair.SECOND;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.wire.IcmpErrors;
import org.mptcp4j.wire.IpAddress;

class PathMtuTest {
  private static final long MINUTE = 60 * SECOND;

  private final TcpPair.Setup setup = new TcpPair.Setup();

  /** A router on the client's way whose next link takes packets of {@code mtu} bytes. */
  private static void hop(TcpPair pair, int mtu, boolean icmp) {
    IpAddress router = IpAddress.parse(pair.setup.ipv6 ? "fd00::9" : "10.0.0.9");
    pair.filter =
        packet -> {
          boolean fits = !packet.fromClient() || packet.bytes().length <= mtu;
          if (!fits && icmp) {
            pair.offerIcmp(IcmpErrors.packetTooBig(packet.bytes(), router, mtu), true);
          }
          return fits;
        };
  }

  /** Something that is said about {@code packet}. */
  private static void tell(TcpPair pair, TcpPair.Packet packet, int type, int code, int rest) {
    IpAddress router = IpAddress.parse(pair.setup.ipv6 ? "fd00::9" : "10.0.0.9");
    pair.offerIcmp(IcmpErrors.error(packet.bytes(), router, type, code, rest), true);
  }

  private static TcpPair.Packet lastOfClient(TcpPair pair) {
    List<TcpPair.Packet> sent = pair.from(true);
    return sent.get(sent.size() - 1);
  }

  private static int largestSince(TcpPair pair, long time) {
    return pair.from(true).stream()
        .filter(p -> p.sentAt() >= time)
        .mapToInt(p -> p.bytes().length)
        .max()
        .orElse(0);
  }

  /** The client has something to send for so many seconds. */
  private static void keepSending(TcpPair pair, int seconds) {
    for (int second = 0; second < seconds; second++) {
      pair.clientUser.write(TcpPair.bytes(100_000, second));
      pair.run(SECOND);
    }
  }

  private static TcpPair sendingOne(TcpPair pair) {
    pair.established();
    pair.filter = packet -> !packet.fromClient();
    pair.clientUser.write(TcpPair.bytes(1_428, 1));
    pair.settle();
    return pair;
  }

  @ParameterizedTest
  @CsvSource({"false, true", "false, false", "true, true"})
  void whatDoesNotFitIsSentAgainSmallerAtOnceAndTheWindowStays(boolean ipv6, boolean sack) {
    setup.ipv6 = ipv6;
    setup.sack = sack;
    TcpPair pair = new TcpPair(setup).established();
    hop(pair, 1_300, true);
    long window = pair.client.congestionWindow();
    byte[] data = TcpPair.bytes(10 * 1_400, 1);
    pair.clientUser.write(data);
    pair.run(45 * MILLI);

    assertThat(pair.client.packetLimit()).isEqualTo(1_300);
    assertThat(pair.serverUser.hasReceived(data)).isTrue();
    assertThat(pair.client.congestionWindow()).isGreaterThanOrEqualTo(window);
    assertThat(pair.client.lossEpisodes()).isZero();
    assertThat(pair.clientUser.events).containsExactly("established");
    assertThat(pair.clientUser.counters().icmpErrors.sum()).isEqualTo(1);
  }

  @Test
  void anOffloadedSegmentIsSentAgainInSmallerPieces() {
    setup.oneWayNanos = MILLI;
    TcpPair pair = new TcpPair(setup).established();
    pair.clientUser.mapsData = true;
    pair.clientUser.write(TcpPair.bytes(500_000, 1));
    pair.run(SECOND);
    assertThat(pair.client.sendLimit()).isGreaterThan(30_000);
    hop(pair, 1_300, true);
    byte[] data = TcpPair.bytes(200_000, 1);
    pair.clientUser.write(data);
    pair.run(SECOND);

    assertThat(pair.serverUser.receivedBytes()).isEqualTo(700_000);
    assertThat(pair.client.lossEpisodes()).isZero();
    assertThat(pair.clientUser.events).doesNotContain("timeout 1");
  }

  @Test
  void twoNarrowLinksOneAfterTheOtherAreBothLearned() {
    TcpPair pair = new TcpPair(setup).established();
    TcpPair.Filter[] both = new TcpPair.Filter[2];
    hop(pair, 1_400, true);
    both[0] = pair.filter;
    hop(pair, 1_250, true);
    both[1] = pair.filter;
    pair.filter = packet -> both[0].passes(packet) && both[1].passes(packet);
    byte[] data = TcpPair.bytes(30 * 1_400, 1);
    pair.clientUser.write(data);
    pair.run(150 * MILLI);

    assertThat(pair.client.packetLimit()).isEqualTo(1_250);
    assertThat(pair.serverUser.hasReceived(data)).isTrue();
    assertThat(pair.client.lossEpisodes()).isZero();
  }

  @Test
  void anErrorAboutWhatIsNotOutstandingIsIgnored() {
    TcpPair pair = new TcpPair(setup).established();
    pair.clientUser.write(TcpPair.bytes(1_448, 1));
    pair.run(100 * MILLI);
    TcpPair.Packet acknowledged =
        pair.from(true).stream().filter(p -> p.payload() > 0).findFirst().orElseThrow();
    tell(pair, acknowledged, 3, 4, 600);
    pair.client.sendAck(pair.now, pair.clientSink());
    // SEG.SEQ of an ACK without payload is SND.NXT.
    tell(pair, lastOfClient(pair), 3, 4, 600);
    pair.run(100 * MILLI);

    assertThat(pair.client.packetLimit()).isEqualTo(1_500);
    assertThat(pair.clientUser.counters().icmpIgnored.sum()).isEqualTo(2);
    assertThat(pair.clientUser.counters().icmpErrors.sum()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "false, 68, 552",
    "false, 1, 552",
    "false, 1400, 1400",
    "false, 1500, 1500",
    "false, 9000, 1500",
    "true, 1279, 1500",
    "true, 0, 1500",
    "true, -1, 1500",
    "true, 1280, 1280"
  })
  void anMtuThatMakesNoSenseIsNotBelieved(boolean ipv6, int claimed, int limit) {
    setup.ipv6 = ipv6;
    setup.mss = ipv6 ? 1_440 : 1_460;
    TcpPair pair = sendingOne(new TcpPair(setup));
    tell(pair, lastOfClient(pair), ipv6 ? 2 : 3, ipv6 ? 0 : 4, claimed);
    pair.run(15 * MILLI);

    assertThat(pair.client.packetLimit()).isEqualTo(limit);
  }

  @Test
  void aRouterThatDoesNotSayTheMtuHasTheNextUsualOneTried() {
    TcpPair pair = new TcpPair(setup).established();
    IpAddress router = IpAddress.parse("10.0.0.9");
    pair.filter =
        packet -> {
          boolean fits = !packet.fromClient() || packet.bytes().length <= 1_100;
          if (!fits) {
            pair.offerIcmp(IcmpErrors.packetTooBig(packet.bytes(), router, 0), true);
          }
          return fits;
        };
    byte[] data = TcpPair.bytes(10 * 1_448, 1);
    pair.clientUser.write(data);
    pair.run(150 * MILLI);

    // 1492, then 1006.
    assertThat(pair.client.packetLimit()).isEqualTo(1_006);
    assertThat(pair.serverUser.hasReceived(data)).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"3, 2", "3, 3"})
  void aHardErrorRefusesAConnectionThatIsNotThereYet(int type, int code) {
    TcpPair pair = new TcpPair(setup).connect();
    tell(pair, lastOfClient(pair), type, code, 0);
    pair.filter = packet -> false;
    pair.run(15 * MILLI);
    assertThat(pair.clientUser.events).containsExactly("closed REFUSED");
  }

  @ParameterizedTest
  @CsvSource({"3, 2", "3, 3", "3, 13", "3, 1", "11, 0", "12, 0"})
  void noErrorEndsAnEstablishedConnection(int type, int code) {
    TcpPair pair = sendingOne(new TcpPair(setup));
    tell(pair, lastOfClient(pair), type, code, 0);
    pair.filter = packet -> true;
    pair.run(SECOND);
    assertThat(pair.serverUser.receivedBytes()).isEqualTo(1_428);
    assertThat(pair.clientUser.events).doesNotContain("closed REFUSED", "closed UNREACHABLE");
  }

  @Test
  void aSoftErrorEndsNoAttemptButIsTheReasonWhenItTimesOut() {
    TcpPair pair = new TcpPair(setup).connect();
    pair.filter = packet -> false;
    tell(pair, lastOfClient(pair), 3, 1, 0);
    pair.run(5 * SECOND);
    assertThat(pair.clientUser.events).doesNotContain("closed UNREACHABLE");
    pair.run(5 * MINUTE);
    assertThat(pair.clientUser.events).endsWith("closed UNREACHABLE");
  }

  @Test
  void anEstablishedConnectionThatTimesOutTellsOfTheSoftErrorToo() {
    TcpPair pair = sendingOne(new TcpPair(setup));
    pair.filter = packet -> false;
    tell(pair, lastOfClient(pair), 3, 3, 0);
    pair.run(20 * MINUTE);
    assertThat(pair.clientUser.events).endsWith("closed UNREACHABLE");
  }

  @Test
  void aSoftErrorIsForgottenWhenThePeerAnswers() {
    TcpPair pair = sendingOne(new TcpPair(setup));
    tell(pair, lastOfClient(pair), 3, 0, 0);
    pair.filter = packet -> true;
    pair.run(SECOND);
    pair.filter = packet -> false;
    pair.clientUser.write(TcpPair.bytes(100, 1));
    pair.run(20 * MINUTE);
    assertThat(pair.clientUser.events).endsWith("closed TIMED_OUT");
  }

  // No router says anything

  @ParameterizedTest
  @CsvSource({"false, 1300, 3", "false, 600, 8", "true, 1280, 3"})
  void aBlackHoleIsNoticedAfterTwoTimeouts(boolean ipv6, int mtu, int seconds) {
    setup.ipv6 = ipv6;
    setup.mss = ipv6 ? 1_440 : 1_460;
    TcpPair pair = new TcpPair(setup).established();
    hop(pair, mtu, false);
    byte[] data = TcpPair.bytes(100_000, 1);
    pair.clientUser.write(data);
    boolean arrived = pair.run(seconds * SECOND, () -> pair.serverUser.receivedBytes() == 100_000);

    assertThat(arrived).isTrue();
    assertThat(pair.serverUser.hasReceived(data)).isTrue();
    assertThat(pair.clientUser.events).contains("timeout 2");
    assertThat(pair.clientUser.counters().blackHoles.sum()).isPositive();
  }

  @Test
  void theLargestSizeThatPassesABlackHoleIsFound() {
    TcpPair pair = new TcpPair(setup).established();
    hop(pair, 1_300, false);
    keepSending(pair, 60);

    assertThat(pair.serverUser.receivedBytes()).isEqualTo(6_000_000);
    assertThat(pair.client.packetLimit()).isBetween(1_292, 1_300);
    assertThat(pair.clientUser.counters().mtuProbes.sum()).isBetween(3L, 12L);
    // The silence of the path was one episode; no probe that was lost is another.
    assertThat(pair.clientUser.counters().mtuProbesLost.sum()).isPositive();
    assertThat(pair.client.lossEpisodes()).isEqualTo(1);
  }

  @Test
  void anOutageIsNotTakenForABlackHoleForLong() {
    TcpPair pair = new TcpPair(setup).established();
    pair.clientUser.write(TcpPair.bytes(200_000, 1));
    pair.filter = packet -> false;
    pair.run(2 * SECOND);
    assertThat(pair.client.packetLimit()).isLessThan(1_500);
    pair.filter = packet -> true;
    pair.clientUser.write(TcpPair.bytes(2_000_000, 2));
    pair.run(3 * SECOND, () -> pair.serverUser.receivedBytes() == 2_200_000);

    assertThat(pair.serverUser.receivedBytes()).isEqualTo(2_200_000);
    assertThat(pair.client.packetLimit()).isEqualTo(1_500);
    assertThat(pair.clientUser.counters().mtuProbesLost.sum()).isZero();
  }

  @Test
  void smallSegmentsThatStayUnansweredSayNothingOfTheSize() {
    TcpPair pair = new TcpPair(setup).established();
    pair.filter = packet -> false;
    pair.clientUser.write(TcpPair.bytes(900, 1));
    pair.run(10 * SECOND);
    assertThat(pair.client.packetLimit()).isEqualTo(1_500);
  }

  @Test
  void anUnreachablePeerIsNoBlackHole() {
    TcpPair pair = sendingOne(new TcpPair(setup));
    tell(pair, lastOfClient(pair), 3, 1, 0);
    pair.run(10 * SECOND);
    assertThat(pair.client.packetLimit()).isEqualTo(1_500);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aPathThatBecomesWiderIsNoticedAfterTenMinutes(boolean icmp) {
    TcpPair pair = new TcpPair(setup).established();
    hop(pair, 1_300, icmp);
    keepSending(pair, 60);
    assertThat(pair.client.packetLimit()).isBetween(1_292, 1_300);
    pair.filter = packet -> true;
    long widened = pair.now;
    pair.clientUser.write(TcpPair.bytes(100_000, 1));
    pair.run(8 * MINUTE);
    assertThat(largestSince(pair, widened)).isLessThanOrEqualTo(1_300);

    pair.run(3 * MINUTE);
    pair.clientUser.write(TcpPair.bytes(1_000_000, 1));
    pair.run(10 * SECOND);
    assertThat(pair.client.packetLimit()).isEqualTo(1_500);
    assertThat(pair.serverUser.receivedBytes()).isEqualTo(7_100_000);
  }

  @Test
  void aRouterThatRefusesAProbeNamesTheSizeAtOnce() {
    TcpPair pair = new TcpPair(setup).established();
    hop(pair, 1_300, false);
    pair.clientUser.write(TcpPair.bytes(100_000, 1));
    pair.run(10 * SECOND, () -> pair.clientUser.counters().blackHoles.sum() > 0);
    hop(pair, 1_300, true);
    pair.clientUser.write(TcpPair.bytes(500_000, 1));
    pair.run(5 * SECOND);

    assertThat(pair.client.packetLimit()).isEqualTo(1_300);
    assertThat(pair.clientUser.counters().mtuProbes.sum()).isEqualTo(2);
    assertThat(pair.client.lossEpisodes()).isEqualTo(1);
    assertThat(pair.serverUser.receivedBytes()).isEqualTo(600_000);
  }
}
