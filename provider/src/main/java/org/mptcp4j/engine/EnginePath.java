package org.mptcp4j.engine;

import org.mptcp4j.link.Egress;
import org.mptcp4j.tcp.NetworkPath;

/** A {@link NetworkPath} over an {@link Egress} of the link. Immutable. */
record EnginePath(Egress egress) implements NetworkPath {
  @Override
  public int interfaceIndex() {
    return egress.interfaceIndex();
  }

  @Override
  public int mtu() {
    return egress.mtu();
  }

  @Override
  public int maxPayloadPerSend() {
    return egress.maxPayloadPerSend();
  }
}
