package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.tcp.TcpPair.MILLI;
import static org.mptcp4j.tcp.TcpPair.SECOND;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UserTimeoutTest {
  private static final EndpointOptions SEVEN_SECONDS =
      EndpointOptions.DEFAULT.withUserTimeout(7 * SECOND);

  private final TcpPair.Setup setup = new TcpPair.Setup();

  private TcpPair established(EndpointOptions options) {
    setup.clientOptions = options;
    return new TcpPair(setup).established();
  }

  private static boolean isClosed(TcpPair pair) {
    return pair.client.state() == TcpState.CLOSED;
  }

  @Test
  void whatStaysUnacknowledgedForTheTimeEndsTheConnection() {
    TcpPair pair = established(SEVEN_SECONDS);
    pair.filter = packet -> false;
    pair.clientUser.write(new byte[1000]);
    long sent = pair.now;
    assertThat(pair.run(60 * SECOND, () -> isClosed(pair))).isTrue();
    assertThat(pair.now - sent).isEqualTo(7 * SECOND);
    assertThat(pair.clientUser.events).endsWith("closed TIMED_OUT");
  }

  @Test
  void withoutOneTheRetransmissionsDecide() {
    TcpPair pair = established(EndpointOptions.DEFAULT);
    pair.filter = packet -> false;
    pair.clientUser.write(new byte[1000]);
    pair.run(60 * SECOND);
    assertThat(isClosed(pair)).isFalse();
    assertThat(pair.clientUser.events).contains("timeout 4");
  }

  @Test
  void everyAcknowledgmentThatMovesOnStartsTheTimeAnew() {
    TcpPair pair = established(SEVEN_SECONDS);
    pair.clientUser.write(new byte[400 * 1448]);
    long[] cutOffAt = {0};
    // Every now and then one segment gets through.
    int[] count = {0};
    pair.filter = packet -> !packet.fromClient() || packet.payload() == 0 || ++count[0] % 4 == 0;
    pair.run(120 * SECOND, () -> pair.serverUser.receivedBytes() >= 20 * 1448);
    assertThat(isClosed(pair)).isFalse();
    pair.filter = packet -> false;
    pair.run(100 * MILLI);
    int una = pair.client.sendUnacknowledged();
    cutOffAt[0] = pair.now;
    assertThat(pair.run(60 * SECOND, () -> isClosed(pair))).isTrue();
    assertThat(pair.now - cutOffAt[0]).isLessThanOrEqualTo(7 * SECOND);
    assertThat(pair.client.sendUnacknowledged()).isEqualTo(una);
  }

  @Test
  void aTimeLongerThanTheRetransmissionsCounts() {
    TcpPair pair = established(EndpointOptions.DEFAULT.withUserTimeout(3600 * SECOND));
    pair.filter = packet -> false;
    pair.clientUser.write(new byte[1000]);
    long sent = pair.now;
    assertThat(pair.run(7200 * SECOND, () -> isClosed(pair))).isTrue();
    assertThat(pair.now - sent).isEqualTo(3600 * SECOND);
    assertThat(pair.clientUser.events).contains("timeout 60");
  }

  @Test
  void anIdleConnectionHasNone() {
    TcpPair pair = established(SEVEN_SECONDS);
    pair.clientUser.write(new byte[1000]);
    pair.run(3600 * SECOND);
    assertThat(isClosed(pair)).isFalse();
    assertThat(pair.client.nextDeadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void idlenessDoesNotCount() {
    TcpPair pair = established(SEVEN_SECONDS);
    pair.clientUser.write(new byte[1000]);
    pair.run(60 * SECOND);
    pair.filter = packet -> false;
    pair.clientUser.write(new byte[1000]);
    long sent = pair.now;
    assertThat(pair.run(60 * SECOND, () -> isClosed(pair))).isTrue();
    assertThat(pair.now - sent).isEqualTo(7 * SECOND);
  }

  @Test
  void itBoundsTheHandshake() {
    setup.clientOptions = EndpointOptions.DEFAULT.withUserTimeout(6 * SECOND);
    TcpPair pair = new TcpPair(setup);
    pair.filter = packet -> false;
    long start = pair.now;
    pair.connect();
    assertThat(pair.run(60 * SECOND, () -> isClosed(pair))).isTrue();
    assertThat(pair.now - start).isEqualTo(6 * SECOND);
    assertThat(pair.clientUser.events)
        .containsExactly("timeout 1", "timeout 2", "closed TIMED_OUT");
  }

  @Test
  void itBoundsTheWaitForTheLastAcknowledgment() {
    TcpPair pair = established(SEVEN_SECONDS);
    pair.filter = packet -> false;
    pair.clientUser.closeWhenSent();
    long start = pair.now;
    assertThat(pair.run(60 * SECOND, () -> isClosed(pair))).isTrue();
    assertThat(pair.now - start).isEqualTo(7 * SECOND);
  }

  @Test
  void itCanBeSetWhileDataIsOutstanding() {
    TcpPair pair = established(EndpointOptions.DEFAULT);
    pair.filter = packet -> false;
    pair.clientUser.write(new byte[1000]);
    pair.run(5 * SECOND);
    pair.client.setOptions(pair.now, SEVEN_SECONDS);
    long set = pair.now;
    assertThat(pair.run(60 * SECOND, () -> isClosed(pair))).isTrue();
    assertThat(pair.now - set).isEqualTo(7 * SECOND);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 100})
  void itCountsInsteadOfTheNumberOfKeepAliveProbes(int probes) {
    TcpPair pair = established(SEVEN_SECONDS.withKeepAlive(KeepAlive.everySeconds(2, 2, probes)));
    pair.filter = packet -> false;
    long start = pair.now;
    assertThat(pair.run(60 * SECOND, () -> isClosed(pair))).isTrue();
    assertThat(pair.now - start).isBetween(7 * SECOND, 9 * SECOND);
  }
}
