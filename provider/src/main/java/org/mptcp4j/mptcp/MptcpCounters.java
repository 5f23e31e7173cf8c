package org.mptcp4j.mptcp;

import java.util.concurrent.atomic.LongAdder;
import org.mptcp4j.tcp.TcpCounters;

/** What happened in all connections of a host, since it began. Thread-safe. */
public final class MptcpCounters {
  /** What happened in their subflows. */
  public final TcpCounters tcp = new TcpCounters();

  /** Connections that offered or were offered MPTCP and became plain TCP. */
  public final LongAdder fallbacks = new LongAdder();

  /** Connections established with MPTCP. */
  public final LongAdder multipathConnections = new LongAdder();

  /** Connections established without MPTCP, fallbacks among them. */
  public final LongAdder plainConnections = new LongAdder();

  /** Connections whose SYNs were answered only when they offered no MPTCP any more. */
  public final LongAdder blackHoles = new LongAdder();

  /** Connections that did without MPTCP since that had happened on their path before. */
  public final LongAdder blackHolesAvoided = new LongAdder();

  /** SYNs that went out on another interface since the first path stayed silent. */
  public final LongAdder otherFirstPaths = new LongAdder();

  /** Additional subflows established. */
  public final LongAdder joins = new LongAdder();

  /** Additional subflows that were refused or failed before they were established. */
  public final LongAdder joinFailures = new LongAdder();

  /** HMACs of MP_JOIN or ADD_ADDR that were wrong. */
  public final LongAdder hmacFailures = new LongAdder();

  /** DSS checksums that were wrong. */
  public final LongAdder checksumFailures = new LongAdder();

  /** Payload that came before its mapping, in bytes. */
  public final LongAdder unmappedBytes = new LongAdder();

  /** Of these, what was kept until its mapping came. */
  public final LongAdder mappedLaterBytes = new LongAdder();

  /** Payload that lies outside of the shared window or behind the end of the data, in bytes. */
  public final LongAdder misplacedBytes = new LongAdder();

  /** DATA_ACKs of what was never sent. */
  public final LongAdder badDataAcks = new LongAdder();

  /** Ends of the data (DATA_FIN) where they cannot be. */
  public final LongAdder badDataFins = new LongAdder();

  /** MP_FASTCLOSE with another key than ours. */
  public final LongAdder badFastcloses = new LongAdder();

  /** Addresses that the peer announced beyond the number that is kept. */
  public final LongAdder addressesRefused = new LongAdder();

  /** Payload sent again on another subflow, in bytes. */
  public final LongAdder reinjectedBytes = new LongAdder();

  /** Of these, what went out again since a slow subflow held up the shared window. */
  public final LongAdder opportunisticBytes = new LongAdder();

  /** Subflows reset since they went on sending again what others had delivered. */
  public final LongAdder staleResets = new LongAdder();

  /** Congestion windows halved since their subflow held up the shared window. */
  public final LongAdder penalties = new LongAdder();

  /** Fast closes received with the right key. */
  public final LongAdder fastclosesReceived = new LongAdder();
}
