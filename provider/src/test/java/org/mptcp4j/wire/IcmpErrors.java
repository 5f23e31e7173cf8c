package org.mptcp4j.wire;

import java.nio.ByteBuffer;

/** Writes the ICMP and ICMPv6 errors that routers and hosts answer packets with. */
public final class IcmpErrors {
  private IcmpErrors() {}

  /** What a router says whose next link takes {@code mtu} bytes: type 3 code 4, or type 2. */
  public static byte[] packetTooBig(byte[] original, IpAddress reporter, int mtu) {
    boolean v4 = original[0] >>> 4 == 4;
    return v4 ? error(original, reporter, 3, 4, mtu) : error(original, reporter, 2, 0, mtu);
  }

  /**
   * Any error about {@code original}, quoted as far as it may be; {@code rest} is its second word.
   */
  public static byte[] error(byte[] original, IpAddress reporter, int type, int code, int rest) {
    boolean v4 = original[0] >>> 4 == 4;
    // RFC 1812 §4.3.2.3 and RFC 4443 §3: as much as fits 576 and 1280 bytes.
    int quoted = Math.min(original.length, v4 ? 576 - 28 : 1280 - 48);
    return error(original, reporter, type, code, rest, quoted);
  }

  static byte[] error(
      byte[] original, IpAddress reporter, int type, int code, int rest, int quotedBytes) {
    boolean v4 = original[0] >>> 4 == 4;
    ByteBuffer source = ByteBuffer.wrap(original);
    int ip = v4 ? 20 : 40;
    int icmpLength = 8 + quotedBytes;
    ByteBuffer b = ByteBuffer.allocate(ip + icmpLength);
    long sum = 0;
    if (v4) {
      b.put(0, (byte) 0x45).putShort(2, (short) (ip + icmpLength)).put(8, (byte) 64);
      b.put(9, (byte) 1).putInt(12, (int) reporter.low()).putInt(16, source.getInt(12));
      b.putShort(10, (short) InternetChecksum.finish(InternetChecksum.sum(b, 0, 20)));
    } else {
      b.putInt(0, 0x6000_0000).putShort(4, (short) icmpLength).put(6, (byte) 58).put(7, (byte) 64);
      b.putLong(8, reporter.high()).putLong(16, reporter.low());
      b.putLong(24, source.getLong(8)).putLong(32, source.getLong(16));
      sum = InternetChecksum.sum(b, 8, 32) + icmpLength + 58;
    }
    b.put(ip, (byte) type).put(ip + 1, (byte) code).putInt(ip + 4, rest);
    b.put(ip + 8, original, 0, quotedBytes);
    sum += InternetChecksum.sum(b, ip, icmpLength);
    b.putShort(ip + 2, (short) InternetChecksum.finish(sum));
    return b.array();
  }
}
