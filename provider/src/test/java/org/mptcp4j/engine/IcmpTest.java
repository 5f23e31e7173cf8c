package org.mptcp4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mptcp4j.engine.BlockingCalls.PATIENCE;
import static org.mptcp4j.engine.BlockingCalls.await;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.mptcp4j.tcp.TcpEndpoint;
import org.mptcp4j.wire.IcmpErrors;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/** ICMP errors find their way to the connections that they are about, and nowhere else. */
@Timeout(60)
class IcmpTest {
  private static final int PORT = 8080;
  private static final IpAddress ROUTER = IpAddress.parse("10.0.9.9");

  private final TwoEngines hosts = new TwoEngines(1);
  private final MemoryLink clientLink = hosts.clientLink;
  private final MemoryLink serverLink = hosts.serverLink;
  private final Engine client = hosts.client;
  private final Engine server = hosts.server;

  @AfterEach
  void noFaultAndAllClosed() throws IOException {
    hosts.closeAndCheck();
  }

  private long count(String name) {
    return client.counters().snapshot().get(name);
  }

  private InetSocketAddress serverAddress() {
    return hosts.serverAddress(PORT);
  }

  /** A segment of 1448 bytes of the client's, as a router may have seen it. */
  private byte[] quoted(int localPort, int sequenceNumber) {
    OutgoingSegment segment =
        new OutgoingSegment()
            .begin(clientLink.address(0), localPort, serverLink.address(0), PORT)
            .sequenceNumber(sequenceNumber)
            .flags(TcpFlags.ACK)
            .payload(ByteBuffer.allocate(1_448), 0, 1_448);
    ByteBuffer b = ByteBuffer.allocate(1_500);
    int length = segment.encodeHeaders(b, 0, OutgoingSegment.ChecksumMode.FULL);
    return java.util.Arrays.copyOf(b.array(), length + 1_448);
  }

  private StreamSocket synSent() throws IOException {
    clientLink.drop = true;
    StreamSocket socket = client.openSocket(true);
    socket.connect(serverAddress());
    await("the SYN is on its way", () -> client.flows().flowCount() == 1);
    return socket;
  }

  private TcpEndpoint endpoint() {
    EngineConnection connection = client.flows().connections().iterator().next();
    try {
      return connection.acquire().subflows().get(0).endpoint();
    } finally {
      connection.release();
    }
  }

  @Test
  void aPortThatIsUnreachableRefusesTheConnection() throws Exception {
    StreamSocket socket = synSent();
    int port = clientLink.guardedPorts().iterator().next();
    int isn = endpoint().initialSendSequenceNumber();
    clientLink.inject(IcmpErrors.error(quoted(port, isn), ROUTER, 3, 3, 0));
    assertThat(socket.awaitReady(StreamSocket.CONNECTABLE, PATIENCE)).isNotZero();
    assertThatThrownBy(socket::finishConnect)
        .isInstanceOf(ConnectException.class)
        .hasMessage("Connection refused");
    assertThat(count("tcp.icmp.believed")).isEqualTo(1);
  }

  @Test
  void errorsOfStrangersAreCountedAndChangeNothing() throws Exception {
    StreamSocket socket = synSent();
    int port = clientLink.guardedPorts().iterator().next();
    int isn = endpoint().initialSendSequenceNumber();
    byte[] damaged = IcmpErrors.error(quoted(port, isn), ROUTER, 3, 3, 0);
    damaged[damaged.length - 1] ^= 1;
    clientLink.inject(damaged);
    clientLink.inject(IcmpErrors.error(quoted(port + 1, isn), ROUTER, 3, 3, 0));
    clientLink.inject(IcmpErrors.error(quoted(port, isn + 1), ROUTER, 3, 3, 0));
    await("all three were looked at", () -> count("tcp.icmp.ignored") == 1);
    assertThat(count("icmp.received")).isEqualTo(3);
    assertThat(count("icmp.badchecksum")).isEqualTo(1);
    assertThat(count("icmp.unmatched")).isEqualTo(1);
    assertThat(socket.readiness() & StreamSocket.CONNECTABLE).isZero();
  }

  @Test
  void aFloodOfErrorsIsNotLookedAt() throws Exception {
    synSent();
    int port = clientLink.guardedPorts().iterator().next();
    byte[] invented = IcmpErrors.error(quoted(port, 0), ROUTER, 3, 4, 600);
    for (int i = 0; i < 20_000; i++) {
      clientLink.inject(invented);
    }
    await("all came", () -> count("icmp.received") == 20_000);
    assertThat(count("icmp.suppressed")).isPositive();
    assertThat(count("icmp.suppressed") + count("tcp.icmp.ignored")).isLessThanOrEqualTo(20_000);
  }

  @Test
  void aPacketThatIsTooBigMakesTheSegmentsSmaller() throws Exception {
    StreamListener listener = server.listen(serverAddress(), 10, /* multipath= */ true);
    StreamSocket socket = client.openSocket(true);
    socket.connect(serverAddress());
    assertThat(socket.awaitReady(StreamSocket.CONNECTABLE, PATIENCE)).isNotZero();
    assertThat(socket.finishConnect()).isTrue();
    clientLink.drop = true;
    int next = endpoint().sendNext();
    assertThat(socket.write(ByteBuffer.allocate(5_000))).isEqualTo(5_000);
    int port = clientLink.guardedPorts().iterator().next();
    clientLink.inject(IcmpErrors.packetTooBig(quoted(port, next), ROUTER, 1_300));
    await("the router is believed", () -> endpoint().packetLimit() == 1_300);
    clientLink.drop = false;
    StreamSocket accepted = accept(listener);
    ByteBuffer received = ByteBuffer.allocate(5_001);
    while (received.position() < 5_000) {
      assertThat(accepted.awaitReady(StreamSocket.READABLE, PATIENCE)).isNotZero();
      accepted.read(received);
    }
  }

  private static StreamSocket accept(StreamListener listener) throws IOException {
    assertThat(listener.awaitAcceptable(PATIENCE)).isTrue();
    return listener.accept().orElseThrow().engine().orElseThrow();
  }
}
