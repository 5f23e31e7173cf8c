package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.HandMadePeer.ACK;
import static org.mptcp4j.mptcp.HandMadePeer.HMAC_SHA256;
import static org.mptcp4j.mptcp.HandMadePeer.KEY;
import static org.mptcp4j.mptcp.HandMadePeer.bytes;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.mptcp4j.wire.IncomingSegment;

/** RFC 8684 §3.3.1: data that comes before its mapping. */
class UnmappedDataStoriesTest {
  private static final int BUFFER = 20_000;

  private final HandMadePeer peer =
      HandMadePeer.client(multipath().toBuilder().buffers(BUFFER, BUFFER).build());
  private HandMadePeer.Flow flow;

  /** Where the peer's byte 0 is on the subflow. */
  private int first;

  /** A connection with SACK, nothing sent on it. */
  private void connect() {
    flow = peer.flow(1, 40_000);
    flow.open(
        o -> {
          o.sackPermitted();
          o.mpCapableSyn(1, HMAC_SHA256);
        });
    peer.engineKey(flow.await().mptcp().senderKey());
    flow.send(ACK, o -> o.mpCapableAck(1, HMAC_SHA256, KEY, peer.engineKey));
    peer.network().runUntil(() -> peer.socket != null && peer.socket.isEstablished(), SECOND);
    first = flow.next();
  }

  /** The peer's bytes from one index to another, without a mapping. */
  private void unmapped(int from, int to) {
    flow.sendAt(
        first + from,
        flow.received(),
        ACK,
        bytes(from, to - from),
        o -> o.dssAck(peer.engineDsn(0)));
  }

  /** The same, and a mapping of others, or more. */
  private void mapped(int from, int to, int mappedFrom, int mappedTo) {
    flow.sendAt(
        first + from,
        flow.received(),
        ACK,
        bytes(from, to - from),
        o ->
            o.dss(
                peer.engineDsn(0),
                peer.dsn(mappedFrom),
                1 + mappedFrom,
                mappedTo - mappedFrom,
                -1,
                false));
  }

  private IncomingSegment lastAnswer() {
    List<IncomingSegment> answers = flow.during(50 * MILLI);
    return answers.get(answers.size() - 1);
  }

  private void assertAnswered(int acknowledged, int... sacked) {
    IncomingSegment answer = lastAnswer();
    assertThat(answer.acknowledgmentNumber() - first).isEqualTo(acknowledged);
    assertThat(answer.sackBlockCount()).as("SACK blocks").isEqualTo(sacked.length / 2);
    for (int i = 0; i < sacked.length / 2; i++) {
      assertThat(answer.sackLeft(i) - first).isEqualTo(sacked[2 * i]);
      assertThat(answer.sackRight(i) - first).isEqualTo(sacked[2 * i + 1]);
    }
  }

  /** A peer that has shown that it maps several segments with the first of them. */
  private void connectWithSparsePeer() {
    connect();
    mapped(0, 10, 0, 20);
    unmapped(10, 20);
    assertAnswered(20);
  }

  @Test
  void aMappingMayComeWithTheSegmentAfter() {
    connect();
    mapped(0, 10, 0, 10);
    assertAnswered(10);
    unmapped(10, 20);
    assertAnswered(10);
    assertThat(peer.read()).isEqualTo(bytes(0, 10));
    mapped(20, 30, 10, 30);
    IncomingSegment answer = lastAnswer();
    assertThat(answer.acknowledgmentNumber() - first).isEqualTo(30);
    assertThat(answer.mptcp().dataAck()).isEqualTo(peer.dsn(30));
    assertThat(peer.read()).isEqualTo(bytes(10, 20));
    assertThat(peer.engine().counters().mappedLaterBytes.sum()).isEqualTo(10);
  }

  @Test
  void whereAMappingIsToBeExpectedElsewhereSackTellsOfTheData() {
    connectWithSparsePeer();
    unmapped(30, 40);
    assertAnswered(20, 30, 40);
    unmapped(40, 50);
    assertAnswered(20, 30, 50);
    mapped(20, 30, 20, 50);
    assertAnswered(50);
    assertThat(peer.read()).isEqualTo(bytes(0, 50));
  }

  @Test
  void whereItIsNotToBeExpectedTheDataIsKeptAllTheSame() {
    connect();
    mapped(0, 10, 0, 10);
    assertAnswered(10);
    unmapped(20, 30);
    assertAnswered(10);
    mapped(10, 20, 10, 30);
    assertAnswered(30);
    assertThat(peer.read()).isEqualTo(bytes(0, 30));
  }

  @Test
  void dataWhoseMappingDoesNotComeHasToComeAgain() {
    connectWithSparsePeer();
    unmapped(30, 40);
    assertAnswered(20, 30, 40);
    mapped(40, 50, 40, 50);
    assertAnswered(20, 30, 50);
    mapped(20, 30, 20, 30);
    assertAnswered(30, 40, 50);
    assertThat(peer.read()).isEqualTo(bytes(0, 30));
    mapped(30, 40, 30, 40);
    assertAnswered(50);
    assertThat(peer.read()).isEqualTo(bytes(30, 20));
  }

  @Test
  void aMappingOfAPartOfItOnlyDoesNotMakeItCount() {
    connectWithSparsePeer();
    unmapped(30, 40);
    assertAnswered(20, 30, 40);
    mapped(20, 30, 20, 35);
    assertAnswered(30);
    mapped(35, 40, 35, 40);
    assertAnswered(40);
    assertThat(peer.read()).isEqualTo(bytes(0, 40));
  }

  @Test
  void noMoreIsKeptThanTheWindowHasRoomFor() {
    connectWithSparsePeer();
    for (int from = 1_000; from < 2 * BUFFER; from += 1_000) {
      unmapped(from, from + 1_000);
      peer.network().runFor(MILLI);
    }
    UnmappedData held = peer.connection().subflows().get(0).unmapped();
    assertThat(held.heldBytes()).isGreaterThan(BUFFER / 2);
    assertThat(held.heldBytes()).isLessThanOrEqualTo(BUFFER);
  }

  @Test
  void whatIsKeptIsGoneWithItsSubflow() {
    connectWithSparsePeer();
    unmapped(30, 40);
    Subflow subflow = peer.connection().subflows().get(0);
    peer.network().runFor(50 * MILLI);
    assertThat(subflow.unmapped().heldBytes()).isEqualTo(10);
    flow.sendAt(first + 20, flow.received(), HandMadePeer.RST, new byte[0], o -> {});
    peer.network().runFor(50 * MILLI);
    assertThat(subflow.unmapped().heldBytes()).isZero();
  }

  @Test
  void afterAFallbackWhatCameTooSoonHasItsPlaceInTheStream() {
    connect();
    flow.sendAt(first + 10, flow.received(), ACK, bytes(10, 10), o -> {});
    assertAnswered(0);
    flow.sendAt(first, flow.received(), ACK, bytes(0, 10), o -> {});
    assertAnswered(20);
    assertThat(peer.connection().isFallback()).isTrue();
    assertThat(peer.read()).isEqualTo(bytes(0, 20));
  }
}
