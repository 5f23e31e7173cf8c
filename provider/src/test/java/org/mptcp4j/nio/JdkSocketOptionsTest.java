package org.mptcp4j.nio;

/** The JDK's own: the contract is true of what it was taken from. */
class JdkSocketOptionsTest extends SocketOptionsContract {
  JdkSocketOptionsTest() {
    super(Face.jdk());
  }
}
