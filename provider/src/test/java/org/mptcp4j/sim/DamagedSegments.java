package org.mptcp4j.sim;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A box that makes hostile segments of valid ones: it changes bytes of the TCP header and its
 * options, cuts and repeats, and sends old segments again, all with a right checksum, so that they
 * reach the protocol. Bounded: it remembers a few packets.
 */
final class DamagedSegments implements Middlebox {
  private static final int REMEMBERED = 32;

  private final SimNetwork network;
  private final SimRandom random;
  private final double probability;
  private final List<ByteBuffer> old = new ArrayList<>();

  DamagedSegments(SimNetwork network, SimRandom random, double probability) {
    this.network = network;
    this.random = random;
    this.probability = probability;
  }

  @Override
  public ByteBuffer process(long now, ByteBuffer packet) {
    if (!random.chance(probability)) {
      remember(packet);
      return packet;
    }
    ByteBuffer result =
        !old.isEmpty() && random.chance(0.3)
            ? network.copy(old.get((int) random.below(old.size())))
            : packet;
    for (int i = (int) random.below(4); i > 0; i--) {
      damage(result);
    }
    return Middleboxes.seal(result);
  }

  private void remember(ByteBuffer packet) {
    ByteBuffer copy = ByteBuffer.allocate(packet.limit()).put(0, packet, 0, packet.limit());
    if (old.size() < REMEMBERED) {
      old.add(copy);
    } else {
      old.set((int) random.below(REMEMBERED), copy);
    }
  }

  private void damage(ByteBuffer packet) {
    int tcp = Middleboxes.tcp(packet);
    int header = Middleboxes.headerLength(packet);
    int options = header - 20;
    switch ((int) random.below(7)) {
      case 0 -> packet.putInt(tcp + 4, packet.getInt(tcp + 4) + near());
      case 1 -> packet.putInt(tcp + 8, packet.getInt(tcp + 8) + near());
      case 2 -> packet.put(tcp + 13, (byte) random.nextInt());
      case 3 -> packet.putShort(tcp + 14, (short) random.nextInt());
      case 4 -> {
        if (options > 0) {
          packet.put(tcp + 20 + (int) random.below(options), (byte) random.nextInt());
        }
      }
      case 5 -> {
        // One bit only: a length that is nearly right, a subtype beside the right one.
        if (options > 0) {
          int at = tcp + 20 + (int) random.below(options);
          packet.put(at, (byte) (packet.get(at) ^ 1 << (int) random.below(8)));
        }
      }
      default -> {
        // Options become payload, or payload becomes options.
        int length = 20 + 4 * (int) random.below(11);
        if (tcp + length <= packet.limit()) {
          packet.put(tcp + 12, (byte) (length << 2));
        }
      }
    }
  }

  private int near() {
    return switch ((int) random.below(5)) {
      case 0 -> 1;
      case 1 -> -1;
      case 2 -> (int) random.below(3_000) - 1_500;
      case 3 -> (int) random.below(4_000_000) - 2_000_000;
      default -> random.nextInt();
    };
  }
}
