package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;
import static org.mptcp4j.mptcp.TwoHosts.multipathWithChecksum;
import static org.mptcp4j.mptcp.TwoHosts.plain;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.sim.Loss;
import org.mptcp4j.sim.Transfer;
import org.mptcp4j.tcp.NetworkPath;
import org.mptcp4j.tcp.SipHash;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/** The server keeps nothing before the third segment of the handshake, or the first data. */
class StatelessHandshakeTest {
  private static final int BYTES = 1_000_000;

  private record Path(int interfaceIndex, int mtu, int maxPayloadPerSend) implements NetworkPath {}

  /** The client speaks first: where its ACK is lost, its data tells the server of it. */
  private static TwoHosts exchanged(
      TwoHosts hosts, ConnectionConfig clientConfig, ConnectionConfig serverConfig) {
    hosts.server.answerWithCookies();
    hosts.server.listen(
        TwoHosts.PORT,
        serverConfig,
        socket -> {
          hosts.serverSocket = socket;
          hosts.serverTransfer = Transfer.server(BYTES, BYTES).on(socket);
        });
    hosts.clientSocket = hosts.client.connect("10.0.1.2", TwoHosts.PORT, clientConfig);
    hosts.clientTransfer = Transfer.client(BYTES, BYTES).on(hosts.clientSocket);
    hosts.network.runUntil(
        () ->
            hosts.clientTransfer.isComplete()
                && hosts.serverTransfer != null
                && hosts.serverTransfer.isComplete(),
        120 * SECOND);
    return hosts;
  }

  private static void disturb(TwoHosts hosts) {
    hosts.first.both(link -> link.loss(Loss.random(0.1)).reorder(0.1, 5 * MILLI).duplicate(0.1));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void multipathConnectionsBeginWhateverIsLost(int seed) {
    TwoHosts hosts = TwoHosts.twoPaths(seed);
    disturb(hosts);
    exchanged(hosts, seed % 2 == 0 ? multipath() : multipathWithChecksum(), multipath());
    assertThat(hosts.clientConnection().isFallback()).isFalse();
    assertThat(hosts.serverConnection().isFallback()).isFalse();
    hosts.runUntilForgotten();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void plainConnectionsBeginWhateverIsLost(int seed) {
    TwoHosts hosts = TwoHosts.onePath(seed);
    disturb(hosts);
    exchanged(hosts, seed % 2 == 0 ? plain() : multipath(), seed % 2 == 0 ? multipath() : plain());
    assertThat(hosts.clientConnection().isFallback()).isTrue();
    assertThat(hosts.serverConnection().isFallback()).isTrue();
    hosts.runUntilForgotten();
  }

  @Test
  void bothPathsAreUsedAsAfterAnyHandshake() {
    TwoHosts hosts = exchanged(TwoHosts.twoPaths(1), multipath(), multipath());
    assertThat(hosts.second.forward().carriedBytes()).isGreaterThan(BYTES / 10);
    hosts.runUntilForgotten();
  }

  @Test
  void aSynIsAnsweredAndNotRemembered() {
    TwoHosts hosts = TwoHosts.onePath(1);
    hosts.server.answerWithCookies();
    hosts.server.listen(TwoHosts.PORT, multipath(), socket -> hosts.serverSocket = socket);
    // Of the client only the SYN passes.
    int[] count = new int[1];
    hosts.first.forward().loss((random, packet) -> ++count[0] > 1);
    hosts.clientSocket = hosts.client.connect("10.0.1.2", TwoHosts.PORT, multipath());
    hosts.network.runFor(SECOND / 10);
    assertThat(hosts.clientSocket.isEstablished()).isTrue();
    assertThat(hosts.server.flowCount()).isZero();
    assertThat(hosts.server.tokenCount()).isZero();
    assertThat(hosts.server.sockets()).isEmpty();
  }

  private static StatelessHandshake handshake(long secret) {
    return new StatelessHandshake(new SipHash(1, 2), new SipHash(3, secret));
  }

  private static IncomingSegment syn(
      String client,
      int port,
      String server,
      int serverPort,
      int sequence,
      int version,
      int flags) {
    OutgoingSegment syn =
        new OutgoingSegment()
            .begin(IpAddress.parse(client), port, IpAddress.parse(server), serverPort)
            .sequenceNumber(sequence)
            .flags(TcpFlags.SYN);
    syn.options().mpCapableSyn(version, flags);
    return parsed(syn);
  }

  private static IncomingSegment answer(
      StatelessHandshake handshake, long now, IncomingSegment syn, IntPredicate isTokenFree) {
    return parsed(
        handshake.answer(
            now, syn, multipath(), new Path(1, 1500, 1460), /* timestampOffset= */ 5, isTokenFree));
  }

  private static IncomingSegment offer() {
    return syn("10.0.0.1", 40_000, "10.0.0.2", 80, 7, 1, MptcpOption.CAPABLE_HMAC_SHA256);
  }

  @Test
  void aTokenThatIsTakenMeansPlainTcp() {
    int[] token = new int[1];
    IncomingSegment free =
        answer(
            handshake(4),
            0,
            offer(),
            t -> {
              token[0] = t;
              return true;
            });
    assertThat(free.mptcp().has(MptcpOption.MP_CAPABLE)).isTrue();
    assertThat(KeyMaterial.of(free.mptcp().senderKey()).token()).isEqualTo(token[0]);
    IncomingSegment taken = answer(handshake(4), 0, offer(), t -> false);
    assertThat(taken.mptcp().isEmpty()).isTrue();
  }

  @Test
  void aTokenThatWasTakenSinceTheAnswerMeansPlainTcp() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    peer.connected(MptcpOption.CAPABLE_HMAC_SHA256);
    MptcpConnection other = peer.connection();
    peer.engine().answerWithCookies();
    HandMadePeer.Flow flow = peer.flow(1, 41_000);
    flow.open(o -> o.mpCapableSyn(1, MptcpOption.CAPABLE_HMAC_SHA256));
    long key = flow.await().mptcp().senderKey();
    peer.engine().registerToken(KeyMaterial.of(key).token(), other);
    flow.send(
        HandMadePeer.ACK,
        o -> o.mpCapableAck(1, MptcpOption.CAPABLE_HMAC_SHA256, HandMadePeer.KEY, key));
    assertPlain(peer, flow);
    assertThat(peer.connection()).isNotSameAs(other);
  }

  @Test
  void aKeyThatIsNotOursMeansPlainTcp() {
    HandMadePeer peer = HandMadePeer.client(multipath());
    peer.engine().answerWithCookies();
    HandMadePeer.Flow flow = peer.flow(1, 40_000);
    flow.open(o -> o.mpCapableSyn(1, MptcpOption.CAPABLE_HMAC_SHA256));
    long key = flow.await().mptcp().senderKey() + 1;
    flow.send(
        HandMadePeer.ACK,
        o -> o.mpCapableAck(1, MptcpOption.CAPABLE_HMAC_SHA256, HandMadePeer.KEY, key));
    assertPlain(peer, flow);
  }

  private static void assertPlain(HandMadePeer peer, HandMadePeer.Flow flow) {
    peer.network().runFor(50 * MILLI);
    peer.socket.write(ByteBuffer.wrap(new byte[10]));
    List<IncomingSegment> segments = flow.during(50 * MILLI);
    assertThat(segments).anyMatch(segment -> segment.payloadLength() == 10);
    assertThat(segments).allMatch(segment -> segment.mptcp().isEmpty());
    assertThat(peer.connection().isFallback()).isTrue();
  }

  @ParameterizedTest(name = "version {0}, flags {1}")
  @CsvSource({"0, 0x01, false", "1, 0x00, false", "1, 0x41, false", "1, 0x1e, false", "2, 1, true"})
  void onlyAnOfferThatCanBeTakenIsAnsweredAndWithVersionOne(
      int version, int flags, boolean isTaken) {
    IncomingSegment syn = syn("10.0.0.1", 40_000, "10.0.0.2", 80, 7, version, flags);
    IncomingSegment answer = answer(handshake(4), 0, syn, token -> true);
    assertThat(answer.mptcp().has(MptcpOption.MP_CAPABLE)).isEqualTo(isTaken);
    if (isTaken) {
      assertThat(answer.mptcp().capableVersion()).isEqualTo(1);
      assertThat(answer.mptcp().capableFlags()).isEqualTo(MptcpOption.CAPABLE_HMAC_SHA256);
    }
  }

  @Test
  void theKeyIsAHashOfTheFlowTheSequenceNumbersAndASecret() {
    int flags = MptcpOption.CAPABLE_HMAC_SHA256;
    StatelessHandshake handshake = handshake(4);
    List<IncomingSegment> answers =
        List.of(
            answer(handshake, 0, offer(), token -> true),
            answer(handshake(5), 0, offer(), token -> true),
            // Our own sequence number changes with time.
            answer(handshake, 100 * SECOND, offer(), token -> true),
            answer(
                handshake, 0, syn("10.0.0.1", 40_000, "10.0.0.2", 80, 8, 1, flags), token -> true),
            answer(
                handshake, 0, syn("10.0.0.1", 40_001, "10.0.0.2", 80, 7, 1, flags), token -> true),
            answer(
                handshake, 0, syn("10.0.0.1", 40_000, "10.0.0.2", 81, 7, 1, flags), token -> true),
            answer(
                handshake, 0, syn("10.0.0.3", 40_000, "10.0.0.2", 80, 7, 1, flags), token -> true),
            answer(
                handshake, 0, syn("10.0.0.1", 40_000, "10.0.0.3", 80, 7, 1, flags), token -> true));
    assertThat(answers.stream().map(answer -> answer.mptcp().senderKey())).doesNotHaveDuplicates();
    assertThat(answer(handshake(4), 0, offer(), token -> true).mptcp().senderKey())
        .isEqualTo(answers.get(0).mptcp().senderKey());
  }

  private static IncomingSegment parsed(OutgoingSegment segment) {
    ByteBuffer packet = ByteBuffer.allocate(OutgoingSegment.MAX_HEADER_LENGTH);
    int length = segment.encodeHeaders(packet, 0, OutgoingSegment.ChecksumMode.FULL);
    IncomingSegment incoming = new IncomingSegment();
    assertThat(incoming.parse(packet, 0, length)).isEqualTo(IncomingSegment.Verdict.OK);
    return incoming;
  }
}
