package org.mptcp4j.nio;

/** The JDK's own: the contract is true of what it was taken from. */
class JdkSocketChannelTest extends SocketChannelContract {
  JdkSocketChannelTest() {
    super(Face.jdk());
  }
}
