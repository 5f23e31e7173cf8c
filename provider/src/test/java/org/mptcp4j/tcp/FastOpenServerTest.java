package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.mptcp4j.wire.FastOpenCookie;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/** Cookies, their keys, and how many handshakes may be pending (RFC 7413 §4.1.2, §4.2, §5.1). */
class FastOpenServerTest {
  private static final long HOUR = 3600L * 1_000_000_000L;
  private static final long SECOND = 1_000_000_000L;

  private final TcpCounters counters = new TcpCounters();
  private final Random keys = new Random(1);
  private final FastOpenServer server =
      new FastOpenServer(() -> new SipHash(keys.nextLong(), keys.nextLong()), 3, counters);

  private static IncomingSegment syn(String from, FastOpenCookie cookie) {
    OutgoingSegment out =
        new OutgoingSegment()
            .begin(IpAddress.parse(from), 40_000, IpAddress.parse("10.0.0.2"), 80)
            .flags(TcpFlags.SYN);
    out.options().fastOpen(cookie, false);
    ByteBuffer packet = ByteBuffer.allocate(OutgoingSegment.MAX_HEADER_LENGTH);
    int length = out.encodeHeaders(packet, 0, OutgoingSegment.ChecksumMode.FULL);
    IncomingSegment in = new IncomingSegment();
    assertThat(in.parse(packet, 0, length)).isEqualTo(IncomingSegment.Verdict.OK);
    return in;
  }

  private FastOpenCookie cookie(long now) {
    return server.answer(now, syn("10.0.0.1", FastOpenCookie.REQUEST)).cookie().orElseThrow();
  }

  private FastOpenAnswer present(long now, FastOpenCookie cookie) {
    return server.answer(now, syn("10.0.0.1", cookie));
  }

  @Test
  void aCookieIsGoodForTheAddressItWasGivenTo() {
    FastOpenCookie cookie = cookie(0);
    assertThat(cookie.length()).isEqualTo(8);
    assertThat(present(0, cookie).opens()).isTrue();
    assertThat(present(0, cookie).cookie()).isEmpty();
    assertThat(server.answer(0, syn("10.0.0.3", cookie)).opens()).isFalse();
    assertThat(counters.fastOpenCookiesGiven.sum()).isEqualTo(1);
    assertThat(counters.fastOpenAccepted.sum()).isEqualTo(2);
    assertThat(counters.fastOpenRefused.sum()).isEqualTo(1);
  }

  @Test
  void aWrongCookieOpensNothingAndIsAnsweredWithTheRightOne() {
    FastOpenCookie right = cookie(0);
    FastOpenAnswer answer = present(0, FastOpenCookie.of(right.high() ^ 1));
    assertThat(answer.opens()).isFalse();
    assertThat(answer.cookie()).contains(right);
    for (int length : new int[] {4, 10, 16}) {
      assertThat(present(0, new FastOpenCookie(right.high() & -1L << 32, 0, length)).opens())
          .isFalse();
    }
  }

  @Test
  void theShortCookieIsGoodToo() {
    FastOpenCookie cookie = FastOpenServer.shortened(cookie(0));
    assertThat(cookie.length()).isEqualTo(6);
    assertThat(present(0, cookie).opens()).isTrue();
    assertThat(present(0, new FastOpenCookie(cookie.high() ^ 1L << 16, 0, 6)).opens()).isFalse();
  }

  @Test
  void afterAChangeOfTheKeyTheOldCookieIsGoodForAnotherHalfDayAndReplaced() {
    FastOpenCookie first = cookie(0);
    FastOpenAnswer later = present(13 * HOUR, first);
    assertThat(later.opens()).isTrue();
    FastOpenCookie second = later.cookie().orElseThrow();
    assertThat(second).isNotEqualTo(first);
    assertThat(present(26 * HOUR, first).opens()).isFalse();
    assertThat(present(26 * HOUR, second).opens()).isTrue();
  }

  @Test
  void whoSleepsForADayKnowsNoCookieOfBefore() {
    FastOpenCookie first = cookie(0);
    assertThat(present(25 * HOUR, first).opens()).isFalse();
  }

  @Test
  void beyondTheLimitOfPendingHandshakesNothingIsOpened() {
    FastOpenCookie cookie = cookie(0);
    FastOpenAnswer[] opened = new FastOpenAnswer[3];
    for (int i = 0; i < 3; i++) {
      opened[i] = present(0, cookie);
      opened[i].begun();
    }
    FastOpenAnswer refused = present(0, cookie);
    assertThat(refused.opens()).isFalse();
    assertThat(refused.cookie()).isEmpty();
    assertThat(counters.fastOpenOverflows.sum()).isEqualTo(1);
    opened[0].ended(0, false);
    assertThat(present(0, cookie).opens()).isTrue();
  }

  @Test
  void whatWasResetCountsForAnotherMinute() {
    FastOpenCookie cookie = cookie(0);
    for (int i = 0; i < 3; i++) {
      FastOpenAnswer answer = present(0, cookie);
      answer.begun();
      answer.ended(i * SECOND, true);
    }
    assertThat(present(59 * SECOND, cookie).opens()).isFalse();
    assertThat(present(60 * SECOND, cookie).opens()).isTrue();
  }
}
