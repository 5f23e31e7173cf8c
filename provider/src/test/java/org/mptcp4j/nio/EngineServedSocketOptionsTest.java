package org.mptcp4j.nio;

/** Ours, with the engine's sockets (an in-memory stand-in) inside. */
class EngineServedSocketOptionsTest extends SocketOptionsContract {
  EngineServedSocketOptionsTest() {
    super(Face.servedByEngine());
  }
}
