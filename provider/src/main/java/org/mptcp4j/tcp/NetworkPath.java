package org.mptcp4j.tcp;

/** One way from a local address to a remote one, as far as the protocol needs to know it. */
public interface NetworkPath {
  /** Index of the interface that segments leave by. */
  int interfaceIndex();

  /** Largest IP packet in bytes that the path takes, as far as is known. */
  int mtu();

  /**
   * Most payload bytes that one {@link SegmentSink#transmit} takes: one MSS, or up to 64 KB with
   * offload.
   */
  int maxPayloadPerSend();
}
