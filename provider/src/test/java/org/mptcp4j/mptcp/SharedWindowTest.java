package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.sim.Loss;
import org.mptcp4j.sim.Middleboxes;
import org.mptcp4j.sim.SimConfig;
import org.mptcp4j.sim.SimPath;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.MptcpOptionSet;
import org.mptcp4j.wire.TcpFlags;

/** RFC 8684 §3.3.4: all subflows of a connection share one receive window. */
class SharedWindowTest {
  private static final int BUFFER = 200_000;

  private long rightEdge;
  private int scale;
  private long segments;
  private long largestSent;

  /** What the server announces, on whichever subflow. */
  private void onServerSegment(IncomingSegment segment) {
    MptcpOptionSet options = segment.mptcp();
    if (segment.has(TcpFlags.SYN)) {
      scale = segment.windowScale();
    } else if (options.hasDataAck() && !segment.has(TcpFlags.RST)) {
      long edge = options.dataAck() + ((long) segment.window() << scale);
      // RFC 7323 §2.4: the scale rounds the window down, and the edge with it.
      if (segments > 0) {
        assertThat(edge - rightEdge).isGreaterThan(-(1L << scale));
      }
      rightEdge = segments == 0 || edge - rightEdge > 0 ? edge : rightEdge;
      segments++;
    }
  }

  /** What the client sends, as it leaves its host. */
  private void onClientSegment(IncomingSegment segment) {
    MptcpOptionSet options = segment.mptcp();
    if (options.hasMapping() && segment.payloadLength() > 0) {
      // A DATA_FIN is counted in the length, and takes no room.
      int length = options.dataLevelLength() - (options.hasDataFin() ? 1 : 0);
      long end = options.dataSequenceNumber() + length;
      largestSent = largestSent == 0 || end - largestSent > 0 ? end : largestSent;
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void itsRightEdgeNeverMovesBackWhateverIsLostAndHoweverTheReaderPauses(int seed) {
    TwoHosts hosts = TwoHosts.twoPaths(seed);
    for (SimPath path : List.of(hosts.first, hosts.second)) {
      path.rate(10_000_000).both(link -> link.loss(Loss.random(0.02)));
      // Jitter keeps the order: what is seen here is in the order in which it was sent.
      path.backward().middlebox(Middleboxes.watch(this::onServerSegment));
    }
    ConnectionConfig config = SimConfig.multipathTcp().withBuffers(BUFFER).toConnectionConfig();
    hosts.connect(config, config);
    hosts.transfer(4_000_000, 1_000_000);
    for (long read = 100_000; read < 4_000_000; read += 100_000) {
      hosts.serverTransfer.readUpTo(read);
      hosts.network.runFor(50 * MILLI);
    }
    hosts.serverTransfer.readUpTo(Long.MAX_VALUE);
    hosts.runToEnd(120 * SECOND);
    assertThat(segments).isGreaterThan(1_000);
  }

  @Test
  void bothSubflowsTogetherSendNoMoreThanItTakes() {
    TwoHosts hosts = TwoHosts.twoPaths(5);
    long[] beyondEdge = new long[1];
    for (SimPath path : List.of(hosts.first, hosts.second)) {
      path.rate(10_000_000);
      path.backward().middlebox(Middleboxes.watch(this::onServerSegment));
      path.forward()
          .middlebox(
              Middleboxes.watch(
                  segment -> {
                    onClientSegment(segment);
                    if (largestSent != 0 && largestSent - rightEdge > 0) {
                      beyondEdge[0]++;
                    }
                  }));
    }
    hosts.connect(multipath(), SimConfig.multipathTcp().withBuffers(BUFFER).toConnectionConfig());
    hosts.transfer(4_000_000, 0);
    hosts.serverTransfer.readUpTo(0);
    hosts.network.runFor(5 * SECOND);
    // The reader has taken nothing, and the window is full: over two subflows, and not twice.
    assertThat(hosts.serverConnection().available()).isEqualTo(BUFFER);
    assertThat(hosts.clientConnection().subflows())
        .allMatch(s -> s.info().sentPayloadBytes() > 20_000);
    hosts.serverTransfer.readUpTo(Long.MAX_VALUE);
    hosts.runToEnd(60 * SECOND);
    assertThat(beyondEdge[0]).isZero();
  }
}
