package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.tcp.TcpPair.MILLI;
import static org.mptcp4j.tcp.TcpPair.SECOND;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/** Which timestamp an ACK echoes: RFC 7323 §4.3. The client's segments are made by hand. */
class TimestampTest {
  private final TcpPair pair = new TcpPair(new TcpPair.Setup()).established();
  private final int next = pair.server.receiveNext();
  private final int clientsLast = pair.from(true).get(1).segment().timestampValue();

  private void arrives(int offset, int length, int timestamp) {
    OutgoingSegment segment =
        Segments.toServer()
            .sequenceNumber(next + offset)
            .acknowledgmentNumber(pair.server.sendNext())
            .flags(TcpFlags.ACK)
            .window(20_000)
            .payload(ByteBuffer.allocate(length), 0, length);
    segment.options().timestamps(timestamp, 0);
    Segments.arrive(pair, pair.server, segment);
  }

  private int echo() {
    TcpPair.Packet last = pair.packets.get(pair.packets.size() - 1);
    assertThat(last.fromClient()).isFalse();
    return last.segment().timestampEchoReply();
  }

  @Test
  void anEarlySegmentIsNotEchoedBeforeTheHoleIsFilled() {
    arrives(1_000, 10, clientsLast + 9);
    assertThat(echo()).isEqualTo(clientsLast);
    arrives(0, 1_000, clientsLast + 5);
    assertThat(echo())
        .as("that which filled it, though it is the older one")
        .isEqualTo(clientsLast + 5);
  }

  @Test
  void anAckOfTwoSegmentsEchoesTheFirst() {
    pair.server.setOptions(pair.now, EndpointOptions.DEFAULT.withAckMode(AckMode.DELAYED));
    int before = pair.packets.size();
    arrives(0, 100, clientsLast + 5);
    arrives(100, 100, clientsLast + 9);
    pair.server.onDeadline(pair.now + 40 * MILLI, pair.serverSink());
    pair.server.flush(pair.now + 40 * MILLI, pair.serverSink());
    assertThat(pair.packets).hasSize(before + 1);
    assertThat(echo()).as("so that the delay is part of the round trip").isEqualTo(clientsLast + 5);
  }

  @Test
  void aSegmentOutsideOfTheWindowIsNotEchoed() {
    arrives(-10, 10, clientsLast + 9);
    assertThat(echo()).isEqualTo(clientsLast);
  }

  @Test
  void afterTwentyFourDaysWithoutASegmentAnOlderTimestampIsTaken() {
    arrives(0, 10, clientsLast + 9);
    arrives(10, 10, clientsLast + 8);
    assertThat(pair.serverUser.receivedBytes()).isEqualTo(10);
    pair.now += 25L * 24 * 3600 * SECOND;
    arrives(10, 10, clientsLast + 8);
    assertThat(pair.serverUser.receivedBytes()).isEqualTo(20);
    assertThat(echo()).isEqualTo(clientsLast + 8);
  }
}
