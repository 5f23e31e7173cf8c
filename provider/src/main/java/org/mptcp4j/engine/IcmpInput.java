package org.mptcp4j.engine;

import org.mptcp4j.observe.EngineCounters;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IcmpError;

/**
 * Brings ICMP errors to the connections whose segments they quote, so many a second at most:
 * whoever sends them need not be on the path, and each costs a look at what is outstanding. Used by
 * one thread at a time.
 */
final class IcmpInput {
  private final Engine engine;
  private final EngineCounters counters;
  private final RateLimit limit;
  private final FlowKey flow = new FlowKey();

  IcmpInput(Engine engine, int perSecond) {
    this.engine = engine;
    counters = engine.counters();
    limit = new RateLimit(perSecond, engine.now());
  }

  void take(IcmpError error) {
    counters.icmpErrors.increment();
    if (!limit.take(engine.now())) {
      counters.icmpSuppressed.increment();
      return;
    }
    if (!error.verifyChecksum()) {
      counters.icmpBadChecksum.increment();
      return;
    }
    FlowTable.Entry entry = engine.flows().find(flow.setQuoted(error));
    if (entry == null) {
      counters.icmpUnmatched.increment();
      return;
    }
    IcmpError kept = error.copyWithoutPacket();
    EngineConnection owner = entry.owner();
    owner.post((now, connection) -> connection.icmpArrives(now, entry.subflow(), kept, owner));
  }
}
