package org.mptcp4j.tcp;

/** Whether an endpoint takes part in explicit congestion notification (RFC 3168). */
public enum EcnMode {
  /** Never. */
  OFF,
  /** When the peer asks for it, as Linux does by default. */
  ACCEPT,
  /** Asked for in every SYN that we send, and accepted. */
  REQUEST
}
