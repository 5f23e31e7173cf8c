package org.mptcp4j.nio;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.function.Supplier;
import org.mptcp4j.engine.Doorbell;
import org.mptcp4j.engine.Engine;
import org.mptcp4j.engine.PortSharing;
import org.mptcp4j.engine.StreamListener;
import org.mptcp4j.engine.StreamSocket;
import org.mptcp4j.wire.IpAddress;

/** The engine of this program, and the rules who is served by it. Thread-safe. */
final class EngineTransport implements StreamTransport {
  private final Supplier<Optional<Engine>> engine;
  private final ConnectionPolicy policy;
  private final boolean localByEngine;

  /**
   * @param engine starts the engine when first asked; empty where there can be none
   * @param localByEngine whether the engine serves loopback and the host's own addresses too
   */
  EngineTransport(
      Supplier<Optional<Engine>> engine, ConnectionPolicy policy, boolean localByEngine) {
    this.engine = engine;
    this.policy = policy;
    this.localByEngine = localByEngine;
  }

  @Override
  public Route routeTo(InetSocketAddress remote) {
    Route route = policy.forConnect(remote);
    if (route == Route.KERNEL || isForKernel(remote.getAddress())) {
      return Route.KERNEL;
    }
    Optional<Engine> running = engine.get();
    if (running.isEmpty()) {
      return Route.KERNEL;
    }
    IpAddress address = IpAddress.of(remote.getAddress());
    boolean local = !localByEngine && running.get().isLocal(address);
    return local || running.get().isKernelOnly(address) ? Route.KERNEL : route;
  }

  @Override
  public Route routeForListening(InetSocketAddress local) {
    Route route = policy.forListen(local);
    return route == Route.KERNEL || isForKernel(local.getAddress()) || engine.get().isEmpty()
        ? Route.KERNEL
        : route;
  }

  /**
   * Loopback unless wanted otherwise; addresses that need a scope, which has one path only; and
   * multicast, to which there are no connections.
   */
  private boolean isForKernel(InetAddress address) {
    return (address.isLoopbackAddress() && !localByEngine)
        || address.isMulticastAddress()
        || (address instanceof Inet6Address v6 && v6.isLinkLocalAddress());
  }

  @Override
  public StreamSocket openSocket(boolean multipath) throws IOException {
    return running().openSocket(multipath);
  }

  @Override
  public boolean isShared(InetSocketAddress local, PortSharing sharing) {
    return engine.get().map(running -> running.isShared(local, sharing)).orElse(false);
  }

  @Override
  public StreamListener listen(
      InetSocketAddress local, int backlog, boolean multipath, PortSharing sharing)
      throws IOException {
    return running().listen(local, backlog, multipath, sharing);
  }

  @Override
  public Optional<Doorbell> newDoorbell() {
    return engine.get().map(Engine::newDoorbell);
  }

  private Engine running() throws IOException {
    return engine
        .get()
        .orElseThrow(() -> new IOException("the engine has stopped; the log says why"));
  }
}
