package org.mptcp4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/** RFC 8684 §3.2: a SYN with MP_JOIN is for the connection of its token, whatever the port. */
@Timeout(60)
class JoinDispatchTest {
  private static final int PORT = 8080;
  private static final int OTHER_LISTENER = 8081;
  private static final int NO_LISTENER = 8082;

  /** The port that the joins come from. */
  private static final int JOINING = 20_000;

  private final TwoEngines engines = new TwoEngines(1);
  private final AtomicLong serverKey = new AtomicLong();
  private final BlockingQueue<IncomingSegment> answers = new LinkedBlockingQueue<>();

  JoinDispatchTest() {
    engines.serverLink.onArrival =
        segment -> {
          if (segment.mptcp().has(MptcpOption.MP_CAPABLE)
              && segment.mptcp().capableLength() >= 20) {
            serverKey.compareAndSet(0, segment.mptcp().receiverKey());
          }
        };
    engines.clientLink.onArrival =
        segment -> {
          if (segment.destinationPort() == JOINING) {
            answers.add(copyOf(segment));
          }
        };
  }

  @AfterEach
  void noFault() throws IOException {
    engines.closeAndCheck();
  }

  private static IncomingSegment copyOf(IncomingSegment segment) {
    byte[] bytes = new byte[segment.payloadOffset() + segment.payloadLength()];
    segment.buffer().get(0, bytes);
    IncomingSegment copy = new IncomingSegment();
    copy.parse(ByteBuffer.wrap(bytes), 0, bytes.length);
    return copy;
  }

  /** The token of the connection that began first. */
  private int token() throws Exception {
    MessageDigest sha = MessageDigest.getInstance("SHA-256");
    byte[] key = ByteBuffer.allocate(8).putLong(serverKey.get()).array();
    return ByteBuffer.wrap(sha.digest(key)).getInt();
  }

  /** What the server answers to a join from a port that no subflow has. */
  private IncomingSegment join(int port, int token) throws InterruptedException {
    OutgoingSegment syn =
        new OutgoingSegment()
            .begin(engines.clientLink.address(0), JOINING, engines.serverLink.address(0), port)
            .sequenceNumber(1)
            .flags(TcpFlags.SYN)
            .window(60_000);
    syn.options().mpJoinSyn(false, 9, token, 5);
    byte[] packet = new byte[OutgoingSegment.MAX_HEADER_LENGTH];
    int length = syn.encodeHeaders(ByteBuffer.wrap(packet), 0, OutgoingSegment.ChecksumMode.FULL);
    engines.serverLink.inject(Arrays.copyOf(packet, length));
    IncomingSegment answer = answers.poll(BlockingCalls.PATIENCE, TimeUnit.NANOSECONDS);
    assertThat(answer).isNotNull();
    assertThat(answer.sourcePort()).isEqualTo(port);
    assertThat(answer.acknowledgmentNumber()).isEqualTo(2);
    return answer;
  }

  /** A connection at each of two listeners, and a port of the server's without one. */
  private void connectTwice() throws IOException {
    for (int port : new int[] {PORT, OTHER_LISTENER}) {
      StreamListener listener = engines.listen(port, PortSharing.DEFAULT);
      StreamSocket socket = engines.connect(port);
      StreamSocket accepted = BlockingCalls.accept(listener);
      assertThat(socket.write(ByteBuffer.wrap(new byte[] {7}))).isEqualTo(1);
      BlockingCalls.read(accepted, ByteBuffer.allocate(1));
    }
    engines.server.openSocket(true).bind(engines.serverAddress(NO_LISTENER));
  }

  @ParameterizedTest
  @ValueSource(ints = {PORT, OTHER_LISTENER, NO_LISTENER})
  void theTokenSaysWhichConnectionIsJoinedAndNotThePort(int port) throws Exception {
    connectTwice();
    IncomingSegment answer = join(port, token());
    assertThat(answer.flags()).isEqualTo(TcpFlags.SYN | TcpFlags.ACK);
    assertThat(answer.mptcp().has(MptcpOption.MP_JOIN)).isTrue();
    assertThat(answer.mptcp().joinLength()).isEqualTo(16);
    assertThat(engines.server.flows().flowCount()).isEqualTo(3);
  }

  @ParameterizedTest
  @ValueSource(ints = {PORT, NO_LISTENER})
  void aTokenThatNobodyHasIsRefusedWithTheReason(int port) throws Exception {
    connectTwice();
    IncomingSegment answer = join(port, token() + 1);
    assertThat(answer.flags()).isEqualTo(TcpFlags.RST | TcpFlags.ACK);
    assertThat(answer.mptcp().has(MptcpOption.MP_TCPRST)).isTrue();
    assertThat(answer.mptcp().resetReason()).isEqualTo(MptcpOption.RESET_MPTCP_ERROR);
    assertThat(answer.mptcp().resetFlags()).isZero();
    assertThat(engines.server.flows().flowCount()).isEqualTo(2);
  }
}
