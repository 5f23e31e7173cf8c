package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.HandMadePeer.ACK;
import static org.mptcp4j.mptcp.HandMadePeer.HMAC_SHA256;
import static org.mptcp4j.mptcp.HandMadePeer.bytes;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;
import static org.mptcp4j.mptcp.TwoHosts.multipathWithChecksum;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.sim.Loss;
import org.mptcp4j.sim.Middleboxes;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.InternetChecksum;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.TcpFlags;

/** RFC 8684 §3.7: a box changes data where more depends on it than the mapping it is in. */
class ChangedDataStoriesTest {
  private static final int FLAGS = HMAC_SHA256 | MptcpOption.CAPABLE_CHECKSUM_REQUIRED;

  private final HandMadePeer peer = HandMadePeer.client(multipath());

  /** The checksum of data with {@code length} as its mapping has it, DATA_FIN included. */
  private int checksum(HandMadePeer.Flow flow, int index, byte[] data, int length) {
    long sum = InternetChecksum.sum(ByteBuffer.wrap(data), 0, data.length);
    return DssChecksum.compute(sum, peer.dsn(index), flow.relative(), length);
  }

  private void send(HandMadePeer.Flow flow, int index, byte[] data) {
    flow.data(peer.dsn(index), data, checksum(flow, index, data, data.length));
  }

  /**
   * Half of a mapping is there when another subflow brings the same data, changed, and is reset for
   * that. The other half shows that something is wrong with the whole, but not on this path.
   */
  @Test
  void whatASubflowLeftBehindThatWasResetIsNotDelivered() {
    HandMadePeer.Flow first = peer.connected(FLAGS);
    HandMadePeer.Flow second = peer.joined(40_000);
    byte[] data = bytes(0, 20);
    int relative = first.relative();
    int checksum = checksum(first, 0, data, 20);
    for (int half = 0; half < 2; half++) {
      byte[] part = Arrays.copyOfRange(data, 10 * half, 10 * half + 10);
      first.send(ACK, part, o -> o.dss(peer.dataAck, peer.dsn(0), relative, 20, checksum, false));
      if (half == 0) {
        peer.network().runFor(50 * MILLI);
        int original = checksum(second, 0, part, 10);
        second.data(peer.dsn(0), bytes(100, 10), original);
        second.await(segment -> segment.has(TcpFlags.RST));
      }
    }
    IncomingSegment reset = first.await(segment -> segment.has(TcpFlags.RST));
    assertThat(reset.mptcp().failDataSequenceNumber()).isEqualTo(peer.dsn(0));
    assertThat(reset.mptcp().resetFlags()).as("transient").isEqualTo(1);
    assertThat(peer.connection().isFallback()).isFalse();
    assertThat(peer.read()).isEmpty();

    send(peer.joined(40_001), 0, data);
    peer.network().runFor(50 * MILLI);
    assertThat(peer.read()).isEqualTo(data);
  }

  /** As an FTP gateway does with an address; the peer has said where its stream ends. */
  @ParameterizedTest(name = "{0} bytes go with the DATA_FIN")
  @ValueSource(ints = {10, 4})
  void aStreamThatGrowsOnItsWayIsDeliveredWhole(int last) {
    HandMadePeer.Flow flow = peer.connected(FLAGS);
    send(flow, 0, bytes(0, 10));
    int relative = flow.relative();
    int checksum = checksum(flow, 10, bytes(10, 10), 11);
    byte[] longer = bytes(100, 13);
    for (byte[] part : new byte[][] {Arrays.copyOf(longer, 13 - last), tail(longer, last)}) {
      flow.send(ACK, part, o -> o.dss(peer.dataAck, peer.dsn(10), relative, 11, checksum, true));
    }
    flow.send(ACK | TcpFlags.FIN, o -> {});
    peer.network().runFor(50 * MILLI);
    assertThat(peer.connection().isFallback()).isTrue();
    assertThat(peer.read()).startsWith(bytes(0, 10)).endsWith(longer).hasSize(23);
    assertThat(peer.socket.read(ByteBuffer.allocate(10))).isEqualTo(-1);
  }

  private static byte[] tail(byte[] bytes, int count) {
    return Arrays.copyOfRange(bytes, bytes.length - count, bytes.length);
  }

  /**
   * One path changes bytes now and then, and the other comes and goes: whatever goes out twice,
   * what was changed is not delivered.
   */
  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {140, 216, 254, 341})
  void whereAnotherPathIsLeftNothingChangedIsDelivered(long seed) {
    TwoHosts hosts = TwoHosts.twoPaths(seed);
    Random random = new Random(seed);
    if (seed % 2 == 0) {
      hosts.client.offload(64_000);
      hosts.server.offload(64_000);
    }
    hosts.first.rate(5_000_000).both(link -> link.loss(Loss.random(0.03)));
    hosts.first.delay((5 + random.nextInt(80)) * MILLI);
    hosts.second.rate(50_000_000).delay((1 + random.nextInt(60)) * MILLI);
    if (seed % 3 == 0) {
      hosts.second.both(link -> link.loss(Loss.random(0.02)));
    }
    int oneIn = 10 + random.nextInt(100);
    hosts.second.both(link -> link.middlebox((now, packet) -> change(packet, random, oneIn)));
    hosts.connect(multipathWithChecksum(), multipathWithChecksum());
    hosts.transfer(500_000 + random.nextInt(2_000_000), random.nextInt(2_000_000));
    for (int i = 0; i < 20; i++) {
      hosts.network.runFor((50 + random.nextInt(300)) * MILLI);
      if (random.nextInt(3) == 0) {
        hosts.first.setUp(false);
        hosts.network.runFor(random.nextInt(900) * MILLI);
        hosts.first.setUp(true);
      }
    }
    hosts.runToEnd(200 * SECOND);
    assertThat(hosts.clientTransfer.isComplete() && hosts.serverTransfer.isComplete()).isTrue();
    long found =
        hosts.client.counters().checksumFailures.sum()
            + hosts.server.counters().checksumFailures.sum();
    assertThat(found).isPositive();
  }

  private static ByteBuffer change(ByteBuffer packet, Random random, int oneIn) {
    IncomingSegment segment = new IncomingSegment();
    segment.parse(packet, 0, packet.limit());
    boolean mapped = segment.payloadLength() > 0 && segment.mptcp().has(MptcpOption.DSS);
    if (!mapped || random.nextInt(oneIn) != 0) {
      return packet;
    }
    int at = segment.payloadOffset() + random.nextInt(segment.payloadLength());
    packet.put(at, (byte) (packet.get(at) ^ 0x55));
    return Middleboxes.seal(packet);
  }
}
