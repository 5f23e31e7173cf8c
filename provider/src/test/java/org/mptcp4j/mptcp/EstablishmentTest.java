package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.PORT;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;
import static org.mptcp4j.mptcp.TwoHosts.multipath;
import static org.mptcp4j.mptcp.TwoHosts.multipathWithChecksum;
import static org.mptcp4j.mptcp.TwoHosts.plain;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.sim.Loss;
import org.mptcp4j.sim.Middlebox;
import org.mptcp4j.sim.Middleboxes;
import org.mptcp4j.sim.SimHost;
import org.mptcp4j.sim.SimLink;
import org.mptcp4j.sim.SimSocket;
import org.mptcp4j.sim.Transfer;
import org.mptcp4j.tcp.NetworkPath;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.MptcpOptionSet;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.TcpFlags;

/** The first subflow's handshake (RFC 8684 §3.1), bit by bit. */
class EstablishmentTest {
  private static final int BYTES = 500_000;
  private static final int A = MptcpOption.CAPABLE_CHECKSUM_REQUIRED;

  /** Looks at what passes and changes nothing. */
  private static Middlebox tap(Consumer<IncomingSegment> observer) {
    return (now, packet) -> {
      IncomingSegment segment = new IncomingSegment();
      segment.parse(packet, 0, packet.limit());
      observer.accept(segment);
      return packet;
    };
  }

  private static SimLink link(TwoHosts hosts, String kind) {
    return kind.equals("SYN") ? hosts.first.forward() : hosts.first.backward();
  }

  /** Whether both ends speak MPTCP in the end; the bytes arrive in any case. */
  private static boolean isMultipath(TwoHosts hosts) {
    hosts.transfer(BYTES, BYTES);
    hosts.runToEnd(20 * SECOND);
    boolean client = !hosts.clientConnection().isFallback();
    assertThat(client).isEqualTo(!hosts.serverConnection().isFallback());
    hosts.runUntilForgotten();
    return client;
  }

  @ParameterizedTest
  @CsvSource({
    "SYN, 0x001, false, version 0 is not spoken",
    "SYN, 0x101, true, version 1",
    "SYN, 0x201, true, a later version is answered with ours",
    "SYN, 0xf01, true, the last version is answered with ours",
    "SYN, 0x141, false, flag B",
    "SYN, 0x100, false, no algorithm",
    "SYN, 0x102, false, another algorithm",
    "SYN, 0x11f, true, ours among others",
    "SYN/ACK, 0x001, false, version 0",
    "SYN/ACK, 0x201, false, a later version than ours",
    "SYN/ACK, 0x141, false, flag B",
    "SYN/ACK, 0x100, false, no algorithm",
    "SYN/ACK, 0x102, false, another algorithm",
    "SYN/ACK, 0x103, false, two algorithms are no choice",
    "SYN/ACK, 0x101, true, version 1 and our algorithm",
  })
  void versionAndFlagsDecideWhetherItIsMultipath(
      String kind, String versionAndFlags, boolean expected, String what) {
    TwoHosts hosts = TwoHosts.onePath(1);
    int value = Integer.decode(versionAndFlags);
    link(hosts, kind).middlebox(Middleboxes.changeCapable(Middleboxes::isSyn, v -> value));
    hosts.connect(multipath(), multipath());
    assertThat(isMultipath(hosts)).as(what).isEqualTo(expected);
  }

  @Test
  void whatIsAnsweredToALaterVersionIsVersionOneAndOneAlgorithm() {
    TwoHosts hosts = TwoHosts.onePath(2);
    hosts.first.forward().middlebox(Middleboxes.changeCapable(Middleboxes::isSyn, v -> 0x31f));
    List<String> answers = new ArrayList<>();
    hosts
        .first
        .backward()
        .middlebox(
            tap(
                segment -> {
                  MptcpOptionSet options = segment.mptcp();
                  if (segment.has(TcpFlags.SYN)) {
                    answers.add(options.capableVersion() + "/" + options.capableFlags());
                  }
                }));
    hosts.connect(multipath(), multipath());
    assertThat(answers).containsExactly("1/1");
  }

  @ParameterizedTest
  @CsvSource({"true, false", "false, true", "true, true", "false, false"})
  void checksumsAreUsedWhereEitherSideAsksAndTheThirdAckConfirmsIt(boolean client, boolean server) {
    TwoHosts hosts = TwoHosts.onePath(3);
    List<Boolean> flags = new ArrayList<>();
    Middlebox tap =
        tap(
            segment -> {
              if (segment.mptcp().has(MptcpOption.MP_CAPABLE)) {
                flags.add((segment.mptcp().capableFlags() & A) != 0);
              }
            });
    hosts.first.both(link -> link.middlebox(tap));
    hosts.connect(
        client ? multipathWithChecksum() : multipath(),
        server ? multipathWithChecksum() : multipath());
    boolean either = client || server;
    assertThat(flags.subList(0, 3)).containsExactly(client, either, either);
    assertThat(hosts.clientConnection().session().usesChecksum()).isEqualTo(either);
    assertThat(hosts.serverConnection().session().usesChecksum()).isEqualTo(either);
    assertThat(isMultipath(hosts)).isTrue();
  }

  @Test
  void afterFlagCNothingIsOpenedToThatAddressAndPort() {
    TwoHosts hosts = TwoHosts.twoPaths(4);
    hosts
        .first
        .backward()
        .middlebox(
            Middleboxes.changeCapable(
                Middleboxes::isSyn, v -> v | MptcpOption.CAPABLE_NO_JOIN_TO_INITIAL));
    Set<String> joins = new HashSet<>();
    hosts
        .second
        .forward()
        .middlebox(
            tap(
                segment -> {
                  if (segment.has(TcpFlags.SYN)) {
                    joins.add(segment.destination() + ":" + segment.destinationPort());
                  }
                }));
    hosts.connect(multipath(), multipath());
    // The peer may say the same address once more: it is closed all the same.
    hosts.serverConnection().addresses().announce(hosts.network.now(), IpAddress.parse("10.0.1.2"));
    hosts.transfer(BYTES, BYTES);
    hosts.network.runFor(5 * SECOND);
    assertThat(joins).containsExactly("10.0.2.2:" + PORT);
    assertThat(hosts.client.counters().joins.sum()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aTokenThatIsTakenCallsForAnotherKey(boolean client) {
    TwoHosts hosts = TwoHosts.onePath(5);
    List<Integer> asked = new ArrayList<>();
    MptcpHost host = refusingTokens(client ? hosts.client : hosts.server, asked, 3);
    NetworkPath path =
        host.path(host.localAddresses().get(0), IpAddress.parse(client ? "10.0.1.2" : "10.0.1.1"))
            .orElseThrow();
    List<OutgoingSegment> sent = new ArrayList<>();
    MptcpConnection connection;
    if (client) {
      FlowKey flow = FlowKey.of(IpAddress.parse("10.0.1.1"), 5, IpAddress.parse("10.0.1.2"), PORT);
      connection =
          ConnectionOpener.connect(0, host, multipath(), flow, path, (s, p) -> sent.add(s));
    } else {
      connection =
          ConnectionOpener.accept(0, host, multipath(), syn(), path, (s, p) -> sent.add(s));
    }
    assertThat(asked).hasSize(4).doesNotHaveDuplicates();
    assertThat(connection.session().local().token()).isEqualTo(asked.get(3));
    assertThat(sent).hasSize(1);
  }

  private static MptcpHost refusingTokens(SimHost host, List<Integer> asked, int refusals) {
    return (MptcpHost)
        Proxy.newProxyInstance(
            EstablishmentTest.class.getClassLoader(),
            new Class<?>[] {MptcpHost.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("registerToken")) {
                asked.add((Integer) arguments[0]);
                if (asked.size() <= refusals) {
                  return false;
                }
              }
              try {
                return method.invoke(host, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private static IncomingSegment syn() {
    OutgoingSegment syn =
        new OutgoingSegment()
            .begin(IpAddress.parse("10.0.1.1"), 40_000, IpAddress.parse("10.0.1.2"), PORT)
            .sequenceNumber(7)
            .flags(TcpFlags.SYN)
            .window(60_000);
    syn.options().mpCapableSyn(1, MptcpOption.CAPABLE_HMAC_SHA256);
    ByteBuffer packet = ByteBuffer.allocate(OutgoingSegment.MAX_HEADER_LENGTH);
    int length = syn.encodeHeaders(packet, 0, OutgoingSegment.ChecksumMode.FULL);
    IncomingSegment incoming = new IncomingSegment();
    assertThat(incoming.parse(packet, 0, length)).isEqualTo(IncomingSegment.Verdict.OK);
    return incoming;
  }

  /** What the client's segments with payload say, and how far the server has acknowledged data. */
  private static final class FirstData {
    private int initial;
    private boolean acknowledged;
    int capable;
    final List<String> faults = new ArrayList<>();

    void sent(IncomingSegment segment) {
      MptcpOptionSet options = segment.mptcp();
      if (segment.has(TcpFlags.SYN)) {
        initial = segment.sequenceNumber();
      } else if (segment.payloadLength() > 0) {
        boolean first = segment.sequenceNumber() == initial + 1;
        if (options.has(MptcpOption.MP_CAPABLE)) {
          capable++;
          if (!first || options.capableDataLength() != segment.payloadLength()) {
            faults.add("MP_CAPABLE with data at " + (segment.sequenceNumber() - initial));
          }
        } else if (!options.hasMapping() && !acknowledged) {
          faults.add("no mapping at " + (segment.sequenceNumber() - initial));
        } else if (first && !acknowledged) {
          faults.add("the first data without the keys");
        }
      }
    }

    void received(IncomingSegment segment) {
      acknowledged |= segment.mptcp().hasDataAck();
    }
  }

  @ParameterizedTest
  @CsvSource({"true, ", "false, ", "true, 2", "false, 3", "true, 4", "false, 2 3"})
  void theFirstDataAndItsRetransmissionsCarryTheKeysAndAllOtherDataAMapping(
      boolean checksum, String lost) {
    TwoHosts hosts = TwoHosts.onePath(6);
    FirstData seen = new FirstData();
    hosts.first.forward().middlebox(tap(seen::sent));
    hosts.first.backward().middlebox(tap(seen::received));
    if (lost != null) {
      int[] packets = Arrays.stream(lost.split(" ")).mapToInt(Integer::parseInt).toArray();
      hosts.first.forward().loss(Loss.packets(packets));
    }
    hosts.server.listen(PORT, multipath(), socket -> hosts.serverSocket = socket);
    hosts.clientSocket =
        hosts.client.connect("10.0.1.2", PORT, checksum ? multipathWithChecksum() : multipath());
    hosts.network.runUntil(() -> hosts.clientSocket.isEstablished(), SECOND);
    hosts.clientTransfer = Transfer.client(BYTES, 0).on(hosts.clientSocket);
    hosts.network.runUntil(() -> hosts.serverSocket != null, 10 * SECOND);
    hosts.serverTransfer = Transfer.server(0, BYTES).on(hosts.serverSocket);
    hosts.runToEnd(20 * SECOND);
    assertThat(seen.faults).isEmpty();
    // Once a DATA_ACK shows that the server has the keys, they need not be said again.
    assertThat(seen.capable).isEqualTo("3".equals(lost) ? 0 : 1);
    assertThat(hosts.serverConnection().isFallback()).isFalse();
  }

  @Test
  void oneListenerServesMultipathAndPlainClients() {
    TwoHosts hosts = TwoHosts.twoPaths(7);
    List<Transfer> transfers = new ArrayList<>();
    List<SimSocket> accepted = new ArrayList<>();
    hosts.server.listen(
        PORT,
        multipath(),
        socket -> {
          accepted.add(socket);
          transfers.add(Transfer.server(BYTES, BYTES).on(socket));
        });
    for (int i = 0; i < 6; i++) {
      SimSocket socket = hosts.client.connect("10.0.1.2", PORT, i % 2 == 0 ? plain() : multipath());
      transfers.add(Transfer.client(BYTES, BYTES).on(socket));
    }
    hosts.network.runUntil(
        () -> transfers.size() == 12 && transfers.stream().allMatch(Transfer::isComplete),
        60 * SECOND);
    assertThat(accepted.stream().filter(s -> s.connection().isFallback())).hasSize(3);
    assertThat(hosts.server.counters().multipathConnections.sum()).isEqualTo(3);
    assertThat(hosts.server.counters().plainConnections.sum()).isEqualTo(3);
  }

  @Test
  void keysAreShownToNobody() {
    TwoHosts hosts = TwoHosts.twoPaths(8);
    hosts.connect(multipath(), multipath());
    hosts.transfer(BYTES, BYTES);
    hosts.runToEnd(20 * SECOND);
    MptcpConnection connection = hosts.clientConnection();
    Session session = connection.session();
    List<Object> shown = new ArrayList<>();
    shown.addAll(List.of(connection, session, session.local(), session.remote()));
    shown.add(hosts.clientSocket);
    for (Subflow subflow : connection.subflows()) {
      shown.addAll(List.of(subflow, subflow.info(), subflow.identity()));
    }
    for (KeyMaterial key : List.of(session.local(), session.remote())) {
      assertThat(shown.toString())
          .contains(Integer.toHexString(key.token()))
          .doesNotContain(Long.toString(key.key()))
          .doesNotContain(Long.toHexString(key.key()));
    }
  }
}
