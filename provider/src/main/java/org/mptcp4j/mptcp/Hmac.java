package org.mptcp4j.mptcp;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.mptcp4j.wire.IpAddress;

/** The HMAC-SHA256 of MP_JOIN (RFC 8684 §3.2) and ADD_ADDR (§3.4.1) with their truncations. */
final class Hmac {
  private Hmac() {}

  private static byte[] sha256(long firstKey, long secondKey, byte[] message) {
    byte[] key = ByteBuffer.allocate(16).putLong(firstKey).putLong(secondKey).array();
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(message);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has HmacSHA256", e);
    }
  }

  /**
   * The HMAC by which the side with {@code ownKey} proves itself: its own key and nonce come first.
   */
  static byte[] join(long ownKey, long otherKey, int ownNonce, int otherNonce) {
    byte[] message = ByteBuffer.allocate(8).putInt(ownNonce).putInt(otherNonce).array();
    return sha256(ownKey, otherKey, message);
  }

  /** The leftmost 64 bits, as the SYN/ACK of MP_JOIN carries them. */
  static long leftmost64(byte[] hmac) {
    return ByteBuffer.wrap(hmac).getLong(0);
  }

  /** Whether the 20 bytes that arrived are the leftmost 160 bits of {@code expected}. */
  static boolean matches160(byte[] expected, byte[] arrived) {
    return MessageDigest.isEqual(Arrays.copyOf(expected, 20), arrived);
  }

  /** Compares two truncated HMACs in constant time. */
  static boolean matches64(long expected, long arrived) {
    return MessageDigest.isEqual(
        ByteBuffer.allocate(8).putLong(expected).array(),
        ByteBuffer.allocate(8).putLong(arrived).array());
  }

  /** The rightmost 64 bits of the HMAC that ADD_ADDR carries; port 0 for none. */
  static long addAddr(
      long senderKey, long receiverKey, int addressId, IpAddress address, int port) {
    byte[] ip = address.toBytes();
    byte[] message =
        ByteBuffer.allocate(3 + ip.length)
            .put((byte) addressId)
            .put(ip)
            .putShort((short) port)
            .array();
    return ByteBuffer.wrap(sha256(senderKey, receiverKey, message)).getLong(24);
  }
}
