package org.mptcp4j.nio;

/** Ours, with the JDK's channels inside. */
class KernelServedSelectorTest extends SelectorContract {
  KernelServedSelectorTest() {
    super(Face.servedByKernel());
  }
}
