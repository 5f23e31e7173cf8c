package org.mptcp4j.sim;

/** A path between a client and a server, with a place for a box in each direction. */
public interface BoxedPath {
  /** From the client. */
  BoxedLink forward();

  /** To the client. */
  BoxedLink backward();

  /** The server reaches the client by this address: that of an address translator. */
  BoxedPath outsideAddress(String address);
}
