package org.mptcp4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** SO_REUSEPORT and SO_REUSEADDR. */
@Timeout(60)
class PortSharingTest {
  private static final int PORT = 8080;
  private static final PortSharing SHARED = new PortSharing(false, true);
  private static final PortSharing ALONE = new PortSharing(false, false);

  private final TwoEngines hosts = new TwoEngines(1);

  @AfterEach
  void noFault() throws IOException {
    hosts.closeAndCheck();
  }

  private static int drain(StreamListener listener) throws IOException {
    int count = 0;
    while (listener.accept().isPresent()) {
      count++;
    }
    return count;
  }

  /** Connects so often, and waits until all connections wait to be accepted somewhere. */
  private int[] spread(int connections, List<StreamListener> listeners) throws IOException {
    long before = hosts.server.counters().connectionsAccepted.sum();
    for (int i = 0; i < connections; i++) {
      hosts.connect(PORT);
    }
    int[] counts = new int[listeners.size()];
    int sum = 0;
    while (sum < connections) {
      for (int i = 0; i < counts.length; i++) {
        int more = drain(listeners.get(i));
        counts[i] += more;
        sum += more;
      }
      Thread.onSpinWait();
    }
    assertThat(hosts.server.counters().connectionsAccepted.sum() - before).isEqualTo(connections);
    return counts;
  }

  @Test
  void connectionsSpreadOverTheListenersThatShareAPort() throws IOException {
    List<StreamListener> listeners =
        List.of(hosts.listen(PORT, SHARED), hosts.listen(PORT, SHARED), hosts.listen(PORT, SHARED));
    int[] counts = spread(120, listeners);
    for (int count : counts) {
      // 40 each on the average; the chance of less than 15 is one in a million.
      assertThat(count).isGreaterThanOrEqualTo(15);
    }
  }

  @Test
  void whatTheOthersLeaveTheLastListenerTakes() throws IOException {
    StreamListener first = hosts.listen(PORT, SHARED);
    StreamListener second = hosts.listen(PORT, SHARED);
    first.close();
    assertThat(spread(20, List.of(second))).containsExactly(20);
    second.close();
    assertThatThrownBy(() -> hosts.connect(PORT)).hasMessageContaining("refused");
  }

  @Test
  void allMustWantToShare() throws IOException {
    hosts.listen(PORT, SHARED);
    assertThatThrownBy(() -> hosts.listen(PORT, ALONE))
        .isInstanceOf(BindException.class)
        .hasMessage("Address already in use");
    assertThatThrownBy(() -> hosts.listen(PORT, PortSharing.DEFAULT))
        .isInstanceOf(BindException.class);
    hosts.listen(PORT + 1, PortSharing.DEFAULT);
    assertThatThrownBy(() -> hosts.listen(PORT + 1, SHARED)).isInstanceOf(BindException.class);
  }

  @Test
  void aPortWhoseConnectionsLiveOnIsBoundAgainOnlyWithReuse() throws IOException {
    StreamListener listener = hosts.listen(PORT, PortSharing.DEFAULT);
    hosts.connect(PORT);
    StreamSocket accepted = BlockingCalls.accept(listener);
    listener.close();
    assertThatThrownBy(() -> hosts.listen(PORT, ALONE)).isInstanceOf(BindException.class);
    StreamListener again = hosts.listen(PORT, PortSharing.DEFAULT);
    assertThat(accepted.readiness() & StreamSocket.WRITABLE).isNotZero();
    again.close();
  }

  @Test
  void aListenerWithoutReuseLeavesAPortThatNobodyMayHaveBeforeItsConnectionsAreGone()
      throws IOException {
    StreamListener listener = hosts.listen(PORT, ALONE);
    hosts.connect(PORT);
    BlockingCalls.accept(listener);
    listener.close();
    assertThatThrownBy(() -> hosts.listen(PORT, PortSharing.DEFAULT))
        .isInstanceOf(BindException.class);
  }

  private StreamSocket client(PortSharing sharing) throws IOException {
    StreamSocket socket = hosts.client.openSocket(true);
    socket.setOption(StandardSocketOptions.SO_REUSEADDR, sharing.reuseAddress());
    socket.setOption(StandardSocketOptions.SO_REUSEPORT, sharing.reusePort());
    socket.bind(new InetSocketAddress("0.0.0.0", PORT));
    return socket;
  }

  private static void awaitConnected(StreamSocket socket) throws IOException {
    assertThat(socket.awaitReady(StreamSocket.CONNECTABLE, BlockingCalls.PATIENCE)).isNotZero();
    assertThat(socket.finishConnect()).isTrue();
  }

  @ParameterizedTest(name = "SO_REUSEADDR {0}, SO_REUSEPORT {1}")
  @CsvSource({"true,false", "false,true", "true,true"})
  void clientsThatAllWantItShareAPortAndConnectElsewhere(boolean reuseAddress, boolean reusePort)
      throws IOException {
    PortSharing sharing = new PortSharing(reuseAddress, reusePort);
    hosts.listen(PORT, PortSharing.DEFAULT);
    hosts.listen(PORT + 1, PortSharing.DEFAULT);
    StreamSocket first = client(sharing);
    StreamSocket second = client(sharing);
    first.connect(hosts.serverAddress(PORT));
    second.connect(hosts.serverAddress(PORT + 1));
    awaitConnected(first);
    awaitConnected(second);
    assertThat(second.localAddress().orElseThrow().getPort()).isEqualTo(PORT);
    StreamSocket third = client(sharing);
    assertThatThrownBy(() -> third.connect(hosts.serverAddress(PORT)))
        .isInstanceOf(BindException.class)
        .hasMessage("Cannot assign requested address");
  }

  @Test
  void aClientsPortIsAnothersOnlyIfAllWhoHaveItWantThat() throws IOException {
    StreamSocket first = client(new PortSharing(true, true));
    assertThatThrownBy(() -> client(ALONE))
        .isInstanceOf(BindException.class)
        .hasMessage("Address already in use");
    StreamSocket second = client(SHARED);
    assertThatThrownBy(() -> client(new PortSharing(true, false)))
        .isInstanceOf(BindException.class);
    first.close();
    // The other one has it still.
    assertThatThrownBy(() -> client(ALONE)).isInstanceOf(BindException.class);
    second.close();
    client(ALONE).close();
  }
}
