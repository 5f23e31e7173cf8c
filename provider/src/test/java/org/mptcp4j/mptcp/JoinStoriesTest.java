package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.HandMadePeer.ACK;
import static org.mptcp4j.mptcp.HandMadePeer.HMAC_SHA256;
import static org.mptcp4j.mptcp.HandMadePeer.KEY;
import static org.mptcp4j.mptcp.HandMadePeer.SYN_ACK;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.sim.SimSocket;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.TcpFlags;

/** RFC 8684 §3.2: how a subflow joins, and what makes it be refused. */
class JoinStoriesTest {
  private static byte[] proofOf(byte[] hmac) {
    return Arrays.copyOf(hmac, 20);
  }

  /** The subflow ended, for that reason, and nothing else did. */
  private static void assertReset(HandMadePeer peer, IncomingSegment segment) {
    assertThat(segment.has(TcpFlags.RST)).isTrue();
    assertThat(segment.mptcp().has(MptcpOption.MP_TCPRST)).isTrue();
    assertThat(segment.mptcp().resetReason()).isEqualTo(MptcpOption.RESET_MPTCP_ERROR);
    assertThat(segment.mptcp().resetFlags()).isZero();
    assertThat(peer.connection().subflows()).hasSize(1);
    assertThat(peer.connection().failure()).isEmpty();
  }

  /** The bytes of the first MPTCP option of a segment. */
  private static byte[] option(IncomingSegment segment, int subtype) {
    ByteBuffer bytes = segment.buffer();
    int at = 40;
    while (at < segment.payloadOffset()) {
      int length = bytes.get(at) == 1 ? 1 : bytes.get(at + 1);
      if (bytes.get(at) == MptcpOption.KIND && bytes.get(at + 2) >>> 4 == subtype) {
        byte[] option = new byte[length];
        bytes.get(at, option);
        return option;
      }
      at += length;
    }
    throw new AssertionError("no option " + subtype);
  }

  @Test
  void aJoinIsAnsweredWithProofAndItsThirdAckWithAnAck() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    peer.connected(HMAC_SHA256);
    HandMadePeer.Flow second = peer.flow(2, 40_000);
    IncomingSegment answer = second.join(7, false);
    assertThat(answer.flags()).isEqualTo(SYN_ACK);
    assertThat(answer.mptcp().joinLength()).isEqualTo(16);
    assertThat(answer.mptcp().joinTruncatedHmac())
        .isEqualTo(ByteBuffer.wrap(second.engineProof()).getLong());
    assertThat(peer.connection().subflows().get(1).info().established()).isFalse();

    second.send(ACK, o -> o.mpJoinAck(second.proof()));
    List<IncomingSegment> answers = second.during(50 * MILLI);
    assertThat(answers).hasSize(1);
    assertThat(answers.get(0).flags()).isEqualTo(ACK);
    assertThat(answers.get(0).payloadLength()).isZero();
    assertThat(peer.connection().subflows().get(1).info().established()).isTrue();

    // The answer was lost.
    second.send(ACK, o -> o.mpJoinAck(second.proof()));
    assertThat(second.during(50 * MILLI)).hasSize(1).allMatch(s -> s.flags() == ACK);
  }

  @Test
  void theThirdAckIsRepeatedAndNoDataGoesOutBeforeItIsAnswered() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    peer.confirmed(HMAC_SHA256);
    HandMadePeer.Flow second = peer.awaitFlow();
    second.await();
    int sequence = second.next();
    second.acceptJoin(1, false);
    peer.socket.write(ByteBuffer.allocate(100_000));
    List<IncomingSegment> third = second.during(900 * MILLI);
    assertThat(third).hasSizeBetween(2, 5);
    // All of them are lost, and the SYN/ACK comes again.
    second.sendAt(
        sequence,
        second.received(),
        SYN_ACK,
        new byte[0],
        o -> o.mpJoinSynAck(false, 1, Hmac.leftmost64(second.proof()), 0x0badcafe));
    third.add(second.await());
    for (IncomingSegment segment : third) {
      assertThat(segment.payloadLength()).isZero();
      assertThat(segment.mptcp().joinHmac()).isEqualTo(proofOf(second.engineProof()));
    }
    second.acknowledge();
    List<IncomingSegment> after = second.during(100 * MILLI);
    assertThat(after).anyMatch(segment -> segment.payloadLength() > 0);
    assertThat(after).noneMatch(segment -> segment.mptcp().has(MptcpOption.MP_JOIN));
  }

  @Test
  void aWrongProofInTheSynAckResetsTheSubflow() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    peer.confirmed(HMAC_SHA256);
    HandMadePeer.Flow second = peer.awaitFlow();
    second.await();
    long wrong = Hmac.leftmost64(second.proof()) ^ 1;
    second.answer(o -> o.mpJoinSynAck(false, 1, wrong, 5));
    assertReset(peer, second.await());
    assertThat(peer.engine().counters().hmacFailures.sum()).isEqualTo(1);
  }

  @ParameterizedTest(name = "form {0}")
  @ValueSource(ints = {0, 1, 2, 3})
  void aThirdAckWithAWrongProofOrWithoutOneResetsTheSubflow(int form) {
    HandMadePeer peer = HandMadePeer.client(multipath());
    peer.connected(HMAC_SHA256);
    HandMadePeer.Flow second = peer.flow(2, 40_000);
    second.join(7, false);
    byte[] proof = second.proof();
    proof[19] ^= 1;
    switch (form) {
      case 0 -> second.send(ACK, o -> o.mpJoinAck(proof));
      case 1 -> second.send(ACK, o -> {});
      case 2 -> second.acknowledge();
      default -> second.data(peer.dsn(0), new byte[] {1, 2, 3});
    }
    assertReset(peer, second.await());
    assertThat(peer.read()).isEmpty();
    assertThat(peer.engine().counters().hmacFailures.sum()).isEqualTo(form == 0 ? 1 : 0);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSynAckWithoutMpJoinResetsTheSubflow(boolean capable) {
    HandMadePeer peer = HandMadePeer.server(multipath());
    peer.confirmed(HMAC_SHA256);
    HandMadePeer.Flow second = peer.awaitFlow();
    second.await();
    second.answer(
        o -> {
          if (capable) {
            o.mpCapableSynAck(1, HMAC_SHA256, KEY);
          }
        });
    assertReset(peer, second.await());
    assertThat(peer.engine().counters().hmacFailures.sum()).as("there was none").isZero();
  }

  @ParameterizedTest(name = "port {0}")
  @ValueSource(ints = {TwoHosts.PORT, 443, 12_345})
  void aJoinFindsItsConnectionByTheTokenWhateverThePort(int port) {
    HandMadePeer peer = HandMadePeer.client(multipath());
    peer.connected(HMAC_SHA256);
    SimSocket first = peer.socket;
    HandMadePeer.Flow another = peer.flow(1, 41_000);
    another.open(o -> o.mpCapableSyn(1, HMAC_SHA256));
    long otherKey = another.await().mptcp().senderKey();
    another.send(ACK, o -> o.mpCapableAck(1, HMAC_SHA256, KEY, otherKey));
    peer.network().runFor(50 * MILLI);
    assertThat(peer.socket).isNotSameAs(first);

    HandMadePeer.Flow second = peer.flow(2, 42_000, port);
    second.join(7, false);
    second.send(ACK, o -> o.mpJoinAck(second.proof()));
    peer.network().runFor(50 * MILLI);
    assertThat(first.connection().subflows()).hasSize(2);
    assertThat(peer.socket.connection().subflows()).hasSize(1);
  }

  /** The server has not seen the client's key, and could not tell whether the proof is right. */
  @Test
  void aJoinBeforeTheThirdAckIsRefused() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow first = peer.flow(1, 40_000);
    first.open(o -> o.mpCapableSyn(1, HMAC_SHA256));
    peer.engineKey(first.await().mptcp().senderKey());
    IncomingSegment answer = peer.flow(2, 40_000).join(7, false);
    assertThat(answer.flags()).isEqualTo(TcpFlags.RST | ACK);
    assertThat(answer.mptcp().resetReason()).isEqualTo(MptcpOption.RESET_MPTCP_ERROR);
    first.send(ACK, o -> o.mpCapableAck(1, HMAC_SHA256, KEY, peer.engineKey));
    peer.network().runFor(50 * MILLI);
    peer.joined(40_001);
    assertThat(peer.connection().subflows()).hasSize(2);
  }

  @Test
  void identifiersOfBothEndsAreKept() {
    HandMadePeer client = HandMadePeer.client(multipath());
    client.connected(HMAC_SHA256);
    HandMadePeer.Flow second = client.flow(2, 40_000);
    int id = second.join(7, false).mptcp().joinAddressId();
    SubflowInfo first = client.connection().subflows().get(0).info();
    SubflowInfo joined = client.connection().subflows().get(1).info();
    assertThat(first.localAddressId()).isZero();
    assertThat(first.remoteAddressId()).isZero();
    assertThat(id).isNotZero();
    assertThat(joined.localAddressId()).isEqualTo(id);
    assertThat(joined.remoteAddressId()).isEqualTo(7);

    HandMadePeer server = HandMadePeer.server(multipath());
    server.confirmed(HMAC_SHA256);
    HandMadePeer.Flow flow = server.awaitFlow();
    int own = flow.await().mptcp().joinAddressId();
    flow.acceptJoin(9, false);
    flow.await();
    SubflowInfo opened = server.connection().subflows().get(1).info();
    assertThat(own).isNotZero();
    assertThat(opened.localAddressId()).isEqualTo(own);
    assertThat(opened.remoteAddressId()).isEqualTo(9);
  }

  @Test
  void reservedBitsOfAJoinAreZero() {
    HandMadePeer server = HandMadePeer.server(multipath());
    server.confirmed(HMAC_SHA256);
    HandMadePeer.Flow flow = server.awaitFlow();
    assertThat(option(flow.await(), MptcpOption.MP_JOIN)[2]).isEqualTo((byte) 0x10);
    flow.acceptJoin(9, false);
    byte[] third = option(flow.await(), MptcpOption.MP_JOIN);
    assertThat(third[2]).isEqualTo((byte) 0x10);
    assertThat(third[3]).isZero();

    HandMadePeer client = HandMadePeer.client(multipath());
    client.connected(HMAC_SHA256);
    byte[] answer = option(client.flow(2, 40_000).join(7, true), MptcpOption.MP_JOIN);
    assertThat(answer[2]).isEqualTo((byte) 0x10);
  }

  @Test
  void noncesAreNewForEachJoin() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    peer.connected(HMAC_SHA256);
    Set<Integer> nonces = new HashSet<>();
    HandMadePeer.Flow second = peer.flow(2, 40_000);
    nonces.add(second.join(7, false).mptcp().joinRandom());
    byte[] proof = second.proof();
    second.send(ACK, o -> o.mpJoinAck(proof));
    peer.network().runFor(50 * MILLI);
    for (int port = 40_001; port < 40_004; port++) {
      HandMadePeer.Flow another = peer.flow(2, port);
      nonces.add(another.join(7, false).mptcp().joinRandom());
      // A proof that was overheard is of no use.
      another.send(ACK, o -> o.mpJoinAck(proof));
      assertThat(another.await().has(TcpFlags.RST)).isTrue();
    }
    assertThat(nonces).hasSize(4);
    assertThat(peer.connection().subflows()).hasSize(2);

    HandMadePeer server = HandMadePeer.server(multipath());
    server.confirmed(HMAC_SHA256);
    nonces.clear();
    for (int i = 0; i < 4; i++) {
      HandMadePeer.Flow joining = server.awaitFlow();
      nonces.add(joining.await().mptcp().joinRandom());
      joining.send(TcpFlags.RST | ACK, o -> o.mpTcpReset(true, 0));
    }
    assertThat(nonces).hasSize(4);
  }

  @Test
  void aJoinThatIsABackupIsSpared() {
    HandMadePeer client = HandMadePeer.client(multipath());
    HandMadePeer.Flow first = client.connected(HMAC_SHA256);
    HandMadePeer.Flow second = client.flow(2, 40_000);
    second.join(7, true);
    second.send(ACK, o -> o.mpJoinAck(second.proof()));
    client.network().runFor(50 * MILLI);
    client.socket.write(ByteBuffer.allocate(100_000));
    assertThat(first.during(15 * MILLI)).anyMatch(segment -> segment.payloadLength() > 0);
    assertThat(second.during(0)).allMatch(segment -> segment.payloadLength() == 0);

    HandMadePeer server = HandMadePeer.server(multipath());
    HandMadePeer.Flow initial = server.confirmed(HMAC_SHA256);
    HandMadePeer.Flow joined = server.awaitFlow();
    joined.await();
    joined.acceptJoin(1, true);
    joined.await();
    joined.acknowledge();
    server.network().runFor(50 * MILLI);
    server.socket.write(ByteBuffer.allocate(100_000));
    assertThat(initial.during(15 * MILLI)).anyMatch(segment -> segment.payloadLength() > 0);
    assertThat(joined.during(0)).allMatch(segment -> segment.payloadLength() == 0);
    // The first subflow stays silent: then the backup is there for it.
    assertThat(joined.during(5 * SECOND)).anyMatch(segment -> segment.payloadLength() > 0);
  }

  @Test
  void aBackupTakesNothingOverWhileAnotherSubflowCan() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow first = peer.connected(HMAC_SHA256);
    // Of the others the regular one takes no more than a segment at a time.
    HandMadePeer.Flow regular = peer.flow(2, 40_000).window(1_000);
    HandMadePeer.Flow backup = peer.flow(2, 40_001);
    for (HandMadePeer.Flow flow : List.of(regular, backup)) {
      flow.join(7, flow == backup);
      flow.send(ACK, o -> o.mpJoinAck(flow.proof()));
    }
    peer.network().runFor(50 * MILLI);
    long start = peer.dataAck;
    peer.socket.write(ByteBuffer.allocate(10_000));
    assertThat(first.during(15 * MILLI)).anyMatch(segment -> segment.payloadLength() > 0);
    // The first subflow stays silent.
    for (int i = 0; i < 20; i++) {
      peer.network().runFor(20 * MILLI);
      regular.send(ACK, o -> o.dssAck(start));
    }
    assertThat(regular.during(0).stream().mapToInt(IncomingSegment::payloadLength).sum())
        .as("what went out again")
        .isGreaterThan(5_000);
    assertThat(backup.during(0)).allMatch(segment -> segment.payloadLength() == 0);
  }
}
