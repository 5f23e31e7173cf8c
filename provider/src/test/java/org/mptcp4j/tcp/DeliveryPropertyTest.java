package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.tcp.TcpPair.MILLI;
import static org.mptcp4j.tcp.TcpPair.SECOND;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

/**
 * Whatever the network does to packets, the bytes arrive once and in order, and both ends close.
 */
class DeliveryPropertyTest {
  @Property(tries = 150)
  void bytesArriveOnceAndInOrderWhateverIsLostReorderedOrDuplicated(
      @ForAll @DoubleRange(max = 0.15) double loss,
      @ForAll @DoubleRange(max = 0.2) double duplication,
      @ForAll @IntRange(max = 30) int jitterMillis,
      @ForAll @IntRange(min = 1, max = 100) int oneWayMillis,
      @ForAll @LongRange(min = 1, max = 1_000_000) long seed,
      @ForAll @IntRange(min = 1, max = 120_000) int upLength,
      @ForAll @IntRange(max = 60_000) int downLength,
      @ForAll @IntRange(max = 31) int options) {
    TcpPair.Setup setup = new TcpPair.Setup();
    setup.loss = loss;
    setup.duplication = duplication;
    setup.jitterNanos = jitterMillis * MILLI;
    setup.oneWayNanos = oneWayMillis * MILLI;
    setup.seed = seed;
    setup.clientIsn = (int) (seed * 0x9E37_79B9L);
    setup.serverIsn = -upLength;
    setup.sack = (options & 1) == 0;
    setup.timestamps = (options & 2) == 0;
    setup.wholeFrames = (options & 4) != 0;
    setup.bufferLimit = (options & 8) == 0 ? 1 << 20 : 20_000;
    setup.congestion = (options & 16) == 0 ? Cubic::new : NewReno::new;
    setup.synRetries = 12;
    setup.retries = 15;
    TcpPair pair = new TcpPair(setup);
    pair.record = false;
    byte[] up = TcpPair.bytes(upLength, seed);
    byte[] down = TcpPair.bytes(downLength, seed + 1);
    pair.clientUser.write(up);
    pair.serverUser.write(down);
    pair.clientUser.closeWhenSent();
    pair.serverUser.closeWhenSent();
    pair.connect();

    boolean done =
        pair.run(
            6 * 3600 * SECOND,
            () ->
                pair.serverUser.hasReceived(up)
                    && pair.clientUser.hasReceived(down)
                    && isDone(pair.client)
                    && isDone(pair.server));
    assertThat(done)
        .as(
            "%s %s: %d of %d up, %d of %d down",
            pair.client,
            pair.server,
            pair.serverUser.receivedBytes(),
            upLength,
            pair.clientUser.receivedBytes(),
            downLength)
        .isTrue();
  }

  /** The last window update is lost, and nobody would hear of the window any more. */
  @Example
  void aLostWindowUpdateIsMadeUpForByAProbe() {
    bytesArriveOnceAndInOrderWhateverIsLostReorderedOrDuplicated(0.1, 0, 1, 3, 1424, 25_793, 1, 8);
  }

  private static boolean isDone(TcpEndpoint endpoint) {
    return endpoint.state() == TcpState.CLOSED || endpoint.state() == TcpState.TIME_WAIT;
  }
}
