package org.mptcp4j.nio;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Optional;
import org.mptcp4j.engine.Doorbell;
import org.mptcp4j.engine.PortSharing;
import org.mptcp4j.engine.StreamListener;
import org.mptcp4j.engine.StreamSocket;

/** Leaves everything to the kernel. */
final class KernelTransport implements StreamTransport {
  @Override
  public Route routeTo(InetSocketAddress remote) {
    return Route.KERNEL;
  }

  @Override
  public Route routeForListening(InetSocketAddress local) {
    return Route.KERNEL;
  }

  @Override
  public Optional<Doorbell> newDoorbell() {
    return Optional.empty();
  }

  @Override
  public StreamSocket openSocket(boolean multipath) throws IOException {
    throw new IOException("there is no engine to open a socket of");
  }

  @Override
  public boolean isShared(InetSocketAddress local, PortSharing sharing) {
    return false;
  }

  @Override
  public StreamListener listen(
      InetSocketAddress local, int backlog, boolean multipath, PortSharing sharing)
      throws IOException {
    throw new IOException("there is no engine to listen with");
  }
}
