package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.mptcp4j.wire.TcpFlags;

/** RFC 9293 §3.10.7.4, sixth: the URG bit. The peer's pointers lead behind the urgent byte. */
class UrgentDataTest {
  private final TcpPair pair = new TcpPair(new TcpPair.Setup()).established();
  private final int next = pair.setup.clientIsn + 1;

  private void arrives(int sequenceNumber, int length, int flags, int pointer) {
    byte[] bytes =
        Segments.bytes(
            Segments.toServer()
                .sequenceNumber(sequenceNumber)
                .acknowledgmentNumber(pair.setup.serverIsn + 1)
                .flags(TcpFlags.ACK | flags)
                .window(60_000)
                .payload(ByteBuffer.allocate(length), 0, length));
    Segments.arriveWithUrgentPointer(pair, bytes, pointer);
  }

  @Test
  void theUserHearsWhichByteIsUrgentBeforeItComes() {
    arrives(next, 10, TcpFlags.URG, 4);
    assertThat(pair.serverUser.events).containsExactly("established", "urgent " + (next + 3));
    assertThat(pair.server.receiveNext()).isEqualTo(next + 10);
  }

  @Test
  void aPointerMayLeadToBytesThatComeLater() {
    arrives(next, 0, TcpFlags.URG, 21);
    assertThat(pair.serverUser.events).containsExactly("established", "urgent " + (next + 20));
  }

  @Test
  void thePointerOnlyMovesForward() {
    arrives(next, 0, TcpFlags.URG, 21);
    arrives(next, 5, TcpFlags.URG, 3);
    arrives(next, 5, TcpFlags.URG, 21);
    arrives(next + 5, 5, TcpFlags.URG, 17);
    assertThat(pair.serverUser.events)
        .containsExactly("established", "urgent " + (next + 20), "urgent " + (next + 21));
  }

  @Test
  void aPointerToWhatHasComeIsIgnored() {
    arrives(next, 10, 0, 0);
    arrives(next + 10, 0, TcpFlags.URG, 0);
    arrives(next + 5, 10, TcpFlags.URG, 2);
    assertThat(pair.serverUser.events).containsExactly("established");
  }

  @Test
  void aPointerWithoutTheBitIsIgnored() {
    arrives(next, 10, 0, 4);
    assertThat(pair.serverUser.events).containsExactly("established");
  }

  @Test
  void inLineNobodyHearsOfIt() {
    pair.server.setOptions(pair.now, EndpointOptions.DEFAULT.withUrgentInline(true));
    arrives(next, 10, TcpFlags.URG, 4);
    assertThat(pair.serverUser.events).containsExactly("established");
    assertThat(pair.server.receiveNext()).isEqualTo(next + 10);
  }
}
