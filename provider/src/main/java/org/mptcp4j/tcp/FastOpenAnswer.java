package org.mptcp4j.tcp;

import java.util.Optional;
import org.mptcp4j.wire.FastOpenCookie;

/**
 * What a listener makes of the Fast Open option of a SYN (RFC 7413 §4.2.2): whether the data in it
 * is taken, and which cookie the SYN/ACK brings. Made by {@link FastOpenServer#answer}, used for
 * one endpoint at most.
 */
public final class FastOpenAnswer {
  /** As if the SYN had no such option. */
  public static final FastOpenAnswer NONE = new FastOpenAnswer(null, false, null, false);

  private final FastOpenServer server;
  private final boolean opens;
  private final FastOpenCookie cookie;
  private final boolean experimental;

  FastOpenAnswer(
      FastOpenServer server, boolean opens, FastOpenCookie cookie, boolean experimental) {
    this.server = server;
    this.opens = opens;
    this.cookie = cookie;
    this.experimental = experimental;
  }

  /**
   * Whether the cookie was right: data in the SYN is taken, and the application may answer before
   * the handshake is over.
   */
  public boolean opens() {
    return opens;
  }

  /** The cookie for the client. */
  public Optional<FastOpenCookie> cookie() {
    return Optional.ofNullable(cookie);
  }

  boolean isExperimental() {
    return experimental;
  }

  /** The endpoint goes to SYN-RECEIVED. */
  void begun() {
    if (opens) {
      server.begun();
    }
  }

  /** The endpoint leaves SYN-RECEIVED, by the peer's RST or otherwise. */
  void ended(long now, boolean reset) {
    if (opens) {
      server.ended(now, reset);
    }
  }
}
