package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.tcp.TcpPair.MILLI;
import static org.mptcp4j.tcp.TcpPair.SECOND;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/**
 * A peer, or a stranger, may send anything: nothing throws, and the endpoint's books stay right.
 */
class HostilePeerTest {
  private static final int[] FLAGS = {
    TcpFlags.ACK,
    TcpFlags.ACK,
    TcpFlags.ACK | TcpFlags.PSH,
    TcpFlags.ACK | TcpFlags.FIN,
    TcpFlags.SYN,
    TcpFlags.SYN | TcpFlags.ACK,
    TcpFlags.RST,
    TcpFlags.RST | TcpFlags.ACK,
    0,
    0xff
  };

  private final ByteBuffer payload = ByteBuffer.wrap(TcpPair.bytes(70_000, 9));

  private OutgoingSegment anything(Random random, TcpPair pair) {
    int seq = pair.client.receiveNext() + near(random);
    int ack = pair.client.sendUnacknowledged() + near(random);
    OutgoingSegment segment =
        Segments.toClient()
            .sequenceNumber(seq)
            .acknowledgmentNumber(ack)
            .flags(FLAGS[random.nextInt(FLAGS.length)])
            .window(random.nextInt(65_536));
    if (random.nextBoolean()) {
      segment.payload(payload, 0, random.nextInt(random.nextBoolean() ? 60_000 : 20));
    }
    if (random.nextInt(4) > 0) {
      segment.options().timestamps(random.nextInt(), random.nextInt());
    }
    if (random.nextBoolean()) {
      int[] left = new int[3];
      int[] right = new int[3];
      for (int i = 0; i < 3; i++) {
        left[i] = pair.client.sendUnacknowledged() + near(random);
        right[i] = left[i] + near(random);
      }
      segment.options().sack(left, right, 1 + random.nextInt(3));
    }
    return segment;
  }

  private static int near(Random random) {
    return switch (random.nextInt(6)) {
      case 0 -> 0;
      case 1 -> 1448 * random.nextInt(10);
      case 2 -> random.nextInt(20_000);
      case 3 -> -random.nextInt(20_000);
      case 4 -> random.nextInt(3) - 1;
      default -> random.nextInt();
    };
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void nothingThrowsWhateverArrives(boolean sack) {
    for (int seed = 0; seed < 60; seed++) {
      Random random = new Random(seed);
      TcpPair.Setup setup = new TcpPair.Setup();
      setup.sack = sack;
      setup.timestamps = random.nextBoolean();
      TcpPair pair = new TcpPair(setup);
      pair.record = false;
      pair.connect();
      if (random.nextInt(5) > 0) {
        pair.run(40 * MILLI);
        pair.clientUser.write(TcpPair.bytes(random.nextInt(100_000), seed));
      }
      if (random.nextInt(4) == 0) {
        pair.clientUser.closeWhenSent();
      }
      pair.settle();
      for (int i = 0; i < 400 && pair.client.state() != TcpState.CLOSED; i++) {
        Segments.arrive(pair, pair.client, anything(random, pair));
        assertThat(pair.client.bytesInFlight()).as("seed %d", seed).isNotNegative();
        if (random.nextInt(10) == 0) {
          pair.now += random.nextInt(50) * MILLI;
          pair.client.onDeadline(pair.now, pair.clientSink());
          pair.clientUser.pump(pair.now, pair.clientSink());
          pair.client.flush(pair.now, pair.clientSink());
        }
      }
      pair.run(20 * SECOND);
    }
  }
}
