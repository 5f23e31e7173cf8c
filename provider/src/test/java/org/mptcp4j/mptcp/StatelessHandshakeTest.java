package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;
import static org.mptcp4j.mptcp.TwoHosts.multipathWithChecksum;
import static org.mptcp4j.mptcp.TwoHosts.plain;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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

  @Test
  void aTokenThatIsTakenMeansPlainTcp() {
    StatelessHandshake handshake = new StatelessHandshake(new SipHash(1, 2), new SipHash(3, 4));
    OutgoingSegment syn =
        new OutgoingSegment()
            .begin(IpAddress.parse("10.0.0.1"), 40_000, IpAddress.parse("10.0.0.2"), 80)
            .sequenceNumber(7)
            .flags(TcpFlags.SYN);
    syn.options().mpCapableSyn(1, MptcpOption.CAPABLE_HMAC_SHA256);
    Path path = new Path(1, 1500, 1460);
    int[] token = new int[1];
    IncomingSegment free =
        parsed(
            handshake.answer(
                0,
                parsed(syn),
                multipath(),
                path,
                /* timestampOffset= */ 5,
                t -> {
                  token[0] = t;
                  return true;
                }));
    assertThat(free.mptcp().has(MptcpOption.MP_CAPABLE)).isTrue();
    assertThat(KeyMaterial.of(free.mptcp().senderKey()).token()).isEqualTo(token[0]);
    IncomingSegment taken =
        parsed(handshake.answer(0, parsed(syn), multipath(), path, 5, t -> false));
    assertThat(taken.mptcp().has(MptcpOption.MP_CAPABLE)).isFalse();
  }

  private static IncomingSegment parsed(OutgoingSegment segment) {
    ByteBuffer packet = ByteBuffer.allocate(OutgoingSegment.MAX_HEADER_LENGTH);
    int length = segment.encodeHeaders(packet, 0, OutgoingSegment.ChecksumMode.FULL);
    IncomingSegment incoming = new IncomingSegment();
    assertThat(incoming.parse(packet, 0, length)).isEqualTo(IncomingSegment.Verdict.OK);
    return incoming;
  }
}
