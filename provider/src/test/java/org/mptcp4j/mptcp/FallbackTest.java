package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;
import static org.mptcp4j.mptcp.TwoHosts.multipathWithChecksum;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.sim.Middlebox;
import org.mptcp4j.sim.Middleboxes;
import org.mptcp4j.sim.SimLink;
import org.mptcp4j.sim.SimSocket;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.MptcpOptionSet;
import org.mptcp4j.wire.TcpFlags;

/** RFC 8684 §3.7, sentence by sentence; what becomes of the data is the middlebox matrix's part. */
class FallbackTest {
  private static byte[] bytes(int length) {
    return new byte[length];
  }

  private static TwoHosts connected(TwoHosts hosts, boolean checksum) {
    ConnectionConfig config = checksum ? multipathWithChecksum() : multipath();
    hosts.connect(config, config);
    return hosts;
  }

  /** What passes a link, as the function describes it; nothing where it says null. */
  private static List<String> watch(SimLink link, Function<IncomingSegment, String> describe) {
    return watch(link, describe, (now, packet) -> packet);
  }

  private static List<String> watch(
      SimLink link, Function<IncomingSegment, String> describe, Middlebox then) {
    List<String> seen = new ArrayList<>();
    Middlebox watch =
        Middleboxes.watch(
            segment -> {
              String text = describe.apply(segment);
              if (text != null) {
                seen.add(text);
              }
            });
    link.middlebox((now, packet) -> then.process(now, watch.process(now, packet)));
    return seen;
  }

  /** Changes the payload of the next segment that has any. */
  private static Middlebox changeOnePayload() {
    Middlebox change = Middleboxes.changePayload(1);
    boolean[] done = new boolean[1];
    return (now, packet) -> {
      if (done[0] || Middleboxes.payloadLength(packet) < 10) {
        return packet;
      }
      done[0] = true;
      return change.process(now, packet);
    };
  }

  private static String reset(IncomingSegment segment) {
    if (!segment.has(TcpFlags.RST)) {
      return null;
    }
    MptcpOptionSet options = segment.mptcp();
    return "RST"
        + (options.has(MptcpOption.MP_FAIL) ? " FAIL" : "")
        + (options.has(MptcpOption.MP_TCPRST) ? " reason " + options.resetReason() : "");
  }

  private static boolean isInterference(IncomingSegment segment) {
    return segment.mptcp().resetReason() == MptcpOption.RESET_MIDDLEBOX_INTERFERENCE;
  }

  private static String fail(IncomingSegment segment) {
    return segment.mptcp().has(MptcpOption.MP_FAIL) && !segment.has(TcpFlags.RST) ? "FAIL" : null;
  }

  private static String dss(IncomingSegment segment) {
    MptcpOptionSet options = segment.mptcp();
    if (!options.has(MptcpOption.DSS)) {
      return segment.payloadLength() > 0 ? "bare data" : null;
    }
    boolean infinite = options.hasMapping() && options.dataLevelLength() == 0;
    return infinite ? "infinite" : options.hasMapping() ? "mapping" : "ack";
  }

  private static int read(SimSocket socket) {
    int total = 0;
    int count = 0;
    while (count >= 0 && socket.connection().available() > 0) {
      count = socket.read(ByteBuffer.allocate(100_000));
      total += Math.max(0, count);
    }
    return total;
  }

  @Test
  void everySegmentHasAMappingUntilTheFirstDataAckAndAfterIt() {
    TwoHosts hosts = TwoHosts.onePath(1);
    List<String> seen =
        watch(
            hosts.first.forward(),
            s ->
                s.payloadLength() == 0
                    ? null
                    : s.mptcp().has(MptcpOption.MP_CAPABLE) ? "capable" : dss(s));
    connected(hosts, false);
    hosts.clientSocket.write(ByteBuffer.wrap(bytes(100_000)));
    hosts.network.runFor(SECOND);
    assertThat(seen).hasSizeGreaterThan(50).startsWith("capable", "mapping");
    assertThat(seen).doesNotContain("bare data", "ack", "infinite");
  }

  @Test
  void anAckWithoutDataAckOnTheFirstSubflowIsToldByAnInfiniteMapping() {
    TwoHosts hosts = TwoHosts.onePath(2);
    hosts.first.backward().middlebox(Middleboxes.stripAfterSyns());
    List<String> seen = watch(hosts.first.forward(), FallbackTest::dss);
    connected(hosts, false);
    hosts.clientSocket.write(ByteBuffer.wrap(bytes(100)));
    hosts.network.runFor(SECOND);
    assertThat(hosts.clientConnection().isFallback()).isTrue();
    assertThat(hosts.serverConnection().isFallback()).isFalse();
    seen.clear();
    hosts.clientSocket.write(ByteBuffer.wrap(bytes(100)));
    hosts.network.runFor(SECOND);
    assertThat(hosts.serverConnection().isFallback()).isTrue();
    hosts.clientSocket.write(ByteBuffer.wrap(bytes(100)));
    hosts.network.runFor(SECOND);
    assertThat(seen).as("one, and then no option").containsExactly("infinite", "bare data");
    assertThat(read(hosts.serverSocket)).isEqualTo(300);
  }

  @Test
  void anAckWithoutDataAckOnAJoinedSubflowResetsIt() {
    TwoHosts hosts = TwoHosts.twoPaths(3);
    connected(hosts, false);
    hosts.clientSocket.write(ByteBuffer.wrap(bytes(100)));
    hosts.network.runFor(SECOND);
    Subflow second = hosts.clientConnection().subflows().get(1);
    assertThat(second.isUsable()).isTrue();
    hosts.second.backward().middlebox(Middleboxes.stripAfterSyns());
    List<String> resets = watch(hosts.second.forward(), FallbackTest::reset);
    hosts.first.setUp(false);
    hosts.clientSocket.write(ByteBuffer.wrap(bytes(100_000)));
    hosts.network.runFor(SECOND);
    assertThat(second.isClosed()).isTrue();
    assertThat(resets).startsWith("RST reason " + MptcpOption.RESET_MIDDLEBOX_INTERFERENCE);
    hosts.first.setUp(true);
    hosts.network.runFor(20 * SECOND);
    assertThat(hosts.clientConnection().isFallback()).isFalse();
    assertThat(read(hosts.serverSocket)).isEqualTo(100_100);
  }

  @Test
  void optionsThatPassNoMoreLaterOnResetTheSubflow() {
    TwoHosts hosts = connected(TwoHosts.onePath(4), false);
    hosts.clientSocket.write(ByteBuffer.wrap(bytes(100)));
    hosts.network.runFor(SECOND);
    assertThat(read(hosts.serverSocket)).isEqualTo(100);
    hosts.first.both(link -> link.middlebox(Middleboxes.stripAfterSyns()));
    boolean[] reset = new boolean[1];
    hosts
        .first
        .backward()
        .middlebox(
            (now, packet) -> {
              Middleboxes.watch(s -> reset[0] |= s.has(TcpFlags.RST) && isInterference(s))
                  .process(now, packet);
              return Middleboxes.stripAfterSyns().process(now, packet);
            });
    hosts.clientSocket.write(ByteBuffer.wrap(bytes(100)));
    hosts.network.runFor(20 * SECOND);
    assertThat(reset[0]).isTrue();
    assertThat(read(hosts.serverSocket)).as("nothing that has no mapping").isZero();
    assertThat(hosts.serverConnection().isFallback()).isFalse();
    assertThat(hosts.clientConnection().isFallback()).isFalse();
    hosts.network.runFor(300 * SECOND);
    assertThat(hosts.clientConnection().failure()).as("a clear end").isPresent();
    assertThat(hosts.serverConnection().failure()).isPresent();
  }

  @Test
  void aWrongChecksumOnOneOfTwoSubflowsResetsItWithTheNumberWhereItsMappingBegan() {
    TwoHosts hosts = TwoHosts.twoPaths(5);
    connected(hosts, true);
    hosts.clientSocket.write(ByteBuffer.wrap(bytes(100)));
    hosts.network.runFor(SECOND);
    hosts.clientSocket.write(ByteBuffer.wrap(bytes(500_000)));
    hosts.network.runFor(200 * MILLI);
    assertThat(read(hosts.serverSocket)).isEqualTo(500_100);
    assertThat(hosts.serverConnection().subflows()).allMatch(Subflow::hasMovedData);
    long[] mapped = new long[1];
    Middlebox change = changeOnePayload();
    hosts
        .second
        .forward()
        .middlebox(
            (now, packet) -> {
              if (mapped[0] == 0 && Middleboxes.payloadLength(packet) > 10) {
                IncomingSegment segment = new IncomingSegment();
                segment.parse(packet, 0, packet.limit());
                mapped[0] = segment.mptcp().dataSequenceNumber();
              }
              return change.process(now, packet);
            });
    long[] failed = new long[1];
    List<String> resets =
        watch(
            hosts.second.backward(),
            s -> {
              failed[0] = reset(s) == null ? failed[0] : s.mptcp().failDataSequenceNumber();
              return reset(s);
            });
    hosts.first.setUp(false);
    hosts.clientSocket.write(ByteBuffer.wrap(bytes(100_000)));
    hosts.network.runUntil(() -> !resets.isEmpty(), SECOND);
    assertThat(resets).startsWith("RST FAIL reason " + MptcpOption.RESET_MIDDLEBOX_INTERFERENCE);
    assertThat(failed[0]).isEqualTo(mapped[0]);
    assertThat(hosts.serverConnection().receiver().receiveNext())
        .as("failed data is not acknowledged at data level")
        .isEqualTo(failed[0]);
    hosts.first.setUp(true);
    hosts.network.runFor(20 * SECOND);
    assertThat(read(hosts.serverSocket)).isEqualTo(100_000);
    assertThat(hosts.serverConnection().isFallback()).isFalse();
  }

  @Test
  void mpFailOnTheOnlySubflowIsAnsweredWithMpFailAndAnInfiniteMapping() {
    TwoHosts hosts = connected(TwoHosts.onePath(6), true);
    hosts.clientSocket.write(ByteBuffer.wrap(bytes(100)));
    hosts.network.runFor(SECOND);
    List<String> there =
        watch(hosts.first.forward(), s -> fail(s) != null ? "FAIL" : dss(s), changeOnePayload());
    List<String> back = watch(hosts.first.backward(), s -> fail(s) != null ? "FAIL" : dss(s));
    hosts.clientSocket.write(ByteBuffer.wrap(bytes(100)));
    hosts.network.runFor(100 * MILLI);
    assertThat(hosts.serverConnection().isFallback()).isTrue();
    assertThat(hosts.clientConnection().isFallback()).isTrue();
    assertThat(there).containsExactly("mapping", "FAIL");
    assertThat(back).containsExactly("FAIL");
    hosts.clientSocket.write(ByteBuffer.wrap(bytes(100)));
    hosts.serverSocket.write(ByteBuffer.wrap(bytes(100)));
    hosts.network.runFor(100 * MILLI);
    assertThat(there).endsWith("infinite");
    assertThat(back).endsWith("infinite");
    assertThat(read(hosts.serverSocket)).isEqualTo(300);
    assertThat(read(hosts.clientSocket)).isEqualTo(100);
  }

  @Test
  void dataThatIsNotContiguousEndsInAResetWithMpFail() {
    TwoHosts hosts = TwoHosts.twoPaths(7);
    connected(hosts, true);
    hosts.clientSocket.write(ByteBuffer.wrap(bytes(100)));
    hosts.network.runFor(SECOND);
    // What was sent on the first path is lost with it, so that there is a hole in the data.
    hosts.first.setUp(false);
    hosts.clientSocket.write(ByteBuffer.wrap(bytes(300_000)));
    hosts.network.runFor(30 * MILLI);
    assertThat(hosts.serverConnection().receiver().receiveNext())
        .isLessThan(hosts.clientConnection().sender().next());
    Subflow first = hosts.serverConnection().subflows().get(0);
    first.wantReset(MptcpOption.RESET_UNSPECIFIED, true);
    hosts.second.forward().middlebox(changeOnePayload());
    List<String> resets = watch(hosts.second.backward(), FallbackTest::reset);
    hosts.network.runFor(50 * MILLI);
    assertThat(resets).startsWith("RST FAIL reason " + MptcpOption.RESET_MIDDLEBOX_INTERFERENCE);
    assertThat(hosts.serverConnection().isFallback()).isFalse();
    hosts.first.setUp(true);
    hosts.network.runFor(30 * SECOND);
    assertThat(read(hosts.serverSocket)).as("a new subflow brings it").isEqualTo(300_100);
  }

  @Test
  void mpFailForDataThatIsNotContiguousResetsTheSubflow() {
    TwoHosts hosts = TwoHosts.twoPaths(8);
    connected(hosts, true);
    hosts.clientSocket.write(ByteBuffer.wrap(bytes(500_000)));
    hosts.network.runFor(SECOND);
    assertThat(hosts.clientConnection().subflows()).allMatch(Subflow::hasMovedData);
    List<String> resets = watch(hosts.first.forward(), FallbackTest::reset);
    Subflow first = hosts.serverConnection().subflows().get(0);
    first.addControl(new ControlOption.Fail(hosts.serverConnection().receiver().receiveNext()));
    hosts.serverConnection().pathsWritable(hosts.network.now(), hosts.server);
    hosts.network.runFor(50 * MILLI);
    assertThat(resets).startsWith("RST reason " + MptcpOption.RESET_MIDDLEBOX_INTERFERENCE);
    assertThat(hosts.clientConnection().isFallback()).isFalse();
  }

  @Test
  void afterAnInfiniteMappingOnlyAcksOfTheSubflowCountAndNoDataAckIsSent() {
    TwoHosts hosts = connected(TwoHosts.onePath(9), true);
    hosts.clientSocket.write(ByteBuffer.wrap(bytes(100)));
    hosts.network.runFor(SECOND);
    hosts.first.forward().middlebox(changeOnePayload());
    hosts.clientSocket.write(ByteBuffer.wrap(bytes(100)));
    hosts.network.runFor(100 * MILLI);
    hosts.clientSocket.write(ByteBuffer.wrap(bytes(100)));
    hosts.network.runFor(100 * MILLI);
    assertThat(hosts.serverConnection().isFallback()).isTrue();
    List<String> back =
        watch(hosts.first.backward(), s -> s.mptcp().isEmpty() ? null : "an MPTCP option");
    hosts.clientSocket.write(ByteBuffer.wrap(bytes(50_000)));
    hosts.network.runFor(SECOND);
    assertThat(back).isEmpty();
    assertThat(hosts.clientConnection().unacknowledgedBytes()).isZero();
    assertThat(read(hosts.serverSocket)).isEqualTo(50_300);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void thereIsNoWayBack(boolean fromTheStart) {
    TwoHosts hosts = TwoHosts.onePath(10);
    hosts.first.both(
        link ->
            link.middlebox(
                fromTheStart ? Middleboxes.stripFromSyns() : Middleboxes.stripAfterSyns()));
    connected(hosts, false);
    hosts.clientSocket.write(ByteBuffer.wrap(bytes(100)));
    hosts.network.runFor(SECOND);
    assertThat(hosts.clientConnection().isFallback()).isTrue();
    hosts.first.both(link -> link.middlebox(null));
    hosts.addSecondPath();
    hosts.client.addressAppears("10.0.2.1");
    List<String> second = watch(hosts.second.forward(), s -> "something");
    for (int i = 0; i < 5; i++) {
      hosts.clientSocket.write(ByteBuffer.wrap(bytes(10_000)));
      hosts.serverSocket.write(ByteBuffer.wrap(bytes(10_000)));
      hosts.network.runFor(SECOND);
    }
    assertThat(second).isEmpty();
    assertThat(hosts.clientConnection().isFallback()).isTrue();
    assertThat(hosts.serverConnection().isFallback()).isTrue();
    assertThat(read(hosts.serverSocket)).isEqualTo(50_100);
    assertThat(read(hosts.clientSocket)).isEqualTo(50_000);
  }
}
