package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;
import static org.mptcp4j.mptcp.TwoHosts.multipathWithChecksum;

import java.nio.ByteBuffer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.sim.Loss;
import org.mptcp4j.sim.Middlebox;
import org.mptcp4j.sim.Middleboxes;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.MptcpOptionSet;

/** Data sequence numbers pass from 2⁶⁴ - 1 to 0, and their lower halves from 2³² - 1 to 0. */
class DataSequenceWrapTest {
  private static final int LENGTH = 400_000;

  /** A key whose data sequence numbers pass a multiple of 2³², or 2³¹, within a transfer. */
  private static long key(long from, int last) {
    long key = from;
    while (true) {
      int low = (int) KeyMaterial.of(key).initialDataSequenceNumber();
      if (last - low > 0 && last - low < LENGTH / 2) {
        return key;
      }
      key++;
    }
  }

  /**
   * Makes a peer of this one that writes the short forms of RFC 8684 §3.3: lower halves of DATA_ACK
   * and data sequence number.
   */
  private static Middlebox shortNumbers(int[] changed) {
    IncomingSegment segment = new IncomingSegment();
    return (now, packet) -> {
      segment.parse(packet, 0, packet.limit());
      MptcpOptionSet options = segment.mptcp();
      if (!options.hasMapping() || !options.dataAckIs64Bit()) {
        return packet;
      }
      boolean checksum = options.hasDssChecksum();
      int at = 40;
      while (packet.get(at) != 30) {
        at += packet.get(at) == 1 ? 1 : packet.get(at + 1);
      }
      int end = at + packet.get(at + 1);
      ByteBuffer option = ByteBuffer.allocate(end - at);
      option.put((byte) 30).put((byte) (checksum ? 20 : 18)).put((byte) 0x20);
      option.put((byte) (packet.get(at + 3) & ~0x0a));
      option.putInt((int) options.dataAck()).putInt((int) options.dataSequenceNumber());
      option.putInt(options.subflowSequenceNumber()).putShort((short) options.dataLevelLength());
      if (checksum) {
        option.putShort((short) options.dssChecksum());
      }
      while (option.hasRemaining()) {
        option.put((byte) 1);
      }
      packet.put(at, option.array());
      changed[0]++;
      return Middleboxes.seal(packet);
    };
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, Integer.MAX_VALUE})
  void halfNumbersAreWidenedAcrossTheirWrap(int last) {
    for (boolean checksum : new boolean[] {false, true}) {
      TwoHosts hosts = TwoHosts.twoPaths(7);
      int[] changed = new int[1];
      hosts.first.both(link -> link.middlebox(shortNumbers(changed)).loss(Loss.random(0.01)));
      hosts.second.both(link -> link.middlebox(shortNumbers(changed)).reorder(0.05, 3_000_000));
      hosts.client.nextKey(key(1, last));
      hosts.server.nextKey(key(1L << 40, last));
      ConnectionConfig config = checksum ? multipathWithChecksum() : multipath();
      hosts.connect(config, config);
      hosts.transfer(LENGTH, LENGTH);
      hosts.runToEnd(60 * SECOND);
      assertThat(changed[0]).as("mappings in the short form").isGreaterThan(300);
      assertThat(hosts.clientConnection().isFallback()).isFalse();
      hosts.runUntilForgotten();
    }
  }

  /** A window at a time goes out, and is acknowledged, and in the end the DATA_FIN. */
  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MAX_VALUE, 0xffff_ffffL})
  void aConnectionSendsOnWhereItsNumbersWrap(long last) {
    HandMadePeer peer = HandMadePeer.client(multipath());
    HandMadePeer.Flow flow = peer.flow(1, 40_000).window(20_000);
    long first = last - 50_000;
    MptcpConnection connection = flow.established(new KeyMaterial(1, 2, first - 1), multipath());
    connection.write(peer.network().now(), ByteBuffer.allocate(100_000), peer.engine());
    connection.shutdownOutput(peer.network().now(), peer.engine());
    for (int round = 0; round < 10; round++) {
      long acknowledged = peer.dataAck;
      peer.network().runFor(20_000_000);
      assertThat(peer.dataAck - acknowledged).isLessThanOrEqualTo(20_000);
      flow.acknowledge();
    }
    assertThat(peer.dataAck - first).as("all and the DATA_FIN").isEqualTo(100_001);
    peer.network().runFor(20_000_000);
    assertThat(connection.isDelivered()).isTrue();
  }

  /** Pieces in any order, repeated, wherever the numbers begin. */
  @Property(tries = 500)
  void theReceiverPutsBytesInOrderWhereverNumbersWrap(
      @ForAll @IntRange(max = 300) int before,
      @ForAll @IntRange(max = 2) int wrap,
      @ForAll @IntRange(min = 1, max = 40) int piece,
      @ForAll long seed) {
    long last = new long[] {-1, Long.MAX_VALUE, 0xffff_ffffL}[wrap];
    long first = last - before;
    byte[] data = new byte[300];
    new java.util.Random(seed).nextBytes(data);
    DataReceiver receiver = new DataReceiver(1_000, 1_000);
    receiver.start(first);
    java.util.Random random = new java.util.Random(seed);
    while (receiver.receiveNext() != first + data.length) {
      int from = random.nextInt(data.length);
      int length = Math.min(piece, data.length - from);
      assertThat(receiver.place(ByteBuffer.wrap(data), from, first + from, length)).isTrue();
      receiver.receive(first + from, length);
      assertThat(receiver.expand(first + from & 0xffff_ffffL, false)).isEqualTo(first + from);
    }
    assertThat(receiver.finAt(first + data.length)).isTrue();
    ByteBuffer read = ByteBuffer.allocate(data.length);
    assertThat(receiver.read(read)).isEqualTo(data.length);
    assertThat(read.array()).isEqualTo(data);
    assertThat(receiver.isFinReceived()).isTrue();
  }

  /** What is written is cut, sent and acknowledged wherever the numbers begin. */
  @Property(tries = 200)
  void theSendBufferWorksWhereverNumbersWrap(
      @ForAll @IntRange(max = 3_000) int before,
      @ForAll @IntRange(max = 2) int wrap,
      @ForAll @IntRange(min = 1, max = 700) int step) {
    long first = new long[] {-1, Long.MAX_VALUE, 0xffff_ffffL}[wrap] - before;
    SendBuffer buffer = new SendBuffer(first, 4_000, 4_000);
    long written = first;
    long acknowledged = first;
    while (acknowledged - first < 6_000) {
      written += buffer.append(ByteBuffer.allocate(step), false);
      assertThat(buffer.end()).isEqualTo(written);
      assertThat(buffer.chunkAt(acknowledged).endDsn() - acknowledged).isPositive();
      acknowledged += Math.min(written - acknowledged, step / 2 + 1);
      buffer.acknowledge(acknowledged);
      assertThat(buffer.unacknowledged()).isEqualTo(acknowledged);
      assertThat(buffer.room()).isEqualTo(4_000 - (int) (written - acknowledged));
    }
  }
}
