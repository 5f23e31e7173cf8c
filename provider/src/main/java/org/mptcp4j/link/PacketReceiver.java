package org.mptcp4j.link;

import java.nio.ByteBuffer;
import org.mptcp4j.wire.IcmpError;

/** Takes packets from a {@link PacketLink}. */
public interface PacketReceiver {
  /**
   * A packet addressed to this host. The memory is valid during the call only.
   *
   * @param buffer big-endian; read by absolute index
   * @param ipOffset index of the IP header
   * @param length bytes from the IP header on
   * @param interfaceIndex the interface that it came in by
   * @param timestampNanos when the kernel received it, on the scale of {@link System#nanoTime}
   * @param checksumTrusted whether the TCP checksum was verified by the device or never left this
   *     machine
   */
  void onPacket(
      ByteBuffer buffer,
      int ipOffset,
      int length,
      int interfaceIndex,
      long timestampNanos,
      boolean checksumTrusted);

  /**
   * An ICMP error that quotes a segment from a guarded port of this host; its checksum is not
   * verified. Valid during the call only. By default such errors are ignored.
   */
  default void onIcmpError(IcmpError error) {}
}
