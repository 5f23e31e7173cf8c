package org.mptcp4j.engine;

import java.security.SecureRandom;
import org.mptcp4j.tcp.SipHash;
import org.mptcp4j.wire.IpAddress;

/**
 * What timestamps begin with: a keyed hash of the two addresses, so that to one host they grow from
 * each connection to the next (RFC 6191 §2) and tell it nothing of what another host sees (RFC 7323
 * §7.1). Thread-safe.
 */
final class TimestampOffsets {
  private final SipHash hash;

  TimestampOffsets(SecureRandom random) {
    hash = new SipHash(random);
  }

  int of(IpAddress local, IpAddress remote) {
    return (int) hash.of(local.high(), local.low(), remote.high(), remote.low());
  }
}
