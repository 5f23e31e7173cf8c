package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.HandMadePeer.ACK;
import static org.mptcp4j.mptcp.HandMadePeer.HMAC_SHA256;
import static org.mptcp4j.mptcp.HandMadePeer.KEY;
import static org.mptcp4j.mptcp.HandMadePeer.SYN_ACK;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;
import static org.mptcp4j.mptcp.TwoHosts.multipathWithChecksum;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.Settings;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.InternetChecksum;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.TcpFlags;
import org.mptcp4j.wire.TcpOptionWriter;

/** RFC 8684 §3.1: how the first subflow is begun, and what makes it one of plain TCP. */
class InitiationStoriesTest {
  private static final int CHECKSUM = MptcpOption.CAPABLE_CHECKSUM_REQUIRED;
  private static final byte[] TEN = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

  private static ConnectionConfig config(boolean checksum) {
    return checksum ? multipathWithChecksum() : multipath();
  }

  private static void noOption(TcpOptionWriter options) {
    // A peer that knows no MPTCP.
  }

  /** The client speaks no MPTCP any more, whatever it sends. */
  private static void assertPlain(HandMadePeer peer, HandMadePeer.Flow flow) {
    assertThat(peer.connection().isFallback()).isTrue();
    peer.socket.write(ByteBuffer.wrap(TEN));
    List<IncomingSegment> segments = flow.during(100 * MILLI);
    assertThat(segments).anyMatch(s -> s.payloadLength() == TEN.length);
    assertThat(segments).allMatch(s -> s.mptcp().isEmpty());
    flow.send(ACK, new byte[] {42}, InitiationStoriesTest::noOption);
    assertThat(flow.during(100 * MILLI)).allMatch(s -> s.mptcp().isEmpty());
    assertThat(peer.read()).containsExactly(42);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theSynCarriesVersionOneTheFlagsAndNoKey(boolean checksum) {
    HandMadePeer peer = HandMadePeer.server(config(checksum));
    IncomingSegment syn = peer.awaitFlow().await();
    assertThat(syn.flags()).isEqualTo(TcpFlags.SYN);
    assertThat(syn.mptcp().capableLength()).isEqualTo(4);
    assertThat(syn.mptcp().capableVersion()).isEqualTo(1);
    assertThat(syn.mptcp().capableFlags()).isEqualTo(checksum ? 0x81 : 0x01);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theSynAckCarriesTheKeyAndTheSameFlags(boolean checksum) {
    HandMadePeer peer = HandMadePeer.client(config(checksum));
    HandMadePeer.Flow flow = peer.flow(1, 40_000);
    flow.open(o -> o.mpCapableSyn(1, HMAC_SHA256));
    IncomingSegment answer = flow.await();
    assertThat(answer.flags()).isEqualTo(SYN_ACK);
    assertThat(answer.mptcp().capableLength()).isEqualTo(12);
    assertThat(answer.mptcp().capableVersion()).isEqualTo(1);
    assertThat(answer.mptcp().capableFlags()).isEqualTo(checksum ? 0x81 : 0x01);
    assertThat(answer.mptcp().senderKey()).isNotZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 15})
  void anOfferOfALaterVersionIsAnsweredWithVersionOne(int version) {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.flow(1, 40_000);
    flow.open(o -> o.mpCapableSyn(version, HMAC_SHA256));
    IncomingSegment answer = flow.await();
    assertThat(answer.mptcp().has(MptcpOption.MP_CAPABLE)).isTrue();
    assertThat(answer.mptcp().capableVersion()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anOfferOfVersionZeroIsAnsweredAsPlainTcp(boolean withKey) {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.flow(1, 40_000);
    // A SYN of version 0 has the key (RFC 6824 §3.1).
    flow.open(
        o -> {
          if (withKey) {
            o.mpCapableSynAck(0, HMAC_SHA256, KEY);
          } else {
            o.mpCapableSyn(0, HMAC_SHA256);
          }
        });
    IncomingSegment answer = flow.await();
    assertThat(answer.flags()).isEqualTo(SYN_ACK);
    assertThat(answer.mptcp().isEmpty()).isTrue();
  }

  @ParameterizedTest(name = "flags {0}")
  @ValueSource(ints = {0x00, 0x80, 0x1e, 0x41, 0xc1})
  void anOfferOrAnswerWithoutTheOneAlgorithmOrWithFlagBIsAsIfThereWereNone(int flags) {
    HandMadePeer client = HandMadePeer.client(multipath());
    HandMadePeer.Flow offered = client.flow(1, 40_000);
    offered.open(o -> o.mpCapableSyn(1, flags));
    assertThat(offered.await().mptcp().isEmpty()).isTrue();

    HandMadePeer server = HandMadePeer.server(multipath());
    HandMadePeer.Flow answered = server.awaitFlow();
    answered.await();
    answered.answer(o -> o.mpCapableSynAck(1, flags, KEY));
    assertThat(answered.await().mptcp().isEmpty()).isTrue();
    assertPlain(server, answered);
  }

  @ParameterizedTest(name = "flags {0}")
  @ValueSource(ints = {0x03, 0x11, 0x1f})
  void anAnswerThatChoosesMoreAlgorithmsThanOneIsAsIfThereWereNone(int flags) {
    HandMadePeer server = HandMadePeer.server(multipath());
    HandMadePeer.Flow answered = server.awaitFlow();
    answered.await();
    answered.answer(o -> o.mpCapableSynAck(1, flags, KEY));
    assertThat(answered.await().mptcp().isEmpty()).isTrue();
    assertPlain(server, answered);
  }

  @Test
  void keysAreAllOfWhatTheHostsRandomSourceGives() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    peer.engine().planRandom(ByteBuffer.allocate(8).putLong(0xfedc_ba98_7654_3210L).array());
    HandMadePeer.Flow flow = peer.flow(1, 40_000);
    flow.open(o -> o.mpCapableSyn(1, HMAC_SHA256));
    assertThat(flow.await().mptcp().senderKey()).isEqualTo(0xfedc_ba98_7654_3210L);
  }

  @Test
  void aServersKeyWhoseTokenIsTakenIsReplaced() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    byte[] bytes = {9, 8, 7, 6, 5, 4, 3, 2};
    peer.engine().planRandom(bytes);
    HandMadePeer.Flow first = peer.flow(1, 40_000);
    first.open(o -> o.mpCapableSyn(1, HMAC_SHA256));
    long key = first.await().mptcp().senderKey();
    assertThat(key).isEqualTo(ByteBuffer.wrap(bytes).getLong());

    peer.engine().planRandom(bytes);
    HandMadePeer.Flow second = peer.flow(1, 40_001);
    second.open(o -> o.mpCapableSyn(1, HMAC_SHA256));
    IncomingSegment answer = second.await();
    assertThat(answer.mptcp().has(MptcpOption.MP_CAPABLE)).isTrue();
    assertThat(answer.mptcp().senderKey()).isNotEqualTo(key);
    assertThat(peer.engine().tokenCount()).isEqualTo(2);
  }

  @Test
  void aClientsKeyWhoseTokenIsTakenIsReplaced() {
    TwoHosts hosts = TwoHosts.onePath(1);
    byte[] bytes = {9, 8, 7, 6, 5, 4, 3, 2};
    hosts.client.planRandom(bytes);
    hosts.client.planRandom(bytes);
    MptcpConnection one = hosts.client.connect("10.0.1.2", 80, multipath()).connection();
    MptcpConnection other = hosts.client.connect("10.0.1.2", 80, multipath()).connection();
    assertThat(one.session().local().key()).isEqualTo(ByteBuffer.wrap(bytes).getLong());
    assertThat(other.session().local().key()).isNotEqualTo(one.session().local().key());
    assertThat(hosts.client.tokenCount()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aThirdAckWithoutDataCarriesBothKeysAndNoLength(boolean checksum) {
    HandMadePeer peer = HandMadePeer.server(config(checksum));
    HandMadePeer.Flow flow = peer.awaitFlow();
    flow.await();
    flow.answer(o -> o.mpCapableSynAck(1, HMAC_SHA256, KEY));
    IncomingSegment third = flow.await();
    assertThat(third.flags()).isEqualTo(ACK);
    assertThat(third.payloadLength()).isZero();
    assertThat(third.mptcp().capableLength()).isEqualTo(20);
    assertThat(third.mptcp().capableFlags()).isEqualTo(checksum ? 0x81 : 0x01);
    assertThat(third.mptcp().senderKey()).isEqualTo(peer.connection().session().local().key());
    assertThat(third.mptcp().receiverKey()).isEqualTo(KEY);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theFirstDataCarriesBothKeysAndItsLengthAndTheNextADss(boolean checksum) {
    HandMadePeer peer = HandMadePeer.server(config(checksum));
    HandMadePeer.Flow flow = peer.accepted(HMAC_SHA256);
    peer.connection().setNoDelay(peer.network().now(), true, peer.engine());
    peer.socket.write(ByteBuffer.wrap(TEN));
    peer.socket.write(ByteBuffer.wrap(TEN));
    IncomingSegment data = flow.await(s -> s.payloadLength() > 0);
    assertThat(data.mptcp().has(MptcpOption.DSS)).isFalse();
    assertThat(data.mptcp().capableLength()).isEqualTo(checksum ? 24 : 22);
    assertThat(data.mptcp().senderKey()).isEqualTo(peer.engineKey);
    assertThat(data.mptcp().receiverKey()).isEqualTo(KEY);
    assertThat(data.mptcp().capableDataLength()).isEqualTo(TEN.length);
    if (checksum) {
      long sum = InternetChecksum.sum(ByteBuffer.wrap(TEN), 0, TEN.length);
      assertThat(
              DssChecksum.verify(
                  sum, peer.engineDsn(0), 1, TEN.length, data.mptcp().capableChecksum()))
          .isTrue();
    }
    IncomingSegment next = flow.await(s -> s.payloadLength() > 0);
    assertThat(next.mptcp().has(MptcpOption.MP_CAPABLE)).isFalse();
    assertThat(next.mptcp().dataSequenceNumber()).isEqualTo(peer.engineDsn(TEN.length));
    assertThat(next.mptcp().subflowSequenceNumber()).isEqualTo(1 + TEN.length);

    // Nothing is acknowledged: what is sent again is what was sent.
    IncomingSegment again = flow.await(s -> s.sequenceNumber() == data.sequenceNumber());
    assertThat(again.mptcp().capableLength()).isEqualTo(checksum ? 24 : 22);
    assertThat(again.mptcp().capableDataLength()).isEqualTo(TEN.length);
  }

  @Test
  void theKeysAreSentAgainUntilADataAckComes() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow flow = peer.awaitFlow();
    flow.await();
    int sequence = flow.next();
    Runnable answer =
        () ->
            flow.sendAt(
                sequence,
                flow.received(),
                SYN_ACK,
                new byte[0],
                o -> o.mpCapableSynAck(1, HMAC_SHA256, KEY));
    flow.answer(o -> o.mpCapableSynAck(1, HMAC_SHA256, KEY));
    IncomingSegment third = flow.await();
    peer.engineKey(third.mptcp().senderKey());
    // It is lost: the SYN/ACK comes again.
    for (int i = 0; i < 3; i++) {
      peer.network().runFor(SECOND);
      answer.run();
      IncomingSegment again = flow.await();
      assertThat(again.mptcp().capableLength()).isEqualTo(20);
      assertThat(again.mptcp().senderKey()).isEqualTo(peer.engineKey);
      assertThat(again.mptcp().receiverKey()).isEqualTo(KEY);
    }
    flow.acknowledge();
    peer.network().runFor(SECOND);
    answer.run();
    IncomingSegment after = flow.await();
    assertThat(after.mptcp().has(MptcpOption.MP_CAPABLE)).isFalse();
    assertThat(after.mptcp().dataAck()).isEqualTo(peer.dsn(0));
  }

  /** Who sends data with a mapping has the keys, and may leave the DATA_ACK to later segments. */
  @Test
  void dataOfTheServerIsAcknowledgedThoughNoDataAckCameWithIt() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow flow = peer.accepted(HMAC_SHA256);
    flow.send(ACK, TEN, o -> o.dssMapping(peer.dsn(0), 1, TEN.length, -1));
    IncomingSegment answer = flow.await();
    assertThat(answer.acknowledgmentNumber()).isEqualTo(flow.next());
    assertThat(answer.mptcp().has(MptcpOption.MP_CAPABLE)).isFalse();
    assertThat(answer.mptcp().dataAckIs64Bit()).isTrue();
    assertThat(answer.mptcp().dataAck()).isEqualTo(peer.dsn(TEN.length));
  }

  @Test
  void aSynAckWithoutOptionMeansPlainTcp() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow flow = peer.awaitFlow();
    assertThat(flow.await().mptcp().has(MptcpOption.MP_CAPABLE)).isTrue();
    flow.answer(InitiationStoriesTest::noOption);
    assertThat(flow.await().mptcp().isEmpty()).isTrue();
    assertPlain(peer, flow);
    assertThat(peer.engine().tokenCount()).isZero();
  }

  @Test
  void threeSynsCarryTheOfferAndThenOneGoesWithout() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow flow = peer.awaitFlow();
    for (int i = 0; i < 3; i++) {
      IncomingSegment syn = flow.await();
      assertThat(syn.flags()).isEqualTo(TcpFlags.SYN);
      assertThat(syn.mptcp().capableLength()).as("SYN %d", i).isEqualTo(4);
    }
    IncomingSegment without = flow.await();
    assertThat(without.flags()).isEqualTo(TcpFlags.SYN);
    assertThat(without.mptcp().isEmpty()).isTrue();
    flow.answer(InitiationStoriesTest::noOption);
    flow.await();
    assertPlain(peer, flow);
  }

  @Test
  void aWrongChecksumOfMpCapableIsFound() {
    HandMadePeer peer = HandMadePeer.client(config(true));
    HandMadePeer.Flow flow = peer.flow(1, 40_000);
    int flags = HMAC_SHA256 | CHECKSUM;
    flow.open(o -> o.mpCapableSyn(1, flags));
    peer.engineKey(flow.await().mptcp().senderKey());
    flow.send(ACK, TEN, o -> o.mpCapableData(1, flags, KEY, peer.engineKey, TEN.length, 1));
    assertThat(flow.await().mptcp().failDataSequenceNumber()).isEqualTo(peer.dsn(0));
  }

  @Test
  void theMappingOfMpCapableMayComeTwiceAndAsADssToo() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.flow(1, 40_000);
    flow.open(o -> o.mpCapableSyn(1, HMAC_SHA256));
    peer.engineKey(flow.await().mptcp().senderKey());
    int first = flow.next();
    // The third ACK is lost; the first data comes three times, in two forms.
    flow.send(ACK, TEN, o -> o.mpCapableData(1, HMAC_SHA256, KEY, peer.engineKey, TEN.length, -1));
    assertThat(flow.await().mptcp().dataAck()).isEqualTo(peer.dsn(TEN.length));
    flow.sendAt(
        first,
        flow.received(),
        ACK,
        TEN,
        o -> o.mpCapableData(1, HMAC_SHA256, KEY, peer.engineKey, TEN.length, -1));
    flow.sendAt(
        first,
        flow.received(),
        ACK,
        TEN,
        o -> o.dss(peer.dataAck, peer.dsn(0), 1, TEN.length, -1, false));
    flow.data(peer.dsn(TEN.length), new byte[] {11});
    List<IncomingSegment> answers = flow.during(200 * MILLI);
    assertThat(peer.read()).containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
    assertThat(peer.connection().isFallback()).isFalse();
    assertThat(answers.get(answers.size() - 1).mptcp().dataAck())
        .isEqualTo(peer.dsn(TEN.length + 1));
  }

  @ParameterizedTest(name = "agreed on: {0}")
  @ValueSource(booleans = {true, false})
  void firstDataWithoutTheChecksumThatWasAgreedOnOrWithOneThatWasNotIsRefused(boolean agreed) {
    int flags = HMAC_SHA256 | (agreed ? MptcpOption.CAPABLE_CHECKSUM_REQUIRED : 0);
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.connected(flags);
    int checksum = agreed ? -1 : 0x1234;
    flow.send(ACK, TEN, o -> o.mpCapableData(1, flags, KEY, peer.engineKey, TEN.length, checksum));
    IncomingSegment reset = flow.await(segment -> segment.has(TcpFlags.RST));
    assertThat(reset.mptcp().resetReason()).isEqualTo(MptcpOption.RESET_MPTCP_ERROR);
    assertThat(peer.read()).isEmpty();
  }

  @ParameterizedTest(name = "form {0}")
  @ValueSource(ints = {0, 1, 2, 3})
  void aSynAckOfTheWrongFormMeansPlainTcpWithoutOptions(int form) {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow flow = peer.awaitFlow();
    flow.await();
    flow.answer(
        o -> {
          switch (form) {
            case 0 -> o.mpCapableSyn(1, HMAC_SHA256);
            case 1 -> o.mpCapableAck(1, HMAC_SHA256, KEY, KEY);
            case 2 -> o.mpCapableSynAck(2, HMAC_SHA256, KEY);
            default -> o.mpJoinSynAck(false, 0, 1, 2);
          }
        });
    assertThat(flow.await().mptcp().isEmpty()).isTrue();
    assertPlain(peer, flow);
  }

  @Test
  void aThirdAckThatEchoesAnotherKeyMeansPlainTcpWithoutOptions() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.flow(1, 40_000);
    flow.open(o -> o.mpCapableSyn(1, HMAC_SHA256));
    long key = flow.await().mptcp().senderKey();
    flow.send(ACK, o -> o.mpCapableAck(1, HMAC_SHA256, KEY, key + 1));
    peer.network().runFor(100 * MILLI);
    assertPlain(peer, flow);
  }

  @Test
  void aSynWithoutOfferIsAnsweredWithoutOption() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.flow(1, 40_000);
    flow.open(InitiationStoriesTest::noOption);
    assertThat(flow.await().mptcp().isEmpty()).isTrue();
    flow.send(ACK, InitiationStoriesTest::noOption);
    peer.network().runFor(100 * MILLI);
    assertPlain(peer, flow);
  }

  @Test
  void aThirdAckWithoutOptionMeansPlainTcp() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.flow(1, 40_000);
    flow.open(o -> o.mpCapableSyn(1, HMAC_SHA256));
    assertThat(flow.await().mptcp().has(MptcpOption.MP_CAPABLE)).isTrue();
    flow.send(ACK, InitiationStoriesTest::noOption);
    peer.network().runFor(100 * MILLI);
    assertPlain(peer, flow);
    assertThat(peer.engine().tokenCount()).isZero();
  }

  @Test
  void aDssBeforeTheKeysWaitsForThem() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.flow(1, 40_000);
    flow.open(o -> o.mpCapableSyn(1, HMAC_SHA256));
    peer.engineKey(flow.await().mptcp().senderKey());
    // The third ACK is lost, and so is the first data.
    int start = flow.next();
    flow.sendAt(
        start + TEN.length,
        flow.received(),
        ACK,
        TEN,
        o -> o.dss(peer.dataAck, peer.dsn(TEN.length), 1 + TEN.length, TEN.length, -1, false));
    assertThat(flow.during(50 * MILLI))
        .allMatch(segment -> segment.mptcp().isEmpty() && segment.acknowledgmentNumber() == start);
    flow.send(ACK, TEN, o -> o.mpCapableData(1, HMAC_SHA256, KEY, peer.engineKey, TEN.length, -1));
    flow.data(peer.dsn(TEN.length), TEN);
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read())
        .containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    peer.socket.write(ByteBuffer.wrap(TEN));
    IncomingSegment data = flow.await(segment -> segment.payloadLength() > 0);
    assertThat(data.mptcp().hasMapping()).isTrue();
    assertThat(data.mptcp().dataAck()).isEqualTo(peer.dsn(2L * TEN.length));
  }

  @Test
  void noSubflowIsOpenedBeforeADssCame() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow flow = peer.accepted(HMAC_SHA256);
    flow.send(ACK, InitiationStoriesTest::noOption);
    peer.network().runFor(10 * SECOND);
    assertThat(peer.begun()).isEmpty();
    flow.acknowledge();
    IncomingSegment syn = peer.awaitFlow().await();
    assertThat(syn.mptcp().has(MptcpOption.MP_JOIN)).isTrue();
    assertThat(syn.source()).isEqualTo(IpAddress.parse("10.0.2.1"));
  }

  @Test
  void afterFlagCTheFirstAddressOfThePeerIsLeftAlone() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow flow = peer.confirmed(HMAC_SHA256 | MptcpOption.CAPABLE_NO_JOIN_TO_INITIAL);
    peer.network().runFor(10 * SECOND);
    assertThat(peer.begun()).isEmpty();
    PathControl paths = peer.connection().paths();
    assertThat(paths.remoteAddresses()).isEmpty();
    assertThat(
            paths.open(IpAddress.parse("10.0.2.1").toInetAddress(), paths.initialRemote(), false))
        .as("whatever a path manager wants")
        .isFalse();
    announce(peer, flow, 3, "10.0.2.2", 0);
    assertThat(peer.awaitFlow().local).isEqualTo(IpAddress.parse("10.0.2.2"));
  }

  @Test
  void afterFlagCAnotherPortOfTheFirstAddressMayBeUsed() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow flow = peer.confirmed(HMAC_SHA256 | MptcpOption.CAPABLE_NO_JOIN_TO_INITIAL);
    announce(peer, flow, 3, "10.0.1.2", 4711);
    HandMadePeer.Flow second = peer.awaitFlow();
    assertThat(second.local).isEqualTo(IpAddress.parse("10.0.1.2"));
    assertThat(second.localPort).isEqualTo(4711);
  }

  private static void announce(
      HandMadePeer peer, HandMadePeer.Flow flow, int id, String address, int port) {
    IpAddress announced = IpAddress.parse(address);
    long hmac = Hmac.addAddr(KEY, peer.engineKey, id, announced, port);
    flow.send(ACK, o -> o.addAddr(false, id, announced, port, hmac));
  }

  @Test
  void checksumsAreAskedForByDefault() {
    assertThat(Settings.of(Map.of()).get(Settings.CHECKSUM)).isTrue();
  }

  @Test
  void checksumsAreUsedBothWaysWhenTheAnswerAsksForThem() {
    HandMadePeer peer = HandMadePeer.server(multipath());
    HandMadePeer.Flow flow = peer.awaitFlow();
    assertThat(flow.await().mptcp().capableFlags() & CHECKSUM).isZero();
    flow.answer(o -> o.mpCapableSynAck(1, HMAC_SHA256 | CHECKSUM, KEY));
    IncomingSegment third = flow.await();
    assertThat(third.mptcp().capableFlags() & CHECKSUM).isNotZero();
    peer.engineKey(third.mptcp().senderKey());
    assertChecksumsBothWays(peer, flow);
  }

  @ParameterizedTest(name = "in the SYN {0}, in the third ACK {1}, a stateless server {2}")
  @CsvSource({"true, true, false", "true, false, false", "false, true, false", "true, true, true"})
  void checksumsAreUsedBothWaysWhenTheOfferAsksForThem(
      boolean inSyn, boolean inThirdAck, boolean stateless) {
    HandMadePeer peer = HandMadePeer.client(multipath());
    if (stateless) {
      peer.engine().answerWithCookies();
    }
    HandMadePeer.Flow flow = peer.flow(1, 40_000);
    flow.open(o -> o.mpCapableSyn(1, HMAC_SHA256 | (inSyn ? CHECKSUM : 0)));
    IncomingSegment answer = flow.await();
    assertThat(answer.mptcp().capableFlags()).isEqualTo(HMAC_SHA256 | (inSyn ? CHECKSUM : 0));
    peer.engineKey(answer.mptcp().senderKey());
    int flags = HMAC_SHA256 | (inThirdAck ? CHECKSUM : 0);
    flow.send(ACK, o -> o.mpCapableAck(1, flags, KEY, peer.engineKey));
    assertChecksumsBothWays(peer, flow);
  }

  private static void assertChecksumsBothWays(HandMadePeer peer, HandMadePeer.Flow flow) {
    flow.acknowledge();
    peer.network().runFor(50 * MILLI);
    peer.socket.write(ByteBuffer.wrap(TEN));
    IncomingSegment data = flow.await(s -> s.payloadLength() > 0);
    long sum = InternetChecksum.sum(ByteBuffer.wrap(TEN), 0, TEN.length);
    assertThat(data.mptcp().hasDssChecksum()).isTrue();
    assertThat(
            DssChecksum.verify(sum, peer.engineDsn(0), 1, TEN.length, data.mptcp().dssChecksum()))
        .isTrue();
    flow.data(peer.dsn(0), TEN, DssChecksum.compute(sum, peer.dsn(0), flow.relative(), TEN.length));
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read()).containsExactly(TEN);
    flow.data(peer.dsn(TEN.length), TEN, 1);
    peer.network().runFor(50 * MILLI);
    assertThat(peer.engine().counters().checksumFailures.sum()).isEqualTo(1);
  }

  @Test
  void keysGoOutAtTheBeginningOnly() {
    TwoHosts hosts = TwoHosts.twoPaths(1);
    PacketLog log = new PacketLog(hosts);
    hosts.connect(multipathWithChecksum(), multipath());
    hosts.transfer(300_000, 300_000);
    hosts.runToEnd(10 * SECOND);
    hosts.runUntilForgotten();
    List<Long> keys =
        List.of(
            hosts.clientConnection().session().local().key(),
            hosts.serverConnection().session().local().key());
    List<Integer> withKey =
        log.packets().stream()
            .map(packet -> packet.carries(keys) ? 1 : 0)
            .collect(Collectors.toList());
    // SYN/ACK, third ACK, and the first data of the client, but nothing after a round trip.
    assertThat(withKey.lastIndexOf(1)).isLessThan(40);
    assertThat(withKey.stream().mapToInt(Integer::intValue).sum()).isBetween(3, 6);
    assertThat(withKey.size()).isGreaterThan(300);
  }
}
