package org.mptcp4j.samples.check;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Optional;

/** The MPTCP options of RFC 8684, as they stand in a packet. */
sealed interface MptcpOption {
  int KIND = 30;

  /** §3.1, figure 4. Keys are 0 and length is -1 where the form has none. */
  record Capable(
      int version, int flags, int bytes, long senderKey, long receiverKey, int length, int checksum)
      implements MptcpOption {
    boolean requiresChecksum() {
      return (flags & 0x80) != 0;
    }

    boolean hasKeys() {
      return bytes >= 20;
    }
  }

  /** §3.2, figure 5. */
  record JoinSyn(boolean backup, int addressId, int token, int nonce) implements MptcpOption {}

  /** §3.2, figure 6. */
  record JoinSynAck(boolean backup, int addressId, long hmac, int nonce) implements MptcpOption {}

  /** §3.2, figure 7: the HMAC in hexadecimal. */
  record JoinAck(String hmac) implements MptcpOption {}

  /**
   * §3.3, figure 9.
   *
   * @param ackBytes 0, 4 or 8
   * @param dsnBytes 0 (no mapping), 4 or 8
   * @param checksum -1 without one
   */
  record Dss(
      int ackBytes,
      long dataAck,
      int dsnBytes,
      long dsn,
      int subflowSequence,
      int length,
      int checksum,
      boolean dataFin)
      implements MptcpOption {
    boolean hasMapping() {
      return dsnBytes > 0;
    }
  }

  /** §3.4.1, figure 12. Port 0 and HMAC 0 where there is none. */
  record AddAddr(boolean echo, int addressId, InetAddress address, int port, long hmac)
      implements MptcpOption {}

  /** §3.4.2. */
  record RemoveAddr(int count) implements MptcpOption {}

  /** §3.3.8. */
  record Prio(boolean backup) implements MptcpOption {}

  /** §3.7. */
  record Fail(long dsn) implements MptcpOption {}

  /** §3.5. */
  record Fastclose(long receiverKey) implements MptcpOption {}

  /** §3.6. */
  record Reset(int flags, int reason) implements MptcpOption {}

  /**
   * Reads the option that fills the buffer.
   *
   * @return empty when its length does not fit its subtype, or the subtype is not known
   */
  static Optional<MptcpOption> read(ByteBuffer b, boolean syn, boolean ack) {
    int n = b.capacity();
    if (n < 3) {
      return Optional.empty();
    }
    int low = b.get(2) & 0xf;
    MptcpOption option =
        switch (b.get(2) >>> 4 & 0xf) {
          case 0 -> n == 4 || n == 12 || n == 20 || n == 22 || n == 24 ? capable(b, n, low) : null;
          case 1 -> join(b, n, low, syn, ack);
          case 2 -> n >= 4 ? dss(b, n) : null;
          case 3 -> addAddr(b, n, (low & 1) != 0);
          case 4 -> n >= 4 ? new RemoveAddr(n - 3) : null;
          case 5 -> n == 3 || n == 4 ? new Prio((low & 1) != 0) : null;
          case 6 -> n == 12 ? new Fail(b.getLong(4)) : null;
          case 7 -> n == 12 ? new Fastclose(b.getLong(4)) : null;
          case 8 -> n == 4 ? new Reset(low, b.get(3) & 0xff) : null;
          default -> null;
        };
    return Optional.ofNullable(option);
  }

  private static MptcpOption capable(ByteBuffer b, int n, int version) {
    return new Capable(
        version,
        b.get(3) & 0xff,
        n,
        n >= 12 ? b.getLong(4) : 0,
        n >= 20 ? b.getLong(12) : 0,
        n >= 22 ? b.getShort(20) & 0xffff : -1,
        n >= 24 ? b.getShort(22) & 0xffff : -1);
  }

  private static MptcpOption join(ByteBuffer b, int n, int low, boolean syn, boolean ack) {
    boolean backup = (low & 1) != 0;
    if (syn && !ack) {
      return n == 12 ? new JoinSyn(backup, b.get(3) & 0xff, b.getInt(4), b.getInt(8)) : null;
    }
    if (syn) {
      return n == 16 ? new JoinSynAck(backup, b.get(3) & 0xff, b.getLong(4), b.getInt(12)) : null;
    }
    if (n != 24) {
      return null;
    }
    byte[] hmac = new byte[20];
    b.get(4, hmac);
    return new JoinAck(HexFormat.of().formatHex(hmac));
  }

  private static MptcpOption dss(ByteBuffer b, int n) {
    int flags = b.get(3);
    int ackBytes = (flags & 1) == 0 ? 0 : (flags & 2) == 0 ? 4 : 8;
    int dsnBytes = (flags & 4) == 0 ? 0 : (flags & 8) == 0 ? 4 : 8;
    int expected = 4 + ackBytes + (dsnBytes == 0 ? 0 : dsnBytes + 6);
    boolean checksum = dsnBytes > 0 && n == expected + 2;
    if (n != expected && !checksum) {
      return null;
    }
    int map = 4 + ackBytes;
    int rest = map + dsnBytes;
    return new Dss(
        ackBytes,
        number(b, 4, ackBytes),
        dsnBytes,
        number(b, map, dsnBytes),
        dsnBytes > 0 ? b.getInt(rest) : 0,
        dsnBytes > 0 ? b.getShort(rest + 4) & 0xffff : 0,
        checksum ? b.getShort(rest + 6) & 0xffff : -1,
        dsnBytes > 0 && (flags & 0x10) != 0);
  }

  private static long number(ByteBuffer b, int at, int bytes) {
    return bytes == 0 ? 0 : bytes == 4 ? b.getInt(at) & 0xffff_ffffL : b.getLong(at);
  }

  private static MptcpOption addAddr(ByteBuffer b, int n, boolean echo) {
    int addressAndPort = n - 4 - (echo ? 0 : 8);
    int addressBytes = addressAndPort >= 16 ? 16 : 4;
    int portBytes = addressAndPort - addressBytes;
    if (portBytes != 0 && portBytes != 2) {
      return null;
    }
    byte[] address = new byte[addressBytes];
    b.get(4, address);
    int rest = 4 + addressBytes;
    try {
      return new AddAddr(
          echo,
          b.get(3) & 0xff,
          InetAddress.getByAddress(address),
          portBytes == 0 ? 0 : b.getShort(rest) & 0xffff,
          echo ? 0 : b.getLong(rest + portBytes));
    } catch (UnknownHostException e) {
      throw new AssertionError("4 or 16 bytes are an address", e);
    }
  }
}
