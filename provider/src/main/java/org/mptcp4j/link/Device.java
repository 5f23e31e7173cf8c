package org.mptcp4j.link;

/**
 * A network interface as netlink describes it.
 *
 * @param mac six bytes as a number, -1 for none
 * @param master the device that this one is a port of, 0 for none
 * @param lower the device of this namespace that this one shares (macvlan, ipvlan), 0 for none
 * @param flags IFF_ bits
 * @param hardwareType ARPHRD_ number
 * @param kind what the driver calls itself, empty for hardware
 * @param gsoMaxSize the largest frame that the device takes for segmentation, bytes
 */
record Device(
    int index,
    String name,
    long mac,
    int mtu,
    int master,
    int lower,
    int flags,
    int hardwareType,
    String kind,
    int gsoMaxSize) {
  private static final int IFF_UP = 1;
  private static final int IFF_LOOPBACK = 8;
  private static final int IFF_RUNNING = 0x40;
  private static final int IFF_NOARP = 0x80;

  private static final int ARPHRD_ETHER = 1;
  private static final int ARPHRD_RAWIP = 519;
  private static final int ARPHRD_LOOPBACK = 772;
  private static final int ARPHRD_NONE = 0xfffe;

  private static final int IFLA_ADDRESS = 1;
  private static final int IFLA_IFNAME = 3;
  private static final int IFLA_MTU = 4;
  private static final int IFLA_LINK = 5;
  private static final int IFLA_MASTER = 10;
  private static final int IFLA_LINKINFO = 18;
  private static final int IFLA_INFO_KIND = 1;
  private static final int IFLA_LINK_NETNSID = 37;
  private static final int IFLA_GSO_MAX_SIZE = 41;
  private static final int IFINFOMSG = 16;

  static Device parse(NetlinkMessage m) {
    NetlinkMessage.Attributes a = m.attributes(IFINFOMSG);
    String kind = a.nested(IFLA_LINKINFO).text(IFLA_INFO_KIND);
    boolean stacked =
        switch (kind) {
          case "macvlan", "macvtap", "ipvlan", "ipvtap" -> true;
          default -> false;
        };
    return new Device(
        m.fixedInt(4),
        a.text(IFLA_IFNAME),
        a.mac(IFLA_ADDRESS),
        a.intValue(IFLA_MTU, 1500),
        a.intValue(IFLA_MASTER, 0),
        stacked && !a.contains(IFLA_LINK_NETNSID) ? a.intValue(IFLA_LINK, 0) : 0,
        m.fixedInt(8),
        m.fixedShort(2),
        kind,
        a.intValue(IFLA_GSO_MAX_SIZE, 65536));
  }

  /** Up, and its cable plugged in. */
  boolean isRunning() {
    return (flags & IFF_UP) != 0 && (flags & IFF_RUNNING) != 0;
  }

  boolean isLoopback() {
    return (flags & IFF_LOOPBACK) != 0;
  }

  boolean isEthernet() {
    return hardwareType == ARPHRD_ETHER || hardwareType == ARPHRD_LOOPBACK;
  }

  /** A tunnel whose frames begin with the IP header. */
  boolean hasNoLinkHeader() {
    return hardwareType == ARPHRD_NONE || hardwareType == ARPHRD_RAWIP;
  }

  /** Whether a next hop has a link-layer address to find out. */
  boolean needsNeighbour() {
    return isEthernet() && (flags & IFF_NOARP) == 0 && !isLoopback();
  }

  /** A routing domain: packets of its members are not seen again on it. */
  boolean isVrf() {
    return kind.equals("vrf");
  }
}
