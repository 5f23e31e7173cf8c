package org.mptcp4j.nio;

/** Ours, with the JDK's channels inside. */
class KernelServedSocketChannelTest extends SocketChannelContract {
  KernelServedSocketChannelTest() {
    super(Face.servedByKernel());
  }
}
