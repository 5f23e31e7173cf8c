package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.tcp.TcpPair.MILLI;
import static org.mptcp4j.tcp.TcpPair.SECOND;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/** RFC 5482. */
class UserTimeoutOptionTest {
  private static final EndpointOptions ADVISED =
      EndpointOptions.DEFAULT.withUserTimeoutAdvised(true);

  private final TcpPair.Setup setup = new TcpPair.Setup();

  private static List<Integer> told(TcpPair pair, boolean byClient) {
    return pair.from(byClient).stream().map(p -> p.segment().userTimeoutSeconds()).toList();
  }

  /** How long the client bears with silence, seconds. */
  private static long patience(TcpPair pair) {
    pair.filter = packet -> false;
    pair.clientUser.write(new byte[1000]);
    long sent = pair.now;
    assertThat(pair.run(100_000 * SECOND, () -> pair.client.state() == TcpState.CLOSED)).isTrue();
    return (pair.now - sent) / SECOND;
  }

  @Test
  void itIsOffByDefault() {
    setup.serverOptions = ADVISED.withUserTimeout(900 * SECOND);
    TcpPair pair = new TcpPair(setup).established();
    assertThat(told(pair, true)).containsOnly(0);
    assertThat(told(pair, false)).contains(900);
    assertThat(patience(pair)).isLessThan(300);
  }

  @Test
  void itIsOnTheSynsAndTheFirstAckAndOnNothingLater() {
    setup.clientOptions = ADVISED.withUserTimeout(700 * SECOND);
    setup.serverOptions = ADVISED;
    TcpPair pair = new TcpPair(setup).established();
    pair.serverUser.write(TcpPair.bytes(100_000, 1));
    pair.run(SECOND);
    assertThat(told(pair, true).subList(0, 3)).containsExactly(700, 700, 0);
    assertThat(told(pair, false).get(0)).isEqualTo(300);
    assertThat(told(pair, true).subList(2, told(pair, true).size())).containsOnly(0);
  }

  @Test
  void aNewTimeIsToldOnTheNextAck() {
    setup.clientOptions = ADVISED.withUserTimeout(700 * SECOND);
    TcpPair pair = new TcpPair(setup).established();
    pair.client.setOptions(pair.now, ADVISED.withUserTimeout(800 * SECOND));
    pair.serverUser.write(TcpPair.bytes(5_000, 1));
    pair.run(SECOND);
    assertThat(told(pair, true)).containsOnlyOnce(800);
  }

  @ParameterizedTest
  @CsvSource({"900, 900", "200, 300", "20000, 3600", "1, 300"})
  void bothEndsAdoptTheLongerTime(int advised, int adopted) {
    setup.clientOptions = ADVISED;
    setup.serverOptions = ADVISED.withUserTimeout(advised * SECOND);
    assertThat(patience(new TcpPair(setup).established())).isEqualTo(adopted);
  }

  @Test
  void aTimeThatTheApplicationSetIsNotChanged() {
    setup.clientOptions = ADVISED.withUserTimeout(20 * SECOND);
    setup.serverOptions = ADVISED.withUserTimeout(900 * SECOND);
    assertThat(patience(new TcpPair(setup).established())).isEqualTo(20);
  }

  @Test
  void aTimeThatComesLaterIsAdoptedAlsoForWhatIsOutstanding() {
    setup.clientOptions = ADVISED;
    TcpPair pair = new TcpPair(setup).established();
    pair.filter = packet -> !packet.fromClient();
    pair.clientUser.write(new byte[1000]);
    pair.run(100 * MILLI);
    long sent = pair.now - 100 * MILLI;
    OutgoingSegment segment =
        Segments.toClient()
            .sequenceNumber(pair.setup.serverIsn + 1)
            .acknowledgmentNumber(pair.client.sendUnacknowledged())
            .flags(TcpFlags.ACK)
            .window(60_000);
    segment.options().userTimeout(40 * 60);
    Segments.arrive(pair, pair.client, segment);
    assertThat(pair.run(7200 * SECOND, () -> pair.client.state() == TcpState.CLOSED)).isTrue();
    assertThat(pair.now - sent).isBetween(2400 * SECOND - SECOND, 2400 * SECOND + SECOND);
  }
}
