package org.mptcp4j.nio;

/** Ours, with the engine's sockets (an in-memory stand-in) inside. */
class EngineServedSelectorTest extends SelectorContract {
  EngineServedSelectorTest() {
    super(Face.servedByEngine());
  }
}
