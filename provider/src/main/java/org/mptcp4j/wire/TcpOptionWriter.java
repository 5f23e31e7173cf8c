package org.mptcp4j.wire;

import java.nio.ByteBuffer;

/**
 * The option space of one outgoing segment: 40 bytes (RFC 9293 §3.1), filled from the front. Every
 * method returns whether its option fitted; one that does not fit writes nothing. Whoever fills it
 * writes in the order of importance. Each option is padded to whole 32-bit words with NOPs, so the
 * space is always a multiple of four. Not thread-safe.
 */
public final class TcpOptionWriter {
  /** Option bytes that a TCP header can hold. */
  public static final int CAPACITY = 40;

  private final ByteBuffer buffer = ByteBuffer.allocate(CAPACITY);
  private int length;

  /** Begins anew with no options. */
  public void clear() {
    length = 0;
  }

  /** Bytes taken, a multiple of four. */
  public int length() {
    return length;
  }

  public int remaining() {
    return CAPACITY - length;
  }

  /** Takes over what {@code other} holds. */
  void set(TcpOptionWriter other) {
    buffer.put(0, other.buffer, 0, other.length);
    length = other.length;
  }

  /** Copies the options to {@code target} from {@code offset}; returns their length. */
  public int copyTo(ByteBuffer target, int offset) {
    target.put(offset, buffer, 0, length);
    return length;
  }

  private static int padded(int bytes) {
    return bytes + 3 & ~3;
  }

  private boolean lacks(int bytes) {
    return padded(bytes) > remaining();
  }

  private void advance(int bytes) {
    int end = length + padded(bytes);
    for (int i = length + bytes; i < end; i++) {
      buffer.put(i, (byte) 1);
    }
    length = end;
  }

  public boolean maximumSegmentSize(int mss) {
    if (lacks(4)) {
      return false;
    }
    buffer.putInt(length, 0x0204_0000 | mss & 0xffff);
    advance(4);
    return true;
  }

  public boolean windowScale(int shift) {
    if (lacks(3)) {
      return false;
    }
    buffer.putInt(length, 0x0303_0001 | (shift & 0xff) << 8);
    advance(3);
    return true;
  }

  /**
   * The user timeout (RFC 5482 §3.3), in minutes where it is more than 9 hours; at most 22 days.
   *
   * @param seconds at least 1
   */
  public boolean userTimeout(int seconds) {
    if (lacks(4)) {
      return false;
    }
    int field =
        seconds <= 0x7fff
            ? Math.max(1, seconds)
            : 0x8000 | Math.min(0x7fff, (seconds - 1) / 60 + 1);
    buffer.putInt(length, 0x1c04_0000 | field);
    advance(4);
    return true;
  }

  public boolean sackPermitted() {
    if (lacks(2)) {
      return false;
    }
    buffer.putInt(length, 0x0402_0101);
    advance(2);
    return true;
  }

  /** Timestamps with the two leading NOPs of RFC 7323 appendix A. */
  public boolean timestamps(int value, int echoReply) {
    if (lacks(12)) {
      return false;
    }
    buffer.putInt(length, 0x0101_080a);
    buffer.putInt(length + 4, value);
    buffer.putInt(length + 8, echoReply);
    advance(12);
    return true;
  }

  /**
   * SACK-permitted in the place of the two NOPs before the timestamps: four bytes less, where a SYN
   * has to hold more than the usual options.
   */
  public boolean sackPermittedAndTimestamps(int value, int echoReply) {
    if (!timestamps(value, echoReply)) {
      return false;
    }
    buffer.putInt(length - 12, 0x0402_080a);
    return true;
  }

  /**
   * Fast Open (RFC 7413 §4.1.1): a cookie, or the request of one.
   *
   * @param experimental whether in the form of before the RFC: the option of experiments (RFC 6994)
   */
  public boolean fastOpen(FastOpenCookie cookie, boolean experimental) {
    int head = experimental ? 4 : 2;
    if (lacks(head + cookie.length())) {
      return false;
    }
    int bytes = head + cookie.length();
    if (experimental) {
      int kind = IncomingSegment.OPTION_EXPERIMENT << 24;
      buffer.putInt(length, kind | bytes << 16 | IncomingSegment.FAST_OPEN_EXPERIMENT);
    } else {
      buffer.putShort(length, (short) (IncomingSegment.OPTION_FAST_OPEN << 8 | bytes));
    }
    cookie.write(buffer, length + head);
    advance(bytes);
    return true;
  }

  /** How many SACK blocks still fit. */
  public int sackBlocksThatFit() {
    return Math.min(4, Math.max(0, (remaining() - 4) / 8));
  }

  /**
   * The first {@code count} SACK blocks, or as many as fit (RFC 2018 §3); returns how many were
   * written.
   */
  public int sack(int[] left, int[] right, int count) {
    int blocks = Math.min(count, sackBlocksThatFit());
    if (blocks == 0) {
      return 0;
    }
    buffer.putInt(length, 0x0101_0500 | 2 + 8 * blocks);
    for (int i = 0; i < blocks; i++) {
      buffer.putInt(length + 4 + 8 * i, left[i]);
      buffer.putInt(length + 8 + 8 * i, right[i]);
    }
    advance(4 + 8 * blocks);
    return blocks;
  }

  private void mptcpHead(int bytes, int subtype, int low4, int fourth) {
    buffer.putInt(
        length,
        MptcpOption.KIND << 24 | bytes << 16 | (subtype << 4 | low4 & 0xf) << 8 | fourth & 0xff);
  }

  /** MP_CAPABLE of a SYN: no key (RFC 8684 §3.1). */
  public boolean mpCapableSyn(int version, int flags) {
    if (lacks(4)) {
      return false;
    }
    mptcpHead(4, MptcpOption.MP_CAPABLE, version, flags);
    advance(4);
    return true;
  }

  /** MP_CAPABLE of a SYN/ACK: the sender's key. */
  public boolean mpCapableSynAck(int version, int flags, long senderKey) {
    if (lacks(12)) {
      return false;
    }
    mptcpHead(12, MptcpOption.MP_CAPABLE, version, flags);
    buffer.putLong(length + 4, senderKey);
    advance(12);
    return true;
  }

  /** MP_CAPABLE of the third ACK without data: both keys. */
  public boolean mpCapableAck(int version, int flags, long senderKey, long receiverKey) {
    if (lacks(20)) {
      return false;
    }
    mptcpHead(20, MptcpOption.MP_CAPABLE, version, flags);
    buffer.putLong(length + 4, senderKey);
    buffer.putLong(length + 12, receiverKey);
    advance(20);
    return true;
  }

  /**
   * MP_CAPABLE of the first data segment; {@code checksum} is -1 where checksums are not in use.
   */
  public boolean mpCapableData(
      int version, int flags, long senderKey, long receiverKey, int dataLength, int checksum) {
    int bytes = checksum < 0 ? 22 : 24;
    if (lacks(bytes)) {
      return false;
    }
    mptcpHead(bytes, MptcpOption.MP_CAPABLE, version, flags);
    buffer.putLong(length + 4, senderKey);
    buffer.putLong(length + 12, receiverKey);
    buffer.putShort(length + 20, (short) dataLength);
    if (checksum >= 0) {
      buffer.putShort(length + 22, (short) checksum);
    }
    advance(bytes);
    return true;
  }

  /** MP_JOIN of a SYN (RFC 8684 §3.2, figure 5). */
  public boolean mpJoinSyn(boolean backup, int addressId, int receiverToken, int senderRandom) {
    if (lacks(12)) {
      return false;
    }
    mptcpHead(12, MptcpOption.MP_JOIN, backup ? 1 : 0, addressId);
    buffer.putInt(length + 4, receiverToken);
    buffer.putInt(length + 8, senderRandom);
    advance(12);
    return true;
  }

  /** MP_JOIN of a SYN/ACK (figure 6). */
  public boolean mpJoinSynAck(boolean backup, int addressId, long truncatedHmac, int senderRandom) {
    if (lacks(16)) {
      return false;
    }
    mptcpHead(16, MptcpOption.MP_JOIN, backup ? 1 : 0, addressId);
    buffer.putLong(length + 4, truncatedHmac);
    buffer.putInt(length + 12, senderRandom);
    advance(16);
    return true;
  }

  /** MP_JOIN of the third ACK (figure 7): the first 20 bytes of {@code hmac}. */
  public boolean mpJoinAck(byte[] hmac) {
    if (lacks(24)) {
      return false;
    }
    mptcpHead(24, MptcpOption.MP_JOIN, 0, 0);
    buffer.put(length + 4, hmac, 0, 20);
    advance(24);
    return true;
  }

  /** DSS with a 64-bit DATA_ACK and no mapping: 12 bytes. */
  public boolean dssAck(long dataAck) {
    if (lacks(12)) {
      return false;
    }
    mptcpHead(12, MptcpOption.DSS, 0, 0x03);
    buffer.putLong(length + 4, dataAck);
    advance(12);
    return true;
  }

  /** DSS with a 32-bit DATA_ACK and no mapping: 8 bytes. */
  public boolean dssAck32(int dataAck) {
    if (lacks(8)) {
      return false;
    }
    mptcpHead(8, MptcpOption.DSS, 0, 0x01);
    buffer.putInt(length + 4, dataAck);
    advance(8);
    return true;
  }

  /**
   * DSS with a 64-bit DATA_ACK and a mapping with a 64-bit data sequence number: 26 bytes, 28 with
   * a checksum ({@code checksum} -1 for none).
   */
  public boolean dss(
      long dataAck,
      long dataSequenceNumber,
      int subflowSequenceNumber,
      int dataLength,
      int checksum,
      boolean dataFin) {
    int bytes = checksum < 0 ? 26 : 28;
    if (lacks(bytes)) {
      return false;
    }
    mptcpHead(bytes, MptcpOption.DSS, 0, dataFin ? 0x1f : 0x0f);
    buffer.putLong(length + 4, dataAck);
    buffer.putLong(length + 12, dataSequenceNumber);
    buffer.putInt(length + 20, subflowSequenceNumber);
    buffer.putShort(length + 24, (short) dataLength);
    if (checksum >= 0) {
      buffer.putShort(length + 26, (short) checksum);
    }
    advance(bytes);
    return true;
  }

  /** DSS with a mapping with a 64-bit data sequence number and no DATA_ACK: 18 bytes, or 20. */
  public boolean dssMapping(
      long dataSequenceNumber, int subflowSequenceNumber, int dataLength, int checksum) {
    int bytes = checksum < 0 ? 18 : 20;
    if (lacks(bytes)) {
      return false;
    }
    mptcpHead(bytes, MptcpOption.DSS, 0, 0x0c);
    buffer.putLong(length + 4, dataSequenceNumber);
    buffer.putInt(length + 12, subflowSequenceNumber);
    buffer.putShort(length + 16, (short) dataLength);
    if (checksum >= 0) {
      buffer.putShort(length + 18, (short) checksum);
    }
    advance(bytes);
    return true;
  }

  /** ADD_ADDR (RFC 8684 §3.4.1); port 0 for none; an echo carries no HMAC. */
  public boolean addAddr(
      boolean echo, int addressId, IpAddress address, int port, long truncatedHmac) {
    int bytes = 4 + (address.isIpv4() ? 4 : 16) + (port == 0 ? 0 : 2) + (echo ? 0 : 8);
    if (lacks(bytes)) {
      return false;
    }
    mptcpHead(bytes, MptcpOption.ADD_ADDR, echo ? 1 : 0, addressId);
    int p = length + 4;
    if (address.isIpv4()) {
      buffer.putInt(p, address.ipv4Bits());
      p += 4;
    } else {
      buffer.putLong(p, address.high());
      buffer.putLong(p + 8, address.low());
      p += 16;
    }
    if (port != 0) {
      buffer.putShort(p, (short) port);
      p += 2;
    }
    if (!echo) {
      buffer.putLong(p, truncatedHmac);
    }
    advance(bytes);
    return true;
  }

  /** REMOVE_ADDR of the first {@code count} identifiers (RFC 8684 §3.4.2). */
  public boolean removeAddr(int[] addressIds, int count) {
    if (lacks(3 + count)) {
      return false;
    }
    mptcpHead(3 + count, MptcpOption.REMOVE_ADDR, 0, addressIds[0]);
    for (int i = 1; i < count; i++) {
      buffer.put(length + 3 + i, (byte) addressIds[i]);
    }
    advance(3 + count);
    return true;
  }

  /** MP_PRIO (RFC 8684 §3.3.8). */
  public boolean mpPrio(boolean backup) {
    if (lacks(3)) {
      return false;
    }
    mptcpHead(3, MptcpOption.MP_PRIO, backup ? 1 : 0, 1);
    advance(3);
    return true;
  }

  /** MP_FAIL (RFC 8684 §3.7). */
  public boolean mpFail(long dataSequenceNumber) {
    return keyed(MptcpOption.MP_FAIL, dataSequenceNumber);
  }

  /** MP_FASTCLOSE with the receiver's key (RFC 8684 §3.5). */
  public boolean mpFastclose(long receiverKey) {
    return keyed(MptcpOption.MP_FASTCLOSE, receiverKey);
  }

  private boolean keyed(int subtype, long value) {
    if (lacks(12)) {
      return false;
    }
    mptcpHead(12, subtype, 0, 0);
    buffer.putLong(length + 4, value);
    advance(12);
    return true;
  }

  /** MP_TCPRST (RFC 8684 §3.6). */
  public boolean mpTcpReset(boolean isTransient, int reason) {
    if (lacks(4)) {
      return false;
    }
    mptcpHead(4, MptcpOption.MP_TCPRST, isTransient ? 1 : 0, reason);
    advance(4);
    return true;
  }
}
