package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.tcp.TcpPair.MILLI;
import static org.mptcp4j.tcp.TcpPair.SECOND;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Sequence numbers pass from 2³² - 1 to 0, and from 2³¹ - 1 to -2³¹, wherever they like. */
class SequenceWrapPropertyTest {
  private static final int LAST_UNSIGNED = -1;
  private static final int LAST_SIGNED = Integer.MAX_VALUE;

  private enum Order {
    CLIENT_FIRST,
    SERVER_FIRST,
    AT_ONCE,
    BOTH_OPEN
  }

  private static boolean isDone(TcpEndpoint endpoint) {
    return endpoint.state() == TcpState.CLOSED || endpoint.state() == TcpState.TIME_WAIT;
  }

  private static void transfer(TcpPair pair, int length, Order order) {
    byte[] up = TcpPair.bytes(length, 1);
    byte[] down = TcpPair.bytes(length, 2);
    pair.record = false;
    pair.clientUser.write(up);
    pair.serverUser.write(down);
    if (order == Order.BOTH_OPEN) {
      pair.connectBoth();
    } else {
      pair.connect();
    }
    boolean arrived =
        pair.run(
            600 * SECOND,
            () -> pair.serverUser.hasReceived(up) && pair.clientUser.hasReceived(down));
    assertThat(arrived).as("data arrived, %s %s", pair.client, pair.server).isTrue();
    if (order != Order.SERVER_FIRST) {
      pair.clientUser.closeWhenSent();
    }
    if (order == Order.CLIENT_FIRST || order == Order.SERVER_FIRST) {
      if (order == Order.SERVER_FIRST) {
        pair.serverUser.closeWhenSent();
      }
      pair.run(SECOND);
    }
    pair.clientUser.closeWhenSent();
    pair.serverUser.closeWhenSent();
    boolean closed = pair.run(600 * SECOND, () -> isDone(pair.client) && isDone(pair.server));
    assertThat(closed).as("closed, %s %s", pair.client, pair.server).isTrue();
    pair.run(300 * SECOND);
    assertThat(pair.client.state()).isEqualTo(TcpState.CLOSED);
    assertThat(pair.server.state()).isEqualTo(TcpState.CLOSED);
  }

  /** SYN, three bytes and FIN take five numbers: the wrap falls on each, and between them. */
  @Property(tries = 1_000)
  void theWrapMayFallOnAnyNumberOfAShortConnection(
      @ForAll @IntRange(max = 6) int client,
      @ForAll @IntRange(max = 6) int server,
      @ForAll boolean signed,
      @ForAll Order order) {
    TcpPair.Setup setup = new TcpPair.Setup();
    int last = signed ? LAST_SIGNED : LAST_UNSIGNED;
    setup.clientIsn = last - client;
    setup.serverIsn = last - server;
    transfer(new TcpPair(setup), 3, order);
  }

  @Property(tries = 150)
  void theWrapMayFallAnywhereWhileSegmentsAreLostReorderedAndDuplicated(
      @ForAll @IntRange(max = 60_000) int client,
      @ForAll @IntRange(max = 60_000) int server,
      @ForAll boolean signed,
      @ForAll @IntRange(max = 100_000) int seed,
      @ForAll boolean sack,
      @ForAll Order order) {
    TcpPair.Setup setup = new TcpPair.Setup();
    int last = signed ? LAST_SIGNED : LAST_UNSIGNED;
    setup.clientIsn = last - client;
    setup.serverIsn = last - server;
    setup.seed = seed;
    setup.loss = 0.05;
    setup.duplication = 0.05;
    setup.jitterNanos = 15 * MILLI;
    setup.sack = sack;
    setup.synRetries = 12;
    setup.retries = 15;
    transfer(new TcpPair(setup), 60_000, order);
  }
}
