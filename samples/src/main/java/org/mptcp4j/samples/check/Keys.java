package org.mptcp4j.samples.check;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** What RFC 8684 §3.1, §3.2 and §3.4.1 make of keys. */
final class Keys {
  private Keys() {}

  private static ByteBuffer sha256(byte[] bytes) {
    try {
      return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  private static byte[] bytes(long key) {
    return ByteBuffer.allocate(8).putLong(key).array();
  }

  /** The most significant 32 bits of the key's SHA-256. */
  static int token(long key) {
    return sha256(bytes(key)).getInt(0);
  }

  /** The least significant 64 bits of the key's SHA-256. */
  static long initialDataSequenceNumber(long key) {
    return sha256(bytes(key)).getLong(24);
  }

  /** HMAC-SHA256 with the two keys one after the other. */
  static byte[] hmac(long firstKey, long secondKey, byte[] message) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      byte[] key = ByteBuffer.allocate(16).putLong(firstKey).putLong(secondKey).array();
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(message);
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every JDK has HmacSHA256", e);
    }
  }

  /** The HMAC of a join: the sender's key and nonce come first. */
  static byte[] joinHmac(long senderKey, long receiverKey, int senderNonce, int receiverNonce) {
    return hmac(
        senderKey,
        receiverKey,
        ByteBuffer.allocate(8).putInt(senderNonce).putInt(receiverNonce).array());
  }

  /** The truncated HMAC of ADD_ADDR: the least significant 64 bits. */
  static long addAddrHmac(
      long senderKey, long receiverKey, int addressId, byte[] address, int port) {
    byte[] message =
        ByteBuffer.allocate(3 + address.length)
            .put((byte) addressId)
            .put(address)
            .putShort((short) port)
            .array();
    return ByteBuffer.wrap(hmac(senderKey, receiverKey, message)).getLong(24);
  }
}
