package org.mptcp4j.link;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;
import jnr.enxio.channels.NativeSocketChannel;
import org.mptcp4j.wire.IpAddress;

/**
 * Questions to rtnetlink, each answered at once: which route, and the dumps of whole tables.
 * Thread-safe; one question at a time.
 */
final class Routes implements AutoCloseable {
  static final int RTA_DST = 1;
  static final int RTA_SRC = 2;
  static final int RTA_OIF = 4;
  private static final int RTA_GATEWAY = 5;
  private static final int RTA_PREFSRC = 7;
  private static final int RTA_METRICS = 8;
  private static final int RTA_MULTIPATH = 9;
  private static final int RTA_VIA = 18;
  private static final int RTAX_MTU = 2;

  /** Answer with the entry of the routing table, not with what the kernel would make of none. */
  private static final int FIB_MATCH = 0x2000;

  private static final int TYPE_UNICAST = 1;
  private static final int TYPE_LOCAL = 2;
  private static final int TYPE_BROADCAST = 3;
  private static final int SO_RCVTIMEO = 20;
  private static final int RTMSG = 12;

  /**
   * A way to a destination.
   *
   * @param local whether the destination is this host
   * @param nextHop the neighbour to send to: a gateway or the destination itself
   * @param mtu 0 when the route does not say
   * @param preferredSource empty when the answer does not say
   */
  record Route(
      boolean local,
      int interfaceIndex,
      IpAddress nextHop,
      int mtu,
      Optional<IpAddress> preferredSource) {}

  private final NativeSocketChannel channel;
  private final ByteBuffer request = Native.allocate(256);
  private final ByteBuffer answer = Native.allocate(256 * 1024);
  private int sequence;

  Routes() throws IOException {
    int fd = Native.C.socket(Native.AF_NETLINK, Native.SOCK_RAW | Native.SOCK_CLOEXEC, 0);
    Native.check(fd, "cannot open a netlink socket");
    // The kernel answers within the call; the limit is for a kernel that does not answer at all.
    ByteBuffer limit = Native.allocate(16);
    limit.putLong(0, 1);
    Native.C.setsockopt(fd, Native.SOL_SOCKET, SO_RCVTIMEO, Native.address(limit), 16);
    channel = new NativeSocketChannel(fd);
  }

  /**
   * The routing table's entry for {@code destination} from {@code source} by that interface; by any
   * when the index is 0. Empty when unreachable.
   */
  synchronized Optional<Route> find(IpAddress source, IpAddress destination, int interfaceIndex)
      throws IOException {
    NetlinkMessage.Request q =
        NetlinkMessage.Request.route(request, ++sequence, destination, FIB_MATCH).source(source);
    if (interfaceIndex != 0) {
      q.attribute(RTA_OIF, interfaceIndex);
    }
    Optional<Route> found = ask(q, destination, interfaceIndex);
    if (found.isEmpty() && interfaceIndex != 0 && destination.isIpv6()) {
      // With a source, IPv6 takes the interface for a wish and answers with the best route of all;
      // without, it keeps to the interface.
      q = NetlinkMessage.Request.route(request, ++sequence, destination, 0);
      return ask(q.attribute(RTA_OIF, interfaceIndex), destination, interfaceIndex);
    }
    return found;
  }

  /** What the kernel would do for a socket without a source address. Empty when unreachable. */
  Optional<Route> findAny(IpAddress destination) throws IOException {
    synchronized (this) {
      return ask(NetlinkMessage.Request.route(request, ++sequence, destination, 0), destination, 0);
    }
  }

  private Optional<Route> ask(
      NetlinkMessage.Request question, IpAddress destination, int interfaceIndex)
      throws IOException {
    write(question);
    while (read()) {
      for (NetlinkMessage m : NetlinkMessage.all(answer)) {
        if (m.sequence() != sequence) {
          continue;
        }
        return m.type() == NetlinkMessage.NEWROUTE
            ? parse(m, destination, interfaceIndex)
            : Optional.empty();
      }
    }
    throw new IOException("netlink gives no answer on the route to " + destination);
  }

  static Optional<Route> parse(NetlinkMessage m, IpAddress destination, int interfaceIndex) {
    int type = m.fixedByte(7);
    if (type != TYPE_UNICAST && type != TYPE_LOCAL && type != TYPE_BROADCAST) {
      return Optional.empty();
    }
    NetlinkMessage.Attributes all = m.attributes(RTMSG);
    NetlinkMessage.Attributes hop = all;
    int oif = all.intValue(RTA_OIF, 0);
    if (interfaceIndex != 0 && oif != interfaceIndex && type != TYPE_LOCAL) {
      Optional<NetlinkMessage.Attributes> ours = all.nextHopBy(RTA_MULTIPATH, interfaceIndex);
      if (ours.isEmpty()) {
        // IPv6 answers with another interface's route when the asked one has none.
        return Optional.empty();
      }
      hop = ours.get();
      oif = interfaceIndex;
    }
    IpAddress nextHop =
        hop.address(RTA_GATEWAY).or(() -> via(all.bytes(RTA_VIA))).orElse(destination);
    return Optional.of(
        new Route(
            type == TYPE_LOCAL,
            oif,
            nextHop,
            all.nested(RTA_METRICS).intValue(RTAX_MTU, 0),
            all.address(RTA_PREFSRC)));
  }

  /** A gateway of the other family: two bytes of family, then the address. */
  private static Optional<IpAddress> via(byte[] value) {
    return value.length == 18 || value.length == 6
        ? Optional.of(IpAddress.of(Arrays.copyOfRange(value, 2, value.length)))
        : Optional.empty();
  }

  /** Reads a whole table. */
  synchronized void dump(int type, Consumer<NetlinkMessage> consumer) throws IOException {
    write(NetlinkMessage.Request.dump(request, type, ++sequence));
    while (read()) {
      for (NetlinkMessage m : NetlinkMessage.all(answer)) {
        if (m.sequence() != sequence) {
          continue;
        }
        if (m.type() == NetlinkMessage.DONE) {
          return;
        }
        if (m.type() == NetlinkMessage.ERROR) {
          throw new IOException(
              "netlink refuses to list what the host has: " + Native.describe(m.error()));
        }
        consumer.accept(m);
      }
    }
    throw new IOException("netlink ends its list before it is complete");
  }

  private void write(NetlinkMessage.Request question) throws IOException {
    channel.write(question.finish());
  }

  private boolean read() throws IOException {
    answer.clear();
    int count = channel.read(answer);
    answer.flip();
    return count > 0;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
