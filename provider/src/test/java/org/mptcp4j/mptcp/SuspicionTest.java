package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.mptcp4j.sim.Middleboxes;

class SuspicionTest {
  @Test
  void aPathThatAnswersProbesAndTakesNoDataIsLeftToTheBackOffOfTcp() {
    TwoHosts hosts = TwoHosts.onePath(1);
    hosts.connect(multipath(), multipath());
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[100]));
    hosts.network.runFor(SECOND);
    int[] dropped = new int[1];
    hosts
        .first
        .forward()
        .middlebox(
            Middleboxes.drop(
                packet -> {
                  boolean data = Middleboxes.payloadLength(packet) > 0;
                  dropped[0] += data ? 1 : 0;
                  return data;
                }));
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[100]));
    hosts.network.runFor(30 * SECOND);
    assertThat(dropped[0]).isBetween(5, 12);
    assertThat(hosts.clientConnection().failure()).isEmpty();
    hosts.first.forward().middlebox(null);
    hosts.network.runFor(40 * SECOND);
    assertThat(hosts.serverConnection().available()).isEqualTo(200);
  }
}
