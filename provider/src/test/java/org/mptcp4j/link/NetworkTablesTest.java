package org.mptcp4j.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.link.NetworkTables.AddressChanges;
import org.mptcp4j.wire.IpAddress;

/** Which of the host's addresses take subflows, by what netlink says of them. */
class NetworkTablesTest {
  private static final int RTM_NEWLINK = 16;
  private static final int RTM_NEWADDR = 20;
  private static final int UP_AND_RUNNING = 0x41;
  private static final int LOOPBACK = 0x08;

  private static final int TEMPORARY = 0x01;
  private static final int DAD_FAILED = 0x08;
  private static final int DEPRECATED = 0x20;
  private static final int TENTATIVE = 0x40;
  private static final int PERMANENT = 0x80;

  private static final String V6 = IpAddress.parse("fd00::1").toString();

  private final NetworkTables tables = new NetworkTables();

  private static NetlinkMessage message(int type, ByteBuffer body) {
    ByteBuffer m = ByteBuffer.allocate(16 + body.position()).order(ByteOrder.LITTLE_ENDIAN);
    m.putInt(m.capacity()).putShort((short) type).putShort((short) 0).putInt(0).putInt(0);
    m.put(body.flip()).flip();
    return NetlinkMessage.next(m).orElseThrow();
  }

  private static ByteBuffer body() {
    return ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void attribute(ByteBuffer body, int type, byte[] value) {
    body.putShort((short) (4 + value.length)).putShort((short) type).put(value);
    while (body.position() % 4 != 0) {
      body.put((byte) 0);
    }
  }

  private static byte[] number(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
  }

  private void link(int index, String name, int flags) {
    ByteBuffer body = body().put(new byte[2]).putShort((short) 1).putInt(index).putInt(flags);
    body.putInt(0);
    attribute(body, 3, (name + "\0").getBytes(StandardCharsets.US_ASCII));
    tables.apply(message(RTM_NEWLINK, body));
  }

  private void address(String text, int flags) {
    IpAddress address = IpAddress.parse(text);
    ByteBuffer body = body();
    body.put((byte) (address.isIpv4() ? 2 : 10)).put((byte) 64).put((byte) flags).put((byte) 0);
    body.putInt(2);
    attribute(body, 1, address.toBytes());
    attribute(body, 8, number(flags));
    tables.apply(message(RTM_NEWADDR, body));
  }

  private List<String> usable() {
    return tables.usableAddresses().stream().map(a -> a.address().toString()).toList();
  }

  private static List<String> texts(List<PacketLink.LocalAddress> addresses) {
    return addresses.stream().map(a -> a.address().toString()).toList();
  }

  @ParameterizedTest
  @ValueSource(ints = {TENTATIVE, DAD_FAILED, DEPRECATED, TEMPORARY, TENTATIVE | PERMANENT})
  void anAddressThatCannotBeUsedYetOrAnyMoreTakesNoSubflow(int flags) {
    link(2, "eth0", UP_AND_RUNNING);
    address("fd00::1", flags);
    address("10.0.0.1", PERMANENT);
    assertThat(texts(tables.publish().added())).containsExactly("10.0.0.1");
    assertThat(usable()).containsExactly("10.0.0.1");
  }

  @Test
  void oneThatBecomesUsableLaterIsNewsThen() {
    link(2, "eth0", UP_AND_RUNNING);
    address("fd00::1", TENTATIVE | PERMANENT);
    assertThat(tables.publish().added()).isEmpty();
    address("fd00::1", PERMANENT);
    assertThat(texts(tables.publish().added())).containsExactly(V6);
    address("fd00::1", DEPRECATED | PERMANENT);
    AddressChanges changes = tables.publish();
    assertThat(texts(changes.removed())).containsExactly(V6);
    assertThat(tables.isAssigned(IpAddress.parse("fd00::1")))
        .as("what has it still works")
        .isTrue();
    address("fd00::1", PERMANENT);
    assertThat(texts(tables.publish().added())).containsExactly(V6);
  }

  @ParameterizedTest
  @ValueSource(strings = {"fe80::1", "169.254.7.7", "127.0.0.1", "::1", "ff02::5"})
  void linkLocalLoopbackAndMulticastTakeNoSubflow(String text) {
    link(2, "eth0", UP_AND_RUNNING);
    address(text, PERMANENT);
    assertThat(tables.publish().added()).isEmpty();
  }

  @Test
  void nothingOnADeviceThatIsDownOrLoopback() {
    link(2, "eth0", 0x01);
    address("10.0.0.1", PERMANENT);
    assertThat(tables.publish().added()).isEmpty();
    link(2, "eth0", UP_AND_RUNNING);
    assertThat(texts(tables.publish().added())).containsExactly("10.0.0.1");
    link(2, "eth0", UP_AND_RUNNING | LOOPBACK);
    assertThat(texts(tables.publish().removed())).containsExactly("10.0.0.1");
  }
}
