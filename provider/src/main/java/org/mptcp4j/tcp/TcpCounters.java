package org.mptcp4j.tcp;

import java.util.concurrent.atomic.LongAdder;

/** What happened in all endpoints of a host, since it began. Thread-safe. */
public final class TcpCounters {
  /** Loss recoveries begun, fast or by timeout. */
  public final LongAdder lossEpisodes = new LongAdder();

  /** Reductions of a congestion window that a mark of the network asked for (RFC 3168). */
  public final LongAdder ecnReductions = new LongAdder();

  /** Segments sent again. */
  public final LongAdder retransmissions = new LongAdder();

  /** Segments that lie outside of the window, old duplicates among them (RFC 9293 §3.10.7.4). */
  public final LongAdder outOfWindow = new LongAdder();

  /** Segments that PAWS holds for old duplicates (RFC 7323 §5). */
  public final LongAdder oldTimestamps = new LongAdder();

  /** Segments that acknowledge what was never sent, or what no window reaches back to. */
  public final LongAdder badAcks = new LongAdder();

  /** RSTs that were not believed. */
  public final LongAdder badResets = new LongAdder();

  /** SYNs on a connection that has no use for one. */
  public final LongAdder badSyns = new LongAdder();

  /** Segments without the flag that they need: ACK, or the SYN that answers ours. */
  public final LongAdder flagless = new LongAdder();

  /** SACK blocks about what was never sent, or that end before they begin. */
  public final LongAdder badSackBlocks = new LongAdder();

  /** ACKs that were not sent since a stranger could ask for so many (RFC 5961 §7). */
  public final LongAdder challengesSuppressed = new LongAdder();

  /**
   * ACKs without payload, outside of the window or of what was never sent, that were not answered,
   * since one had been half a second before.
   */
  public final LongAdder emptyUnanswered = new LongAdder();

  /** ICMP errors about segments of ours that were believed. */
  public final LongAdder icmpErrors = new LongAdder();

  /** ICMP errors about segments that are not outstanding, or with an MTU that makes no sense. */
  public final LongAdder icmpIgnored = new LongAdder();

  /** Paths that were found to swallow large packets without a word. */
  public final LongAdder blackHoles = new LongAdder();

  /** SYNs that asked for a Fast Open cookie (RFC 7413). */
  public final LongAdder fastOpenRequested = new LongAdder();

  /** SYNs that brought a cookie, most of them with data. */
  public final LongAdder fastOpenSent = new LongAdder();

  /** Those of them whose data the SYN/ACK acknowledged, or some of it. */
  public final LongAdder fastOpenAcknowledged = new LongAdder();

  /** Those of them whose data was not acknowledged, and was sent again after the handshake. */
  public final LongAdder fastOpenFailed = new LongAdder();

  /** Cookies given to clients that asked. */
  public final LongAdder fastOpenCookiesGiven = new LongAdder();

  /** SYNs with a right cookie, whose data was taken. */
  public final LongAdder fastOpenAccepted = new LongAdder();

  /** SYNs with a wrong cookie. */
  public final LongAdder fastOpenRefused = new LongAdder();

  /** SYNs whose cookie was not looked at, since too many such handshakes were under way. */
  public final LongAdder fastOpenOverflows = new LongAdder();

  /** Larger packets sent to find out whether they pass. */
  public final LongAdder mtuProbes = new LongAdder();

  /** Those of them that were lost while everything around them arrived. */
  public final LongAdder mtuProbesLost = new LongAdder();
}
