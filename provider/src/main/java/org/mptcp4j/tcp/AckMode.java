package org.mptcp4j.tcp;

/** How soon in-order data is acknowledged (TCP_QUICKACK). */
public enum AckMode {
  /** At once while the peer's slow start waits for it, later with RFC 9293 §3.8.6.3's delay. */
  ADAPTIVE,
  /** Each segment at once. */
  QUICK,
  /** From the first on every second full segment, or after the delay. */
  DELAYED
}
