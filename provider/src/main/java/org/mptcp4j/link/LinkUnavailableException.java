package org.mptcp4j.link;

import java.io.IOException;

/** This host or process cannot have a packet link; the message says what is missing. */
public final class LinkUnavailableException extends IOException {
  private static final long serialVersionUID = 1L;

  public LinkUnavailableException(String message) {
    super(message);
  }

  public LinkUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
