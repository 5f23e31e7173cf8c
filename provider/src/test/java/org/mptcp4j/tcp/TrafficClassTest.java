package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.tcp.TcpPair.MILLI;
import static org.mptcp4j.tcp.TcpPair.SECOND;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.mptcp4j.wire.TcpFlags;

class TrafficClassTest {
  private static final int EXPEDITED = 0xb8;

  private final TcpPair.Setup setup = new TcpPair.Setup();

  private static int typeOfService(TcpPair.Packet packet) {
    return packet.bytes()[1] & 0xff;
  }

  private TcpPair pair(int trafficClass) {
    setup.clientOptions = EndpointOptions.DEFAULT.withTrafficClass(trafficClass);
    return new TcpPair(setup).established();
  }

  @Test
  void everySegmentOfOneSideCarriesItFromTheSynToTheEnd() {
    TcpPair pair = pair(EXPEDITED);
    int[] count = {0};
    pair.filter = packet -> packet.payload() == 0 || count[0]++ != 1;
    pair.clientUser.write(new byte[20_000]);
    pair.serverUser.write(new byte[20_000]);
    pair.run(SECOND);
    pair.clientUser.closeWhenSent();
    pair.serverUser.closeWhenSent();
    pair.run(SECOND);
    assertThat(pair.client.retransmissions() + pair.server.retransmissions()).isPositive();
    assertThat(pair.from(true)).allMatch(p -> typeOfService(p) == EXPEDITED);
    assertThat(pair.from(false)).allMatch(p -> typeOfService(p) == 0);
  }

  @Test
  void aResetCarriesItToo() {
    TcpPair pair = pair(EXPEDITED);
    pair.client.abort(pair.now, pair.clientSink());
    List<TcpPair.Packet> sent = pair.from(true);
    TcpPair.Packet last = sent.get(sent.size() - 1);
    assertThat(last.has(TcpFlags.RST)).isTrue();
    assertThat(typeOfService(last)).isEqualTo(EXPEDITED);
  }

  @Test
  void itsLowTwoBitsBelongToCongestionNotification() {
    setup.ecn = EcnMode.REQUEST;
    setup.serverEcn = EcnMode.ACCEPT;
    TcpPair pair = pair(EXPEDITED | 3);
    pair.clientUser.write(new byte[5_000]);
    pair.run(SECOND);
    assertThat(pair.from(true))
        .allMatch(p -> typeOfService(p) == (p.payload() > 0 ? EXPEDITED | Ecn.ECT_0 : EXPEDITED));
  }

  @Test
  void itCanBeChangedWhileTheConnectionLives() {
    TcpPair pair = pair(0);
    pair.client.setOptions(pair.now, EndpointOptions.DEFAULT.withTrafficClass(EXPEDITED));
    pair.packets.clear();
    pair.clientUser.write(new byte[5_000]);
    pair.run(100 * MILLI);
    assertThat(pair.from(true)).isNotEmpty().allMatch(p -> typeOfService(p) == EXPEDITED);
  }
}
