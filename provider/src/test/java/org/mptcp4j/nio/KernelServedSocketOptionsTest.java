package org.mptcp4j.nio;

/** Ours, with the JDK's channels inside. */
class KernelServedSocketOptionsTest extends SocketOptionsContract {
  KernelServedSocketOptionsTest() {
    super(Face.servedByKernel());
  }
}
