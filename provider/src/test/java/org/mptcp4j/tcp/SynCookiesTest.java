package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

class SynCookiesTest {
  private static final long SECOND = 1_000_000_000L;
  private static final int ISN = 12_345;

  private final SynCookies cookies = new SynCookies(new SipHash(1, 2));
  private final TcpConfig config = new TcpPair.Setup().config(false);
  private final OutgoingSegment answer = new OutgoingSegment();

  private static IncomingSegment parsed(OutgoingSegment segment) {
    byte[] bytes = Segments.bytes(segment);
    IncomingSegment incoming = new IncomingSegment();
    assertThat(incoming.parse(ByteBuffer.wrap(bytes), 0, bytes.length))
        .isEqualTo(IncomingSegment.Verdict.OK);
    return incoming;
  }

  private static OutgoingSegment syn() {
    return Segments.toServer().sequenceNumber(ISN).flags(TcpFlags.SYN).window(60_000);
  }

  private static IncomingSegment ack(int cookie) {
    return parsed(
        Segments.toServer()
            .sequenceNumber(ISN + 1)
            .acknowledgmentNumber(cookie + 1)
            .flags(TcpFlags.ACK));
  }

  private int cookie(long now, OutgoingSegment syn) {
    cookies.answer(now, parsed(syn), config, 1 << 20, /* timestampOffset= */ 5, answer);
    return answer.sequenceNumber();
  }

  @ParameterizedTest
  @CsvSource({
    "1460,7,true,1460,7",
    "1459,14,false,1440,10",
    "100,0,true,88,0",
    "9000,3,true,8960,2",
    "1380,1,false,1360,0",
    "87,5,true,88,4"
  })
  void whatTheSynSaidIsRememberedRoundedDown(
      int mss, int scale, boolean sack, int rememberedMss, int rememberedScale) {
    OutgoingSegment syn = syn();
    syn.options().maximumSegmentSize(mss);
    syn.options().windowScale(scale);
    if (sack) {
      syn.options().sackPermitted();
    }
    IncomingSegment ack = ack(cookie(0, syn));
    assertThat(cookies.isValid(0, ack)).isTrue();
    IncomingSegment again = cookies.rebuildSyn(ack, options -> {});
    assertThat(again.mss()).isEqualTo(rememberedMss);
    assertThat(again.windowScale()).isEqualTo(rememberedScale);
    assertThat(again.sackPermitted()).isEqualTo(sack);
    assertThat(again.sequenceNumber()).isEqualTo(ISN);
    assertThat(again.flags()).isEqualTo(TcpFlags.SYN);
    assertThat(again.hasTimestamps()).isFalse();
  }

  @Test
  void aSynWithoutOptionsIsAnsweredWithoutThem() {
    int cookie = cookie(0, syn());
    IncomingSegment synAck = parsed(answer);
    assertThat(synAck.flags()).isEqualTo(TcpFlags.SYN | TcpFlags.ACK);
    assertThat(synAck.acknowledgmentNumber()).isEqualTo(ISN + 1);
    assertThat(synAck.mss()).isEqualTo(config.mss());
    assertThat(synAck.windowScale()).isNegative();
    assertThat(synAck.sackPermitted()).isFalse();
    assertThat(synAck.hasTimestamps()).isFalse();
    assertThat(synAck.window()).isEqualTo(0xffff);
    IncomingSegment again = cookies.rebuildSyn(ack(cookie), options -> {});
    assertThat(again.mss()).isEqualTo(536);
    assertThat(again.windowScale()).isNegative();
  }

  @Test
  void aCookieIsGoodForHalfAMinuteAndNotMuchLonger() {
    for (long sent = 0; sent < 70; sent += 7) {
      IncomingSegment ack = ack(cookie(sent * SECOND, syn()));
      assertThat(cookies.isValid(sent * SECOND, ack)).isTrue();
      assertThat(cookies.isValid((sent + 31) * SECOND, ack)).isTrue();
      for (long age = 65; age < 300; age++) {
        assertThat(cookies.isValid((sent + age) * SECOND, ack)).isFalse();
      }
    }
  }

  @Test
  void aCookieIsOfOneFlowAndOneSyn() {
    int cookie = cookie(0, syn());
    assertThat(cookies.isValid(0, ack(cookie))).isTrue();
    assertThat(new SynCookies(new SipHash(1, 3)).isValid(0, ack(cookie))).isFalse();
    OutgoingSegment otherSyn =
        Segments.toServer()
            .sequenceNumber(ISN + 2)
            .acknowledgmentNumber(cookie + 1)
            .flags(TcpFlags.ACK);
    assertThat(cookies.isValid(0, parsed(otherSyn))).isFalse();
    OutgoingSegment otherFlow =
        Segments.toClient()
            .sequenceNumber(ISN + 1)
            .acknowledgmentNumber(cookie + 1)
            .flags(TcpFlags.ACK);
    assertThat(cookies.isValid(0, parsed(otherFlow))).isFalse();
    for (int bit = 0; bit < 32; bit++) {
      assertThat(cookies.isValid(0, ack(cookie ^ 1 << bit))).as("bit %d", bit).isFalse();
    }
  }

  @Test
  void guessingACookieIsNoUse() {
    Random random = new Random(1);
    int guessed = 0;
    for (int i = 0; i < 200_000; i++) {
      guessed += cookies.isValid(SECOND, ack(random.nextInt())) ? 1 : 0;
    }
    assertThat(guessed).isZero();
  }
}
