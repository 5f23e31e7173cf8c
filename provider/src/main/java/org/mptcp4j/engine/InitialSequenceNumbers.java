package org.mptcp4j.engine;

import java.security.SecureRandom;
import org.mptcp4j.tcp.SipHash;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IpAddress;

/**
 * Initial sequence numbers by RFC 6528 §3: a clock that ticks every 4 µs plus a keyed hash of the
 * flow (SipHash-2-4). Thread-safe.
 */
final class InitialSequenceNumbers {
  private final SipHash hash;

  InitialSequenceNumbers(SecureRandom random) {
    this(new SipHash(random));
  }

  InitialSequenceNumbers(SipHash hash) {
    this.hash = hash;
  }

  int next(long nowNanos, FlowKey flow) {
    IpAddress local = flow.local();
    IpAddress remote = flow.remote();
    long ports = (long) flow.localPort() << 16 | flow.remotePort();
    long value = hash.of(local.high(), local.low(), remote.high(), remote.low(), ports);
    return (int) (nowNanos / 4_000 + value);
  }
}
