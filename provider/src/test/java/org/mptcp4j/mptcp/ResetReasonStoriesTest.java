package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.HandMadePeer.ACK;
import static org.mptcp4j.mptcp.HandMadePeer.HMAC_SHA256;
import static org.mptcp4j.mptcp.HandMadePeer.RST;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.TcpFlags;

/** RFC 8684 §3.6: why a subflow is refused, and what comes of it. */
class ResetReasonStoriesTest {
  /** The engine's join, refused with MP_TCPRST of these flags and this reason. */
  private static void refuseJoin(HandMadePeer peer, int flags, int reason) {
    HandMadePeer.Flow second = peer.awaitFlow();
    second.await();
    second.sendRaw(
        RST | ACK, new byte[] {MptcpOption.KIND, 4, (byte) (0x80 | flags), (byte) reason});
  }

  @Test
  void aJoinBeyondTheLimitIsRefusedWithAReasonThatPasses() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    peer.connected(HMAC_SHA256);
    for (int port = 40_001; port <= 40_007; port++) {
      peer.joined(port);
    }
    assertThat(peer.connection().subflows()).hasSize(8);
    IncomingSegment answer = peer.flow(2, 40_008).join(7, false);
    assertThat(answer.flags()).isEqualTo(TcpFlags.RST | ACK);
    assertThat(answer.mptcp().has(MptcpOption.MP_TCPRST)).isTrue();
    assertThat(answer.mptcp().resetFlags()).as("transient").isEqualTo(1);
    assertThat(peer.connection().subflows()).hasSize(8);
  }

  @Test
  void aJoinOfATokenThatNobodyHasIsRefused() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    peer.connected(HMAC_SHA256);
    HandMadePeer.Flow second = peer.flow(2, 40_000);
    int token = KeyMaterial.of(peer.engineKey).token();
    second.open(o -> o.mpJoinSyn(false, 7, token + 1, 5));
    IncomingSegment answer = second.await();
    assertThat(answer.flags()).isEqualTo(TcpFlags.RST | ACK);
    assertThat(answer.mptcp().resetReason()).isEqualTo(MptcpOption.RESET_MPTCP_ERROR);
    assertThat(peer.connection().subflows()).hasSize(1);
  }

  @ParameterizedTest(name = "reason {0}")
  @ValueSource(ints = {1, 3, 6})
  void aPathThatThePeerRefusedForGoodIsNotTriedAgain(int reason) {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow first = peer.confirmed(HMAC_SHA256);
    refuseJoin(peer, 0, reason);
    peer.network().runFor(120 * SECOND);
    assertThat(peer.begun()).isEmpty();
    assertThat(peer.connection().failure()).isEmpty();
    assertThat(first.during(0)).noneMatch(segment -> segment.has(TcpFlags.RST));
  }

  @Test
  void aPathThatIsRefusedForNowIsTriedAgain() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    peer.confirmed(HMAC_SHA256);
    refuseJoin(peer, 1, MptcpOption.RESET_LACK_OF_RESOURCES);
    long before = peer.network().now();
    long lastPause = 0;
    for (int i = 0; i < 4; i++) {
      refuseJoin(peer, 1, MptcpOption.RESET_LACK_OF_RESOURCES);
      long pause = peer.network().now() - before;
      before = peer.network().now();
      assertThat(pause).as("pause %d", i).isGreaterThan(lastPause + 500 * MILLI);
      lastPause = pause;
    }
  }

  @Test
  void aReasonThatIsUnspecifiedForbidsNoOtherAttempt() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    peer.confirmed(HMAC_SHA256);
    refuseJoin(peer, 0, MptcpOption.RESET_UNSPECIFIED);
    assertThat(peer.awaitFlow()).isNotNull();
  }

  @ParameterizedTest(name = "flags {0}, reason {1}")
  @CsvSource({"1, 1, true", "1, 2, true", "0, 1, false", "15, 1, true", "14, 1, false"})
  void onlyARefusalForNowLeavesAConnectionWithoutSubflowsAlive(
      int flags, int reason, boolean lives) {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow first = peer.confirmed(HMAC_SHA256);
    refuseJoin(peer, flags, reason);
    first.sendRaw(RST | ACK, new byte[0]);
    peer.network().runFor(50 * MILLI);
    while (!peer.begun().isEmpty()) {
      refuseJoin(peer, flags, reason);
      peer.network().runFor(50 * MILLI);
    }
    assertThat(peer.connection().failure().isEmpty()).isEqualTo(lives);
  }

  @ParameterizedTest(name = "flags {0}")
  @CsvSource({"14, false", "15, true"})
  void reservedFlagsOfAReasonMeanNothing(int flags, boolean isTransient) {
    HandMadePeer peer = HandMadePeer.server(multipath());
    peer.confirmed(HMAC_SHA256);
    refuseJoin(peer, flags, MptcpOption.RESET_ADMINISTRATIVELY_PROHIBITED);
    peer.network().runFor(30 * SECOND);
    assertThat(peer.begun().isEmpty()).isEqualTo(!isTransient);
  }
}
