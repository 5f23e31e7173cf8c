package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.multipath;
import static org.mptcp4j.mptcp.TwoHosts.multipathWithChecksum;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.mptcp4j.sim.Middlebox;
import org.mptcp4j.sim.Middleboxes;
import org.mptcp4j.wire.InternetChecksum;
import org.mptcp4j.wire.MptcpOption;

/** RFC 8684 §3.3.1: a mapping is fixed, and only bytes that came are received. */
class MappingTest {
  /** Of the next DSS with a mapping; {@code edit} sees data sequence number and what follows. */
  private static Middlebox editNextMapping(Consumer<ByteBuffer> edit) {
    boolean[] done = new boolean[1];
    return Middleboxes.editMptcp(
        MptcpOption.DSS,
        option -> {
          int flags = option.get(3);
          boolean hasMapping = (flags & 0x04) != 0 && (flags & 0x10) == 0;
          if (hasMapping && !done[0]) {
            done[0] = true;
            int ack = (flags & 0x01) == 0 ? 0 : (flags & 0x02) == 0 ? 4 : 8;
            edit.accept(option.slice(4 + ack, option.limit() - 4 - ack));
          }
        });
  }

  /** The mapping begins so many bytes earlier on the subflow, and is as much longer. */
  private static void beginEarlier(ByteBuffer mapping, int bytes) {
    mapping.putInt(8, mapping.getInt(8) - bytes);
    mapping.putShort(12, (short) (mapping.getShort(12) + bytes));
  }

  private static byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) 7);
    return bytes;
  }

  @Test
  void bytesThatHadTheirPlaceAreNotMappedAnew() {
    TwoHosts hosts = TwoHosts.onePath(1);
    hosts.connect(multipath(), multipath());
    hosts.serverSocket.write(ByteBuffer.wrap(bytes(100)));
    hosts.network.runFor(50 * MILLI);
    hosts.first.backward().middlebox(editNextMapping(mapping -> beginEarlier(mapping, 10)));
    hosts.serverSocket.write(ByteBuffer.wrap(bytes(100)));
    hosts.network.runFor(50 * MILLI);
    assertThat(hosts.clientConnection().available()).isEqualTo(100);
  }

  @Test
  void thePlaceOfTheSynHoldsNoByte() {
    TwoHosts hosts = TwoHosts.onePath(2);
    hosts.connect(multipath(), multipath());
    hosts.first.backward().middlebox(editNextMapping(mapping -> beginEarlier(mapping, 1)));
    hosts.serverSocket.write(ByteBuffer.wrap(bytes(100)));
    hosts.network.runFor(50 * MILLI);
    assertThat(hosts.clientConnection().available()).isZero();
  }

  @Test
  void aRightChecksumMakesNoByteOfWhatNeverCame() {
    TwoHosts hosts = TwoHosts.onePath(3);
    hosts.connect(multipathWithChecksum(), multipathWithChecksum());
    hosts
        .first
        .backward()
        .middlebox(
            editNextMapping(
                mapping -> {
                  beginEarlier(mapping, 1);
                  // The memory where the first byte would be holds 0.
                  byte[] data = bytes(101);
                  data[0] = 0;
                  int checksum =
                      DssChecksum.compute(
                          InternetChecksum.sum(ByteBuffer.wrap(data), 0, 101),
                          mapping.getLong(0),
                          0,
                          101);
                  mapping.putShort(14, (short) checksum);
                }));
    hosts.serverSocket.write(ByteBuffer.wrap(bytes(100)));
    hosts.network.runFor(50 * MILLI);
    assertThat(hosts.client.counters().checksumFailures.sum()).isEqualTo(1);
    // The subflow is reset, and what was sent on it comes again over the next one.
    ByteBuffer read = ByteBuffer.allocate(200);
    assertThat(hosts.clientSocket.read(read)).isEqualTo(100);
    assertThat(Arrays.copyOf(read.array(), 100)).isEqualTo(bytes(100));
  }

  @Test
  void optionsThatPassNoMoreAfterSuchAMappingMakeNoByteEither() {
    TwoHosts hosts = TwoHosts.onePath(4);
    hosts.connect(multipath(), multipath());
    hosts
        .first
        .backward()
        .middlebox(editNextMapping(mapping -> mapping.putLong(0, mapping.getLong(0) + 50)));
    hosts.serverSocket.write(ByteBuffer.wrap(bytes(100)));
    hosts.network.runFor(8 * MILLI);
    hosts.first.backward().middlebox(Middleboxes.stripAfterSyns());
    // Its acknowledgment without DATA_ACK makes the client fall back (§3.7), if it can.
    hosts.clientSocket.write(ByteBuffer.wrap(bytes(10)));
    hosts.serverSocket.write(ByteBuffer.wrap(bytes(100)));
    hosts.network.runFor(1_000 * MILLI);
    assertThat(hosts.clientConnection().available()).isZero();
  }
}
