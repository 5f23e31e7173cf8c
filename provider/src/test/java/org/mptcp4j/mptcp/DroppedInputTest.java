package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/**
 * What a connection does not take of MPTCP's options and payload is counted, and changes nothing.
 */
class DroppedInputTest {
  private final TwoHosts hosts = TwoHosts.onePath(1);
  private final MptcpConnection client;
  private final Subflow subflow;
  private final MptcpCounters counters;

  DroppedInputTest() {
    hosts.connect(multipath(), multipath());
    hosts.clientSocket.write(ByteBuffer.allocate(1_000));
    hosts.serverSocket.write(ByteBuffer.allocate(1_000));
    hosts.network.runFor(SECOND);
    client = hosts.clientConnection();
    subflow = client.subflows().get(0);
    counters = hosts.client.counters();
  }

  /** A segment of the server's, in order. */
  private OutgoingSegment segment(int payload) {
    return new OutgoingSegment()
        .begin(
            subflow.flow().remote(),
            subflow.flow().remotePort(),
            subflow.flow().local(),
            subflow.flow().localPort())
        .sequenceNumber(subflow.endpoint().receiveNext())
        .acknowledgmentNumber(subflow.endpoint().sendNext())
        .flags(TcpFlags.ACK)
        .window(1_000)
        .payload(ByteBuffer.allocate(payload), 0, payload);
  }

  private void arrive(OutgoingSegment segment) {
    ByteBuffer packet =
        ByteBuffer.allocate(
            segment.ipHeaderLength() + segment.tcpHeaderLength() + segment.payloadLength());
    segment.encodeHeaders(packet, 0, OutgoingSegment.ChecksumMode.FULL);
    IncomingSegment incoming = new IncomingSegment();
    assertThat(incoming.parse(packet, 0, packet.capacity())).isEqualTo(IncomingSegment.Verdict.OK);
    client.segmentArrives(hosts.network.now(), subflow, incoming, hosts.client);
  }

  private long dataAck() {
    return client.sender().unacknowledged();
  }

  private long dataSequence() {
    return client.session().remote().initialDataSequenceNumber() + 1 + 1_000;
  }

  private int subflowSequence() {
    return subflow.endpoint().receiveNext() - subflow.endpoint().initialReceiveSequenceNumber();
  }

  /** Once it has arrived exactly this was counted, and the connection is as it was. */
  private void counts(LongAdder counter, long expected, OutgoingSegment segment) {
    assertThat(counter.sum()).isZero();
    arrive(segment);
    assertThat(counter.sum()).isEqualTo(expected);
    assertThat(client.failure()).isEmpty();
    assertThat(client.available()).isEqualTo(1_000);
    assertThat(client.isFallback()).isFalse();
  }

  @Test
  void aDataAckOfWhatWasNeverSent() {
    OutgoingSegment segment = segment(0);
    segment.options().dssAck(client.sender().next() + 2);
    counts(counters.badDataAcks, 1, segment);
    assertThat(client.sender().unacknowledged()).isEqualTo(client.sender().next());
  }

  @Test
  void anEndOfTheDataBeforeWhatHasArrived() {
    OutgoingSegment segment = segment(0);
    segment.options().dss(dataAck(), dataSequence() - 500, 0, 1, -1, true);
    counts(counters.badDataFins, 1, segment);
  }

  @Test
  void payloadBeyondTheSharedWindow() {
    OutgoingSegment segment = segment(100);
    segment.options().dss(dataAck(), dataSequence() + (1 << 28), subflowSequence(), 100, -1, false);
    counts(counters.misplacedBytes, 100, segment);
  }

  @Test
  void payloadWithoutAMapping() {
    OutgoingSegment segment = segment(100);
    segment.options().dssAck(dataAck());
    counts(counters.unmappedBytes, 100, segment);
  }

  @Test
  void aFastcloseWithAnotherKey() {
    OutgoingSegment segment = segment(0);
    segment.options().mpFastclose(client.session().local().key() + 1);
    counts(counters.badFastcloses, 1, segment);
  }

  @Test
  void anAddressWithAWrongHmac() {
    OutgoingSegment segment = segment(0);
    segment.options().addAddr(false, 7, IpAddress.parse("10.7.7.7"), 0, 1);
    counts(counters.hmacFailures, 1, segment);
  }

  @Test
  void moreAddressesThanAreKept() {
    long remote = client.session().remote().key();
    long local = client.session().local().key();
    for (int id = 1; id <= client.config().maxAnnouncedAddresses() + 5; id++) {
      IpAddress address = IpAddress.parse("10.8.0." + id);
      OutgoingSegment segment = segment(0);
      segment.options().addAddr(false, id, address, 0, Hmac.addAddr(remote, local, id, address, 0));
      arrive(segment);
      hosts.network.runFor(50 * MILLI);
    }
    assertThat(counters.addressesRefused.sum()).isEqualTo(5);
    assertThat(client.addresses().remotes()).hasSize(client.config().maxAnnouncedAddresses() + 1);
  }
}
