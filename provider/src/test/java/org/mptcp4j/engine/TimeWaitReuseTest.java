package org.mptcp4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.BindException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.mptcp4j.wire.TcpFlags;

/** A client that connects to one destination more often than it has ports. */
@Timeout(120)
class TimeWaitReuseTest {
  private static final int PORT = 8080;
  private static final int PORTS = 200;

  private final TwoEngines hosts = new TwoEngines(1);

  TimeWaitReuseTest() {
    hosts.clientLink.ephemeralPorts = PORTS;
  }

  @AfterEach
  void noFault() throws IOException {
    hosts.closeAndCheck();
  }

  /** The client closes first and so has the connection in TIME-WAIT. */
  private void oneConnection(StreamListener listener, int number) throws IOException {
    StreamSocket socket = hosts.connect(PORT);
    StreamSocket accepted = BlockingCalls.accept(listener);
    socket.write(ByteBuffer.allocate(4).putInt(0, number));
    ByteBuffer received = ByteBuffer.allocate(4);
    assertThat(BlockingCalls.read(accepted, received)).isEqualTo(4);
    assertThat(received.getInt(0)).isEqualTo(number);
    socket.close();
    assertThat(BlockingCalls.read(accepted, ByteBuffer.allocate(1))).isEqualTo(-1);
    accepted.close();
  }

  @Test
  void twentyThousandConnectionsInARowReachOneDestinationFromTwoHundredPorts() throws IOException {
    StreamListener listener = hosts.listen(PORT, PortSharing.DEFAULT);
    long begun = System.nanoTime();
    for (int i = 0; i < 20_000; i++) {
      oneConnection(listener, i);
    }
    // Where that takes so long, a port is free by itself once in each minute of TIME-WAIT.
    long free = PORTS * (1 + TimeUnit.NANOSECONDS.toMinutes(System.nanoTime() - begun));
    assertThat(hosts.client.counters().timeWaitsReused.sum()).isGreaterThanOrEqualTo(20_000 - free);
    assertThat(hosts.clientLink.guardedPorts()).hasSizeLessThanOrEqualTo(PORTS);
  }

  @Test
  void timestampsGrowFromConnectionToConnection() throws IOException {
    StreamListener listener = hosts.listen(PORT, PortSharing.DEFAULT);
    List<Integer> timestamps = Collections.synchronizedList(new ArrayList<>());
    hosts.serverLink.onArrival =
        packet -> {
          if (packet.has(TcpFlags.SYN)) {
            timestamps.add(packet.timestampValue());
          }
        };
    for (int i = 0; i < 20; i++) {
      oneConnection(listener, i);
    }
    assertThat(timestamps).hasSize(20);
    for (int i = 1; i < 20; i++) {
      // Within the seconds that the test may take, as numbers that wrap around.
      assertThat(timestamps.get(i) - timestamps.get(i - 1)).isBetween(0, 120_000);
    }
  }

  @Test
  void portsOfConnectionsThatLiveAreNotTaken() throws IOException {
    StreamListener listener = hosts.listen(PORT, PortSharing.DEFAULT);
    for (int i = 0; i < PORTS; i++) {
      hosts.connect(PORT);
      BlockingCalls.accept(listener);
    }
    assertThatThrownBy(() -> hosts.connect(PORT)).isInstanceOf(BindException.class);
    assertThat(hosts.client.counters().timeWaitsReused.sum()).isZero();
  }
}
