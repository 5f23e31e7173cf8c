package org.mptcp4j.tcp;

import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.function.Supplier;
import org.mptcp4j.wire.FastOpenCookie;
import org.mptcp4j.wire.IncomingSegment;

/**
 * The server's side of TCP Fast Open (RFC 7413) for a host: makes and checks cookies, and bounds
 * how many connections may have begun with data while their handshake is not over. Thread-safe.
 *
 * <p>A cookie is SipHash of both addresses. The key changes twice a day, and the one before it
 * still counts, so that a cookie is good for at least half a day (§4.1.2).
 */
public final class FastOpenServer {
  private static final long KEY_LIFE_NANOS = 12L * 3600 * 1_000_000_000L;

  /** §5.1: a connection that was reset goes on to count, for it may have been a flood's. */
  private static final long RESET_COUNTS_NANOS = 60L * 1_000_000_000L;

  /** Beside MP_CAPABLE and timestamps a SYN/ACK has room for so many bytes. */
  private static final int SHORT_COOKIE_BYTES = 6;

  private final Supplier<SipHash> newKey;
  private final int mostPending;
  private final TcpCounters counters;

  private SipHash key;
  private SipHash previousKey;
  private long keySince;
  private boolean keyed;
  private int pending;
  private final ArrayDeque<Long> resetsCountUntil = new ArrayDeque<>();

  /** With keys that nobody knows. */
  public FastOpenServer(SecureRandom random, int mostPending, TcpCounters counters) {
    this(() -> new SipHash(random), mostPending, counters);
  }

  /**
   * With the keys that {@code newKey} gives.
   *
   * @param mostPending PendingFastOpenRequests (§4.2): beyond that all handshakes are ordinary ones
   */
  public FastOpenServer(Supplier<SipHash> newKey, int mostPending, TcpCounters counters) {
    this.newKey = newKey;
    this.mostPending = mostPending;
    this.counters = counters;
  }

  /** What to do with a SYN's option (§4.2.2, server). */
  public synchronized FastOpenAnswer answer(long now, IncomingSegment syn) {
    if (!syn.hasFastOpen()) {
      return FastOpenAnswer.NONE;
    }
    if (pendingAt(now) >= mostPending) {
      counters.fastOpenOverflows.increment();
      return FastOpenAnswer.NONE;
    }
    changeKeyWhenDue(now);
    FastOpenCookie presented = syn.fastOpenCookie();
    boolean experimental = syn.isFastOpenExperimental();
    FastOpenCookie current = FastOpenCookie.of(mac(key, syn));
    if (presented.isRequest()) {
      counters.fastOpenCookiesGiven.increment();
      return new FastOpenAnswer(this, false, current, experimental);
    }
    if (isTrue(presented, current)) {
      counters.fastOpenAccepted.increment();
      return new FastOpenAnswer(this, true, null, experimental);
    }
    boolean old = isTrue(presented, FastOpenCookie.of(mac(previousKey, syn)));
    (old ? counters.fastOpenAccepted : counters.fastOpenRefused).increment();
    return new FastOpenAnswer(this, old, current, experimental);
  }

  private static boolean isTrue(FastOpenCookie presented, FastOpenCookie ours) {
    int length = presented.length();
    return (length == ours.length() || length == SHORT_COOKIE_BYTES)
        && presented.equals(shortened(ours, length));
  }

  /** The cookie that goes where there is no room for the whole one. */
  static FastOpenCookie shortened(FastOpenCookie cookie) {
    return shortened(cookie, Math.min(cookie.length(), SHORT_COOKIE_BYTES));
  }

  private static FastOpenCookie shortened(FastOpenCookie cookie, int length) {
    return length == 8
        ? cookie
        : new FastOpenCookie(cookie.high() & -1L << 64 - 8 * length, 0, length);
  }

  private static long mac(SipHash secret, IncomingSegment syn) {
    return secret.of(
        syn.sourceHigh(), syn.sourceLow(), syn.destinationHigh(), syn.destinationLow());
  }

  private void changeKeyWhenDue(long now) {
    if (!keyed) {
      keyed = true;
      key = newKey.get();
      previousKey = newKey.get();
      keySince = now;
      return;
    }
    long age = now - keySince;
    if (age >= KEY_LIFE_NANOS) {
      previousKey = age >= 2 * KEY_LIFE_NANOS ? newKey.get() : key;
      key = newKey.get();
      keySince = now;
    }
  }

  private int pendingAt(long now) {
    while (!resetsCountUntil.isEmpty() && resetsCountUntil.peek() - now <= 0) {
      resetsCountUntil.poll();
    }
    return pending + resetsCountUntil.size();
  }

  synchronized void begun() {
    pending++;
  }

  synchronized void ended(long now, boolean reset) {
    pending--;
    if (reset && resetsCountUntil.size() < mostPending) {
      resetsCountUntil.add(now + RESET_COUNTS_NANOS);
    }
  }
}
