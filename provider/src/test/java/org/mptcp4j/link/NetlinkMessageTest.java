package org.mptcp4j.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.mptcp4j.wire.IpAddress;

/** Messages in the byte order of the two supported machines, little-endian. */
class NetlinkMessageTest {
  private static ByteBuffer buffer(String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static NetlinkMessage message(String hex) {
    return NetlinkMessage.next(buffer(hex)).orElseThrow();
  }

  private static final String ROUTE_HEADER = "00000000 1800 0000 07000000 00000000";

  private static String withLength(String hex) {
    String plain = hex.replace(" ", "");
    ByteBuffer length = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
    length.putInt(0, plain.length() / 2);
    return HexFormat.of().formatHex(length.array()) + plain.substring(8);
  }

  @Test
  void routeWithAGatewayIsRead() {
    NetlinkMessage m =
        message(
            withLength(
                ROUTE_HEADER
                    + "02 00 00 00 fe 03 00 01 00000000" // AF_INET, main table, unicast
                    + "0800 0400 02000000" // RTA_OIF 2
                    + "0800 0500 0a010002" // RTA_GATEWAY 10.1.0.2
                    + "0c00 0880 0800 0200 14050000" // RTA_METRICS: RTAX_MTU 1300
                    + "0800 0700 0a010001")); // RTA_PREFSRC 10.1.0.1
    Routes.Route route = Routes.parse(m, IpAddress.parse("192.0.2.1"), 2).orElseThrow();
    assertThat(route.local()).isFalse();
    assertThat(route.interfaceIndex()).isEqualTo(2);
    assertThat(route.nextHop()).isEqualTo(IpAddress.parse("10.1.0.2"));
    assertThat(route.mtu()).isEqualTo(1300);
    assertThat(route.preferredSource()).contains(IpAddress.parse("10.1.0.1"));
  }

  @Test
  void routeByAnotherInterfaceIsNoRoute() {
    NetlinkMessage m =
        message(
            withLength(ROUTE_HEADER + "0a 00 00 00 fe 03 00 01 00000000" + "0800 0400 03000000"));
    assertThat(Routes.parse(m, IpAddress.parse("fd00::1"), 2)).isEmpty();
    assertThat(Routes.parse(m, IpAddress.parse("fd00::1"), 3)).isPresent();
  }

  @Test
  void onLinkRouteLeadsToTheDestinationItself() {
    NetlinkMessage m =
        message(
            withLength(ROUTE_HEADER + "02 18 00 00 fe 02 fd 01 00000000" + "0800 0400 02000000"));
    assertThat(Routes.parse(m, IpAddress.parse("10.1.0.9"), 2).orElseThrow().nextHop())
        .isEqualTo(IpAddress.parse("10.1.0.9"));
  }

  @Test
  void nextHopOfTheAskedInterfaceIsTakenFromAMultipathRoute() {
    NetlinkMessage m =
        message(
            withLength(
                ROUTE_HEADER
                    + "02 18 00 00 fe 03 00 01 00000000"
                    + "2400 0900"
                    + "1000 00 00 02000000 0800 0500 0a010002"
                    + "1000 00 00 03000000 0800 0500 0a020002"));
    assertThat(Routes.parse(m, IpAddress.parse("192.0.2.1"), 3).orElseThrow().nextHop())
        .isEqualTo(IpAddress.parse("10.2.0.2"));
    assertThat(Routes.parse(m, IpAddress.parse("192.0.2.1"), 4)).isEmpty();
  }

  @Test
  void gatewayOfTheOtherFamilyIsRead() {
    NetlinkMessage m =
        message(
            withLength(
                ROUTE_HEADER
                    + "02 18 00 00 fe 03 00 01 00000000"
                    + "0800 0400 02000000"
                    + "1600 1200 0a00 fe80000000000000 0000000000000001 0000"));
    assertThat(Routes.parse(m, IpAddress.parse("192.0.2.1"), 2).orElseThrow().nextHop())
        .isEqualTo(IpAddress.parse("fe80::1"));
  }

  @Test
  void questionForARouteNamesSourceAndInterface() {
    ByteBuffer b = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);
    NetlinkMessage.Request.route(b, 9, IpAddress.parse("192.0.2.1"), 0x2000)
        .source(IpAddress.parse("10.1.0.1"))
        .attribute(Routes.RTA_OIF, 2)
        .finish();
    byte[] bytes = new byte[b.remaining()];
    b.get(0, bytes);
    assertThat(HexFormat.of().formatHex(bytes))
        .isEqualTo(
            ("34000000 1a00 0100 09000000 00000000"
                    + "02 20 20 00 00 00 00 00 00200000"
                    + "0800 0100 c0000201 0800 0200 0a010001 0800 0400 02000000")
                .replace(" ", ""));
  }

  @Test
  void severalMessagesAreTakenOneByOne() {
    ByteBuffer b =
        buffer(
            "12000000 0300 0000 01000000 00000000 aabb 0000 10000000 0300 0000 02000000 00000000");
    assertThat(NetlinkMessage.next(b).orElseThrow().sequence()).isEqualTo(1);
    assertThat(NetlinkMessage.next(b).orElseThrow().sequence()).isEqualTo(2);
    assertThat(NetlinkMessage.next(b)).isEmpty();
  }

  @Property
  void rubbishNeverThrows(@ForAll @Size(max = 200) byte[] rubbish) {
    readAll(ByteBuffer.wrap(rubbish).order(ByteOrder.LITTLE_ENDIAN));
  }

  @Property
  void rubbishAfterARightHeaderNeverThrows(
      @ForAll @Size(min = 20, max = 200) byte[] rubbish, @ForAll boolean link) {
    ByteBuffer b = ByteBuffer.wrap(rubbish).order(ByteOrder.LITTLE_ENDIAN);
    b.putInt(0, rubbish.length).putShort(4, (short) (link ? 16 : 24));
    readAll(b);
  }

  private static void readAll(ByteBuffer b) {
    NetworkTables tables = new NetworkTables();
    for (NetlinkMessage m : NetlinkMessage.all(b)) {
      tables.apply(m);
      assertThat(Routes.parse(m, IpAddress.parse("10.0.0.1"), 2)).isNotNull();
    }
    tables.publish();
  }
}
