package org.mptcp4j.tcp;

import org.mptcp4j.wire.SequenceNumber;

/**
 * How large the packets of one flow may be: what its link allows, less where ICMP says so (RFC
 * 1191, RFC 8201) or where silence does, and more again where a larger packet was seen to arrive
 * (RFC 4821). Sizes are bytes of the whole IP packet.
 */
final class PathMtu {
  /** No limit but the link's. */
  static final int UNLIMITED = Integer.MAX_VALUE;

  /**
   * What nobody's word takes an IPv4 flow below, as in Linux: 512 bytes of payload. RFC 791 has
   * every host take 576, and RFC 5927 §7 tells what a forged, tiny MTU would cost.
   */
  static final int LEAST_IPV4 = 552;

  /** RFC 8201 §4: an IPv6 path takes this, whatever somebody says. */
  static final int LEAST_IPV6 = 1280;

  /** RFC 4821 §7.2: a size that passes nearly everywhere. */
  static final int BASE_IPV4 = 1024;

  /** RFC 1191 §7.1: the links there are; for routers that do not say what fits. */
  private static final int[] PLATEAUS = {32_000, 17_914, 8_166, 4_352, 2_002, 1_492, 1_006};

  /** Timeouts in a row that make a black hole; one more than a lost retransmission explains. */
  private static final int SILENCES = 2;

  /** A search that leaves less than this open is over. */
  private static final int PRECISION = 8;

  /** RFC 8899 §5.1.1, PMTU_RAISE_TIMER: after this a path may have become wider. */
  private static final long RAISE_NANOS = 600_000_000_000L;

  private final boolean ipv4;

  /** eff_pmtu and search_low of RFC 4821. */
  private int limit = UNLIMITED;

  /** search_high: larger ones than this are known not to pass. */
  private int high = UNLIMITED;

  /** A probe of {@link #high} failed: what is tried next lies in the middle. */
  private boolean bisecting;

  private long nextProbeAt;
  private int silences;

  private boolean probing;
  private int probeSequence;
  private int probeEnd;
  private int probeSize;

  PathMtu(boolean ipv4) {
    this.ipv4 = ipv4;
  }

  /** The largest packet that may be sent, as far as the link does not say less. */
  int limit() {
    return limit;
  }

  private int least() {
    return ipv4 ? LEAST_IPV4 : LEAST_IPV6;
  }

  /** Another link: nothing is known of its path. */
  void forget() {
    limit = UNLIMITED;
    high = UNLIMITED;
    bisecting = false;
    silences = 0;
    probing = false;
  }

  // What ICMP says

  /**
   * What a router says does not become more than it can be: the packet's own size for one that does
   * not fit, and the least that must be believed.
   *
   * @param claimed the router's word; 0 where it does not know how to say it
   * @return 0 when it makes no sense
   */
  int claim(int claimed, int quotedLength) {
    int size = claimed;
    if (size == 0 && ipv4) {
      size = LEAST_IPV4;
      for (int i = PLATEAUS.length - 1; i >= 0 && PLATEAUS[i] < quotedLength; i--) {
        size = PLATEAUS[i];
      }
    }
    if (size >= quotedLength || !ipv4 && size < LEAST_IPV6) {
      return 0;
    }
    return Math.max(size, least());
  }

  /** Packets of more than {@code size} bytes do not pass; tried again when the path may differ. */
  void lower(long now, int size) {
    limit = size;
    high = UNLIMITED;
    bisecting = false;
    probing = false;
    silences = 0;
    nextProbeAt = now + RAISE_NANOS;
  }

  // What silence says

  /** Something was acknowledged. */
  void onProgress() {
    silences = 0;
  }

  /**
   * A packet of {@code size} bytes, by all that is known not too large, stayed unanswered for a
   * retransmission timeout; {@code current} bytes is what the path was held to take.
   *
   * @return whether the path is now held for a black hole (RFC 4821 §7.7), and the limit is lower
   */
  boolean onSilence(long now, int size, int current) {
    int lower = ipv4 && current > BASE_IPV4 ? BASE_IPV4 : least();
    if (size <= lower || ++silences < SILENCES) {
      return false;
    }
    lower(now, lower);
    // It may only have been an outage: as soon as the path works, the old size is tried.
    nextProbeAt = now;
    return true;
  }

  // Looking for more

  /**
   * The size to be tried now, when packets of {@code most} bytes can be sent at all; 0 for none.
   */
  int candidate(long now, int most) {
    if (limit >= most || probing || nextProbeAt - now > 0) {
      return 0;
    }
    int top = Math.min(high, most);
    return bisecting ? limit + (top - limit + 1) / 2 : top;
  }

  boolean isProbing() {
    return probing;
  }

  boolean isProbe(int sequenceNumber) {
    return probing && sequenceNumber == probeSequence;
  }

  int probeSequence() {
    return probeSequence;
  }

  int probeEnd() {
    return probeEnd;
  }

  /** A packet of {@code size} bytes is under way with this payload. */
  void probeSent(int sequenceNumber, int end, int size) {
    probing = true;
    probeSequence = sequenceNumber;
    probeEnd = end;
    probeSize = size;
  }

  /** The probe arrived; {@code most} as in {@link #candidate}. */
  void probeArrived(long now, int most) {
    probing = false;
    boolean gained = probeSize > limit;
    limit = Math.max(limit, probeSize);
    if (limit >= most) {
      forget();
    } else if (!gained || Math.min(high, most) - limit < PRECISION) {
      endSearch(now);
    } else {
      nextProbeAt = now;
    }
  }

  /** The probe alone was lost; the next waits for {@code waitNanos}. */
  void probeLost(long now, long waitNanos) {
    probing = false;
    high = probeSize - 1;
    bisecting = true;
    if (high - limit < PRECISION) {
      endSearch(now);
    } else {
      nextProbeAt = now + waitNanos;
    }
  }

  /** A router says that the probe is too large, and what would not be. */
  void probeTooBig(long now, int size) {
    probing = false;
    high = size;
    bisecting = false;
    if (high - limit < PRECISION) {
      endSearch(now);
    } else {
      nextProbeAt = now;
    }
  }

  /** The probe told nothing (RFC 4821 §7.6.4). */
  void probeInconclusive(long now, long waitNanos) {
    probing = false;
    nextProbeAt = now + waitNanos;
  }

  /** Whether the probe is behind what is acknowledged, and nothing was learned from it. */
  boolean isProbePassed(int sndUna) {
    return probing && SequenceNumber.geq(sndUna, probeEnd);
  }

  private void endSearch(long now) {
    high = UNLIMITED;
    bisecting = false;
    nextProbeAt = now + RAISE_NANOS;
  }
}
