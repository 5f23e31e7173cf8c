package org.mptcp4j.samples.demo;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;

/** A file of pseudo-random bytes, the same in every run, and its hash. */
record RandomFile(Path path, long size, String sha256) {
  private static final int PIECE = 1 << 20;

  static RandomFile create(Path path, long size) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
    Random random = new Random(8684);
    byte[] piece = new byte[PIECE];
    try (OutputStream out = Files.newOutputStream(path)) {
      for (long left = size; left > 0; left -= PIECE) {
        random.nextBytes(piece);
        int length = (int) Math.min(left, PIECE);
        out.write(piece, 0, length);
        digest.update(piece, 0, length);
      }
    }
    return new RandomFile(path, size, HexFormat.of().formatHex(digest.digest()));
  }
}
