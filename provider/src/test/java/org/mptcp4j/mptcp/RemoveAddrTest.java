package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.mptcp4j.sim.Loss;
import org.mptcp4j.sim.Middleboxes;
import org.mptcp4j.tcp.TcpState;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.TcpFlags;

/** RFC 8684 §3.4.2: an address that is said to be gone. */
class RemoveAddrTest {
  private static final int MEGABYTE = 1_000_000;
  private static final String SECOND_OF_SERVER = "10.0.2.2";

  /** Two subflows in full use, for some ten seconds. */
  private static TwoHosts transferring(long seed) {
    TwoHosts hosts = TwoHosts.twoPaths(seed);
    hosts.first.rate(4_000_000).queue(30_000);
    hosts.second.rate(4_000_000).queue(30_000);
    hosts.connect(multipath(), multipath());
    hosts.transfer(10 * MEGABYTE, 10 * MEGABYTE);
    hosts.network.runFor(500 * MILLI);
    assertThat(hosts.clientConnection().subflows()).hasSize(2);
    return hosts;
  }

  private static Subflow to(MptcpConnection connection, String remote) {
    return connection.subflows().stream()
        .filter(s -> s.flow().remote().equals(IpAddress.parse(remote)))
        .findFirst()
        .orElseThrow();
  }

  private static int idOf(MptcpConnection server, String local) {
    return server.addresses().localId(IpAddress.parse(local));
  }

  /** The server says on its first subflow that an address is gone. */
  private static void removeOnFirst(TwoHosts hosts, int id) {
    hosts.serverConnection().subflows().get(0).addControl(new ControlOption.RemoveAddr(id));
  }

  private static boolean knows(MptcpConnection connection, String address) {
    return connection.addresses().remotes().stream()
        .anyMatch(remote -> remote.address().equals(IpAddress.parse(address)));
  }

  @Test
  void aPathThatAnswersIsNotClosedAndTakesNoFurtherSubflow() {
    TwoHosts hosts = transferring(1);
    Subflow second = to(hosts.clientConnection(), SECOND_OF_SERVER);
    removeOnFirst(hosts, idOf(hosts.serverConnection(), SECOND_OF_SERVER));
    hosts.network.runFor(5 * SECOND);
    assertThat(second.isClosed()).isFalse();
    assertThat(knows(hosts.clientConnection(), SECOND_OF_SERVER)).isFalse();
    long before = hosts.second.forward().carriedBytes();
    hosts.network.runFor(SECOND);
    assertThat(hosts.second.forward().carriedBytes()).isGreaterThan(before + 300_000);
  }

  @Test
  void itIsProbedAtOnce() {
    TwoHosts hosts = TwoHosts.twoPaths(2);
    hosts.connect(multipath(), multipath());
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[100_000]));
    hosts.network.runFor(2 * SECOND);
    List<Integer> probes = new ArrayList<>();
    int next = to(hosts.clientConnection(), SECOND_OF_SERVER).endpoint().sendNext();
    hosts
        .second
        .forward()
        .middlebox(Middleboxes.watch(segment -> probes.add(segment.sequenceNumber())));
    removeOnFirst(hosts, idOf(hosts.serverConnection(), SECOND_OF_SERVER));
    hosts.serverConnection().pathsWritable(hosts.network.now(), hosts.server);
    hosts.network.runFor(100 * MILLI);
    assertThat(probes).as("RFC 9293 §3.8.4").startsWith(next - 1);
  }

  @Test
  void aPathThatDoesNotAnswerIsResetThoughSegmentsWereUnderWay() {
    TwoHosts hosts = transferring(3);
    Subflow second = to(hosts.clientConnection(), SECOND_OF_SERVER);
    boolean[] reset = new boolean[1];
    hosts
        .second
        .forward()
        .middlebox(
            (now, packet) -> {
              Middleboxes.watch(segment -> reset[0] |= segment.has(TcpFlags.RST))
                  .process(now, packet);
              return null;
            });
    hosts.second.backward().loss(Loss.random(1));
    removeOnFirst(hosts, idOf(hosts.serverConnection(), SECOND_OF_SERVER));
    hosts.network.runFor(300 * MILLI);
    assertThat(second.isClosed()).as("before the last probe").isFalse();
    hosts.network.runFor(3 * SECOND);
    assertThat(second.isClosed()).isTrue();
    assertThat(reset[0]).as("RST as a courtesy").isTrue();
    hosts.runToEnd(60 * SECOND);
  }

  @Test
  void identifiersThatAreNotKnownAreIgnored() {
    TwoHosts hosts = transferring(4);
    removeOnFirst(hosts, 77);
    hosts.network.runFor(3 * SECOND);
    assertThat(hosts.clientConnection().subflows()).hasSize(2);
    assertThat(knows(hosts.clientConnection(), SECOND_OF_SERVER)).isTrue();
  }

  @Test
  void identifierZeroIsTheFirstAddress() {
    TwoHosts hosts = transferring(5);
    Subflow first = to(hosts.clientConnection(), "10.0.1.2");
    hosts.serverConnection().subflows().get(1).addControl(new ControlOption.RemoveAddr(0));
    hosts.network.runFor(3 * SECOND);
    assertThat(knows(hosts.clientConnection(), "10.0.1.2")).isFalse();
    assertThat(first.isClosed()).isFalse();
    hosts.first.both(link -> link.loss(Loss.random(1)));
    hosts.serverConnection().subflows().get(1).addControl(new ControlOption.RemoveAddr(0));
    hosts.network.runFor(3 * SECOND);
    assertThat(first.isClosed()).isTrue();
    hosts.runToEnd(60 * SECOND);
  }

  @Test
  void theOnlySubflowStaysWhateverIsSaidOfItsAddress() {
    TwoHosts hosts = TwoHosts.onePath(6);
    hosts.connect(multipath(), multipath());
    hosts.transfer(20 * MEGABYTE, 20 * MEGABYTE);
    hosts.network.runFor(100 * MILLI);
    removeOnFirst(hosts, 0);
    // Before a probe could be answered.
    hosts.network.runUntil(() -> !knows(hosts.clientConnection(), "10.0.1.2"), SECOND);
    hosts.first.setUp(false);
    Subflow only = hosts.clientConnection().subflows().get(0);
    hosts.network.runFor(5 * SECOND);
    assertThat(only.isClosed()).isFalse();
    hosts.first.setUp(true);
    hosts.runToEnd(60 * SECOND);
    assertThat(only.endpoint().state()).as("it has carried all").isNotEqualTo(TcpState.CLOSED);
    assertThat(hosts.clientTransfer.isComplete()).isTrue();
  }

  @Test
  void aWithdrawalIsRepeatedForNothingAnswersIt() {
    TwoHosts hosts = TwoHosts.twoPaths(7);
    hosts.connect(multipath(), multipath());
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[100_000]));
    hosts.network.runFor(SECOND);
    int id = idOf(hosts.serverConnection(), SECOND_OF_SERVER);
    List<Long> times = new ArrayList<>();
    hosts
        .first
        .backward()
        .middlebox(
            Middleboxes.editMptcp(
                MptcpOption.REMOVE_ADDR,
                option -> {
                  assertThat(option.get(3)).isEqualTo((byte) id);
                  times.add(hosts.network.now());
                  if (times.size() < 3) {
                    option.put(3, (byte) 99);
                  }
                }));
    hosts.server.addressDisappears(SECOND_OF_SERVER);
    hosts.network.runFor(100 * MILLI);
    assertThat(knows(hosts.clientConnection(), SECOND_OF_SERVER)).isTrue();
    hosts.network.runFor(20 * SECOND);
    assertThat(knows(hosts.clientConnection(), SECOND_OF_SERVER)).isFalse();
    assertThat(times).as("at most three").hasSize(3);
    assertThat(times.get(2) - times.get(1)).isGreaterThan((times.get(1) - times.get(0)) * 3 / 2);
  }

  @Test
  void aDeprecatedAddressEndsItsSubflowWithFinAndLosesNothing() {
    TwoHosts hosts = transferring(10);
    List<String> ends = new ArrayList<>();
    hosts.second.both(
        link ->
            link.middlebox(
                Middleboxes.watch(
                    segment -> {
                      if (segment.has(TcpFlags.FIN) || segment.has(TcpFlags.RST)) {
                        String end = segment.has(TcpFlags.FIN) ? "FIN" : "RST";
                        ends.add(end + " from " + segment.source());
                      }
                    })));
    // The host still has it, and gives it to no new subflow.
    hosts
        .clientConnection()
        .localAddressRemoved(hosts.network.now(), IpAddress.parse("10.0.2.1"), hosts.client);
    hosts.network.runFor(3 * SECOND);
    assertThat(ends)
        .startsWith("FIN from 10.0.2.1", "FIN from 10.0.2.2")
        .doesNotContain("RST from 10.0.2.1");
    hosts.runToEnd(60 * SECOND);
    assertThat(hosts.clientTransfer.isComplete()).isTrue();
  }

  @Test
  void anAddressThatComesBackHasAnotherIdentifier() {
    TwoHosts hosts = transferring(8);
    int id = idOf(hosts.serverConnection(), SECOND_OF_SERVER);
    hosts.server.addressDisappears(SECOND_OF_SERVER);
    hosts.network.runFor(5 * SECOND);
    hosts.server.addressAppears(SECOND_OF_SERVER);
    hosts.network.runFor(2 * SECOND);
    assertThat(hosts.clientConnection().addresses().remotes())
        .filteredOn(remote -> remote.address().equals(IpAddress.parse(SECOND_OF_SERVER)))
        .singleElement()
        .satisfies(remote -> assertThat(remote.id()).isNotIn(0, id));
  }

  @Test
  void anAddressThatComesBackBeforeThePeerCouldBeToldKeepsItsIdentifier() {
    TwoHosts hosts = TwoHosts.onePath(9);
    hosts.connect(multipath(), multipath());
    hosts.transfer(20 * MEGABYTE, 20 * MEGABYTE);
    hosts.network.runFor(100 * MILLI);
    int[] said = new int[1];
    hosts.first.both(
        link -> link.middlebox(Middleboxes.editMptcp(MptcpOption.REMOVE_ADDR, o -> said[0]++)));
    // The only subflow uses it: there is no other to say so.
    Subflow only = hosts.serverConnection().subflows().get(0);
    hosts.server.addressDisappears("10.0.1.2");
    hosts.network.runFor(20 * MILLI);
    assertThat(only.isClosed()).as("the last one stays").isFalse();
    hosts.server.addressAppears("10.0.1.2");
    hosts.runToEnd(60 * SECOND);
    assertThat(said[0]).isZero();
    assertThat(hosts.clientTransfer.isComplete()).isTrue();
  }
}
