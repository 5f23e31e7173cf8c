package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.mptcp.MptcpConnection.Failure;
import org.mptcp4j.sim.Middleboxes;
import org.mptcp4j.sim.SimHost;
import org.mptcp4j.sim.SimSocket;
import org.mptcp4j.sim.Transfer;
import org.mptcp4j.tcp.TcpConfig;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.TcpFlags;

/** Subflows that died are opened again: RFC 8041 §3.4, RFC 8684 §3.4 (break before make). */
class RejoinTest {
  private final TwoHosts hosts = TwoHosts.twoPaths(71);

  RejoinTest() {
    hosts.first.rate(4_000_000).queue(20_000);
    hosts.second.rate(4_000_000).queue(20_000);
  }

  /** A TCP that gives up after four timeouts, some three seconds. */
  private static ConnectionConfig impatient() {
    int buffer = 1 << 20;
    TcpConfig tcp = TcpConfig.builder(1460, buffer).retries(3).timeWait(SECOND).build();
    return ConnectionConfig.builder(tcp).buffers(buffer, buffer).build();
  }

  private void begin(ConnectionConfig config) {
    hosts.connect(config, config);
    hosts.serverSocket.onReady(RejoinTest::readAll);
    Transfer.endless(true).mayFail().on(hosts.clientSocket);
    hosts.network.runFor(2 * SECOND);
    assertThat(hosts.clientConnection().subflowCount()).isEqualTo(2);
  }

  private static void readAll(SimSocket socket) {
    while (socket.isReadable() && socket.read(ByteBuffer.allocate(100_000)) > 0) {
      // What was read is not looked at.
    }
  }

  private long carried(long nanos) {
    long before = total();
    hosts.network.runFor(nanos);
    return total() - before;
  }

  private long total() {
    return hosts.first.forward().carriedBytes()
        + hosts.first.backward().carriedBytes()
        + hosts.second.forward().carriedBytes()
        + hosts.second.backward().carriedBytes();
  }

  private List<String> established() {
    return hosts.clientConnection().subflows().stream()
        .filter(Subflow::isUsable)
        .map(s -> s.flow().local() + ">" + s.flow().remote())
        .toList();
  }

  /** Each flow of the host is forgotten: what comes for it is answered with RST. */
  private static void forgetAll(SimHost host) {
    while (host.flowCount() > 0) {
      host.forgetFlow(0);
    }
  }

  @ParameterizedTest(name = "the last one ended: {0}")
  @ValueSource(booleans = {true, false})
  void whereNoSubflowDeliversWhatWasWithdrawnIsTried(boolean ended) {
    begin(multipath());
    hosts.server.addressDisappears("10.0.1.2");
    hosts.network.runFor(SECOND);
    assertThat(established()).allMatch(flow -> flow.endsWith(">10.0.2.2"));
    // Nobody can tell the client what happens to the server's addresses now.
    hosts.first.setUp(false);
    hosts.second.setUp(false);
    hosts.server.addressAppears("10.0.1.2");
    hosts.server.addressDisappears("10.0.2.2");
    hosts.client.addressDisappears("10.0.1.1");
    if (ended) {
      hosts.client.addressDisappears("10.0.2.1");
    }
    hosts.network.runFor(SECOND);
    hosts.first.setUp(true);
    hosts.client.addressAppears("10.0.1.1");
    hosts.network.runFor(8 * SECOND);
    assertThat(established()).contains("10.0.1.1>10.0.1.2");
    assertThat(carried(SECOND)).isGreaterThan(300_000);
    assertThat(hosts.clientConnection().subflows())
        .filteredOn(s -> s.flow().remote().equals(IpAddress.parse("10.0.1.2")))
        .allMatch(s -> s.identity().remoteAddressId() == 0);
  }

  @Test
  void whatWasWithdrawnIsLeftAloneWhileASubflowDelivers() {
    begin(impatient());
    hosts.server.addressDisappears("10.0.1.2");
    hosts.network.runFor(SECOND);
    int[] syns = new int[1];
    hosts
        .first
        .forward()
        .middlebox(Middleboxes.watch(segment -> syns[0] += segment.has(TcpFlags.SYN) ? 1 : 0));
    hosts.network.runFor(30 * SECOND);
    assertThat(syns[0]).isZero();
  }

  @ParameterizedTest(name = "the server has one address: {0}")
  @ValueSource(booleans = {true, false})
  void aSubflowThatWasResetIsOpenedAgainToWhereItLed(boolean oneAddress) {
    if (oneAddress) {
      hosts.server.addressDisappears("10.0.2.2");
    }
    begin(multipath());
    String second = "10.0.2.1>" + (oneAddress ? "10.0.1.2" : "10.0.2.2");
    assertThat(established()).contains(second);
    Subflow before = hosts.clientConnection().subflows().get(1);
    hosts.server.forgetFlow(1);
    hosts.network.runFor(SECOND);
    assertThat(before.isClosed()).isTrue();
    assertThat(established()).contains(second);
  }

  @ParameterizedTest(name = "the paths are silent for {0} s")
  @ValueSource(longs = {6, 20, 50})
  void aConnectionWhoseEverySubflowTimedOutIsRejoined(long seconds) {
    begin(impatient());
    hosts.first.setUp(false);
    hosts.second.setUp(false);
    hosts.network.runFor(seconds * SECOND);
    assertThat(hosts.clientConnection().subflows()).noneMatch(Subflow::isUsable);
    hosts.first.setUp(true);
    hosts.second.setUp(true);
    // A retry every four seconds.
    hosts.network.runFor(5 * SECOND);
    assertThat(hosts.clientConnection().failure()).isEmpty();
    assertThat(hosts.serverConnection().failure()).isEmpty();
    assertThat(carried(SECOND)).isGreaterThan(400_000);
  }

  @Test
  void aConnectionWhoseEverySubflowWasResetIsRejoinedAtOnce() {
    begin(multipath());
    forgetAll(hosts.server);
    hosts.network.runFor(SECOND);
    assertThat(established()).hasSize(2);
    assertThat(carried(SECOND)).isGreaterThan(400_000);
  }

  @Test
  void afterTheCloseTimeoutItIsOver() {
    begin(impatient());
    hosts.first.setUp(false);
    hosts.second.setUp(false);
    hosts.network.runFor(55 * SECOND);
    assertThat(hosts.clientConnection().failure()).isEmpty();
    hosts.network.runFor(20 * SECOND);
    assertThat(hosts.clientConnection().failure()).contains(Failure.TIMED_OUT);
  }

  @Test
  void aTransientRefusalIsTriedAgainEverMoreSeldomAndAPermanentOneNever() {
    List<Long> joins = new ArrayList<>();
    IpAddress announced = IpAddress.parse("10.0.2.2");
    hosts
        .second
        .forward()
        .middlebox(
            Middleboxes.watch(
                segment -> {
                  if (segment.has(TcpFlags.SYN) && segment.destination().equals(announced)) {
                    joins.add(hosts.network.now() / SECOND);
                  }
                }));
    // The server takes no second subflow: it refuses with "lack of resources" and flag T.
    hosts.connect(multipath(), oneSubflow());
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[10]));
    hosts.network.runFor(10 * SECOND);
    long first = joins.get(0);
    assertThat(joins).containsExactly(first, first + 1, first + 3, first + 7);

    hosts
        .second
        .backward()
        .middlebox(
            Middleboxes.editMptcp(
                MptcpOption.MP_TCPRST,
                option -> {
                  assertThat(option.get(2) & 0xf).as("flags").isEqualTo(1);
                  option.put(2, (byte) (MptcpOption.MP_TCPRST << 4));
                  option.put(3, (byte) MptcpOption.RESET_ADMINISTRATIVELY_PROHIBITED);
                }));
    hosts.network.runFor(120 * SECOND);
    assertThat(joins).hasSize(5);
  }

  private static ConnectionConfig oneSubflow() {
    return multipath().toBuilder().maxSubflows(1).closeTimeout(SECOND).build();
  }
}
