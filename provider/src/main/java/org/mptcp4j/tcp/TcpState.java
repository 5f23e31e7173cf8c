package org.mptcp4j.tcp;

/** The states of RFC 9293 §3.3.2; LISTEN is the engine's, not an endpoint's. */
public enum TcpState {
  CLOSED,
  SYN_SENT,
  SYN_RECEIVED,
  ESTABLISHED,
  FIN_WAIT_1,
  FIN_WAIT_2,
  CLOSE_WAIT,
  CLOSING,
  LAST_ACK,
  TIME_WAIT;

  /** Whether new payload may be sent: ESTABLISHED and CLOSE-WAIT. */
  public boolean canSend() {
    return this == ESTABLISHED || this == CLOSE_WAIT;
  }

  /** Whether the peer's FIN has come, and all that was before it. */
  public boolean isPeerDone() {
    return this == CLOSE_WAIT || this == CLOSING || this == LAST_ACK || this == TIME_WAIT;
  }

  /** Whether the handshake is done: ESTABLISHED and every state after it but CLOSED. */
  public boolean isSynchronized() {
    return this != CLOSED && this != SYN_SENT && this != SYN_RECEIVED;
  }
}
