package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;
import static org.mptcp4j.mptcp.TwoHosts.multipathWithChecksum;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.sim.Loss;
import org.mptcp4j.sim.Middleboxes;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.MptcpOptionSet;
import org.mptcp4j.wire.TcpFlags;

/**
 * RFC 8684 §3.3, §3.3.1 and §3.3.2: what a DSS option may look like and what is kept until when.
 */
class DssTest {
  private static final int MEGABYTE = 1_000_000;

  @ParameterizedTest
  @CsvSource({
    "false,false,false",
    "false,true,false",
    "true,false,false",
    "true,true,false",
    "false,false,true",
    "false,true,true",
    "true,false,true",
    "true,true,true"
  })
  void numbersMayHave32Or64Bits(boolean ack32, boolean dsn32, boolean checksum) {
    TwoHosts hosts = TwoHosts.twoPaths(1);
    hosts.first.both(
        l -> l.middlebox(Middleboxes.shortenDss(ack32, dsn32)).loss(Loss.random(0.01)));
    hosts.second.both(
        l -> l.middlebox(Middleboxes.shortenDss(dsn32, ack32)).loss(Loss.random(0.01)));
    ConnectionConfig config = checksum ? multipathWithChecksum() : multipath();
    hosts.connect(config, config);
    hosts.transfer(MEGABYTE, MEGABYTE);
    hosts.runToEnd(60 * SECOND);
    assertThat(hosts.client.counters().joins.sum()).isPositive();
    assertThat(hosts.serverConnection().isFallback()).isFalse();
    hosts.runUntilForgotten();
  }

  @Test
  void theUpperHalfGrowsWhereTheLowerWrapsAndReorderingDoesNotMakeIt() {
    DataReceiver receiver = new DataReceiver(1 << 20, 1 << 20);
    long first = 0x5_ffff_f000L;
    receiver.start(first);
    assertThat(receiver.expand(0xffff_f800L, false)).isEqualTo(0x5_ffff_f800L);
    assertThat(receiver.expand(0x0000_0100L, false)).isEqualTo(0x6_0000_0100L);
    receiver.receive(first, 0x2000);
    assertThat(receiver.receiveNext()).isEqualTo(0x6_0000_1000L);
    assertThat(receiver.expand(0xffff_ff00L, false))
        .as("late, from before the wrap")
        .isEqualTo(0x5_ffff_ff00L);
    assertThat(receiver.expand(0x0000_2000L, false)).isEqualTo(0x6_0000_2000L);
    assertThat(receiver.expand(0xffff_ff00L, true)).isEqualTo(0xffff_ff00L);
  }

  @ParameterizedTest
  @CsvSource({"true,false", "false,true", "true,true", "false,false"})
  void checksumsAreUsedWhereEitherSideWantsThem(boolean client, boolean server) {
    TwoHosts hosts = TwoHosts.onePath(2);
    List<Boolean> seen = new ArrayList<>();
    hosts.first.both(
        link ->
            link.middlebox(
                Middleboxes.watch(
                    segment -> {
                      MptcpOptionSet options = segment.mptcp();
                      if (options.has(MptcpOption.DSS) && options.hasMapping()) {
                        seen.add(options.hasDssChecksum());
                      } else if (options.has(MptcpOption.MP_CAPABLE)
                          && options.capableDataLength() > 0) {
                        seen.add(options.capableHasChecksum());
                      }
                    })));
    hosts.connect(
        client ? multipathWithChecksum() : multipath(),
        server ? multipathWithChecksum() : multipath());
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[10_000]));
    hosts.serverSocket.write(ByteBuffer.wrap(new byte[10_000]));
    hosts.network.runFor(SECOND);
    assertThat(seen).hasSizeGreaterThan(10).containsOnly(client || server);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aChecksumThatWasNotAgreedOnOrIsMissingResetsTheSubflow(boolean agreed) {
    TwoHosts hosts = TwoHosts.onePath(5);
    ConnectionConfig config = agreed ? multipathWithChecksum() : multipath();
    hosts.connect(config, config);
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[100]));
    hosts.network.runFor(SECOND);
    hosts
        .first
        .forward()
        .middlebox(
            Middleboxes.replaceMptcp(
                MptcpOption.DSS,
                option -> {
                  boolean hasMapping = (option[3] & 4) != 0;
                  int length = option.length + (!hasMapping ? 0 : agreed ? -2 : 2);
                  byte[] result = Arrays.copyOf(option, length);
                  result[1] = (byte) length;
                  return result;
                }));
    List<Integer> reasons = new ArrayList<>();
    hosts
        .first
        .backward()
        .middlebox(
            Middleboxes.watch(
                segment -> {
                  if (segment.has(TcpFlags.RST)) {
                    reasons.add(segment.mptcp().resetReason());
                  }
                }));
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[100]));
    hosts.network.runFor(100 * MILLI);
    assertThat(reasons).startsWith(MptcpOption.RESET_MPTCP_ERROR);
    assertThat(hosts.serverConnection().available()).isEqualTo(100);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void dataIsKeptUntilItIsAcknowledgedAtDataLevel(boolean lostOnTheWay) {
    TwoHosts hosts = TwoHosts.onePath(3);
    hosts.connect(multipath(), multipath());
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[100]));
    hosts.network.runFor(SECOND);
    // The subflow acknowledges, and DATA_ACK stays where it was.
    long una = hosts.clientConnection().sender().unacknowledged();
    hosts
        .first
        .backward()
        .middlebox(
            Middleboxes.editMptcp(
                MptcpOption.DSS,
                option -> {
                  if (lostOnTheWay && (option.get(3) & 3) == 3) {
                    option.putLong(4, una);
                  }
                }));
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[10_000]));
    hosts.network.runFor(500 * MILLI);
    assertThat(hosts.clientConnection().subflows().get(0).endpoint().hasUnacknowledged()).isFalse();
    assertThat(hosts.clientConnection().unacknowledgedBytes()).isEqualTo(lostOnTheWay ? 10_000 : 0);
    hosts.first.backward().middlebox(null);
    hosts.network.runFor(10 * SECOND);
    assertThat(hosts.clientConnection().unacknowledgedBytes()).isZero();
    assertThat(hosts.serverConnection().available()).isEqualTo(10_100);
  }
}
