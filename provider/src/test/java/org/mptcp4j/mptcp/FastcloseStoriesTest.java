package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.HandMadePeer.ACK;
import static org.mptcp4j.mptcp.HandMadePeer.HMAC_SHA256;
import static org.mptcp4j.mptcp.HandMadePeer.KEY;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.TcpFlags;

/** RFC 8684 §3.5: what one side's MP_FASTCLOSE makes the other do. */
class FastcloseStoriesTest {
  private static final int RST = TcpFlags.RST | ACK;

  @ParameterizedTest(name = "flags {0}")
  @ValueSource(ints = {ACK, RST})
  void everySubflowIsResetWhicheverBroughtIt(int flags) {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow first = peer.connected(HMAC_SHA256);
    HandMadePeer.Flow second = peer.joined(40_000);
    peer.network().runFor(50 * MILLI);
    List.of(first, second).forEach(flow -> flow.during(0));
    second.send(flags, o -> o.mpFastclose(peer.engineKey));
    assertThat(first.await().has(TcpFlags.RST)).isTrue();
    List<IncomingSegment> answers = second.during(SECOND);
    // A RST is not answered.
    assertThat(answers).hasSize(flags == ACK ? 1 : 0);
    assertThat(answers).allMatch(segment -> segment.has(TcpFlags.RST));
    assertThat(peer.connection().isClosed()).isTrue();
  }

  /** The engine has aborted after half of a mapping, and waits for the answer to its ACK. */
  private static HandMadePeer.Flow waiting(HandMadePeer peer) {
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256);
    flow.send(
        ACK, new byte[10], o -> o.dss(peer.dataAck, peer.dsn(0), flow.relative(), 20, -1, false));
    peer.network().runFor(50 * MILLI);
    flow.during(0);
    peer.socket.abort();
    assertIsAckWithFastclose(flow.await());
    return flow;
  }

  private static HandMadePeer peerOfOneThatAbortsByAck() {
    return HandMadePeer.client(multipath().toBuilder().fastcloseByAck(true).build());
  }

  private static void assertIsAckWithFastclose(IncomingSegment segment) {
    assertThat(segment.flags()).isEqualTo(ACK);
    assertThat(segment.mptcp().fastcloseKey()).isEqualTo(KEY);
  }

  @Test
  void whoWaitsForTheAnswerTakesNothingElse() {
    HandMadePeer peer = peerOfOneThatAbortsByAck();
    HandMadePeer.Flow flow = waiting(peer);
    int next = flow.next();
    flow.send(ACK, new byte[10], o -> {});
    flow.data(peer.dsn(20), new byte[10]);
    flow.send(ACK, o -> o.mpFail(peer.engineDsn(0)));
    List<IncomingSegment> answers = flow.during(SECOND);
    assertThat(answers).isNotEmpty();
    for (IncomingSegment answer : answers) {
      assertIsAckWithFastclose(answer);
      assertThat(answer.acknowledgmentNumber()).isEqualTo(next);
    }
  }

  @Test
  void whoWaitsAndIsToldTheSameAnswersWithReset() {
    HandMadePeer peer = peerOfOneThatAbortsByAck();
    HandMadePeer.Flow flow = waiting(peer);
    flow.send(ACK, o -> o.mpFastclose(peer.engineKey));
    assertThat(flow.await().has(TcpFlags.RST)).isTrue();
    assertThat(peer.connection().isClosed()).isTrue();
  }

  @Test
  void anAnswerWithResetEndsTheWaiting() {
    HandMadePeer peer = peerOfOneThatAbortsByAck();
    HandMadePeer.Flow flow = waiting(peer);
    flow.send(RST, o -> {});
    assertThat(flow.during(SECOND)).isEmpty();
    assertThat(peer.connection().isClosed()).isTrue();
    assertThat(peer.engine().flowCount() + peer.engine().tokenCount()).isZero();
  }

  @Test
  void anotherKeyEndsNothing() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.connected(HMAC_SHA256);
    flow.send(ACK, o -> o.mpFastclose(peer.engineKey ^ 1));
    // The key of the one that says it is the wrong one.
    flow.send(ACK, o -> o.mpFastclose(KEY));
    flow.data(peer.dsn(0), new byte[10]);
    assertThat(flow.during(SECOND))
        .anyMatch(segment -> segment.mptcp().dataAck() == peer.dsn(10))
        .noneMatch(segment -> segment.has(TcpFlags.RST));
    assertThat(peer.connection().failure()).isEmpty();
  }
}
