package org.mptcp4j.mptcp;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.mptcp4j.sim.Middlebox;
import org.mptcp4j.sim.SimLink;
import org.mptcp4j.wire.IncomingSegment;

/** Every packet that two hosts send each other, in their order. */
final class PacketLog {
  /** One packet and the way it went. */
  record Packet(long time, int path, boolean fromClient, IncomingSegment segment) {
    /** Whether the headers contain one of these numbers. */
    boolean carries(List<Long> keys) {
      ByteBuffer bytes = segment.buffer();
      for (int at = 20; at + 8 <= segment.payloadOffset(); at++) {
        if (keys.contains(bytes.getLong(at))) {
          return true;
        }
      }
      return false;
    }
  }

  private final List<Packet> packets = new ArrayList<>();

  PacketLog(TwoHosts hosts) {
    watch(hosts.first.forward(), 1, true);
    watch(hosts.first.backward(), 1, false);
    if (hosts.second != null) {
      watch(hosts.second.forward(), 2, true);
      watch(hosts.second.backward(), 2, false);
    }
  }

  private void watch(SimLink link, int path, boolean fromClient) {
    watch(link, path, fromClient, (now, packet) -> packet);
  }

  /** Looks at what goes on after a box, in place of what looked at this link before. */
  void watch(SimLink link, int path, boolean fromClient, Middlebox box) {
    link.middlebox(
        (now, packet) -> {
          ByteBuffer passed = box.process(now, packet);
          if (passed != null) {
            byte[] bytes = new byte[passed.limit()];
            passed.get(0, bytes);
            IncomingSegment segment = new IncomingSegment();
            segment.parse(ByteBuffer.wrap(bytes), 0, bytes.length);
            packets.add(new Packet(now, path, fromClient, segment));
          }
          return passed;
        });
  }

  List<Packet> packets() {
    return packets;
  }
}
