package org.mptcp4j.samples.check;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The MPTCP connections of a capture, and their tokens. */
final class Sessions {
  private final Findings findings;
  private final List<MptcpSession> sessions = new ArrayList<>();
  private final Map<Integer, MptcpSession> byToken = new HashMap<>();

  Sessions(Findings findings) {
    this.findings = findings;
  }

  MptcpSession create(Flow first, long responderKey, boolean checksums) {
    MptcpSession session = new MptcpSession(first, responderKey, checksums, findings);
    sessions.add(session);
    byToken.put(Keys.token(responderKey), session);
    return session;
  }

  /** The session has its initiator's key now. */
  void registered(MptcpSession session) {
    byToken.put(Keys.token(session.key(true)), session);
    session.flows().forEach(Flow::sessionReady);
  }

  void forget(MptcpSession session) {
    sessions.remove(session);
  }

  Optional<MptcpSession> byToken(int token) {
    return Optional.ofNullable(byToken.get(token));
  }

  List<MptcpSession> all() {
    return sessions;
  }
}
