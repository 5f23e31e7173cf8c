package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;
import static org.mptcp4j.mptcp.TwoHosts.plain;

import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mptcp4j.sim.SimSocket;
import org.mptcp4j.tcp.TcpState;

/** Who keeps TIME-WAIT: the side that closed first, and not the other (RFC 8041 §3.6). */
class TimeWaitTest {
  @ParameterizedTest(name = "multipath {0}, the client closes first {1}")
  @CsvSource({"true,true", "true,false", "false,true", "false,false"})
  void onlyTheSideThatClosesFirstWaits(boolean isMultipath, boolean clientFirst) {
    TwoHosts hosts = TwoHosts.twoPaths(1);
    ConnectionConfig config = isMultipath ? multipath() : plain();
    hosts.connect(config, config);
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[10_000]));
    hosts.network.runFor(SECOND);
    assertThat(hosts.clientConnection().subflows()).hasSize(isMultipath ? 2 : 1);
    SimSocket first = clientFirst ? hosts.clientSocket : hosts.serverSocket;
    SimSocket second = clientFirst ? hosts.serverSocket : hosts.clientSocket;
    Set<TcpState> ofFirst = new HashSet<>();
    Set<TcpState> ofSecond = new HashSet<>();
    boolean[] ended = new boolean[2];
    first.onReady(s -> ended[0] = ended[0] || isAtEnd(s));
    second.onReady(
        s -> {
          if (!ended[1] && isAtEnd(s)) {
            ended[1] = true;
            s.close();
          }
        });
    first.shutdownOutput();
    for (int i = 0; i < 500; i++) {
      hosts.network.runFor(MILLI);
      note(ofFirst, first);
      note(ofSecond, second);
    }

    assertThat(ofFirst).contains(TcpState.TIME_WAIT);
    assertThat(ofSecond).contains(TcpState.LAST_ACK).doesNotContain(TcpState.TIME_WAIT);
    hosts.runUntilForgotten();
  }

  private static void note(Set<TcpState> states, SimSocket socket) {
    socket.connection().subflows().forEach(s -> states.add(s.endpoint().state()));
  }

  /** Reads what there is; whether that was the last. */
  private static boolean isAtEnd(SimSocket socket) {
    int count = 1;
    while (count > 0 && socket.isReadable()) {
      count = socket.read(ByteBuffer.allocate(65_536));
    }
    return count < 0;
  }
}
