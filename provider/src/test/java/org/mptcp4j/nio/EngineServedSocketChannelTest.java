package org.mptcp4j.nio;

/** Ours, with the engine's sockets (an in-memory stand-in) inside. */
class EngineServedSocketChannelTest extends SocketChannelContract {
  EngineServedSocketChannelTest() {
    super(Face.servedByEngine());
  }
}
