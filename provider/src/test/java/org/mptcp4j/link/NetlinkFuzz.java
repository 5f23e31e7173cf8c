package org.mptcp4j.link;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.mptcp4j.fuzz.FuzzInput;
import org.mptcp4j.wire.IpAddress;

/** The bytes of a fuzzer as messages of the kernel: nothing throws, and reading them ends. */
public final class NetlinkFuzz {
  private static final IpAddress DESTINATION = IpAddress.parse("10.0.0.1");
  private static final int[] TYPES = {
    NetlinkMessage.ERROR,
    NetlinkMessage.DONE,
    NetlinkMessage.NEWLINK,
    NetlinkMessage.DELLINK,
    NetlinkMessage.NEWADDR,
    NetlinkMessage.DELADDR,
    NetlinkMessage.NEWROUTE,
    NetlinkMessage.DELROUTE,
    NetlinkMessage.NEWNEIGH,
    NetlinkMessage.DELNEIGH
  };

  private NetlinkFuzz() {}

  public static void fuzzerTestOneInput(byte[] bytes) {
    FuzzInput input = new FuzzInput(bytes);
    ByteBuffer buffer = ByteBuffer.allocate(bytes.length + 4_096).order(ByteOrder.LITTLE_ENDIAN);
    while (!input.isEmpty() && buffer.remaining() > 300) {
      int start = buffer.position();
      int kind = input.below(TYPES.length + 1);
      if (kind == TYPES.length) {
        buffer.put(input.bytes(16));
      } else {
        buffer.putInt(0).putShort((short) TYPES[kind]).putShort((short) 0).putLong(0);
      }
      byte[] content = input.bytes(4 * input.below(60));
      buffer.put(content);
      if (kind < TYPES.length) {
        buffer.putInt(start, 16 + content.length);
      }
    }
    buffer.flip();
    NetworkTables tables = new NetworkTables();
    for (NetlinkMessage message : NetlinkMessage.all(buffer)) {
      tables.apply(message);
      message.error();
      for (int index = 0; index < 4; index++) {
        if (Routes.parse(message, DESTINATION, index) == null) {
          throw new AssertionError("no answer");
        }
      }
    }
    tables.publish();
  }
}
