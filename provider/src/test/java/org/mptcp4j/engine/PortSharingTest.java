package org.mptcp4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.BindException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** SO_REUSEPORT and SO_REUSEADDR of listeners. */
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
    StreamSocket accepted = TwoEngines.accept(listener);
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
    TwoEngines.accept(listener);
    listener.close();
    assertThatThrownBy(() -> hosts.listen(PORT, PortSharing.DEFAULT))
        .isInstanceOf(BindException.class);
  }
}
