package org.mptcp4j.samples.check;

/** A packet that cannot be read; the message says why. */
final class MalformedPacketException extends Exception {
  private static final long serialVersionUID = 1;

  MalformedPacketException(String message) {
    super(message);
  }
}
