package org.mptcp4j.mptcp;

import java.util.LinkedHashMap;
import java.util.Map;
import org.mptcp4j.wire.IpAddress;

/**
 * Where SYNs that offer MPTCP get lost and those without do not: connections there go without for a
 * while, so that each does not wait anew for the offers to be given up (RFC 8684 §3.1 leaves this
 * to local policy). The time doubles whenever the way proves closed again, up to 64 times the
 * first, as Linux' does; here it is kept for each pair of addresses, since the box may be on one
 * path only. Bounded: the pair that was not asked for longest is forgotten. Not thread-safe.
 */
public final class BlackHoles {
  private static final int MOST_DOUBLINGS = 6;

  private record Way(IpAddress local, IpAddress remote) {}

  private static final class Finding {
    int times;
    long until;
  }

  private final long firstNanos;
  private final Map<Way, Finding> findings;

  /**
   * @param mostWays how many pairs of addresses are remembered
   * @param firstNanos how long the first finding counts; 0: nothing is remembered
   */
  public BlackHoles(int mostWays, long firstNanos) {
    this.firstNanos = firstNanos;
    findings =
        new LinkedHashMap<>(16, 0.75f, /* accessOrder= */ true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<Way, Finding> eldest) {
            return size() > mostWays;
          }
        };
  }

  /** Whether no SYN from {@code local} to {@code remote} should offer MPTCP now. */
  public boolean isKnown(long now, IpAddress local, IpAddress remote) {
    Finding finding = findings.get(new Way(local, remote));
    return finding != null && now - finding.until < 0;
  }

  /** The first SYN without MPTCP was answered, and none before it. */
  public void found(long now, IpAddress local, IpAddress remote) {
    if (firstNanos == 0) {
      return;
    }
    Finding finding = findings.computeIfAbsent(new Way(local, remote), way -> new Finding());
    finding.until = now + (firstNanos << Math.min(finding.times, MOST_DOUBLINGS));
    finding.times++;
  }

  /** MPTCP was offered there and accepted: nothing is left of earlier findings. */
  public void passed(IpAddress local, IpAddress remote) {
    findings.remove(new Way(local, remote));
  }

  /** How many ways are remembered, those among them whose time is over. */
  public int size() {
    return findings.size();
  }
}
