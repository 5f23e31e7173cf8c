package org.mptcp4j.mptcp;

import org.mptcp4j.tcp.SegmentSink;
import org.mptcp4j.tcp.TcpEndpoint;

/**
 * What goes out a second time, on another subflow: the data of subflows that fell silent, died or
 * lost their address, what a slow one holds up, and what was never acknowledged at data level (RFC
 * 8684 §3.3.6).
 */
final class Reinjection {
  private static final int MOST_MAPPED = 65535;
  private static final int MOST_AT_A_TIME = 64 * 1024;

  /** Among more mappings than this none is looked for. */
  private static final int MOST_SEARCHED = 128;

  private final MptcpConnection connection;
  private final DataSender sender;
  private final SendBuffer buffer;
  private final ReinjectionQueue queue = new ReinjectionQueue();
  private long bytes;

  Reinjection(MptcpConnection connection, DataSender sender, SendBuffer buffer) {
    this.connection = connection;
    this.sender = sender;
    this.buffer = buffer;
  }

  /** Whether data waits to be sent a second time that is not under way on {@code only}. */
  boolean isOwedBeside(Subflow only) {
    return !queue.isOnlyOf(only);
  }

  /** Payload that was sent again, in bytes. */
  long bytes() {
    return bytes;
  }

  /** The bytes of {@code mapping} shall go out again on another subflow than {@code source}. */
  void add(Mapping mapping, Subflow source) {
    if (mapping.endDsn() - buffer.unacknowledged() > 0) {
      mapping.markReinjected();
      if (!isCarriedElsewhere(mapping, source)) {
        queue.add(mapping.dsn(), mapping.endDsn(), source);
      }
    }
  }

  /**
   * Whether another copy would gain nothing: one is on its way on a subflow that delivers, or on
   * every one that there is. Else subflows which doubt one another would pass on ever more copies.
   */
  private boolean isCarriedElsewhere(Mapping mapping, Subflow source) {
    long from = mapping.dsn();
    if (from - buffer.unacknowledged() < 0) {
      from = buffer.unacknowledged();
    }
    boolean somewhere = false;
    boolean everywhere = true;
    for (int i = 0; i < connection.subflowCount(); i++) {
      Subflow other = connection.subflowAt(i);
      if (other != source && other.isUsable()) {
        boolean carried = carries(other, from, mapping.endDsn());
        if (carried && !other.isSuspect()) {
          return true;
        }
        somewhere |= carried;
        everywhere &= carried;
      }
    }
    return somewhere && everywhere;
  }

  private boolean carries(Subflow subflow, long start, long end) {
    TcpEndpoint endpoint = subflow.endpoint();
    long sent = Integer.toUnsignedLong(endpoint.sendNext() - endpoint.sendUnacknowledged());
    // Twice what is outstanding at all: so full of copies that one more does not help.
    return sent > 2 * (sender.next() - buffer.unacknowledged())
        || (subflow.outstanding().size() <= MOST_SEARCHED
            && subflow.outstanding().carriesAll(start, end));
  }

  /** The oldest bytes were acknowledged by a subflow and never at data level: they go out again. */
  void addOldest() {
    long from = buffer.unacknowledged();
    long to = from + Math.min(sender.next() - from, MOST_AT_A_TIME);
    if (to - from > 0) {
      queue.add(from, to, null);
    }
  }

  /** The subflow delivers again: what waits on its account need not go out elsewhere. */
  void recovered(Subflow subflow) {
    queue.removeOf(subflow);
  }

  /** The subflow is gone: what waits on its account may go out on any. */
  void gone(Subflow subflow) {
    queue.forget(subflow);
  }

  void clear() {
    queue.clear();
  }

  /** Sends what windows allow. */
  void push(long now, SegmentSink sink) {
    while (!queue.isEmpty()) {
      long from = queue.start();
      if (from - buffer.unacknowledged() < 0) {
        from = buffer.unacknowledged();
      }
      if (from - queue.end() >= 0) {
        queue.removeFirst();
        continue;
      }
      long wanted = queue.end() - from;
      if (!sender.prepareCandidates(now, wanted)) {
        return;
      }
      Subflow subflow = fastestBut(queue.source());
      if (subflow == null) {
        return;
      }
      int length = (int) Math.min(Math.min(wanted, subflow.allowance()), sender.contiguous(from));
      length = Math.min(length, Math.min(subflow.sendLimit(), MOST_MAPPED));
      if (!sender.send(now, subflow, from, length, true, sink)) {
        subflow.room().pause();
        continue;
      }
      bytes += length;
      connection.counters().reinjectedBytes.add(length);
      queue.advance(from + length);
    }
  }

  /**
   * The best subflow that can send now and is not {@code source}; null when there is none, or when
   * one that is no backup will be able to.
   */
  Subflow fastestBut(Subflow source) {
    Subflow best = null;
    boolean hasRegular = hasRegularBut(source);
    for (int i = 0; i < connection.subflowCount(); i++) {
      Subflow s = connection.subflowAt(i);
      if (hasRegular && (s.isBackup() || s.isSuspect())) {
        continue;
      }
      if (s != source && s.allowance() > 0 && (best == null || s.isBetterThan(best))) {
        best = s;
      }
    }
    return best;
  }

  private boolean hasRegularBut(Subflow source) {
    for (int i = 0; i < connection.subflowCount(); i++) {
      Subflow s = connection.subflowAt(i);
      if (s != source && !s.isBackup() && !s.isSuspect()) {
        return true;
      }
    }
    return false;
  }
}
