package org.mptcp4j.nio;

/** A channel of ours, as a selector sees it. */
interface StreamSelectable {
  /** The operations that are ready now; 0 while the kernel serves the channel or nobody does. */
  int readyOps();

  KeyRing keyRing();
}
