package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.tcp.TcpPair.MILLI;
import static org.mptcp4j.tcp.TcpPair.SECOND;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/** RFC 6191 §2: which SYN may end TIME-WAIT. */
class TimeWaitSuccessionTest {
  private static final int NONE = Integer.MIN_VALUE;

  private final TcpPair.Setup setup = new TcpPair.Setup();

  /** The server has closed first, and is in TIME-WAIT. */
  private TcpPair serverInTimeWait() {
    TcpPair pair = new TcpPair(setup).established();
    pair.server.close(pair.now);
    pair.run(30 * MILLI);
    pair.client.close(pair.now);
    pair.run(30 * MILLI);
    assertThat(pair.server.state()).isEqualTo(TcpState.TIME_WAIT);
    return pair;
  }

  private static int lastTimestamp(TcpPair pair) {
    return pair.from(true).stream()
        .filter(p -> p.segment().hasTimestamps())
        .reduce((first, second) -> second)
        .map(p -> p.segment().timestampValue())
        .orElseThrow();
  }

  private static boolean admits(TcpPair pair, int sequenceNumber, int timestamp) {
    OutgoingSegment syn =
        Segments.toServer().sequenceNumber(sequenceNumber).flags(TcpFlags.SYN).window(60_000);
    if (timestamp != NONE) {
      syn.options().timestamps(timestamp, 0);
    }
    byte[] bytes = Segments.bytes(syn);
    IncomingSegment incoming = new IncomingSegment();
    assertThat(incoming.parse(ByteBuffer.wrap(bytes), 0, bytes.length))
        .isEqualTo(IncomingSegment.Verdict.OK);
    return pair.server.mayBeFollowedBy(incoming);
  }

  @Test
  void aNewerTimestampIsEnoughWhateverTheSequenceNumber() {
    TcpPair pair = serverInTimeWait();
    int last = lastTimestamp(pair);
    int next = pair.server.receiveNext();
    assertThat(admits(pair, next - 100_000, last + 1)).isTrue();
    assertThat(admits(pair, next + 100_000, last + 1)).isTrue();
  }

  @Test
  void theSameTimestampNeedsASequenceNumberBeyondTheOldOnes() {
    TcpPair pair = serverInTimeWait();
    int last = lastTimestamp(pair);
    int next = pair.server.receiveNext();
    assertThat(admits(pair, next + 1, last)).isTrue();
    assertThat(admits(pair, next, last)).isFalse();
    assertThat(admits(pair, next - 1, last)).isFalse();
  }

  @Test
  void anOlderTimestampIsRefusedWhateverTheSequenceNumber() {
    TcpPair pair = serverInTimeWait();
    assertThat(admits(pair, pair.server.receiveNext() + 100_000, lastTimestamp(pair) - 1))
        .isFalse();
  }

  @Test
  void aSynWithoutTimestampsNeedsASequenceNumberBeyondTheOldOnes() {
    TcpPair pair = serverInTimeWait();
    int next = pair.server.receiveNext();
    assertThat(admits(pair, next + 1, NONE)).isTrue();
    assertThat(admits(pair, next, NONE)).isFalse();
  }

  @Test
  void timestampsThatTheOldConnectionDidNotHaveAreEnough() {
    setup.serverTimestamps = false;
    TcpPair pair = serverInTimeWait();
    assertThat(admits(pair, pair.server.receiveNext() - 100_000, 5)).isTrue();
  }

  @Test
  void nothingFollowsAConnectionThatIsNotInTimeWait() {
    TcpPair pair = new TcpPair(setup).established();
    assertThat(admits(pair, pair.server.receiveNext() + 1, lastTimestamp(pair) + 1)).isFalse();
    assertThat(pair.client.mayBeFollowedBy(pair.now, pair.client.sendNext() + 1)).isFalse();
  }

  @Test
  void ourOwnNextConnectionWaitsASecondOrBeginsBeyondTheOldSequenceNumbers() {
    TcpPair pair = serverInTimeWait();
    int next = pair.server.sendNext();
    assertThat(pair.server.mayBeFollowedBy(pair.now, next + 1)).isTrue();
    assertThat(pair.server.mayBeFollowedBy(pair.now, next)).isFalse();
    pair.run(SECOND);
    assertThat(pair.server.mayBeFollowedBy(pair.now, next)).isTrue();
  }

  @Test
  void withoutTimestampsASecondChangesNothing() {
    setup.timestamps = false;
    TcpPair pair = serverInTimeWait();
    int next = pair.server.sendNext();
    pair.run(2 * SECOND);
    assertThat(pair.server.mayBeFollowedBy(pair.now, next)).isFalse();
    assertThat(pair.server.mayBeFollowedBy(pair.now, next + 1)).isTrue();
  }
}
