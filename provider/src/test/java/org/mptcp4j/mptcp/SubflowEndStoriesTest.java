package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.HandMadePeer.ACK;
import static org.mptcp4j.mptcp.HandMadePeer.HMAC_SHA256;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.multipath;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.TcpFlags;

/** RFC 8684 §4: FIN and RST are about the subflow that they come on. */
class SubflowEndStoriesTest {
  private final HandMadePeer peer = HandMadePeer.client(multipath());
  private final HandMadePeer.Flow first = peer.connected(HMAC_SHA256);
  private final HandMadePeer.Flow second = peer.joined(40_000);

  /** Data goes and comes over what is left; nobody is told of an end. */
  private void assertGoesOnOver(HandMadePeer.Flow left) {
    left.during(50 * MILLI);
    assertThat(peer.socket.read(ByteBuffer.allocate(10))).as("no end of the stream").isZero();
    left.data(peer.dsn(0), new byte[] {1, 2, 3});
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read()).containsExactly(1, 2, 3);
    peer.socket.write(ByteBuffer.wrap(new byte[] {4, 5}));
    IncomingSegment data = left.await(segment -> segment.payloadLength() > 0);
    assertThat(data.mptcp().dataSequenceNumber()).isEqualTo(peer.engineDsn(0));
    assertThat(data.mptcp().hasDataFin()).isFalse();
    assertThat(peer.connection().failure()).isEmpty();
  }

  @ParameterizedTest(name = "of the first subflow: {0}")
  @ValueSource(booleans = {true, false})
  void aFinEndsItsSubflowAndIsAnsweredThere(boolean ofFirst) {
    HandMadePeer.Flow ended = ofFirst ? first : second;
    ended.send(ACK | TcpFlags.FIN, o -> o.dssAck(peer.dataAck));
    IncomingSegment answer = ended.await(segment -> segment.has(TcpFlags.FIN));
    assertThat(answer.acknowledgmentNumber()).isEqualTo(ended.next());
    assertGoesOnOver(ofFirst ? second : first);
  }

  @ParameterizedTest(name = "of the first subflow: {0}")
  @ValueSource(booleans = {true, false})
  void aResetEndsItsSubflow(boolean ofFirst) {
    HandMadePeer.Flow ended = ofFirst ? first : second;
    ended.during(50 * MILLI);
    ended.send(TcpFlags.RST | ACK, o -> {});
    assertThat(ended.during(50 * MILLI)).isEmpty();
    assertGoesOnOver(ofFirst ? second : first);
    assertThat(peer.connection().subflows()).hasSize(1);
  }

  @Test
  void theAddressesOfTheConnectionStayThoseOfTheFirstSubflow() {
    first.send(TcpFlags.RST | ACK, o -> {});
    peer.network().runFor(50 * MILLI);
    assertThat(peer.connection().subflows()).hasSize(1);
    assertThat(peer.connection().initialFlow().local()).isEqualTo(first.remote);
    assertThat(peer.connection().initialFlow().remote()).isEqualTo(first.local);
    assertThat(peer.connection().initialFlow().remotePort()).isEqualTo(first.localPort);
  }

  /** What a host has learnt of one connection is of no account for another one. */
  @Test
  void anAddressThatIsAnnouncedBelongsToItsConnection() {
    MptcpConnection joined = peer.connection();
    HandMadePeer.Flow another = peer.flow(1, 41_000);
    another.open(o -> o.mpCapableSyn(1, HMAC_SHA256));
    long key = another.await().mptcp().senderKey();
    another.send(ACK, o -> o.mpCapableAck(1, HMAC_SHA256, HandMadePeer.KEY, key));
    peer.network().runFor(50 * MILLI);
    MptcpConnection other = peer.connection();
    assertThat(other).isNotSameAs(joined);
    second.send(ACK, o -> o.removeAddr(new int[] {0}, 1));
    List<IncomingSegment> probes = first.during(50 * MILLI);
    assertThat(probes).anyMatch(segment -> segment.sequenceNumber() == first.received() - 1);
    assertThat(another.during(50 * MILLI))
        .noneMatch(segment -> segment.sequenceNumber() == another.received() - 1);
    assertThat(joined.addresses().remotes()).isEmpty();
    assertThat(other.addresses().remotes()).hasSize(1);
  }
}
