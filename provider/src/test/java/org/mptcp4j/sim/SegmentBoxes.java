package org.mptcp4j.sim;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.mptcp4j.wire.TcpFlags;

/** Boxes that cut and join segments, answer in another's name, or mind the state of a flow. */
final class SegmentBoxes {
  private static final long HOLD_NANOS = 2_000_000L;

  private SegmentBoxes() {}

  /**
   * Cuts every segment in two.
   *
   * @param copyOptions whether both have its options, else only the first has
   */
  static void split(BoxedLink link, boolean copyOptions) {
    link.middlebox(
        (now, buffer) -> {
          TcpPacket packet = TcpPacket.of(buffer);
          int length = packet.payload().length;
          if (length < 2) {
            return buffer;
          }
          TcpPacket second = packet.piece(length / 2, length);
          if (!copyOptions) {
            second.removeOptions(TcpPacket::isMptcp);
          }
          link.emit(packet.piece(0, length / 2).toBuffer());
          link.emit(second.toBuffer());
          return null;
        });
  }

  /**
   * Joins three of ten segments with the one that follows.
   *
   * @param keepFirst whether the options of the first are kept, else those of the second
   */
  static void coalesce(BoxedLink link, boolean keepFirst) {
    TcpPacket[] held = new TcpPacket[1];
    SimRandom random = new SimRandom(3);
    link.middlebox(
        (now, buffer) -> {
          TcpPacket packet = TcpPacket.of(buffer);
          boolean data =
              packet.payload().length > 0 && !packet.isSyn() && !packet.has(TcpFlags.FIN);
          TcpPacket before = held[0];
          held[0] = null;
          if (before != null) {
            if (data
                && packet.sourcePort() == before.sourcePort()
                && packet.sequence() == before.end()) {
              link.emit(joined(before, packet, keepFirst).toBuffer());
              return null;
            }
            link.emit(before.toBuffer());
          }
          if (data && random.chance(0.3)) {
            held[0] = packet;
            link.after(
                HOLD_NANOS,
                () -> {
                  if (held[0] == packet) {
                    held[0] = null;
                    link.emit(packet.toBuffer());
                  }
                });
            return null;
          }
          link.emit(packet.toBuffer());
          return null;
        });
  }

  private static TcpPacket joined(TcpPacket first, TcpPacket second, boolean keepFirst) {
    TcpPacket result = (keepFirst ? first : second).copy();
    byte[] payload = new byte[first.payload().length + second.payload().length];
    System.arraycopy(first.payload(), 0, payload, 0, first.payload().length);
    System.arraycopy(second.payload(), 0, payload, first.payload().length, second.payload().length);
    result.payload(payload);
    result.sequence(first.sequence());
    result.acknowledgment(second.acknowledgment());
    result.flags(first.flags() | second.flags());
    return result;
  }

  /** Acknowledges data in the receiver's name as soon as it sees it, from some moment on. */
  static void acknowledgeEarly(BoxedLink there, BoxedLink back, long fromNanos) {
    int[] window = {1_000};
    back.middlebox(
        (now, buffer) -> {
          TcpPacket packet = TcpPacket.of(buffer);
          if (!packet.isSyn()) {
            window[0] = packet.window();
          }
          return buffer;
        });
    Map<Integer, Integer> next = new HashMap<>();
    there.middlebox(
        (now, buffer) -> {
          TcpPacket packet = TcpPacket.of(buffer);
          int flow = packet.sourcePort();
          if (packet.isSyn()) {
            next.put(flow, packet.sequence() + 1);
          } else if (next.containsKey(flow) && packet.sequence() - next.get(flow) <= 0) {
            if (packet.end() - next.get(flow) > 0) {
              next.put(flow, packet.end());
            }
            if (now >= fromNanos && packet.payload().length > 0) {
              back.emit(packet.acknowledgmentBack(next.get(flow), window[0]).toBuffer());
            }
          }
          return buffer;
        });
  }

  /**
   * A firewall that knows a flow only by its SYN, and begins with none.
   *
   * @param resets whether it answers others with RST, to both ends, else it drops them
   */
  static void requireSyn(BoxedLink there, BoxedLink back, boolean resets) {
    Set<Integer> known = new HashSet<>();
    there.middlebox((now, buffer) -> admit(known, buffer, true, there, back, resets));
    back.middlebox((now, buffer) -> admit(known, buffer, false, back, there, resets));
  }

  private static ByteBuffer admit(
      Set<Integer> known,
      ByteBuffer buffer,
      boolean outward,
      BoxedLink there,
      BoxedLink back,
      boolean resets) {
    TcpPacket packet = TcpPacket.of(buffer);
    int port = outward ? packet.sourcePort() : packet.destinationPort();
    if (packet.isSyn() && outward) {
      known.add(port);
    }
    if (known.contains(port) || packet.has(TcpFlags.RST)) {
      return buffer;
    }
    if (resets) {
      there.emit(packet.resetOnward().toBuffer());
      TcpPacket answer = packet.acknowledgmentBack(packet.end(), 0);
      answer.flags(TcpFlags.RST | TcpFlags.ACK);
      back.emit(answer.toBuffer());
    }
    return null;
  }

  /** A normalizer: no flow may say other bytes at a sequence number than it said before. */
  static void refuseOtherContent(BoxedLink link) {
    Map<Integer, SeenContent> flows = new HashMap<>();
    link.middlebox(
        (now, buffer) -> {
          TcpPacket packet = TcpPacket.of(buffer);
          if (packet.isSyn()) {
            flows.put(packet.sourcePort(), new SeenContent(packet.sequence() + 1));
          }
          SeenContent flow = flows.get(packet.sourcePort());
          if (flow != null) {
            flow.see(packet);
          }
          return buffer;
        });
  }

  private static final class SeenContent {
    private final int first;
    private final BitSet seen = new BitSet();
    private byte[] bytes = new byte[1 << 20];

    SeenContent(int first) {
      this.first = first;
    }

    void see(TcpPacket packet) {
      int start = packet.sequence() - first;
      byte[] payload = packet.payload();
      while (start + payload.length > bytes.length) {
        bytes = Arrays.copyOf(bytes, 2 * bytes.length);
      }
      for (int i = 0; i < payload.length; i++) {
        if (seen.get(start + i) && bytes[start + i] != payload[i]) {
          throw new AssertionError("byte " + (start + i) + " of a subflow became another");
        }
        bytes[start + i] = payload[i];
      }
      if (payload.length > 0) {
        seen.set(start, start + payload.length);
      }
    }
  }

  /**
   * Loses a byte at an offset of each flow, and changes it in every retransmission: it becomes
   * {@code value}.
   */
  static void alterRetransmission(BoxedLink link, int offset, byte value) {
    Map<Integer, Integer> places = new HashMap<>();
    Set<Integer> lost = new HashSet<>();
    link.middlebox(
        (now, buffer) -> {
          TcpPacket packet = TcpPacket.of(buffer);
          int flow = packet.sourcePort();
          if (packet.isSyn()) {
            places.put(flow, packet.sequence() + 1 + offset);
            lost.remove(flow);
          }
          Integer place = places.get(flow);
          if (place == null) {
            return buffer;
          }
          int into = place - packet.sequence();
          if (into < 0 || into >= packet.payload().length) {
            return buffer;
          }
          if (lost.add(flow)) {
            return null;
          }
          packet.payload()[into] = value;
          return packet.toBuffer();
        });
  }

  /** An application-level gateway that edits each flow in one direction and keeps the books. */
  static void edit(BoxedLink there, BoxedLink back, StreamEdit edit) {
    Map<Integer, EditedFlow> flows = new HashMap<>();
    there.middlebox(
        (now, buffer) -> {
          TcpPacket packet = TcpPacket.of(buffer);
          if (packet.isSyn()) {
            flows.put(packet.sourcePort(), new EditedFlow(edit, packet.sequence() + 1));
          }
          EditedFlow flow = flows.get(packet.sourcePort());
          if (flow != null) {
            flow.forward(packet);
          }
          return packet.toBuffer();
        });
    back.middlebox(
        (now, buffer) -> {
          TcpPacket packet = TcpPacket.of(buffer);
          EditedFlow flow = flows.get(packet.destinationPort());
          if (flow != null) {
            packet.translateAcknowledgments(flow::backward);
          }
          return packet.toBuffer();
        });
  }

  private static final class EditedFlow {
    private final StreamEdit edit;
    private final int first;
    private long seen;

    EditedFlow(StreamEdit edit, int first) {
      this.edit = edit;
      this.first = first;
    }

    void forward(TcpPacket packet) {
      int start = packet.sequence() - first;
      byte[] payload = packet.payload();
      seen = Math.max(seen, (long) start + payload.length);
      ArrayList<Byte> bytes = new ArrayList<>(payload.length + edit.inserted().length);
      for (int i = 0; i < payload.length; i++) {
        long offset = (long) start + i;
        long into = offset - edit.at();
        if (into == 0) {
          for (byte b : edit.inserted()) {
            bytes.add(b);
          }
        }
        if (into < 0 || into >= edit.removed()) {
          bytes.add(payload[i]);
        }
      }
      byte[] result = new byte[bytes.size()];
      for (int i = 0; i < result.length; i++) {
        result[i] = bytes.get(i);
      }
      packet.payload(result);
      packet.sequence(first + (int) moved(start));
    }

    /** Where a byte of the original begins in the result. */
    private long moved(long offset) {
      if (offset <= edit.at()) {
        return offset;
      }
      return Math.max(offset + edit.growth(), edit.at() + edit.inserted().length);
    }

    /** Up to which byte of the original an acknowledgment of the result goes. */
    int backward(int acknowledgment) {
      int offset = acknowledgment - first;
      if (offset < edit.at() + edit.inserted().length) {
        return first + (int) Math.min(offset, edit.at());
      }
      long end = edit.at() + edit.removed();
      return seen < end ? first + (int) edit.at() : first + offset - edit.growth();
    }
  }
}
