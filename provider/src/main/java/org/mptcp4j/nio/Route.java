package org.mptcp4j.nio;

/** Who serves a connection or a listener, as the policy and the destination decide. */
enum Route {
  /** The engine, with Multipath TCP. */
  MULTIPATH,
  /** The engine, with plain TCP. */
  TCP,
  /** A channel of the JDK. */
  KERNEL
}
