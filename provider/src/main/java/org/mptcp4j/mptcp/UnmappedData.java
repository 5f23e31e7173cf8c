package org.mptcp4j.mptcp;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.mptcp4j.wire.SequenceNumber;

/**
 * Payload of a subflow that came before its mapping, in pieces that do not overlap, by subflow
 * sequence number (RFC 8684 §3.3.1). Bounded in number here, in bytes by who adds.
 */
final class UnmappedData {
  static final int MOST_PIECES = 512;

  /**
   * Some payload.
   *
   * @param sequence subflow sequence number of its first byte
   */
  record Piece(int sequence, ByteBuffer bytes) {
    int length() {
      return bytes.capacity();
    }

    int end() {
      return sequence + length();
    }
  }

  private final List<Piece> pieces = new ArrayList<>();
  private int heldBytes;

  boolean isEmpty() {
    return pieces.isEmpty();
  }

  /** Bytes in all pieces. */
  int heldBytes() {
    return heldBytes;
  }

  /**
   * Copies payload, unless it is there; pieces that it overlaps make way for it.
   *
   * @return false when there are too many pieces
   */
  boolean add(int sequence, ByteBuffer source, int offset, int length) {
    int end = sequence + length;
    for (int i = pieces.size() - 1; i >= 0; i--) {
      Piece piece = pieces.get(i);
      if (SequenceNumber.leq(piece.sequence(), sequence) && SequenceNumber.geq(piece.end(), end)) {
        return true;
      }
      if (SequenceNumber.lt(piece.sequence(), end) && SequenceNumber.gt(piece.end(), sequence)) {
        remove(i);
      }
    }
    if (pieces.size() == MOST_PIECES) {
      return false;
    }
    int at = pieces.size();
    while (at > 0 && SequenceNumber.gt(pieces.get(at - 1).sequence(), sequence)) {
      at--;
    }
    ByteBuffer copy = ByteBuffer.allocate(length);
    copy.put(0, source, offset, length);
    pieces.add(at, new Piece(sequence, copy));
    heldBytes += length;
    return true;
  }

  /** The first piece that ends after {@code sequence}; null for none. */
  Piece firstEndingAfter(int sequence) {
    for (int i = 0; i < pieces.size(); i++) {
      if (SequenceNumber.gt(pieces.get(i).end(), sequence)) {
        return pieces.get(i);
      }
    }
    return null;
  }

  /** Forgets what lies before {@code sequence}, but for a piece that reaches beyond. */
  void forgetBefore(int sequence) {
    while (!pieces.isEmpty() && SequenceNumber.leq(pieces.get(0).end(), sequence)) {
      remove(0);
    }
  }

  /** Forgets the pieces that lie between these numbers whole. */
  void forgetWithin(int from, int to) {
    for (int i = pieces.size() - 1; i >= 0; i--) {
      Piece piece = pieces.get(i);
      if (SequenceNumber.geq(piece.sequence(), from) && SequenceNumber.leq(piece.end(), to)) {
        remove(i);
      }
    }
  }

  private void remove(int index) {
    heldBytes -= pieces.remove(index).length();
  }

  void clear() {
    pieces.clear();
    heldBytes = 0;
  }
}
