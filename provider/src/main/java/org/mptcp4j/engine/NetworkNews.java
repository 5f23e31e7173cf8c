package org.mptcp4j.engine;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.mptcp4j.link.PacketLink;
import org.mptcp4j.wire.IpAddress;

/**
 * Takes the news of addresses and routes from the link and tells every connection, later and
 * outside of the link.
 */
final class NetworkNews implements PacketLink.NetworkListener {
  private record Change(IpAddress address, boolean added) {}

  private final Engine engine;
  private final ConcurrentLinkedQueue<Change> changes = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean routes = new AtomicBoolean();

  NetworkNews(Engine engine) {
    this.engine = engine;
  }

  @Override
  public void onAddressAdded(PacketLink.LocalAddress address) {
    changes.add(new Change(address.address(), true));
  }

  @Override
  public void onAddressRemoved(PacketLink.LocalAddress address) {
    changes.add(new Change(address.address(), false));
  }

  @Override
  public void onRoutesChanged() {
    routes.set(true);
  }

  /** Tells what came in since the last call. */
  void tell() {
    Change change;
    while ((change = changes.poll()) != null) {
      IpAddress address = change.address();
      boolean added = change.added();
      for (EngineConnection owner : engine.flows().connections()) {
        owner.post(
            (now, connection) -> {
              if (added) {
                connection.localAddressAdded(now, address, owner);
              } else {
                connection.localAddressRemoved(now, address, owner);
              }
            });
      }
    }
    if (routes.get() && routes.getAndSet(false)) {
      for (EngineConnection owner : engine.flows().connections()) {
        owner.post((now, connection) -> connection.routesChanged(now, owner));
      }
    }
  }
}
