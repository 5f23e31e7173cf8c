package org.mptcp4j.tcp;

import org.mptcp4j.wire.FastOpenCookie;
import org.mptcp4j.wire.IncomingSegment;

/**
 * One client's attempt to use TCP Fast Open (RFC 7413 §4.2): what its SYN carries, and what is
 * learnt from the answer. Made by {@link FastOpenCache#attempt}, used for one endpoint.
 */
public final class FastOpenAttempt {
  /** An ordinary handshake. */
  public static final FastOpenAttempt NONE = new FastOpenAttempt(null, null, null, 0);

  private final FastOpenCache cache;
  private final FastOpenCache.Destination destination;
  private final FastOpenCookie cookie;
  private final int mss;
  private boolean sent;
  private int dataSent;

  FastOpenAttempt(
      FastOpenCache cache, FastOpenCache.Destination destination, FastOpenCookie cookie, int mss) {
    this.cache = cache;
    this.destination = destination;
    this.cookie = cookie;
    this.mss = mss;
  }

  /** Whether there is a cookie, so that the SYN may carry data. */
  public boolean hasCookie() {
    return cookie != null && !cookie.isRequest();
  }

  /** The most bytes of a SYN with data behind the fixed headers, its options among them. */
  public int mss() {
    return mss;
  }

  /** What goes into the SYN; null for no option. */
  FastOpenCookie cookie() {
    return cookie;
  }

  /** The SYN went out with the option, and with so much data. */
  void sent(int bytes) {
    if (sent || cookie == null) {
      return;
    }
    sent = true;
    dataSent = bytes;
    TcpCounters counters = cache.counters();
    (cookie.isRequest() ? counters.fastOpenRequested : counters.fastOpenSent).increment();
  }

  /**
   * The handshake's answer came (§4.2.2, client; §4.1.3.1).
   *
   * @param acknowledged how much of the data
   * @param repeated whether the SYN was sent more than once, later without option and data
   */
  void answered(long now, IncomingSegment synAck, int acknowledged, boolean repeated) {
    if (!sent) {
      return;
    }
    if (dataSent > 0) {
      TcpCounters counters = cache.counters();
      (acknowledged > 0 ? counters.fastOpenAcknowledged : counters.fastOpenFailed).increment();
    }
    boolean cookieCame = synAck.hasFastOpen() && !synAck.fastOpenCookie().isRequest();
    if (cookieCame) {
      cache.learnCookie(destination, synAck);
    } else if (acknowledged > 0) {
      cache.succeeded(destination);
    } else if (repeated || dataSent > 0 || cookie.isRequest()) {
      // The server does no Fast Open now, or the SYN with the option got lost for it.
      cache.failed(now, destination);
    }
  }

  /** There was no answer, or a refusal: perhaps a box on the path minds such SYNs. */
  void failed(long now) {
    if (sent) {
      cache.failed(now, destination);
    }
  }
}
