package org.mptcp4j.nio;

/** Ours, with the JDK's channels inside. */
class KernelServedSocketAdaptorTest extends SocketAdaptorContract {
  KernelServedSocketAdaptorTest() {
    super(Face.servedByKernel());
  }
}
