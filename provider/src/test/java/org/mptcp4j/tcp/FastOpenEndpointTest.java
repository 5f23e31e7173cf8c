package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.tcp.TcpPair.MILLI;
import static org.mptcp4j.tcp.TcpPair.SECOND;

import java.nio.ByteBuffer;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.mptcp4j.wire.FastOpenCookie;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/** Fast Open where the other end is made by hand, or opens at the same time (RFC 7413 §4.2.2). */
class FastOpenEndpointTest {
  private record Chunk(ByteBuffer buffer, int offset, int length) implements SegmentPayload {}

  private static final byte[] DATA = TcpPair.bytes(100, 1);
  private static final FlowKey FLOW =
      FlowKey.of(IpAddress.parse("10.0.0.1"), 40_000, IpAddress.parse("10.0.0.2"), 80);

  private final TcpPair.Setup setup = new TcpPair.Setup();
  private final TcpCounters counters = new TcpCounters();
  private FastOpenCache cache;

  /** An attempt with a cookie, as if it had been learnt before. */
  private FastOpenAttempt attempt(int mss) {
    cache = new FastOpenCache(counters);
    FastOpenAttempt asking = cache.attempt(0, FLOW);
    asking.sent(0);
    OutgoingSegment out =
        new OutgoingSegment()
            .begin(FLOW.remote(), 80, FLOW.local(), 40_000)
            .flags(TcpFlags.SYN | TcpFlags.ACK);
    out.options().maximumSegmentSize(mss);
    out.options().fastOpen(FastOpenCookie.of(0x0102030405060708L), false);
    byte[] bytes = Segments.bytes(out);
    IncomingSegment synAck = new IncomingSegment();
    synAck.parse(ByteBuffer.wrap(bytes), 0, bytes.length);
    asking.answered(0, synAck, 0, false);
    return cache.attempt(0, FLOW);
  }

  private static Optional<SegmentPayload> data() {
    return Optional.of(new Chunk(ByteBuffer.wrap(DATA), 0, DATA.length));
  }

  private void connect(TcpPair pair) {
    pair.client.connect(pair.now, attempt(1460), data(), pair.clientSink());
  }

  private OutgoingSegment synAck(int acknowledged) {
    return Segments.toClient()
        .sequenceNumber(setup.serverIsn)
        .acknowledgmentNumber(setup.clientIsn + 1 + acknowledged)
        .flags(TcpFlags.SYN | TcpFlags.ACK)
        .window(60_000);
  }

  @Test
  void anyPartOfTheDataMayBeAcknowledged() {
    for (int acknowledged : new int[] {0, 1, 99, 100}) {
      TcpPair pair = new TcpPair(setup);
      connect(pair);
      Segments.arrive(pair, pair.client, synAck(acknowledged));
      assertThat(pair.client.state()).isEqualTo(TcpState.ESTABLISHED);
      assertThat(pair.client.sendUnacknowledged()).isEqualTo(setup.clientIsn + 1 + acknowledged);
      assertThat(pair.client.sendNext()).isEqualTo(setup.clientIsn + 1 + acknowledged);
      assertThat(pair.client.hasUnacknowledged()).isFalse();
    }
  }

  @Test
  void moreThanTheDataIsNot() {
    for (int acknowledged : new int[] {-1, 101, 1 << 30}) {
      TcpPair pair = new TcpPair(setup);
      connect(pair);
      Segments.arrive(pair, pair.client, synAck(acknowledged));
      assertThat(pair.client.state()).isEqualTo(TcpState.SYN_SENT);
      assertThat(pair.packets.get(1).has(TcpFlags.RST)).isTrue();
    }
  }

  @Test
  void theDataIsStillTheFirstOnesAfterARepetitionWithoutIt() {
    TcpPair pair = new TcpPair(setup);
    pair.filter = packet -> false;
    connect(pair);
    pair.run(1500 * MILLI);
    assertThat(pair.from(true)).hasSize(2);
    assertThat(pair.packets.get(0).payload()).isEqualTo(100);
    assertThat(pair.packets.get(1).payload()).isZero();
    Segments.arrive(pair, pair.client, synAck(100));
    assertThat(pair.client.state()).isEqualTo(TcpState.ESTABLISHED);
    assertThat(counters.fastOpenAcknowledged.sum()).isEqualTo(1);
  }

  @Test
  void whatTheOptionsLeaveOfTheMssIsForData() {
    TcpPair pair = new TcpPair(setup);
    pair.client.connect(pair.now, attempt(88), data(), pair.clientSink());
    IncomingSegment syn = pair.packets.get(0).segment();
    assertThat(syn.payloadLength()).isEqualTo(88 - 32);
    assertThat(syn.fastOpenCookie()).isEqualTo(FastOpenCookie.of(0x0102030405060708L));
  }

  @Test
  void aBusyPathTakesTheDataWithTheSynLater() {
    TcpPair pair = new TcpPair(setup);
    pair.clientPathBusy = true;
    connect(pair);
    assertThat(pair.packets).isEmpty();
    pair.clientPathBusy = false;
    pair.client.pathWritable();
    pair.client.flush(pair.now, pair.clientSink());
    assertThat(pair.packets.get(0).payload()).isEqualTo(100);
    Segments.arrive(pair, pair.client, synAck(100));
    assertThat(pair.client.state()).isEqualTo(TcpState.ESTABLISHED);
  }

  @Test
  void whoBothOpenWithDataSendItAfterTheHandshake() {
    TcpPair pair = new TcpPair(setup);
    pair.connectBoth(attempt(1460), data());
    pair.clientUser.write(DATA);
    pair.serverUser.write(DATA);
    pair.run(SECOND);
    assertThat(pair.packets.get(0).payload()).isEqualTo(100);
    assertThat(pair.client.state()).isEqualTo(TcpState.ESTABLISHED);
    assertThat(pair.server.state()).isEqualTo(TcpState.ESTABLISHED);
    assertThat(pair.serverUser.hasReceived(DATA)).isTrue();
    assertThat(pair.clientUser.hasReceived(DATA)).isTrue();
    assertThat(pair.serverUser.receivedBytes()).isEqualTo(100);
  }

  @Test
  void aRefusalStopsFastOpenForAWhile() {
    TcpPair pair = new TcpPair(setup);
    connect(pair);
    OutgoingSegment reset =
        Segments.toClient()
            .acknowledgmentNumber(setup.clientIsn + 101)
            .flags(TcpFlags.RST | TcpFlags.ACK);
    Segments.arrive(pair, pair.client, reset);
    assertThat(pair.clientUser.events).containsExactly("closed REFUSED");
    assertThat(cache.attempt(pair.now + 1, FLOW)).isSameAs(FastOpenAttempt.NONE);
  }
}
