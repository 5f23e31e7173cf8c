package org.mptcp4j.wire;

import java.nio.ByteBuffer;

/**
 * The cookie of a Fast Open option (RFC 7413 §4.1): 4 to 16 bytes, an even number, or none at all,
 * which asks for one. Opaque to everybody but the server that made it. Immutable.
 *
 * @param high the first eight bytes, those that are not there being zero
 * @param low the second eight bytes
 * @param length how many bytes there are
 */
public record FastOpenCookie(long high, long low, int length) {
  /** An empty option: the client asks for a cookie. */
  public static final FastOpenCookie REQUEST = new FastOpenCookie(0, 0, 0);

  static final int MOST_BYTES = 16;

  public FastOpenCookie {
    if (!isLength(length)) {
      throw new IllegalArgumentException("no cookie has " + length + " bytes");
    }
  }

  /** A cookie of eight bytes. */
  public static FastOpenCookie of(long bytes) {
    return new FastOpenCookie(bytes, 0, 8);
  }

  static boolean isLength(int bytes) {
    return bytes == 0 || (bytes >= 4 && bytes <= MOST_BYTES && (bytes & 1) == 0);
  }

  static FastOpenCookie read(ByteBuffer buffer, int offset, int length) {
    long high = 0;
    long low = 0;
    for (int i = 0; i < length; i++) {
      long b = buffer.get(offset + i) & 0xffL;
      if (i < 8) {
        high |= b << 56 - 8 * i;
      } else {
        low |= b << 120 - 8 * i;
      }
    }
    return new FastOpenCookie(high, low, length);
  }

  void write(ByteBuffer buffer, int offset) {
    for (int i = 0; i < length; i++) {
      long b = i < 8 ? high >>> 56 - 8 * i : low >>> 120 - 8 * i;
      buffer.put(offset + i, (byte) b);
    }
  }

  public boolean isRequest() {
    return length == 0;
  }
}
