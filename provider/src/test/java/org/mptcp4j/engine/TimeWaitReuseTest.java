package org.mptcp4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.mptcp4j.Settings;
import org.mptcp4j.wire.TcpFlags;

/** A client that connects to one destination more often than it has ports. */
@Timeout(120)
class TimeWaitReuseTest {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);
  private static final int PORT = 8080;
  private static final int PORTS = 200;

  private final MemoryLink clientLink;
  private final MemoryLink serverLink;
  private final Engine client;
  private final Engine server;

  TimeWaitReuseTest() {
    MemoryLink[] links = MemoryLink.pair(1);
    clientLink = links[0];
    serverLink = links[1];
    clientLink.ephemeralPorts = PORTS;
    EngineConfig config = EngineConfig.of(Settings.of(Map.of()));
    client = new Engine(clientLink, config);
    server = new Engine(serverLink, config);
  }

  @AfterEach
  void noFault() throws IOException {
    client.close();
    server.close();
    assertThat(client.counters().faults.sum()).isZero();
    assertThat(server.counters().faults.sum()).isZero();
  }

  private InetSocketAddress serverAddress() {
    return new InetSocketAddress(serverLink.address(0).toInetAddress(), PORT);
  }

  private StreamSocket connect() throws IOException {
    StreamSocket socket = client.openSocket(true);
    socket.connect(serverAddress());
    assertThat(socket.awaitReady(StreamSocket.CONNECTABLE, PATIENCE)).isNotZero();
    assertThat(socket.finishConnect()).isTrue();
    return socket;
  }

  private static StreamSocket accept(StreamListener listener) throws IOException {
    assertThat(listener.awaitAcceptable(PATIENCE)).isTrue();
    return listener.accept().orElseThrow().engine().orElseThrow();
  }

  private static int read(StreamSocket socket, ByteBuffer into) throws IOException {
    int count;
    while ((count = socket.read(into)) == 0) {
      assertThat(socket.awaitReady(StreamSocket.READABLE, PATIENCE)).isNotZero();
    }
    return count;
  }

  /** The client closes first and so has the connection in TIME-WAIT. */
  private void oneConnection(StreamListener listener, int number) throws IOException {
    StreamSocket socket = connect();
    StreamSocket accepted = accept(listener);
    socket.write(ByteBuffer.allocate(4).putInt(0, number));
    ByteBuffer received = ByteBuffer.allocate(4);
    assertThat(read(accepted, received)).isEqualTo(4);
    assertThat(received.getInt(0)).isEqualTo(number);
    socket.close();
    assertThat(read(accepted, ByteBuffer.allocate(1))).isEqualTo(-1);
    accepted.close();
  }

  @Test
  void twentyThousandConnectionsInARowReachOneDestinationFromTwoHundredPorts() throws IOException {
    StreamListener listener = server.listen(serverAddress(), 10, true);
    for (int i = 0; i < 20_000; i++) {
      oneConnection(listener, i);
    }
    assertThat(client.counters().timeWaitsReused.sum()).isGreaterThanOrEqualTo(20_000 - PORTS);
    assertThat(clientLink.guardedPorts()).hasSizeLessThanOrEqualTo(PORTS);
  }

  @Test
  void timestampsGrowFromConnectionToConnection() throws IOException {
    StreamListener listener = server.listen(serverAddress(), 10, true);
    List<Integer> timestamps = Collections.synchronizedList(new ArrayList<>());
    serverLink.onArrival =
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
    StreamListener listener = server.listen(serverAddress(), 10, true);
    for (int i = 0; i < PORTS; i++) {
      connect();
      accept(listener);
    }
    assertThatThrownBy(this::connect).isInstanceOf(BindException.class);
    assertThat(client.counters().timeWaitsReused.sum()).isZero();
  }
}
