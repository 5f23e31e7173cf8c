package org.mptcp4j.link;

import java.io.IOException;
import java.lang.System.Logger;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.mptcp4j.observe.LinkCounters;
import org.mptcp4j.observe.LinkCounters.Counter;

/**
 * Keeps {@link NetworkTables} up to date from rtnetlink's notifications. When the kernel says that
 * it lost some, all tables are read anew. One thread at a time.
 */
final class NetworkMonitor implements AutoCloseable {
  private static final Logger LOG = System.getLogger("org.mptcp4j");

  // Groups: links, neighbours, IPv4 and IPv6 addresses, routes, rules; next-hop objects.
  private static final int GROUPS =
      0x1 | 0x4 | 0x10 | 0x40 | 0x80 | 0x100 | 0x400 | 1 << 18 | 1 << 31;
  private static final int RECEIVE_BUFFER = 1 << 20;

  private final NetworkTables tables;
  private final Routes routes;
  private final LinkCounters counters;
  private final int fd;
  private final ByteBuffer buffer = Native.allocate(64 * 1024);
  private final AtomicInteger routesGeneration = new AtomicInteger();

  NetworkMonitor(NetworkTables tables, Routes routes, LinkCounters counters) throws IOException {
    this.tables = tables;
    this.routes = routes;
    this.counters = counters;
    fd =
        Native.C.socket(
            Native.AF_NETLINK, Native.SOCK_RAW | Native.SOCK_CLOEXEC | Native.SOCK_NONBLOCK, 0);
    Native.check(fd, "cannot open a netlink socket");
    try {
      // Best effort: without CAP_NET_ADMIN the kernel's limit holds.
      ByteBuffer memory = Native.allocate(16);
      memory.putInt(0, RECEIVE_BUFFER);
      long address = Native.address(memory);
      if (Native.C.setsockopt(fd, Native.SOL_SOCKET, Native.SO_RCVBUFFORCE, address, 4) < 0) {
        Native.C.setsockopt(fd, Native.SOL_SOCKET, Native.SO_RCVBUF, address, 4);
      }
      // struct sockaddr_nl: family, pad, port id, groups
      memory.putInt(0, Native.AF_NETLINK).putInt(4, 0).putInt(8, GROUPS);
      Native.check(Native.C.bind(fd, address, 12), "cannot subscribe to netlink notifications");
      Native.keep(memory);
      readAll();
      tables.publish();
    } catch (IOException | RuntimeException e) {
      Native.C.close(fd);
      throw e;
    }
  }

  int descriptor() {
    return fd;
  }

  /** Grows whenever the answers to questions about routes may have changed. */
  int routesGeneration() {
    return routesGeneration.get();
  }

  private void readAll() throws IOException {
    tables.beginResync();
    routes.dump(NetlinkMessage.GETLINK, tables::apply);
    routes.dump(NetlinkMessage.GETADDR, tables::apply);
    routes.dump(NetlinkMessage.GETNEIGH, tables::apply);
    tables.endResync();
  }

  /** Takes in all waiting notifications and tells the listener what they come to. */
  void drain(PacketLink.NetworkListener listener) {
    boolean any = false;
    boolean changed = false;
    while (true) {
      long count =
          Native.C.recv(
              fd,
              Native.address(buffer),
              buffer.capacity(),
              Native.MSG_DONTWAIT | Native.MSG_TRUNC);
      if (count < 0) {
        int errno = Native.errno();
        if (errno == Native.EINTR) {
          continue;
        }
        if (errno != Native.ENOBUFS) {
          break;
        }
      }
      any = true;
      if (count < 0 || count > buffer.capacity()) {
        counters.increment(Counter.NETLINK_OVERRUNS);
        changed = true;
        resync();
      } else {
        buffer.limit((int) count).position(0);
        for (NetlinkMessage message : NetlinkMessage.all(buffer)) {
          changed |= tables.apply(message);
        }
        buffer.clear();
      }
    }
    if (any) {
      tell(listener, changed);
    }
  }

  private void resync() {
    try {
      readAll();
    } catch (IOException e) {
      LOG.log(Logger.Level.WARNING, "cannot read the host's network tables: " + e.getMessage());
    }
  }

  private void tell(PacketLink.NetworkListener listener, boolean changed) {
    if (!changed) {
      return;
    }
    NetworkTables.AddressChanges changes = tables.publish();
    routesGeneration.incrementAndGet();
    if (listener == null) {
      return;
    }
    changes.removed().forEach(listener::onAddressRemoved);
    changes.added().forEach(listener::onAddressAdded);
    listener.onRoutesChanged();
  }

  @Override
  public void close() {
    Native.C.close(fd);
  }
}
