package org.mptcp4j.mptcp;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * A host's key for one connection and what RFC 8684 §3.1 derives from it by SHA-256.
 *
 * @param key the 64-bit key
 * @param token the leftmost 32 bits of the hash, which name the connection in MP_JOIN
 * @param initialDataSequenceNumber the rightmost 64 bits of the hash; the first data byte is one
 *     later
 */
record KeyMaterial(long key, int token, long initialDataSequenceNumber) {
  static KeyMaterial of(long key) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      ByteBuffer hash = ByteBuffer.wrap(sha.digest(ByteBuffer.allocate(8).putLong(key).array()));
      return new KeyMaterial(key, hash.getInt(0), hash.getLong(24));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** A key nobody can guess. */
  static KeyMaterial generate(MptcpHost host) {
    byte[] bytes = new byte[8];
    host.random(bytes);
    return of(ByteBuffer.wrap(bytes).getLong());
  }

  @Override
  public String toString() {
    // The key is a secret: only its token is for people's eyes.
    return "token " + Integer.toHexString(token);
  }
}
