package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.PORT;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.sim.Middlebox;
import org.mptcp4j.sim.Middleboxes;
import org.mptcp4j.spi.PathManager;
import org.mptcp4j.tcp.TcpState;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.MptcpOptionSet;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/** MP_JOIN (RFC 8684 §3.2): how subflows are added, and refused. */
class JoinTest {
  private static final int NONCE = 0x1234_5678;
  private static final int ADDRESS_ID = 9;

  /** What the server answered to joins that the test made up. */
  private final List<String> answers = new ArrayList<>();

  private final OutgoingSegment segment = new OutgoingSegment();
  private int nextPort = 20_000;

  private static Middlebox tap(Consumer<IncomingSegment> observer) {
    return (now, packet) -> {
      IncomingSegment segment = new IncomingSegment();
      segment.parse(packet, 0, packet.limit());
      observer.accept(segment);
      return packet;
    };
  }

  private static IncomingSegment parsed(OutgoingSegment segment) {
    ByteBuffer packet = ByteBuffer.allocate(OutgoingSegment.MAX_HEADER_LENGTH);
    int length = segment.encodeHeaders(packet, 0, OutgoingSegment.ChecksumMode.FULL);
    IncomingSegment incoming = new IncomingSegment();
    assertThat(incoming.parse(packet, 0, length)).isEqualTo(IncomingSegment.Verdict.OK);
    return incoming;
  }

  /** A connection that has exchanged data over one path. */
  private static TwoHosts connected(ConnectionConfig serverConfig) {
    TwoHosts hosts = TwoHosts.onePath(1);
    hosts.connect(multipath(), serverConfig);
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[10]));
    hosts.network.runFor(SECOND);
    return hosts;
  }

  private IncomingSegment join(String source, int token) {
    segment
        .begin(IpAddress.parse(source), nextPort++, IpAddress.parse("10.0.1.2"), PORT)
        .sequenceNumber(NONCE)
        .flags(TcpFlags.SYN)
        .window(60_000);
    segment.options().mpJoinSyn(true, ADDRESS_ID, token, NONCE);
    return parsed(segment);
  }

  private static String describe(IncomingSegment answer) {
    MptcpOptionSet options = answer.mptcp();
    if (!answer.has(TcpFlags.RST)) {
      return answer.has(TcpFlags.SYN) && options.has(MptcpOption.MP_JOIN) ? "SYN/ACK" : "other";
    }
    return options.has(MptcpOption.MP_TCPRST)
        ? "RST, reason "
            + options.resetReason()
            + ((options.resetFlags() & 1) != 0 ? ", transient" : ", permanent")
        : "RST";
  }

  private boolean offer(TwoHosts hosts, String source, int token) {
    MptcpConnection server = hosts.serverConnection();
    IncomingSegment syn = join(source, token);
    return server.acceptJoin(
        hosts.network.now(),
        syn,
        server.subflows().get(0).endpoint().path(),
        (answer, path) -> {
          if (answer.destinationPort() == syn.sourcePort()) {
            answers.add(describe(parsed(answer)));
          }
          return true;
        });
  }

  private static int token(TwoHosts hosts) {
    return hosts.serverConnection().session().local().token();
  }

  @Test
  void aWrongTokenIsAnMptcpErrorForGood() {
    TwoHosts hosts = connected(multipath());
    assertThat(offer(hosts, "10.0.1.1", token(hosts) + 1)).isFalse();
    assertThat(answers).containsExactly("RST, reason 1, permanent");
    assertThat(hosts.server.flowCount()).isEqualTo(1);
  }

  @Test
  void moreSubflowsThanArePermittedAreAnMptcpErrorThatPasses() {
    TwoHosts hosts = connected(multipath());
    for (int i = 0; i < 8; i++) {
      offer(hosts, "10.0.1.1", token(hosts));
    }
    assertThat(answers.subList(0, 7)).containsOnly("SYN/ACK");
    assertThat(answers.get(7)).isEqualTo("RST, reason 1, transient");
    assertThat(hosts.server.flowCount()).isEqualTo(8);
  }

  private static ConnectionConfig with(int subflows, boolean bound) {
    return multipath().toBuilder().maxSubflows(subflows).boundToAddress(bound).build();
  }

  @Test
  void moreThanSixteenHandshakesUnderWayAreALackOfResources() {
    TwoHosts hosts = connected(with(32, false));
    for (int i = 0; i < 17; i++) {
      offer(hosts, "10.0.1.1", token(hosts));
    }
    assertThat(answers.subList(0, 16)).containsOnly("SYN/ACK");
    assertThat(answers.get(16)).isEqualTo("RST, reason 2, transient");
  }

  @Test
  void handshakesThatNobodyCompletesEndAfterSixteenSeconds() {
    TwoHosts hosts = connected(with(32, false));
    for (int i = 0; i < 16; i++) {
      offer(hosts, "10.0.1.1", token(hosts));
    }
    // Nobody answers, not even with RST.
    hosts.first.setUp(false);
    hosts.serverSocket.afterCall();
    hosts.network.runFor(15 * SECOND);
    assertThat(hosts.server.flowCount()).isEqualTo(17);
    hosts.network.runFor(2 * SECOND);
    assertThat(hosts.server.flowCount()).isEqualTo(1);
    assertThat(offer(hosts, "10.0.1.1", token(hosts))).isTrue();
    assertThat(hosts.serverConnection().isEstablished()).isTrue();
  }

  @Test
  void anExcludedAddressIsProhibited() {
    TwoHosts hosts = connected(multipath());
    assertThat(offer(hosts, "169.254.7.7", token(hosts))).isFalse();
    assertThat(answers).containsExactly("RST, reason 3, permanent");
  }

  @Test
  void anAddressThatTheApplicationDidNotBindIsProhibited() {
    TwoHosts hosts = TwoHosts.twoPaths(2);
    hosts.connect(multipath(), with(8, true));
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[10]));
    List<String> seen = new ArrayList<>();
    hosts.second.backward().middlebox(tap(s -> seen.add(s.source() + ": " + describe(s))));
    MptcpConnection client = hosts.clientConnection();
    hosts.network.runFor(SECOND);
    // The other address of the client may join the bound one.
    assertThat(seen).isNotEmpty().noneMatch(s -> s.contains("RST"));
    open(hosts, client, "10.0.2.1", "10.0.2.2", PORT, false);
    hosts.network.runFor(SECOND);
    assertThat(seen).contains("10.0.2.2: RST, reason 3, permanent");
  }

  /** Has the path manager of {@code connection} open a subflow. */
  private static void open(
      TwoHosts hosts,
      MptcpConnection connection,
      String local,
      String remote,
      int port,
      boolean backup) {
    InetAddress from = IpAddress.parse(local).toInetAddress();
    InetAddress to = IpAddress.parse(remote).toInetAddress();
    PathControl control =
        new PathControl(
            connection,
            (now, paths) -> {
              assertThat(paths.open(from, new PathManager.Remote(to, port), backup)).isTrue();
              return PathManager.NEVER;
            });
    control.request();
    control.run(hosts.network.now(), hosts.client);
    connection.settle(hosts.network.now(), hosts.client);
    hosts.clientSocket.afterCall();
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "wrong"})
  void aThirdAckThatProvesNothingIsReset(String hmac) {
    TwoHosts hosts = connected(multipath());
    MptcpConnection server = hosts.serverConnection();
    offer(hosts, "10.0.1.1", token(hosts));
    Subflow joined = server.subflows().get(1);
    FlowKey flow = joined.flow();
    segment
        .begin(flow.remote(), flow.remotePort(), flow.local(), flow.localPort())
        .sequenceNumber(NONCE + 1)
        .acknowledgmentNumber(joined.endpoint().initialSendSequenceNumber() + 1)
        .flags(TcpFlags.ACK)
        .window(60_000);
    if (hmac.equals("wrong")) {
      segment.options().mpJoinAck(new byte[20]);
    }
    server.segmentArrives(
        hosts.network.now(),
        joined,
        parsed(segment),
        (answer, path) -> {
          answers.add(describe(parsed(answer)));
          return true;
        });
    assertThat(answers).containsExactly("SYN/ACK", "RST, reason 1, permanent");
    assertThat(joined.isClosed()).isTrue();
    assertThat(hosts.server.counters().hmacFailures.sum()).isEqualTo(hmac.equals("wrong") ? 1 : 0);
    assertThat(server.isEstablished()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"without MP_JOIN", "with a wrong HMAC"})
  void aSynAckThatProvesNothingIsReset(String how) {
    TwoHosts hosts = TwoHosts.twoPaths(3);
    List<String> seen = new ArrayList<>();
    hosts.second.forward().middlebox(tap(s -> seen.add(describe(s))));
    hosts
        .second
        .backward()
        .middlebox(
            how.equals("without MP_JOIN")
                ? Middleboxes.stripMptcp(Middleboxes::isSyn, subtype -> true)
                : Middleboxes.changeOption(MptcpOption.MP_JOIN, 5));
    hosts.connect(multipath(), multipath());
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[10]));
    hosts.network.runFor(500 * MILLI);
    assertThat(seen).contains("RST, reason 1, permanent");
    assertThat(hosts.client.counters().hmacFailures.sum() > 0)
        .isEqualTo(how.equals("with a wrong HMAC"));
    assertThat(hosts.clientConnection().subflows())
        .noneMatch(s -> s.flow().local().equals(IpAddress.parse("10.0.2.1")));
  }

  @Test
  void theThirdAckIsRepeatedUntilItIsAnsweredAndNoDataComesBefore() {
    TwoHosts hosts = TwoHosts.twoPaths(4);
    Set<String> hmacs = new HashSet<>();
    int[] count = new int[3];
    hosts
        .second
        .forward()
        .middlebox(
            tap(
                s -> {
                  if (s.mptcp().has(MptcpOption.MP_JOIN) && !s.has(TcpFlags.SYN)) {
                    count[0]++;
                    hmacs.add(HexFormat.of().formatHex(s.mptcp().joinHmac()));
                  }
                  count[1] += s.payloadLength();
                }));
    hosts.second.backward().middlebox(Middleboxes.drop(packet -> !Middleboxes.isSyn(packet)));
    hosts.connect(multipath(), multipath());
    hosts.transfer(40_000_000, 0);
    hosts.network.runFor(700 * MILLI);
    Subflow joining = hosts.clientConnection().subflows().get(1);
    assertThat(joining.endpoint().state()).isEqualTo(TcpState.ESTABLISHED);
    assertThat(count[0]).isGreaterThanOrEqualTo(2);
    assertThat(hmacs).hasSize(1);
    assertThat(count[1]).as("payload before the fourth segment").isZero();

    hosts.second.backward().middlebox(tap(s -> count[2]++));
    hosts.network.runFor(2 * SECOND);
    assertThat(count[2]).isPositive();
    assertThat(count[1]).as("payload after it").isPositive();
  }

  @Test
  void bothEndsKnowBothAddressIdentifiers() {
    TwoHosts hosts = TwoHosts.twoPaths(5);
    hosts.connect(multipath(), multipath());
    hosts.transfer(1_000_000, 1_000_000);
    hosts.network.runFor(SECOND / 4);
    for (Subflow subflow : hosts.clientConnection().subflows()) {
      Subflow other =
          hosts.serverConnection().subflows().stream()
              .filter(s -> s.flow().remote().equals(subflow.flow().local()))
              .findFirst()
              .orElseThrow();
      SubflowIdentity mine = subflow.identity();
      SubflowIdentity theirs = other.identity();
      assertThat(mine.localAddressId()).isEqualTo(theirs.remoteAddressId());
      assertThat(mine.remoteAddressId()).isEqualTo(theirs.localAddressId());
      assertThat(mine.localAddressId() == 0).isEqualTo(subflow.isInitial());
    }
    assertThat(hosts.clientConnection().subflows()).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aSubflowMayBeABackupFromItsFirstSynOn(boolean backup) {
    TwoHosts hosts = TwoHosts.onePath(6);
    hosts.connect(multipath(), multipath());
    hosts.clientSocket.write(ByteBuffer.wrap(new byte[10]));
    hosts.network.runFor(SECOND);
    // The path manager has looked by now, and will only when something changes.
    hosts.addSecondPath();
    List<Boolean> bits = new ArrayList<>();
    hosts
        .second
        .forward()
        .middlebox(
            tap(
                s -> {
                  if (s.has(TcpFlags.SYN)) {
                    bits.add(s.mptcp().joinBackup());
                  }
                }));
    open(hosts, hosts.clientConnection(), "10.0.2.1", "10.0.2.2", PORT, backup);
    hosts.network.runFor(SECOND);
    assertThat(bits).containsExactly(backup);
    assertThat(hosts.clientConnection().subflows().get(1).isBackup()).isEqualTo(backup);
    assertThat(hosts.serverConnection().subflows().get(1).isBackup()).isEqualTo(backup);
    hosts.serverSocket.read(ByteBuffer.allocate(10));
    hosts.transfer(3_000_000, 3_000_000);
    hosts.runToEnd(20 * SECOND);
    if (backup) {
      assertThat(hosts.second.forward().carriedBytes()).isLessThan(10_000);
      assertThat(hosts.second.backward().carriedBytes()).isLessThan(10_000);
    } else {
      assertThat(hosts.second.forward().carriedBytes()).isGreaterThan(100_000);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.2.2", "10.0.1.2"})
  void anAddressMayBeAnnouncedWithAPortOfItsOwn(String address) {
    TwoHosts hosts = TwoHosts.twoPaths(7);
    hosts.client.addressDisappears("10.0.2.1");
    hosts.server.addressDisappears("10.0.2.2");
    hosts.connect(multipath(), multipath());
    // Without a listener there is nothing to announce but what is announced here.
    hosts.server.stopListening(PORT);
    hosts.server.addressAppears("10.0.2.2");
    MptcpConnection server = hosts.serverConnection();
    IpAddress announced = IpAddress.parse(address);
    if (announced.equals(server.initialLocal())) {
      // Behind a load balancer the first address and port are of no use to joins.
      hosts.clientConnection().session().closeInitialAddress();
    }
    assertThat(server.announce(hosts.network.now(), announced, 4711, hosts.server)).isTrue();
    hosts.serverSocket.afterCall();
    hosts.network.runFor(SECOND);
    assertThat(hosts.clientConnection().addresses().remotes())
        .filteredOn(r -> r.address().equals(announced) && r.port() == 4711)
        .hasSize(1);
    hosts.client.addressAppears("10.0.2.1");
    hosts.transfer(20_000_000, 20_000_000);
    hosts.network.runFor(SECOND / 2);

    Subflow joined = hosts.clientConnection().subflows().get(1);
    assertThat(joined.flow().remote()).isEqualTo(announced);
    assertThat(joined.flow().remotePort()).isEqualTo(4711);
    SubflowIdentity other = server.subflows().get(1).identity();
    assertThat(joined.identity().remoteAddressId()).isEqualTo(other.localAddressId()).isNotZero();
    assertThat(hosts.second.forward().carriedBytes()).isGreaterThan(100_000);

    if (!announced.equals(server.initialLocal())) {
      hosts.server.addressDisappears(address);
      hosts.network.runFor(SECOND / 5);
      assertThat(hosts.clientConnection().addresses().remotes())
          .noneMatch(r -> r.address().equals(announced));
    }
    hosts.runToEnd(20 * SECOND);
    hosts.runUntilForgotten();
  }

  @Test
  void whoBoundAnAddressAnnouncesNoOther() {
    TwoHosts hosts = TwoHosts.twoPaths(8);
    hosts.connect(multipath(), multipath().toBuilder().boundToAddress(true).build());
    List<IpAddress> announced = new ArrayList<>();
    hosts
        .first
        .backward()
        .middlebox(
            Middleboxes.watch(
                segment -> {
                  if (segment.mptcp().has(MptcpOption.ADD_ADDR)) {
                    announced.add(segment.mptcp().addAddrAddress());
                  }
                }));
    MptcpConnection server = hosts.serverConnection();
    IpAddress other = IpAddress.parse("10.0.2.2");
    for (int port : new int[] {0, 4711}) {
      assertThat(server.announce(hosts.network.now(), other, port, hosts.server)).isFalse();
    }
    long now = hosts.network.now();
    assertThat(server.announce(now, server.initialLocal(), 4711, hosts.server)).isTrue();
    hosts.network.runFor(SECOND);
    assertThat(announced).isNotEmpty().containsOnly(server.initialLocal());
  }

  @Test
  void noMorePortsAreAnnouncedThanHaveIdentifiers() {
    TwoHosts hosts = connected(multipath());
    MptcpConnection server = hosts.serverConnection();
    IpAddress address = server.initialLocal();
    int announced = 0;
    for (int port = 1; port <= 300; port++) {
      announced += server.announce(hosts.network.now(), address, port, hosts.server) ? 1 : 0;
    }
    assertThat(announced).isBetween(100, 128);
    assertThat(server.announce(hosts.network.now(), address, 1, hosts.server)).as("again").isTrue();
  }

  @Test
  void announcementsWithoutEndAreHeldWithinBounds() {
    TwoHosts hosts = connected(multipath());
    MptcpConnection client = hosts.clientConnection();
    Subflow first = client.subflows().get(0);
    FlowKey flow = first.flow();
    Session session = hosts.serverConnection().session();
    Set<String> opened = new HashSet<>();
    for (int n = 0; n < 20_000; n++) {
      int i = n;
      IpAddress address = IpAddress.parse("10." + (1 + i / 62_500) + "." + i / 250 % 250 + ".7");
      int id = 1 + i % 255;
      int port = 1 + i;
      segment
          .begin(flow.remote(), flow.remotePort(), flow.local(), flow.localPort())
          .sequenceNumber(first.endpoint().receiveNext())
          .acknowledgmentNumber(first.endpoint().sendNext())
          .flags(TcpFlags.ACK)
          .window(60_000);
      long hmac = Hmac.addAddr(session.local().key(), session.remote().key(), id, address, port);
      segment.options().addAddr(false, id, address, port, hmac);
      client.segmentArrives(
          hosts.network.now(),
          first,
          parsed(segment),
          (sent, path) -> {
            opened.add(sent.destination() + ":" + sent.destinationPort());
            return i % 3 != 0;
          });
    }
    assertThat(client.addresses().remotes()).hasSizeLessThanOrEqualTo(17);
    assertThat(client.subflows()).hasSizeLessThanOrEqualTo(8);
    assertThat(opened).hasSizeLessThan(20);
    assertThat(client.isEstablished()).isTrue();
  }
}
