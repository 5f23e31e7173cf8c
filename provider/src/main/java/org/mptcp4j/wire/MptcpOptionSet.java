package org.mptcp4j.wire;

import java.nio.ByteBuffer;

/**
 * The MPTCP options of one received segment (RFC 8684 §3). Filled by {@link IncomingSegment}; the
 * fields of a subtype hold only when {@link #has} says that it is there. Of an option that comes
 * twice the first counts. Not thread-safe.
 */
public final class MptcpOptionSet {
  private static final int DSS_DATA_ACK_PRESENT = 0x01;
  private static final int DSS_DATA_ACK_64 = 0x02;
  private static final int DSS_MAPPING_PRESENT = 0x04;
  private static final int DSS_DSN_64 = 0x08;
  private static final int DSS_DATA_FIN = 0x10;

  private int present;

  private int capableVersion;
  private int capableFlags;
  private int capableLength;
  private long senderKey;
  private long receiverKey;
  private int capableDataLength;
  private int capableChecksum;

  private int joinLength;
  private boolean joinBackup;
  private int joinAddressId;
  private int joinToken;
  private int joinRandom;
  private long joinTruncatedHmac;
  private final byte[] joinHmac = new byte[20];

  private int dssFlags;
  private long dataAck;
  private long dataSequenceNumber;
  private int subflowSequenceNumber;
  private int dataLevelLength;
  private boolean dssHasChecksum;
  private int dssChecksum;

  private boolean addAddrEcho;
  private int addAddrId;
  private long addAddrHigh;
  private long addAddrLow;
  private int addAddrPort;
  private long addAddrHmac;

  private int removeAddrCount;
  // An option of 40 bytes holds 37 identifiers.
  private final int[] removeAddrIds = new int[37];

  private boolean prioBackup;
  private int prioAddressId;
  private long failDataSequenceNumber;
  private long fastcloseKey;
  private int resetFlags;
  private int resetReason;

  void clear() {
    present = 0;
  }

  /** Whether the segment carries the option with this subtype ({@link MptcpOption}). */
  public boolean has(int subtype) {
    return (present & 1 << subtype) != 0;
  }

  /** Whether the segment carries any MPTCP option that could be read. */
  public boolean isEmpty() {
    return present == 0;
  }

  /** Whether there is another option than DSS. */
  public boolean hasSignal() {
    return (present & ~(1 << MptcpOption.DSS)) != 0;
  }

  /** Reads one option; returns whether its length fits its subtype. */
  boolean parse(ByteBuffer buffer, int at, int length, boolean syn, boolean ack) {
    if (length < 3) {
      return false;
    }
    int subtype = buffer.get(at + 2) >>> 4 & 0xf;
    if (subtype <= MptcpOption.MP_TCPRST && has(subtype)) {
      return true;
    }
    boolean known =
        switch (subtype) {
          case MptcpOption.MP_CAPABLE -> parseCapable(buffer, at, length);
          case MptcpOption.MP_JOIN -> parseJoin(buffer, at, length, syn, ack);
          case MptcpOption.DSS -> parseDss(buffer, at, length);
          case MptcpOption.ADD_ADDR -> parseAddAddr(buffer, at, length);
          case MptcpOption.REMOVE_ADDR -> parseRemoveAddr(buffer, at, length);
          case MptcpOption.MP_PRIO -> parsePrio(buffer, at, length);
          case MptcpOption.MP_FAIL -> parseFail(buffer, at, length);
          case MptcpOption.MP_FASTCLOSE -> parseFastclose(buffer, at, length);
          case MptcpOption.MP_TCPRST -> parseReset(buffer, at, length);
          default -> false;
        };
    if (known) {
      present |= 1 << subtype;
    }
    return known || subtype > MptcpOption.MP_TCPRST;
  }

  private boolean parseCapable(ByteBuffer b, int at, int length) {
    // RFC 8684 §3.1, figure 4: SYN 4 bytes, SYN/ACK 12, third ACK 20, with data 22, with data and
    // checksum 24.
    if (length != 4 && length != 12 && length != 20 && length != 22 && length != 24) {
      return false;
    }
    capableLength = length;
    capableVersion = b.get(at + 2) & 0xf;
    capableFlags = b.get(at + 3) & 0xff;
    senderKey = length >= 12 ? b.getLong(at + 4) : 0;
    receiverKey = length >= 20 ? b.getLong(at + 12) : 0;
    capableDataLength = length >= 22 ? b.getShort(at + 20) & 0xffff : 0;
    capableChecksum = length == 24 ? b.getShort(at + 22) & 0xffff : 0;
    return true;
  }

  private boolean parseJoin(ByteBuffer b, int at, int length, boolean syn, boolean ack) {
    // RFC 8684 §3.2, figures 5 to 7.
    int expected = syn ? (ack ? 16 : 12) : 24;
    if (length != expected) {
      return false;
    }
    joinLength = length;
    joinBackup = (b.get(at + 2) & 1) != 0;
    joinAddressId = b.get(at + 3) & 0xff;
    if (!syn) {
      for (int i = 0; i < joinHmac.length; i++) {
        joinHmac[i] = b.get(at + 4 + i);
      }
    } else if (ack) {
      joinTruncatedHmac = b.getLong(at + 4);
      joinRandom = b.getInt(at + 12);
    } else {
      joinToken = b.getInt(at + 4);
      joinRandom = b.getInt(at + 8);
    }
    return true;
  }

  private boolean parseDss(ByteBuffer b, int at, int length) {
    if (length < 4) {
      return false;
    }
    int flags = b.get(at + 3) & 0x1f;
    int ackLength =
        (flags & DSS_DATA_ACK_PRESENT) == 0 ? 0 : (flags & DSS_DATA_ACK_64) == 0 ? 4 : 8;
    int dsnLength = (flags & DSS_MAPPING_PRESENT) == 0 ? 0 : (flags & DSS_DSN_64) == 0 ? 4 : 8;
    int expected = 4 + ackLength + (dsnLength == 0 ? 0 : dsnLength + 6);
    boolean checksum = dsnLength != 0 && length == expected + 2;
    if (length != expected && !checksum) {
      return false;
    }
    dssFlags = flags;
    int p = at + 4;
    if (ackLength != 0) {
      dataAck = ackLength == 8 ? b.getLong(p) : b.getInt(p) & 0xffff_ffffL;
      p += ackLength;
    }
    if (dsnLength != 0) {
      dataSequenceNumber = dsnLength == 8 ? b.getLong(p) : b.getInt(p) & 0xffff_ffffL;
      subflowSequenceNumber = b.getInt(p + dsnLength);
      dataLevelLength = b.getShort(p + dsnLength + 4) & 0xffff;
      dssChecksum = checksum ? b.getShort(p + dsnLength + 6) & 0xffff : 0;
    }
    dssHasChecksum = checksum;
    return true;
  }

  private boolean parseAddAddr(ByteBuffer b, int at, int length) {
    // RFC 8684 §3.4.1, figure 12: 8 (IPv4) or 20 (IPv6) bytes, +2 with port, +8 with HMAC, which an
    // echo lacks.
    boolean echo = (b.get(at + 2) & 1) != 0;
    int withoutHmac = echo ? length : length - 8;
    boolean v4 = withoutHmac == 8 || withoutHmac == 10;
    boolean v6 = withoutHmac == 20 || withoutHmac == 22;
    if (!v4 && !v6) {
      return false;
    }
    addAddrEcho = echo;
    addAddrId = b.get(at + 3) & 0xff;
    int p = at + 4;
    if (v4) {
      addAddrHigh = 0;
      addAddrLow = IpAddress.lowOfIpv4(b.getInt(p));
      p += 4;
    } else {
      addAddrHigh = b.getLong(p);
      addAddrLow = b.getLong(p + 8);
      p += 16;
    }
    boolean port = withoutHmac == 10 || withoutHmac == 22;
    addAddrPort = port ? b.getShort(p) & 0xffff : 0;
    addAddrHmac = echo ? 0 : b.getLong(port ? p + 2 : p);
    return true;
  }

  private boolean parseRemoveAddr(ByteBuffer b, int at, int length) {
    if (length < 4) {
      return false;
    }
    removeAddrCount = Math.min(length - 3, removeAddrIds.length);
    for (int i = 0; i < removeAddrCount; i++) {
      removeAddrIds[i] = b.get(at + 3 + i) & 0xff;
    }
    return true;
  }

  private boolean parsePrio(ByteBuffer b, int at, int length) {
    // Version 1 has 3 bytes (RFC 8684 §3.3.8); the fourth, an address identifier, is version 0's
    // (RFC 6824 §3.3.8).
    if (length != 3 && length != 4) {
      return false;
    }
    prioBackup = (b.get(at + 2) & 1) != 0;
    prioAddressId = length == 4 ? b.get(at + 3) & 0xff : -1;
    return true;
  }

  private boolean parseFail(ByteBuffer b, int at, int length) {
    if (length != 12) {
      return false;
    }
    failDataSequenceNumber = b.getLong(at + 4);
    return true;
  }

  private boolean parseFastclose(ByteBuffer b, int at, int length) {
    if (length != 12) {
      return false;
    }
    fastcloseKey = b.getLong(at + 4);
    return true;
  }

  private boolean parseReset(ByteBuffer b, int at, int length) {
    if (length != 4) {
      return false;
    }
    resetFlags = b.get(at + 2) & 0xf;
    resetReason = b.get(at + 3) & 0xff;
    return true;
  }

  public int capableVersion() {
    return capableVersion;
  }

  /** The flag byte of MP_CAPABLE: A is 0x80, H is 0x01. */
  public int capableFlags() {
    return capableFlags;
  }

  /** 4, 12, 20, 22 or 24 bytes: which form of MP_CAPABLE this is. */
  public int capableLength() {
    return capableLength;
  }

  /** The key of the segment's sender; 0 in the SYN's form. */
  public long senderKey() {
    return senderKey;
  }

  /** The key of the segment's receiver, echoed; 0 in the forms that lack it. */
  public long receiverKey() {
    return receiverKey;
  }

  /** Data-level length in MP_CAPABLE, 0 without. */
  public int capableDataLength() {
    return capableDataLength;
  }

  public boolean capableHasChecksum() {
    return capableLength == 24;
  }

  public int capableChecksum() {
    return capableChecksum;
  }

  /** 12, 16 or 24 bytes: SYN, SYN/ACK or ACK form of MP_JOIN. */
  public int joinLength() {
    return joinLength;
  }

  public boolean joinBackup() {
    return joinBackup;
  }

  public int joinAddressId() {
    return joinAddressId;
  }

  public int joinToken() {
    return joinToken;
  }

  public int joinRandom() {
    return joinRandom;
  }

  /** The leftmost 64 bits of the HMAC in the SYN/ACK. */
  public long joinTruncatedHmac() {
    return joinTruncatedHmac;
  }

  /** The 160 bits of the HMAC in the third ACK; the array is this set's own. */
  public byte[] joinHmac() {
    return joinHmac;
  }

  public boolean hasDataAck() {
    return has(MptcpOption.DSS) && (dssFlags & DSS_DATA_ACK_PRESENT) != 0;
  }

  public boolean dataAckIs64Bit() {
    return (dssFlags & DSS_DATA_ACK_64) != 0;
  }

  /** DATA_ACK; only the low 32 bits hold unless {@link #dataAckIs64Bit}. */
  public long dataAck() {
    return dataAck;
  }

  public boolean hasMapping() {
    return has(MptcpOption.DSS) && (dssFlags & DSS_MAPPING_PRESENT) != 0;
  }

  public boolean dataSequenceNumberIs64Bit() {
    return (dssFlags & DSS_DSN_64) != 0;
  }

  /** Data sequence number; only the low 32 bits hold unless {@link #dataSequenceNumberIs64Bit}. */
  public long dataSequenceNumber() {
    return dataSequenceNumber;
  }

  /** Relative to the subflow's initial sequence number (RFC 8684 §3.3.1). */
  public int subflowSequenceNumber() {
    return subflowSequenceNumber;
  }

  /** Data-level length of the mapping; 0 is the infinite mapping (RFC 8684 §3.7). */
  public int dataLevelLength() {
    return dataLevelLength;
  }

  public boolean hasDssChecksum() {
    return dssHasChecksum;
  }

  public int dssChecksum() {
    return dssChecksum;
  }

  public boolean hasDataFin() {
    return hasMapping() && (dssFlags & DSS_DATA_FIN) != 0;
  }

  public boolean addAddrEcho() {
    return addAddrEcho;
  }

  public int addAddrId() {
    return addAddrId;
  }

  /** The announced address; allocates. */
  public IpAddress addAddrAddress() {
    return new IpAddress(addAddrHigh, addAddrLow);
  }

  /** The announced port, 0 without one. */
  public int addAddrPort() {
    return addAddrPort;
  }

  /** The rightmost 64 bits of the HMAC; 0 in an echo. */
  public long addAddrHmac() {
    return addAddrHmac;
  }

  public int removeAddrCount() {
    return removeAddrCount;
  }

  public int removeAddrId(int index) {
    return removeAddrIds[index];
  }

  public boolean prioBackup() {
    return prioBackup;
  }

  /** The address identifier of a version 0 MP_PRIO, -1 without. */
  public int prioAddressId() {
    return prioAddressId;
  }

  public long failDataSequenceNumber() {
    return failDataSequenceNumber;
  }

  /** The receiver's key that authenticates MP_FASTCLOSE. */
  public long fastcloseKey() {
    return fastcloseKey;
  }

  /** The flags U, V, W, T of MP_TCPRST. */
  public int resetFlags() {
    return resetFlags;
  }

  public int resetReason() {
    return resetReason;
  }
}
