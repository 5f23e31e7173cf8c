package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.tcp.TcpPair.MILLI;
import static org.mptcp4j.tcp.TcpPair.SECOND;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.wire.TcpFlags;

/** RFC 3042: new data at the first two duplicate ACKs, and byte counting after a timeout. */
class LimitedTransmitTest {
  private static final int MSS = 1448;

  private final TcpPair.Setup setup = new TcpPair.Setup();

  /** A window of three segments, the first of which gets lost. */
  private TcpPair threeSegmentsTheFirstLost(byte[] data) {
    setup.congestion = () -> new FixedWindow(3);
    TcpPair pair = new TcpPair(setup).established();
    // After this the window that the server announces is that of all its ACKs.
    pair.clientUser.write(TcpPair.bytes(1, 2));
    pair.run(SECOND);
    pair.packets.clear();
    boolean[] dropped = {false};
    pair.filter =
        packet -> {
          boolean first = packet.fromClient() && packet.payload() > 0 && !dropped[0];
          dropped[0] |= first;
          return !first;
        };
    pair.clientUser.write(data);
    return pair;
  }

  private static List<Integer> sentSegments(TcpPair pair) {
    return pair.from(true).stream()
        .filter(packet -> packet.payload() > 0)
        .map(packet -> (packet.segment().sequenceNumber() - 1001) / MSS)
        .toList();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theFirstTwoDuplicateAcksReleaseNewDataAndTheThirdRepairsTheLossInTime(boolean sack) {
    setup.sack = sack;
    byte[] data = TcpPair.bytes(30 * MSS, 1);
    TcpPair pair = threeSegmentsTheFirstLost(data);
    pair.run(21 * MILLI);
    // Two ACKs came; each let one new segment go.
    assertThat(sentSegments(pair)).startsWith(0, 1, 2, 3, 4).doesNotHaveDuplicates();
    assertThat(pair.client.congestionWindow()).isEqualTo(3 * MSS);

    pair.run(22 * MILLI);
    assertThat(sentSegments(pair).subList(5, sentSegments(pair).size())).contains(0);
    pair.run(SECOND);
    assertThat(pair.serverUser.receivedBytes()).isEqualTo(1 + data.length);
    assertThat(pair.clientUser.events).doesNotContain("timeout 1");
  }

  @Test
  void aDuplicateAckWithoutSackReleasesNothingWhereSackIsSpoken() {
    setup.congestion = () -> new FixedWindow(3);
    TcpPair pair = new TcpPair(setup).established();
    pair.clientUser.write(TcpPair.bytes(30 * MSS, 1));
    pair.settle();
    for (int i = 0; i < 2; i++) {
      var duplicate =
          Segments.toClient()
              .sequenceNumber(pair.client.receiveNext())
              .acknowledgmentNumber(pair.client.sendUnacknowledged())
              .flags(TcpFlags.ACK)
              .window(pair.clientUser.peerWindow() >> Tcb.offeredScale(setup.config(true)));
      Segments.arrive(pair, pair.client, duplicate);
      pair.settle();
    }
    assertThat(sentSegments(pair)).containsExactly(0, 1, 2);
  }

  @Test
  void withoutSackAnAckAfterATimeoutLetsTheWindowGrowByOneSegment() {
    setup.sack = false;
    TcpPair pair = new TcpPair(setup).established();
    int[] count = {0};
    pair.filter = packet -> !packet.fromClient() || packet.payload() == 0 || count[0]++ % 3 > 0;
    // RFC 3465 §2.3's example: N is lost, N+1 and N+2 arrive; and N+3 is lost.
    pair.clientUser.write(TcpPair.bytes(4 * MSS, 1));
    assertThat(pair.run(SECOND, () -> pair.clientUser.events.contains("timeout 1"))).isTrue();
    assertThat(pair.client.congestionWindow()).isEqualTo(MSS);
    pair.filter = packet -> true;
    pair.run(25 * MILLI);

    assertThat(pair.client.sendUnacknowledged()).isEqualTo(1001 + 3 * MSS);
    assertThat(pair.client.congestionWindow()).isEqualTo(2 * MSS);
  }
}
