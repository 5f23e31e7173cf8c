package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.mptcp4j.wire.FastOpenCookie;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/** What a client remembers, good and bad (RFC 7413 §4.1.3). */
class FastOpenCacheTest {
  private static final long SECOND = 1_000_000_000L;
  private static final IpAddress LOCAL = IpAddress.parse("10.0.0.1");
  private static final FastOpenCookie COOKIE = FastOpenCookie.of(0x1234_5678_9abc_def0L);

  private final TcpCounters counters = new TcpCounters();
  private final FastOpenCache cache = new FastOpenCache(counters);

  private static FlowKey flow(String remote, int port) {
    return FlowKey.of(LOCAL, 40_000, IpAddress.parse(remote), port);
  }

  private FastOpenAttempt attempt(long now) {
    return cache.attempt(now, flow("10.0.0.2", 80));
  }

  private static IncomingSegment synAck(int mss, boolean withCookie) {
    OutgoingSegment out =
        new OutgoingSegment()
            .begin(IpAddress.parse("10.0.0.2"), 80, LOCAL, 40_000)
            .flags(TcpFlags.SYN | TcpFlags.ACK);
    if (mss > 0) {
      out.options().maximumSegmentSize(mss);
    }
    if (withCookie) {
      out.options().fastOpen(COOKIE, false);
    }
    ByteBuffer packet = ByteBuffer.allocate(OutgoingSegment.MAX_HEADER_LENGTH);
    int length = out.encodeHeaders(packet, 0, OutgoingSegment.ChecksumMode.FULL);
    IncomingSegment in = new IncomingSegment();
    assertThat(in.parse(packet, 0, length)).isEqualTo(IncomingSegment.Verdict.OK);
    return in;
  }

  private void learn(int mss) {
    FastOpenAttempt asking = attempt(0);
    asking.sent(0);
    asking.answered(0, synAck(mss, true), 0, false);
  }

  private void tryWithData(long now, int acknowledged, boolean repeated) {
    FastOpenAttempt attempt = attempt(now);
    assertThat(attempt.hasCookie()).isTrue();
    attempt.sent(100);
    attempt.answered(now, synAck(1460, false), acknowledged, repeated);
  }

  @Test
  void whoKnowsNothingAsks() {
    assertThat(attempt(0).hasCookie()).isFalse();
    assertThat(attempt(0).cookie()).isEqualTo(FastOpenCookie.REQUEST);
  }

  @Test
  void theCookieIsUsedForTheSameAddressAndPortOnly() {
    learn(1460);
    assertThat(attempt(0).hasCookie()).isTrue();
    assertThat(attempt(0).cookie()).isEqualTo(COOKIE);
    assertThat(cache.attempt(0, flow("10.0.0.2", 81)).hasCookie()).isFalse();
    assertThat(cache.attempt(0, flow("10.0.0.3", 80)).hasCookie()).isFalse();
  }

  @Test
  void theMssIsThatOfTheServerWithinTheUsualOne() {
    learn(1200);
    assertThat(attempt(0).mss()).isEqualTo(1200);
    learn(8960);
    assertThat(attempt(0).mss()).isEqualTo(1460);
    learn(0);
    assertThat(attempt(0).mss()).isEqualTo(536);
  }

  @Test
  void dataThatWasNotTakenStopsFastOpenForAMinuteThenForTwo() {
    learn(1460);
    tryWithData(0, 0, false);
    assertThat(attempt(59 * SECOND)).isSameAs(FastOpenAttempt.NONE);
    tryWithData(60 * SECOND, 0, false);
    assertThat(attempt(179 * SECOND)).isSameAs(FastOpenAttempt.NONE);
    tryWithData(180 * SECOND, 100, false);
    assertThat(attempt(180 * SECOND).hasCookie()).isTrue();
    tryWithData(180 * SECOND, 0, true);
    assertThat(attempt(240 * SECOND).hasCookie()).isTrue();
    assertThat(counters.fastOpenFailed.sum()).isEqualTo(3);
    assertThat(counters.fastOpenAcknowledged.sum()).isEqualTo(1);
  }

  @Test
  void backingOffHasAnEnd() {
    for (int i = 0; i < 100; i++) {
      cache.failed(0, FastOpenCache.Destination.of(flow("10.0.0.2", 80)));
    }
    assertThat(attempt(61_440 * SECOND)).isNotSameAs(FastOpenAttempt.NONE);
  }

  @Test
  void aRequestThatIsNotAnsweredIsNotRepeatedAtOnce() {
    FastOpenAttempt asking = attempt(0);
    asking.sent(0);
    asking.answered(0, synAck(1460, false), 0, false);
    assertThat(attempt(1)).isSameAs(FastOpenAttempt.NONE);
    assertThat(attempt(60 * SECOND).cookie()).isEqualTo(FastOpenCookie.REQUEST);
  }

  @Test
  void noAnswerAtAllIsANegativeOne() {
    learn(1460);
    FastOpenAttempt attempt = attempt(0);
    attempt.sent(0);
    attempt.failed(0);
    assertThat(attempt(1)).isSameAs(FastOpenAttempt.NONE);
  }

  @Test
  void aCookieWithoutDataMayGoWithoutAnAnswer() {
    learn(1460);
    FastOpenAttempt attempt = attempt(0);
    attempt.sent(0);
    attempt.answered(0, synAck(1460, false), 0, false);
    assertThat(attempt(1).hasCookie()).isTrue();
  }

  @Test
  void aNewCookieInPlaceOfTheDataIsNoReasonToStop() {
    learn(1460);
    FastOpenAttempt attempt = attempt(0);
    attempt.sent(100);
    attempt.answered(0, synAck(1460, true), 0, false);
    assertThat(attempt(1).hasCookie()).isTrue();
  }

  @Test
  void whatWasUsedLongestAgoIsForgottenFirst() {
    learn(1460);
    for (int port = 1000; port < 3000; port++) {
      FastOpenAttempt asking = cache.attempt(0, flow("10.0.0.2", port));
      asking.sent(0);
      asking.answered(0, synAck(1460, true), 0, false);
      attempt(0);
    }
    assertThat(cache.size()).isEqualTo(1024);
    assertThat(attempt(0).hasCookie()).isTrue();
    assertThat(cache.attempt(0, flow("10.0.0.2", 1000)).hasCookie()).isFalse();
    assertThat(cache.attempt(0, flow("10.0.0.2", 2999)).hasCookie()).isTrue();
  }
}
