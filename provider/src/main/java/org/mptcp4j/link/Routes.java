package org.mptcp4j.link;

import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.mptcp4j.wire.IpAddress;

/** Questions to rtnetlink: which route, and the dumps of whole tables. Thread-safe. */
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
  private static final int RTMSG = 12;
  private static final int IFINFOMSG = 16;

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

  private final NetlinkQuestions questions = new NetlinkQuestions(NetlinkQuestions.ROUTE);

  Routes() throws IOException {}

  /**
   * The routing table's entry for {@code destination} from {@code source} by that interface; by any
   * when the index is 0. Empty when unreachable.
   */
  Optional<Route> find(IpAddress source, IpAddress destination, int interfaceIndex)
      throws IOException {
    Optional<Route> found =
        ask(
            (buffer, sequence) ->
                by(
                    interfaceIndex,
                    NetlinkMessage.Request.route(buffer, sequence, destination, FIB_MATCH)
                        .source(source)),
            destination,
            interfaceIndex);
    if (found.isEmpty() && interfaceIndex != 0 && destination.isIpv6()) {
      // With a source, IPv6 takes the interface for a wish and answers with the best route of all;
      // without, it keeps to the interface.
      return ask(
          (buffer, sequence) ->
              by(interfaceIndex, NetlinkMessage.Request.route(buffer, sequence, destination, 0)),
          destination,
          interfaceIndex);
    }
    return found;
  }

  private static NetlinkMessage.Request by(int interfaceIndex, NetlinkMessage.Request request) {
    return interfaceIndex == 0 ? request : request.attribute(RTA_OIF, interfaceIndex);
  }

  /** What the kernel would do for a socket without a source address. Empty when unreachable. */
  Optional<Route> findAny(IpAddress destination) throws IOException {
    return ask(
        (buffer, sequence) -> NetlinkMessage.Request.route(buffer, sequence, destination, 0),
        destination,
        0);
  }

  /** The entry of the neighbour table; {@code taker} is not called where there is none. */
  void findNeighbour(Neighbour.Key key, Consumer<NetlinkMessage> taker) throws IOException {
    questions.ask(
        (buffer, sequence) -> NetlinkMessage.Request.neighbour(buffer, sequence, key),
        m -> {
          if (m.type() == NetlinkMessage.NEWNEIGH) {
            taker.accept(m);
          }
          return true;
        });
  }

  private Optional<Route> ask(
      NetlinkQuestions.Question question, IpAddress destination, int interfaceIndex)
      throws IOException {
    AtomicReference<Optional<Route>> found = new AtomicReference<>(Optional.empty());
    boolean answered =
        questions.ask(
            question,
            m -> {
              if (m.type() == NetlinkMessage.NEWROUTE) {
                found.set(parse(m, destination, interfaceIndex));
              }
              return true;
            });
    if (!answered) {
      throw new IOException("netlink gives no answer on the route to " + destination);
    }
    return found.get();
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
  void dump(int type, Consumer<NetlinkMessage> consumer) throws IOException {
    // All dump requests may carry the ifinfomsg of 16 bytes.
    questions.dump(
        (buffer, sequence) -> NetlinkMessage.Request.dump(buffer, type, sequence, IFINFOMSG),
        consumer);
  }

  @Override
  public void close() throws IOException {
    questions.close();
  }
}
